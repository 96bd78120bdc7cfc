/**
 * The scorer of an exported bundle: a CSV file in, the same rows with their predictions out.
 *
 *   node server/score.mjs IN.csv OUT.csv
 *   node server/score.mjs --lines    one {"in","out"} as JSON a line on standard input, one answer a line
 *
 * It checks the bundle against its manifest first. An output is written aside and renamed when it is whole, so a
 * file that is there is complete, and a second scorer of the same partition does no harm.
 * Exit codes: 0 good, 2 bad usage, 3 bad data, 78 a bundle that was changed.
 */
import { randomUUID } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { graphAnswers } from '../../core/bundle/graph-answers.ts'
import { predictInto, type AnsweringModel } from '../../core/bundle/predict-file.ts'
import { quietContext, type Context } from '../../core/context.ts'
import { StudioError } from '../../core/errors.ts'
import { nodeRunner } from '../../core/onnx/runner-node.ts'
import { BundleError, readBundle } from './bundle.ts'
import { readerOf } from './partition.ts'

interface Scored {
  readonly in: string
  readonly out: string
  readonly rows: number
  /** Rows whose values the signature refuses: they are in the output without a prediction. */
  readonly unanswered: number
  /** The first things that do not fit, as sentences. */
  readonly issues: readonly string[]
}
const toldIssues = 5

async function score(model: AnsweringModel, from: string, to: string, context: Context): Promise<Scored> {
  const source = await open(from, 'r')
  const half = `${to}.${randomUUID().slice(0, 8)}.part`
  const target = await open(half, 'wx')
  try {
    const { size } = await source.stat()
    const { rows, answered, issues } = await predictInto({ size, read: readerOf(source) }, {}, model, () => writerOf(target), context)
    const told = issues.slice(0, toldIssues).map(({ row, column, text }) => `${row === undefined ? '' : `row ${row}, `}${column === '' ? '' : `column ${column}: `}${text}`)
    // Nobody watches a batch job's remarks: a column that vanished is an error even where single values may be missing.
    const gone = issues.filter(({ kind }) => kind === 'missing-column').map(({ column }) => column)
    if (gone.length > 0) throw new StudioError({ code: 'bad-data', message: `missing columns; the model reads them, and the file has none of that name: ${gone.slice(0, 20).join(', ')}` })
    await target.sync()
    await target.close()
    await rename(half, to)
    return { in: from, out: to, rows, unanswered: rows - answered, issues: told }
  } catch (error) {
    await target.close().catch(() => {})
    await rm(half, { force: true })
    throw error
  } finally {
    await source.close()
  }
}

/** Writes at known places, so that a file that is read a second time overwrites what its first reading left. */
function writerOf(target: FileHandle): (piece: Uint8Array) => Promise<void> {
  let at = 0
  return async (piece) => {
    if (at === 0) await target.truncate(0)
    await target.write(piece, 0, piece.length, at)
    at += piece.length
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function serveLines(run: (from: string, to: string) => Promise<Scored>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    let answer: unknown
    try {
      const { in: from, out: to } = JSON.parse(line) as Record<string, unknown>
      if (typeof from !== 'string' || typeof to !== 'string') throw new Error('invalid line; it must be {"in": PATH, "out": PATH}')
      answer = await run(from, to)
    } catch (error) {
      answer = { error: messageOf(error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}

async function main(): Promise<void> {
  const operands = process.argv.slice(2)
  const lines = operands.length === 1 && operands[0] === '--lines'
  if (!lines && (operands.length !== 2 || operands.some((word) => word.startsWith('--')))) {
    process.stderr.write('invalid arguments; use: node server/score.mjs IN.csv OUT.csv, or --lines\n')
    process.exitCode = 2
    return
  }
  const { model, signature } = readBundle(process.env['BUNDLE'] ?? dirname(dirname(fileURLToPath(import.meta.url))))
  const session = await nodeRunner().open(new Uint8Array(model))
  const context = quietContext({ now: () => performance.now() })
  const run = (from: string, to: string): Promise<Scored> => score(graphAnswers(session, signature), from, to, context)
  if (lines) await serveLines(run)
  else process.stdout.write(`${JSON.stringify(await run(operands[0] as string, operands[1] as string))}\n`)
  await session.close()
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = error instanceof BundleError ? 78 : 3
})
