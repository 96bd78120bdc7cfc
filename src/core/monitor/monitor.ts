/**
 * New rows against the rows that a model was made from: each input, the answers, the truth where it is known, all inputs
 * together, and the same over time. What is the matter with a column never hides in another one's figure.
 */
import type { Signature } from '../bundle/signature.ts'
import type { Context } from '../context.ts'
import type { Column } from '../data/column.ts'
import { encodeTarget } from '../data/encode-target.ts'
import { predictionRows, type ClassPrediction, type Prediction, type TargetSpec } from '../data/target.ts'
import { scoreRows } from '../evaluate/bootstrap.ts'
import type { ScoreRow } from '../evaluate/evaluation.ts'
import type { Slice } from '../evaluate/slice.ts'
import { takePrediction, takeTarget } from '../evaluate/take.ts'
import { defaultMetric, metrics } from '../metrics/registry.ts'
import { Sample } from '../metrics/sample.ts'
import { chunksOf } from './chunks.ts'
import { columnDrift, testDrift, type ColumnDrift, type DriftOf } from './column-drift.ts'
import { isJudged, type Current } from './current.ts'
import { answerTexts, confidences, estimates } from './estimate.ts'
import { jointDrift } from './joint.ts'
import { controlLimits, labelled, performanceOf, scoreNow, type Labelled } from './performance.ts'
import type { Chunk, DriftReport, MonitorOptions } from './report.ts'
import { namesOf, numbersOf, valuesOf, type Values } from './values.ts'
import { verdictOf } from './verdict.ts'

export interface Reference {
  /** In words: "training rows". */
  readonly of: string
  readonly columns: readonly Column[]
  /** Rows that inputs are compared with. */
  readonly rows: Uint32Array
  /** Rows that the model did not learn from, with its answers there. */
  readonly heldOut: Uint32Array
  readonly answersOf: string
  readonly answers: Prediction
  readonly target: TargetSpec
  /** Scores of those answers at the threshold in use, where they are known. */
  readonly scores?: readonly ScoreRow[]
  /** Loss of the score when a column is shuffled, by column. */
  readonly importance?: ReadonlyMap<string, number>
  readonly slices?: readonly Slice[]
}

/** Chunks of fewer rows say nothing. */
const fewestRows = 30
const defaultLimit = 0.5

interface Pair {
  readonly name: string
  readonly moments: boolean
  readonly reference: Values | undefined
  readonly column: Column | undefined
}

/** @throws StudioError cancelled */
export async function monitor(signature: Signature, reference: Reference, current: Current, options: MonitorOptions, context: Context): Promise<DriftReport> {
  const limit = options.limit ?? defaultLimit
  const every = Uint32Array.from({ length: current.rows }, (_, i) => i)
  const chosen = new Map((options.tests ?? []).map(({ column, test }) => [column, test]))
  const pairs: Pair[] = []
  const columns: ColumnDrift[] = []
  const total = signature.inputs.length
  for (const [done, input] of signature.inputs.entries()) {
    const own = reference.columns.find(({ name }) => name === input.name)
    const column = current.columns.find(({ name }) => name === input.name)
    const values = own && valuesOf(own, reference.rows)
    pairs.push({ name: input.name, moments: input.kind === 'datetime', reference: values, column })
    columns.push(driftOfInput(pairs[done] as Pair, every, { test: chosen.get(input.name), importance: reference.importance?.get(input.name) }))
    context.report({ kind: 'step', phase: 'Comparing columns', done: done + 1, total })
    await context.checkpoint()
  }
  const answers = answerDrift(signature, reference.answers, current.prediction)
  const truth = truthDrift(reference, current)
  const now = current.truth && labelled(current.truth, reference.target, signature.classes, current.answered, current.prediction)
  const target = reference.columns.find(({ name }) => name === reference.target.column) as Column
  const before = { prediction: reference.answers, target: encodeTarget(target, reference.target, reference.heldOut, signature.classes) }
  const threshold = signature.threshold ?? 0.5
  const judged = now && now.positions.length >= fewestRows && isJudged(current) ? now : undefined
  const performance =
    judged &&
    (await performanceOf({ now: judged, before, ...(reference.scores ? { known: reference.scores } : {}), threshold, slices: reference.slices ?? [], currentColumns: current.columns, currentRows: current.answered, referenceColumns: reference.columns, referenceRows: reference.heldOut }, context))
  const estimate = signature.task === 'regression' || predictionRows(current.prediction) === 0 ? [] : await estimates(current.prediction as ClassPrediction, { prediction: reference.answers as ClassPrediction, target: before.target }, threshold, () => context.checkpoint())
  const order = columns.map((_, i) => i).sort((a, b) => severity(columns[b] as ColumnDrift) - severity(columns[a] as ColumnDrift))
  const ranked = order.map((i) => columns[i] as ColumnDrift)
  const joint = options.joint === false ? { refused: 'It was switched off.' } : await jointDrift({ columns: reference.columns.filter(({ name }) => signature.inputs.some((input) => input.name === name)), rows: reference.rows }, { columns: current.columns, rows: every }, context)
  const made = chunksOf(current.rows, current.times, options.chunks)
  const chunks = await chunkReports(order.map((i) => pairs[i] as Pair), ranked, made.chunks.length < 2 ? [] : made.chunks, { signature, reference, current, before, now: judged, limit }, context)
  const present = current.times?.filter((time) => time === time)
  const span = present && present.length > 0 ? { from: present.reduce((a, b) => Math.min(a, b)), to: present.reduce((a, b) => Math.max(a, b)) } : {}
  const report: Omit<DriftReport, 'verdict'> = {
    kind: 'drift-report',
    version: 1,
    task: signature.task,
    target: signature.target,
    classes: signature.classes,
    source: { name: current.name, kind: current.kind, rows: current.rows, answered: current.answered.length, ...span, ...(current.timeColumn === undefined ? {} : { timeColumn: current.timeColumn }), ...(current.dates?.length ? { dates: current.dates } : {}), ...(current.answeredBy ? { answeredBy: current.answeredBy } : {}), ...(current.groups ? { groups: current.groups } : {}), ...(current.known ? { known: current.known } : {}) },
    reference: { of: reference.of, rows: reference.rows.length, answersOf: reference.answersOf, answers: reference.heldOut.length },
    options,
    columns: ranked.map((column) => (current.withheld.includes(column.name) ? { ...column, untested: 'The log withholds this column.' } : column)),
    share: shareOf(ranked, limit, options.weighted === true),
    answers,
    ...(truth ? { truth } : {}),
    issues: current.issues,
    ...(performance ? { performance } : {}),
    estimates: estimate,
    ...(estimate.length === 0 ? { noEstimate: signature.task === 'regression' ? 'A value carries no probability of being right, so there is nothing to estimate from without the truth.' : 'No row was answered.' } : {}),
    ...('refused' in joint ? { noJoint: joint.refused } : { joint }),
    chunks,
    chunking: made.chunks.length < 2 ? 'All rows together.' : made.how,
  }
  return { ...report, verdict: verdictOf(report) }
}

function driftOfInput({ name, moments, reference, column }: Pair, rows: Uint32Array, { test, importance }: { readonly test: DriftOf['test'] | undefined; readonly importance: number | undefined }): ColumnDrift {
  const kind = reference?.kind === 'names' ? namesOf([]) : numbersOf([])
  const current = column ? valuesOf(column, rows) : reference && kind
  return columnDrift(name, reference, current, { moments, ...(test ? { test } : {}), ...(importance === undefined ? {} : { importance }) })
}

/** Drifted columns first, the most drifted first; then those with other things to tell. */
function severity({ drift, missingChanged, unseen, beyond }: ColumnDrift): number {
  const odd = (missingChanged ? 0.4 : 0) + ((unseen?.rows ?? 0) > 0 ? 0.3 : 0) + ((beyond?.below ?? 0) + (beyond?.above ?? 0) > 0 ? 0.1 : 0)
  if (!drift) return odd - 1
  const strength = drift.p === null ? drift.statistic / drift.limit : -Math.log10(Math.max(drift.p, 1e-300)) / -Math.log10(drift.limit)
  return (drift.drifted ? 1000 : 0) + Math.min(strength, 900) + odd
}

export function shareOf(columns: readonly ColumnDrift[], limit: number, weighted: boolean): DriftReport['share'] {
  const tested = columns.filter(({ drift }) => drift)
  const drifted = tested.filter(({ drift }) => drift?.drifted)
  const weight = ({ importance }: ColumnDrift): number => Math.max(0, importance ?? 0)
  const mass = tested.reduce((sum, column) => sum + weight(column), 0)
  const value = tested.length === 0 ? 0 : weighted && mass > 0 ? drifted.reduce((sum, column) => sum + weight(column), 0) / mass : drifted.length / tested.length
  const byChance = tested.reduce((sum, { drift }) => sum + (drift && drift.p !== null ? drift.limit : 0), 0)
  return { drifted: drifted.length, tested: tested.length, value, limit, isDrift: tested.length > 0 && value >= limit, byChance }
}

/** What the model says, as columns: the label and how sure it is, or the value. */
function answerValues({ task, threshold, classes }: Signature, prediction: Prediction): { readonly name: string; readonly values: Values }[] {
  if (prediction.task === 'regression') return [{ name: 'answer', values: numbersOf(prediction.values) }]
  const label = { name: 'answer', values: namesOf(answerTexts(prediction, threshold ?? 0.5)) }
  if (task !== 'binary') return [label, { name: 'probability of the answer', values: numbersOf(confidences(prediction) as Float64Array) }]
  const second = prediction.probabilities.filter((_, i) => i % 2 === 1).map(Math.fround)
  return [label, { name: `probability of ${classes[1]}`, values: numbersOf(second) }]
}
function answerDrift(signature: Signature, reference: Prediction, current: Prediction): ColumnDrift[] {
  const then = answerValues(signature, reference)
  return answerValues(signature, current).map(({ name, values }, i) => columnDrift(name, then[i]?.values, values))
}

/** The target is judged on every row that the model's data have, save the sealed ones. */
function truthDrift({ columns, rows, heldOut, target }: Reference, { truth, rows: length }: Current): ColumnDrift | undefined {
  if (!truth) return undefined
  const own = columns.find(({ name }) => name === target.column)
  const both = new Uint32Array(rows.length + heldOut.length)
  both.set(rows)
  both.set(heldOut, rows.length)
  const asNames = (values: Values | undefined): Values | undefined => (values && target.task !== 'regression' && values.kind === 'numbers' ? namesOf([...values.counts()].flatMap(([name, count]) => new Array<string>(count).fill(name))) : values)
  const now = asNames(valuesOf(truth, Uint32Array.from({ length }, (_, i) => i)))
  return now && now.count > 0 ? columnDrift(target.column, asNames(own && valuesOf(own, both)), now) : undefined
}

interface ChunkSetting {
  readonly signature: Signature
  readonly reference: Reference
  readonly current: Current
  readonly before: { readonly prediction: Prediction; readonly target: Labelled['target'] }
  readonly now: Labelled | undefined
  readonly limit: number
}
async function chunkReports(pairs: readonly Pair[], columns: readonly ColumnDrift[], chunks: readonly { label: string; from?: number; to?: number; rows: Uint32Array }[], setting: ChunkSetting, context: Context): Promise<Chunk[]> {
  if (chunks.length === 0) return []
  const { signature, reference, current, before, now, limit } = setting
  const metric = metrics.get(defaultMetric[signature.task])
  const threshold = signature.threshold ?? 0.5
  const [base] = now ? await scoreRows(new Sample({ ...before, threshold }), [metric], 2, context) : []
  const answerAt = new Int32Array(current.rows).fill(-1)
  current.answered.forEach((row, i) => (answerAt[row] = i))
  const labelAt = new Int32Array(current.answered.length).fill(-1)
  now?.positions.forEach((position, i) => (labelAt[position] = i))
  const [then] = answerValues(signature, reference.answers)
  const made: Chunk[] = []
  for (const [done, { label, from, to, rows }] of chunks.entries()) {
    const few = rows.length < fewestRows
    const tests = pairs.map(({ reference: own, column, moments }, i): Chunk['columns'][number] => {
      const values = few || moments || !own || !column ? undefined : valuesOf(column, rows)
      const result = values && own && testDrift(own, values, columns[i]?.drift?.test)
      return result && !('untested' in result) ? { statistic: result.statistic, p: result.p, drifted: result.drifted } : null
    })
    const tested = tests.filter((test) => test !== null)
    const share = tested.length === 0 ? null : tested.filter(({ drifted }) => drifted).length / tested.length
    const positions = rows.map((row) => answerAt[row] as number).filter((at) => at >= 0)
    const prediction = takePrediction(current.prediction, positions)
    const [values] = answerValues(signature, prediction)
    const answer = few || positions.length === 0 || !then || !values ? undefined : testDrift(then.values, values.values)
    const score = now && base ? chunkScore(now, Uint32Array.from(positions, (at) => labelAt[at] as number).filter((at) => at >= 0), base, before.target.task === 'regression' ? before.target.values.length : before.target.codes.length, threshold) : undefined
    made.push({
      label,
      ...(from === undefined || to === undefined ? {} : { from, to }),
      rows: rows.length,
      columns: tests,
      share,
      answers: answer && !('untested' in answer) ? { statistic: answer.statistic, p: answer.p, drifted: answer.drifted } : null,
      level: levelOf(prediction, threshold),
      ...(score ? { score } : {}),
      alert: (share !== null && share >= limit) || score?.outside === true,
    })
    context.report({ kind: 'step', phase: 'Over time', done: done + 1, total: chunks.length })
    await context.checkpoint()
  }
  return made

  function chunkScore(all: Labelled, at: Uint32Array, reference: ScoreRow, referenceRows: number, level: number): Chunk['score'] {
    const limits = controlLimits(reference, referenceRows, at.length)
    if (!limits || at.length < fewestRows) return undefined
    const value = scoreNow({ prediction: takePrediction(all.prediction, at), target: takeTarget(all.target, at) }, level, metric)
    const outside = value !== null && (metric.greaterIsBetter ? value < limits.low : value > limits.high)
    return { metric: metric.id, value, n: at.length, ...limits, outside }
  }
}

/** Share of each class among the answers, or their mean. */
export function levelOf(prediction: Prediction, threshold: number): number[] {
  if (prediction.task === 'regression') return prediction.values.length === 0 ? [] : [prediction.values.reduce((sum, value) => sum + value, 0) / prediction.values.length]
  const texts = answerTexts(prediction, threshold)
  return prediction.classes.map((name) => (texts.length === 0 ? 0 : texts.filter((text) => text === name).length / texts.length))
}
