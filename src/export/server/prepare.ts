/**
 * The first half of a training elsewhere: CSV partitions as matrices, by the studio's reading and recipe.
 *
 *   node prepare.mjs job.json    one {"in","out"} as JSON a line on standard input, one answer a line
 *
 * Writes OUT.x (float32, row-major) and OUT.y (float64), little-endian; each is written aside and renamed when whole.
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { predictInto } from '../../core/bundle/predict-file.ts'
import { quietContext } from '../../core/context.ts'
import { StudioError } from '../../core/errors.ts'
import { preparing, type PreparedRows } from '../../core/elsewhere/prepare.ts'
import type { ElsewhereJob } from '../../core/elsewhere/job.ts'
import { readerOf } from './partition.ts'

const bytesOf = (values: Float32Array | Float64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

async function prepare(job: ElsewhereJob, from: string, to: string): Promise<Record<string, unknown>> {
  const half = `${to}.${randomUUID().slice(0, 8)}.part`
  const source = await open(from, 'r')
  const [x, y] = [await open(`${half}.x`, 'wx'), await open(`${half}.y`, 'wx')]
  let rows = 0
  let at = { x: 0, y: 0 }
  const take = async (prepared: PreparedRows): Promise<void> => {
    const [features, target] = [bytesOf(prepared.features), bytesOf(prepared.target)]
    await x.write(features, 0, features.length, at.x)
    await y.write(target, 0, target.length, at.y)
    at = { x: at.x + features.length, y: at.y + target.length }
    rows += prepared.rows
  }
  // A file that is read a second time, in another encoding, starts over.
  const begin = () => {
    at = { x: 0, y: 0 }
    rows = 0
    return () => {}
  }
  try {
    const { size } = await source.stat()
    const read = await predictInto({ size, read: readerOf(source) }, {}, preparing(job, take), begin, quietContext({ now: () => performance.now() }))
    const gone = read.issues.filter(({ kind }) => kind === 'missing-column').map(({ column }) => column)
    if (gone.length > 0) throw new StudioError({ code: 'bad-data', message: `missing columns; the job reads them, and the file has none of that name: ${gone.slice(0, 20).join(', ')}` })
    for (const [file, name, length] of [[x, 'x', at.x], [y, 'y', at.y]] as const) {
      await file.truncate(length)
      await file.sync()
      await file.close()
      await rename(`${half}.${name}`, `${to}.${name}`)
    }
    return { in: from, out: to, rows, leftOut: read.rows - rows }
  } catch (error) {
    for (const [file, name] of [[x, 'x'], [y, 'y']] as const) {
      await file.close().catch(() => {})
      await rm(`${half}.${name}`, { force: true })
    }
    throw error
  } finally {
    await source.close()
  }
}

async function main(): Promise<void> {
  const [path] = process.argv.slice(2)
  if (path === undefined) {
    process.stderr.write('missing job; use: node prepare.mjs job.json\n')
    process.exitCode = 2
    return
  }
  const job = JSON.parse(await readFile(path, 'utf8')) as ElsewhereJob
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    let answer: unknown
    try {
      const { in: from, out: to } = JSON.parse(line) as { in: string; out: string }
      answer = await prepare(job, from, to)
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}

await main()
