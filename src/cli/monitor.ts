/** `glasshouse monitor`: new rows, or a server's log, against a bundle's reference profile; the exit code says whether something has to be done. */
import { encodeColumns } from '../core/bundle/encode.ts'
import { hasPictures } from '../core/bundle/pictures.ts'
import type { ReferenceProfile } from '../core/bundle/reference.ts'
import type { Signature, SignatureInput } from '../core/bundle/signature.ts'
import type { Context } from '../core/context.ts'
import type { Column } from '../core/data/column.ts'
import type { Prediction } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import type { Evaluation } from '../core/evaluate/evaluation.ts'
import { metrics } from '../core/metrics/registry.ts'
import type { Current } from '../core/monitor/current.ts'
import { knownRows, withoutKnown } from '../core/monitor/known-rows.ts'
import { monitor as monitorRows } from '../core/monitor/monitor.ts'
import { monitorProfile, profileLimit } from '../core/monitor/profile.ts'
import { looksLikeLog, readLog } from '../core/monitor/read-log.ts'
import { readTableRows } from '../core/monitor/read-table.ts'
import { reportHtml } from '../core/monitor/report-html.ts'
import type { ChunkChoice, ChunkUnit, DriftReport } from '../core/monitor/report.ts'
import { say } from '../core/monitor/words.ts'
import { answer, type OnnxSession } from '../core/onnx/runner.ts'
import { parseJson } from '../core/schema.ts'
import type { OpenedBundle } from '../export/open-bundle.ts'
import { driftTest } from '../core/monitor/rules.ts'
import { readWords, wholeNumber } from './arguments.ts'
import { checkWritable, openBundle, openFile, writeWhole } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'
import { referenceFrom } from './monitor-reference.ts'
import { exits, UsageError } from './usage.ts'

/** Columns told one by one. */
const toldColumns = 30
const batchRows = 4096

export async function monitor(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip', 'FILE'], { '--json': 'flag', '--limit': 'value', '--out': 'value', '--reference': 'value', '--by': 'value', '--time': 'value' })
  const [bundlePath, path] = words.operands as [string, string]
  const limit = Number(words.value('--limit') ?? '0.5')
  if (!(limit > 0 && limit <= 1)) throw new UsageError(`invalid --limit; not a share in (0, 1]: ${words.value('--limit') ?? ''}`)
  const by = words.value('--by')
  const chunks = by === undefined ? undefined : chunksBy(by)
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  const bundle = await openBundle(bundlePath)
  const file = await openFile(path)
  try {
    const time = words.value('--time')
    const current = await rowsOf(bundle, file, time, context)
    if (time !== undefined && current.timeColumn !== time) throw new UsageError(`unknown --time; no column of dates in ${file.name}: ${time}`)
    const chosen = { limit, ...(chunks ? { chunks } : {}) }
    const reference = words.value('--reference')
    const report = reference === undefined ? await againstProfile(bundle, current, chosen, context) : await againstRows(bundle, reference, current, chosen, context)
    io.progress.clear()
    const { dates = [], timeColumn } = report.source
    if (dates.length > 0 && timeColumn === undefined) io.progress.note(`note: no column of dates goes with the order of the rows, so none is taken for their moment; --time names one: ${dates.slice(0, 5).join(', ').slice(0, 200)}`)
    io.out(words.flag('--json') ? `${JSON.stringify(report)}\n` : textOf(report))
    if (out !== undefined) await writeWhole(out, new TextEncoder().encode(/\.html?$/i.test(out) ? reportHtml(report, bundle.signature.name, file.name) : `${JSON.stringify(report, null, 2)}\n`))
    if (report.verdict.level === 'act') process.exitCode = exits.drift
  } finally {
    await file.close()
  }
}

const units: readonly string[] = ['hour', 'day', 'week', 'month', 'quarter', 'year'] satisfies ChunkUnit[]
function chunksBy(by: string): ChunkChoice {
  if (units.includes(by)) return { by: 'time', unit: by as ChunkUnit }
  if (!/^\d/.test(by)) throw new UsageError(`invalid --by; not one of ${units.join(', ')}, and no number of rows: ${by}`)
  return { by: 'rows', rows: wholeNumber('--by', by, 30, 1e9) }
}
interface Chosen {
  readonly limit: number
  readonly chunks?: ChunkChoice
}
function againstProfile(bundle: OpenedBundle, current: Current, chosen: Chosen, context: Context): Promise<DriftReport> {
  const evaluation = evaluationOf(bundle)
  return monitorProfile(bundle.signature, profileOf(bundle), current, { ...chosen, ...(evaluation ? { evaluation } : {}) }, context)
}
async function againstRows(bundle: OpenedBundle, path: string, read: Current, chosen: Chosen, context: Context): Promise<DriftReport> {
  const { signature } = bundle
  const session = await (await openRunner(context)).open(bundle.model)
  try {
    const split = jsonOf(bundle, 'code/split.json') as { parts?: string } | undefined
    const { reference, rows, train } = await referenceFrom(
      { path, signature, truth: truthOf(signature), letters: split?.parts, own: profileOf(bundle).own, evaluation: evaluationOf(bundle), predict: (columns, at) => predicted(session, signature, columns, at, context) },
      context,
    )
    const known = knownRows({ columns: reference.columns, rows, train }, [...read.columns, ...(read.truth ? [read.truth] : [])], read.rows)
    return await monitorRows(signature, reference, withoutKnown(read, known), chosen, context)
  } finally {
    await session.close()
  }
}
const truthOf = ({ task, target }: Signature): SignatureInput => (task === 'regression' ? { name: target, kind: 'numeric', tensor: 'float', nullable: true } : { name: target, kind: 'categorical', tensor: 'string', nullable: true })

const jsonOf = ({ files }: OpenedBundle, name: string): unknown => {
  const bytes = files.get(name)
  return bytes && parseJson(new TextDecoder().decode(bytes), name)
}
function profileOf(bundle: OpenedBundle): ReferenceProfile {
  const profile = jsonOf(bundle, 'reference.json') as ReferenceProfile | undefined
  if (profile?.version === 1) return profile
  throw new StudioError({ code: 'unsupported', message: 'unsupported bundle; to be compared with, it needs a reference profile: it has no reference.json', hint: 'Export it again.' })
}
const evaluationOf = (bundle: OpenedBundle): Evaluation | undefined => (jsonOf(bundle, 'run.json') as { evaluation?: Evaluation } | undefined)?.evaluation

async function rowsOf(bundle: OpenedBundle, { bytes, name }: Awaited<ReturnType<typeof openFile>>, time: string | undefined, context: Context): Promise<Current> {
  const { signature } = bundle
  const truth = truthOf(signature)
  if (await looksLikeLog(bytes)) return { name, kind: 'log', ...(await readLog(bytes, signature, { truth }, context)) }
  if (hasPictures(signature)) throw new StudioError({ code: 'unsupported', message: `unsupported file; a table holds no pictures, and this model looks at pictures: ${name}`, hint: "Give the log of the bundle's server." })
  const { sound, ...rest } = await readTableRows(bytes, signature, { ingest: {}, truth, ...(time === undefined ? {} : { time }) }, context)
  const session = await (await openRunner(context)).open(bundle.model)
  try {
    return { name, kind: 'table', ...rest, withheld: [], answered: sound, prediction: await predicted(session, signature, rest.columns, sound, context) }
  } finally {
    await session.close()
  }
}

async function predicted(session: OnnxSession, signature: Signature, columns: readonly Column[], rows: Uint32Array, context: Context): Promise<Prediction> {
  const width = Math.max(1, signature.classes.length)
  const numbers = new Float64Array(rows.length * width)
  for (let from = 0; from < rows.length; from += batchRows) {
    const part = rows.subarray(from, from + batchRows)
    const { answers, probabilities } = await answer(session, signature, encodeColumns(signature, columns, part), part.length)
    numbers.set((probabilities ?? answers) as ArrayLike<number>, from * width)
    context.report({ kind: 'step', phase: 'Predicting', done: Math.min(rows.length, from + batchRows), total: rows.length })
    await context.checkpoint()
  }
  return signature.task === 'regression' ? { task: 'regression', values: numbers } : { task: signature.task, classes: signature.classes, probabilities: numbers }
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text).replace(/\s+/g, ' ')

function textOf(report: DriftReport): string {
  const { verdict, columns, performance, answers, issues, chunks } = report
  /** Of lines of a log, not of cells. */
  const ofLines = issues.filter(({ kind }) => kind === 'other-model' || kind === 'other-threshold')
  const tests = [...new Set(columns.flatMap(({ drift }) => (drift ? [drift.test] : [])))]
  const [only] = tests
  const what = tests.length === 1 && only ? `${driftTest(only).label.toLowerCase()}; above ${only === 'psi' ? `${profileLimit} and what chance makes of so few rows` : columns.find(({ drift }) => drift)?.drift?.limit} is a change` : 'p of a test where it has one, else a distance'
  const width = columns.reduce((most, { name }) => Math.max(most, cut(name, 32).length), 6)
  const line = (name: string, column: DriftReport['columns'][number]): string => {
    const { drift, unseen, beyond, missingChanged } = column
    const notes = [
      ...(column.untested === undefined ? [] : [column.untested]),
      ...(missingChanged ? [`missing ${column.current.missing} of ${column.current.count + column.current.missing}, was ${column.reference.missing} of ${column.reference.count + column.reference.missing}`] : []),
      ...(unseen && unseen.rows > 0 ? [`${unseen.rows} rows with values that training never saw`] : []),
      ...(beyond && beyond.below + beyond.above > 0 ? [`${beyond.below + beyond.above} values beyond the old range`] : []),
    ]
    return `${cut(name, 32).padEnd(width)}  ${(drift ? (drift.drifted ? 'changed' : 'as before') : 'not tested').padEnd(10)}  ${(drift ? (drift.p ?? drift.statistic).toFixed(3) : '').padStart(8)}  ${notes.join('; ')}`.trimEnd()
  }
  const more = columns.length - toldColumns
  return [
    `${verdict.level}: ${verdict.text}`,
    verdict.sure,
    `What to do: ${verdict.next}`,
    '',
    `${'column'.padEnd(width)}  ${'now'.padEnd(10)}  ${(tests.length === 1 ? 'index' : 'p or far').padStart(8)}  (${what})`,
    ...columns.slice(0, toldColumns).map((column) => line(column.name, column)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...answers.map((column) => line('(answers)', column)),
    ...(performance ? ['', `on ${performance.rows} labelled rows`, ...performance.scores.map(({ metric, before, now, worse }) => `${(metrics.has(metric) ? metrics.get(metric).label : metric).padEnd(width)}  ${say(now.value)}, was ${say(before.value)}${worse ? '  worse' : ''}`)] : []),
    ...(chunks.length > 0 ? ['', `over time: ${report.chunking}`, ...chunks.map(({ label, rows, share, score, alert }) => `${label.padEnd(width)}  ${String(rows).padStart(8)} rows  ${(share === null ? 'too few to tell' : `${Math.round(share * 100)}% of columns changed`).padEnd(24)}${score ? `  ${metrics.get(score.metric).label} ${say(score.value)} (${say(score.low)} to ${say(score.high)} is as before)` : ''}${alert ? '  look here' : ''}`.trimEnd())] : []),
    ...ofLines.map(({ text }) => text),
    ...(issues.length > ofLines.length ? ['', `${issues.reduce((sum, issue) => (ofLines.includes(issue) ? sum : sum + issue.count), 0)} cells or columns do not fit the signature; --json lists them`] : []),
    '',
  ].join('\n')
}
