/**
 * A bundle's batch job on a Dask cluster: a scheduler and two workers on loopback, a partitioned CSV of
 * millions of rows, one worker killed on the way. It passes where every row came out once, in its place, with the
 * studio's own answer. BENCH_ROWS is how many rows there are (3,000,000).
 */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs, python, runDisturbed, startScheduler, startWorker } from '../cluster.ts'
import { tell } from '../harness.ts'
import { bundleMaker, startVite } from '../vite.ts'

const allRows = Number(process.env['BENCH_ROWS'] ?? 3_000_000)
const partitions = 30
/** Parity of the exported graph: probabilities within 1e-5, and the CSV writes the shortest text of a float32. */
const tolerance = 1e-5

/** @returns whether every row is there once with the studio's answer, and the worker was lost before the end */
export async function run(json: boolean): Promise<boolean> {
  needs('distributed', 'python3-distributed')
  const folder = mkdtempSync(join(tmpdir(), 'bench-dask-'))
  const children: ChildProcess[] = []
  const vite = await startVite()
  try {
    const makeBundle = await bundleMaker(vite)
    const bundle = join(folder, 'bundle')
    mkdirSync(bundle)
    const { pipeline, table } = await makeBundle('hist-gradient-boosting', bundle)
    const rowsEach = Math.ceil(allRows / partitions)
    const parts = join(folder, 'data')
    mkdirSync(parts)
    const name = (index: number): string => `part-${String(index).padStart(4, '0')}.csv`
    for (let index = 0; index < partitions; index++) writeFileSync(join(parts, name(index)), table(rowsEach, 100 + index).csv)

    const address = await startScheduler(folder, children)
    const doomed = await startWorker(address, folder, children)
    await startWorker(address, folder, children)

    const out = join(folder, 'scored')
    const job = [join(bundle, 'batch/dask_score.py'), join(parts, 'part-*.csv'), '--out', out, '--scheduler', address]
    const { code, said, killedAfter, seconds } = await runDisturbed(job, doomed, out, (file) => file.endsWith('.csv'), partitions)
    const summary = code === 0 ? (JSON.parse(said) as { rows: number; unanswered: number; partitions: number }) : undefined

    let wrong = 0
    let largest = 0
    let found = 0
    for (let index = 0; index < partitions && summary; index++) {
      const prediction = await pipeline.predict(table(rowsEach, 100 + index).columns)
      if (prediction.task === 'regression') throw new Error('classes were asked for')
      const lines = readFileSync(join(out, name(index)), 'utf8').trimEnd().split('\r\n').slice(1)
      if (lines.length !== rowsEach) wrong++
      found += lines.length
      lines.forEach((line, row) => {
        const cells = line.split(',')
        const ours = prediction.probabilities[row * 2 + 1] as number
        const difference = Math.abs(Number(cells.at(-1)) - ours)
        largest = Math.max(largest, difference)
        // Between the two, either label is right; the run's threshold is 0.4.
        if (!(difference <= tolerance) || (Math.abs(ours - 0.4) > tolerance && cells.at(-3) !== prediction.classes[ours >= 0.4 ? 1 : 0])) wrong++
      })
    }
    const leftover = summary ? [...readdirSync(out).filter((file) => !/^(?:part-\d{4}\.csv|_predictions\.json|_scored)$/.test(file)), ...readdirSync(join(out, '_scored')).filter((file) => !/^part-\d{4}\.csv\.json$/.test(file))] : []
    // Nothing is left to do, and everything to be told.
    const again = summary ? (JSON.parse(spawnSync(python, [...job, '--resume'], { encoding: 'utf8' }).stdout || '{}') as { rows?: number; unanswered?: number; kept?: number }) : undefined
    const resumed = again !== undefined && again.rows === summary?.rows && again.unanswered === 0 && again.kept === partitions
    const passed = summary?.rows === rowsEach * partitions && found === summary.rows && summary.unanswered === 0 && wrong === 0 && leftover.length === 0 && killedAfter > 0 && killedAfter < partitions && resumed
    const line = { name: 'dask, hist-gradient-boosting', rows: found, partitions, seconds: Number(seconds.toFixed(1)), rowsPerSecond: Math.round(found / seconds), workerKilledAfter: killedAfter, wrong, largestDifference: largest, passed }
    tell(line, json)
    return passed
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await vite.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
