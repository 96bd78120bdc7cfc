/**
 * A training elsewhere: a run's job on a Dask cluster of two workers on loopback, a partitioned CSV of millions of rows,
 * one worker killed while rows are prepared. It passes where every row was prepared once, and the model that comes back
 * answers the studio's rows as XGBoost itself does. BENCH_ROWS is how many rows there are (2,000,000).
 */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs, python, runDisturbed, startScheduler, startWorker } from '../cluster.ts'
import { tell } from '../harness.ts'
import { startVite } from '../vite.ts'

const allRows = Number(process.env['BENCH_ROWS'] ?? 2_000_000)
const partitions = 20

/** @returns whether the job's model is the studio's */
export async function run(json: boolean): Promise<boolean> {
  needs('distributed', 'python3-distributed')
  needs('xgboost', 'python3-xgboost')
  const folder = mkdtempSync(join(tmpdir(), 'bench-dask-train-'))
  const children: ChildProcess[] = []
  const vite = await startVite()
  try {
    const { makeJob } = (await vite.ssrLoadModule('/test/bench/elsewhere-job.ts')) as typeof import('../elsewhere-job.ts')
    const job = join(folder, 'job')
    mkdirSync(job)
    const { table, bring, own } = await makeJob(job)
    const rowsEach = Math.ceil(allRows / partitions)
    const data = join(folder, 'data')
    mkdirSync(data)
    for (let index = 0; index < partitions; index++) writeFileSync(join(data, `part-${String(index).padStart(4, '0')}.csv`), table(rowsEach, 200 + index).csv)
    const address = await startScheduler(folder, children)
    const doomed = await startWorker(address, folder, children)
    await startWorker(address, folder, children)

    const work = join(folder, 'work')
    const { code, said, killedAfter, seconds } = await runDisturbed([join(job, 'train_xgboost_dask.py'), join(data, 'part-*.csv'), '--work', work, '--scheduler', address, '--out', join(folder, 'result.json')], doomed, work, (file) => file.endsWith('.y') && !file.includes('.part'), partitions)
    if (code !== 0) return false
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as { rows: { train: number; valid: number; test: number } }
    const rows = result.rows.train + result.rows.valid + result.rows.test
    const { logLoss, features, probabilities } = await bring(readFileSync(join(folder, 'result.json'), 'utf8'))
    // XGBoost's own answers for the studio's prepared rows.
    writeFileSync(join(folder, 'rows.f32'), new Uint8Array(features.values.buffer))
    const asked = spawnSync(python, ['-c', `import json, numpy, xgboost; b = xgboost.Booster(); b.load_model(bytearray(json.dumps(json.load(open("${folder}/result.json"))["booster"]).encode())); print(json.dumps(b.predict(xgboost.DMatrix(numpy.fromfile("${folder}/rows.f32", "<f4").reshape(-1, ${features.width}))).astype(float).tolist()))`], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    if (asked.status !== 0) process.stderr.write(asked.stderr)
    const theirs = JSON.parse(asked.stdout) as number[]
    const apart = theirs.reduce((most, value, row) => Math.max(most, Math.abs(value - (probabilities[row] as number))), 0)
    const passed = rows === rowsEach * partitions && apart <= 1e-6 && theirs.length === probabilities.length && killedAfter > 0 && killedAfter < partitions
    const line = { name: 'dask-train, hist-gradient-boosting', rows, seconds: Number(seconds.toFixed(1)), workerKilledAfter: killedAfter, largestDifference: apart, logLossElsewhere: Number(logLoss.toFixed(5)), logLossOf2000Rows: Number(own.toFixed(5)), passed, said: json ? said.trim() : said.trim().slice(-200) }
    tell(line, json)
    return passed
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await vite.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
