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
import { monitorProfile, profileLimit } from '../core/monitor/profile.ts'
import { looksLikeLog, readLog } from '../core/monitor/read-log.ts'
import { readTableRows } from '../core/monitor/read-table.ts'
import { reportHtml } from '../core/monitor/report-html.ts'
import type { DriftReport } from '../core/monitor/report.ts'
import { say } from '../core/monitor/words.ts'
import { answer, type OnnxSession } from '../core/onnx/runner.ts'
import { parseJson } from '../core/schema.ts'
import type { OpenedBundle } from '../export/open-bundle.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openBundle, openFile, writeWhole } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'
import { exits, UsageError } from './usage.ts'

/** Columns told one by one. */
const toldColumns = 30
const batchRows = 4096

export async function monitor(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip', 'FILE'], { '--json': 'flag', '--limit': 'value', '--out': 'value' })
  const [bundlePath, path] = words.operands as [string, string]
  const limit = Number(words.value('--limit') ?? '0.5')
  if (!(limit > 0 && limit <= 1)) throw new UsageError(`invalid --limit; not a share in (0, 1]: ${words.value('--limit') ?? ''}`)
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  const bundle = await openBundle(bundlePath)
  const file = await openFile(path)
  try {
    const current = await rowsOf(bundle, file, context)
    const evaluation = evaluationOf(bundle)
    const report = await monitorProfile(bundle.signature, profileOf(bundle), current, { limit, ...(evaluation ? { evaluation } : {}) }, context)
    io.progress.clear()
    io.out(words.flag('--json') ? `${JSON.stringify(report)}\n` : textOf(report))
    if (out !== undefined) await writeWhole(out, new TextEncoder().encode(/\.html?$/i.test(out) ? reportHtml(report, bundle.signature.name, file.name) : `${JSON.stringify(report, null, 2)}\n`))
    if (report.verdict.level === 'act') process.exitCode = exits.drift
  } finally {
    await file.close()
  }
}

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

async function rowsOf(bundle: OpenedBundle, { bytes, name }: Awaited<ReturnType<typeof openFile>>, context: Context): Promise<Current> {
  const { signature } = bundle
  const truth: SignatureInput = signature.task === 'regression' ? { name: signature.target, kind: 'numeric', tensor: 'float', nullable: true } : { name: signature.target, kind: 'categorical', tensor: 'string', nullable: true }
  if (await looksLikeLog(bytes)) return { name, kind: 'log', ...(await readLog(bytes, signature, { truth }, context)) }
  if (hasPictures(signature)) throw new StudioError({ code: 'unsupported', message: `unsupported file; a table holds no pictures, and this model looks at pictures: ${name}`, hint: "Give the log of the bundle's server." })
  const { sound, ...rest } = await readTableRows(bytes, signature, { ingest: {}, truth }, context)
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
  const { verdict, columns, performance, answers, issues } = report
  const width = columns.reduce((most, { name }) => Math.max(most, cut(name, 32).length), 6)
  const line = (name: string, column: DriftReport['columns'][number]): string => {
    const { drift, unseen, beyond, missingChanged } = column
    const notes = [
      ...(column.untested === undefined ? [] : [column.untested]),
      ...(missingChanged ? [`missing ${column.current.missing} of ${column.current.count + column.current.missing}, was ${column.reference.missing} of ${column.reference.count + column.reference.missing}`] : []),
      ...(unseen && unseen.rows > 0 ? [`${unseen.rows} rows with values that training never saw`] : []),
      ...(beyond && beyond.below + beyond.above > 0 ? [`${beyond.below + beyond.above} values beyond the old range`] : []),
    ]
    return `${cut(name, 32).padEnd(width)}  ${(drift ? (drift.drifted ? 'changed' : 'as before') : 'not tested').padEnd(10)}  ${(drift ? drift.statistic.toFixed(3) : '').padStart(8)}  ${notes.join('; ')}`.trimEnd()
  }
  const more = columns.length - toldColumns
  return [
    `${verdict.level}: ${verdict.text}`,
    verdict.sure,
    `What to do: ${verdict.next}`,
    '',
    `${'column'.padEnd(width)}  ${'now'.padEnd(10)}  ${'index'.padStart(8)}  (population stability index; above ${profileLimit} is a change)`,
    ...columns.slice(0, toldColumns).map((column) => line(column.name, column)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...answers.map((column) => line('(answers)', column)),
    ...(performance ? ['', `on ${performance.rows} labelled rows`, ...performance.scores.map(({ metric, before, now, worse }) => `${(metrics.has(metric) ? metrics.get(metric).label : metric).padEnd(width)}  ${say(now.value)}, was ${say(before.value)}${worse ? '  worse' : ''}`)] : []),
    ...(issues.length > 0 ? ['', `${issues.reduce((sum, { count }) => sum + count, 0)} cells or columns do not fit the signature; --json lists them`] : []),
    '',
  ].join('\n')
}
