/**
 * New rows against a bundle's reference profile, where the training rows are not at hand: bins and shares are all there
 * is, so every column gets the measure of the server's gauges, the population stability index over the same bins, with the
 * same limit.
 */
import { binOfNumber, binOfText, stabilityIndex, type ReferenceBins, type ReferenceProfile } from '../bundle/reference.ts'
import type { Signature, SignatureInput } from '../bundle/signature.ts'
import type { Context } from '../context.ts'
import { labelsOf, predictionRows, type Prediction } from '../data/target.ts'
import { scoreRows } from '../evaluate/bootstrap.ts'
import type { Evaluation, ScoreRow } from '../evaluate/evaluation.ts'
import { takePrediction, takeTarget } from '../evaluate/take.ts'
import { defaultMetric, metrics } from '../metrics/registry.ts'
import { Sample } from '../metrics/sample.ts'
import type { ColumnDrift } from './column-drift.ts'
import { chunksOf } from './chunks.ts'
import { isJudged, type Current } from './current.ts'
import { proportionsZ } from './hypotheses.ts'
import { knownByKeys, withoutKnown } from './known-rows.ts'
import { levelOf, shareOf } from './monitor.ts'
import { changeOf, controlLimits, labelled, scoreNow, type Labelled } from './performance.ts'
import type { Chunk, ChunkChoice, DriftReport, Performance } from './report.ts'
import { namesOf, numbersOf, valuesOf, type Values } from './values.ts'
import { verdictOf } from './verdict.ts'

/** As the alerts of the bundle's Prometheus rules; what chance makes of few rows comes on top. */
export const profileLimit = 0.2
/** Labels, and rows of a chunk: fewer say nothing. */
const fewest = 30

interface ProfileOptions {
  readonly limit: number
  readonly chunks?: ChunkChoice
  readonly evaluation?: Evaluation
}

/** @param evaluation on validation rows, as the bundle's run.json has it: what scores on labelled rows are held against */
export async function monitorProfile(signature: Signature, profile: ReferenceProfile, read: Current, { limit, chunks: choice, evaluation }: ProfileOptions, context: Context): Promise<DriftReport> {
  const own = signature.inputs.flatMap(({ name }) => read.columns.find((column) => column.name === name) ?? [])
  const current = withoutKnown(read, profile.own && own.length === signature.inputs.length ? knownByKeys(profile.own, own, read.rows) : undefined)
  const every = Uint32Array.from({ length: current.rows }, (_, i) => i)
  const columns = signature.inputs.map((input, i): ColumnDrift => {
    const column = current.columns.find(({ name }) => name === input.name)
    const bins = profile.inputs[i]
    if (current.withheld.includes(input.name)) return untested(input.name, 'The log withholds this column.')
    if (!bins || input.kind === 'image') return untested(input.name, 'Pictures have no values to compare.')
    const values = column && valuesOf(column, every)
    return driftOfBins(input.name, bins, profile.rows, values ?? numbersOf([]), input)
  })
  const order = columns.toSorted((a, b) => Number(b.drift?.drifted ?? false) - Number(a.drift?.drifted ?? false) || (b.drift?.statistic ?? -1) - (a.drift?.statistic ?? -1))
  const { prediction } = current
  const target = { column: signature.target, task: signature.task }
  const now = current.truth && evaluation && isJudged(current) ? labelled(current.truth, target, signature.classes, current.answered, prediction) : undefined
  const performance = now && evaluation && now.positions.length >= fewest ? await performanceNow(signature, now, evaluation, context) : undefined
  const made = chunksOf(current.rows, current.times, choice)
  const chunks = made.chunks.length < 2 ? [] : made.chunks.map((chunk) => chunkReport(chunk, order, { signature, profile, current, now: performance && now, evaluation, limit }))
  const present = current.times?.filter((time) => time === time)
  const report: Omit<DriftReport, 'verdict'> = {
    kind: 'drift-report',
    version: 1,
    task: signature.task,
    target: signature.target,
    classes: signature.classes,
    source: {
      name: current.name,
      kind: current.kind,
      rows: current.rows,
      answered: current.answered.length,
      ...(present && present.length > 0 ? { from: present.reduce((a, b) => Math.min(a, b)), to: present.reduce((a, b) => Math.max(a, b)) } : {}),
      ...(current.answeredBy ? { answeredBy: current.answeredBy } : {}),
      ...(current.timeColumn === undefined ? {} : { timeColumn: current.timeColumn }),
      ...(current.dates?.length ? { dates: current.dates } : {}),
      ...(current.groups ? { groups: current.groups } : {}),
      ...(current.known ? { known: current.known } : {}),
    },
    reference: { of: 'training rows, as the bundle’s profile has them', rows: profile.rows, answersOf: 'held-out rows', answers: profile.answers.rows },
    options: { limit, ...(choice ? { chunks: choice } : {}) },
    columns: order,
    share: shareOf(order, limit, false),
    answers: predictionRows(prediction) === 0 ? [] : [driftOfBins('answer', profile.answers, profile.answers.rows, answersOf(signature, prediction))],
    issues: current.issues,
    ...(performance ? { performance } : {}),
    estimates: [],
    noEstimate: 'A bundle has no validation rows to check such an estimate on.',
    noJoint: 'It takes the training rows themselves.',
    chunks,
    chunking: chunks.length === 0 ? 'All rows together.' : made.how,
  }
  return { ...report, verdict: verdictOf(report) }
}

const untested = (name: string, why: string): ColumnDrift => ({ name, kind: 'none', untested: why, reference: { count: 0, missing: 0 }, current: { count: 0, missing: 0 }, missingChanged: false })

function driftOfBins(name: string, bins: ReferenceBins, rows: number, values: Values, input?: SignatureInput): ColumnDrift {
  const counts = new Float64Array(bins.shares.length)
  const add = (bin: number, by: number): void => {
    counts[bin] = (counts[bin] as number) + by
  }
  if (bins.edges && values.kind === 'numbers') for (const value of values.sorted) add(binOfNumber(bins, value), 1)
  // A yes or no is a number in the profile.
  else for (const [text, count] of values.counts()) add(bins.edges ? binOfNumber(bins, text === input?.labels?.[1] || text === 'true' ? 1 : 0) : binOfText(bins, text), count)
  add(bins.shares.length - 1, values.missing)
  const total = values.count + values.missing
  const missingBefore = Math.round((bins.shares.at(-1) ?? 0) * rows)
  const sides = { reference: { count: rows - missingBefore, missing: missingBefore }, current: { count: values.count, missing: values.missing } }
  const shift = Math.abs((bins.shares.at(-1) ?? 0) - (total === 0 ? 0 : values.missing / total))
  const moments = input?.kind === 'datetime'
  const base = { name, ...sides, missingChanged: proportionsZ(missingBefore, rows, values.missing, total).p < 0.01 && shift >= 0.01 }
  if (moments) return { ...base, kind: 'moments', untested: 'Time moves on by itself: nothing is tested.' }
  if (values.count === 0) return { ...base, kind: values.kind, untested: 'There is no value here now.' }
  const index = stabilityIndex(bins, counts, rows)
  // Of equal distributions so few rows make an index of this much on average: a chi-square with a degree for each bin but one.
  const chance = (bins.shares.filter((share) => share > 0).length - 1) * (1 / total + 1 / rows)
  const limit = profileLimit + chance
  const known = new Set(input?.categories ?? [])
  const unseen = input?.categories && values.kind === 'names' ? [...values.counts()].filter(([text]) => !known.has(text)) : []
  return {
    ...base,
    kind: values.kind,
    drift: { test: 'psi', statistic: index, p: null, limit, drifted: index > limit },
    ...(input?.categories ? { unseen: { names: unseen.slice(0, 10).map(([text, count]) => ({ name: text, rows: count })), distinct: unseen.length, rows: unseen.reduce((sum, [, count]) => sum + count, 0) } } : {}),
    ...(input?.min !== undefined && input.max !== undefined && values.kind === 'numbers'
      ? { beyond: { below: values.sorted.filter((value) => value < Math.fround(input.min as number)).length, above: values.sorted.filter((value) => value > Math.fround(input.max as number)).length } }
      : {}),
  }
}

const answersOf = ({ threshold }: Signature, prediction: Prediction): Values =>
  prediction.task === 'regression' ? numbersOf(prediction.values.map(Math.fround)) : namesOf(Array.from(labelsOf(prediction, threshold), (code) => prediction.classes[code] as string))

interface ChunkSetting {
  readonly signature: Signature
  readonly profile: ReferenceProfile
  readonly current: Current
  readonly now: Labelled | undefined
  readonly evaluation: Evaluation | undefined
  readonly limit: number
}
/** @param columns of the report, in its order */
function chunkReport({ label, from, to, rows }: { label: string; from?: number; to?: number; rows: Uint32Array }, columns: readonly ColumnDrift[], { signature, profile, current, now, evaluation, limit }: ChunkSetting): Chunk {
  const few = rows.length < fewest
  const short = (drift: ColumnDrift['drift']): Chunk['answers'] => (drift && !few ? { statistic: drift.statistic, p: drift.p, drifted: drift.drifted } : null)
  const tests = columns.map(({ name, drift }) => {
    const place = signature.inputs.findIndex((input) => input.name === name)
    const column = current.columns.find((own) => own.name === name)
    const values = drift && column ? valuesOf(column, rows) : undefined
    return values ? short(driftOfBins(name, profile.inputs[place] as ReferenceBins, profile.rows, values, signature.inputs[place]).drift) : null
  })
  const tested = tests.filter((test) => test !== null)
  const share = tested.length === 0 ? null : tested.filter(({ drifted }) => drifted).length / tested.length
  const inside = new Set(rows)
  const positions = Uint32Array.from({ length: current.answered.length }, (_, i) => i).filter((i) => inside.has(current.answered[i] as number))
  const prediction = takePrediction(current.prediction, positions)
  const metric = metrics.get(defaultMetric[signature.task])
  const known = new Set(positions)
  const judged = now ? Uint32Array.from({ length: now.positions.length }, (_, i) => i).filter((i) => known.has(now.positions[i] as number)) : new Uint32Array()
  const before: ScoreRow | undefined = evaluation?.scores.find((score) => score.metric === metric.id)
  const limits = before && judged.length >= fewest ? controlLimits(before, evaluation?.n ?? 0, judged.length) : undefined
  const value = now && limits ? scoreNow({ prediction: takePrediction(now.prediction, judged), target: takeTarget(now.target, judged) }, signature.threshold ?? 0.5, metric) : null
  const outside = limits !== undefined && value !== null && (metric.greaterIsBetter ? value < limits.low : value > limits.high)
  return {
    label,
    ...(from === undefined || to === undefined ? {} : { from, to }),
    rows: rows.length,
    columns: tests,
    share,
    answers: positions.length === 0 ? null : short(driftOfBins('answer', profile.answers, profile.answers.rows, answersOf(signature, prediction)).drift),
    level: levelOf(prediction, signature.threshold ?? 0.5),
    ...(limits ? { score: { metric: metric.id, value, n: judged.length, ...limits, outside } } : {}),
    alert: (share !== null && share >= limit) || outside,
  }
}

async function performanceNow(signature: Signature, now: Labelled, evaluation: Evaluation, context: Context): Promise<Performance> {
  const { task } = signature
  const judging = metrics.all.filter((metric) => metric.tasks.includes(task)).sort((a, b) => Number(b.id === defaultMetric[task]) - Number(a.id === defaultMetric[task]))
  const scores = await scoreRows(new Sample({ prediction: now.prediction, target: now.target, threshold: signature.threshold ?? 0.5 }), judging, 1, context)
  return {
    rows: now.positions.length,
    referenceRows: evaluation.n,
    unknownLabels: now.unknownLabels,
    slices: [],
    scores: judging.flatMap((metric, i) => {
      const before = evaluation.scores.find((score) => score.metric === metric.id)
      const after = scores[i]
      return before && after ? [changeOf(metric, before, after)] : []
    }),
  }
}
