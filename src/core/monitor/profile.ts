/**
 * New rows against a bundle's reference profile, where the training rows are not at hand: bins and shares are all there
 * is, so every column gets the measure of the server's gauges, the population stability index over the same bins, with the
 * same limit.
 */
import { binOfNumber, binOfText, stabilityIndex, type ReferenceBins, type ReferenceProfile } from '../bundle/reference.ts'
import type { Signature, SignatureInput } from '../bundle/signature.ts'
import type { Context } from '../context.ts'
import { labelsOf, predictionRows } from '../data/target.ts'
import { scoreRows } from '../evaluate/bootstrap.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import { defaultMetric, metrics } from '../metrics/registry.ts'
import { Sample } from '../metrics/sample.ts'
import type { ColumnDrift } from './column-drift.ts'
import type { Current } from './current.ts'
import { proportionsZ } from './hypotheses.ts'
import { shareOf } from './monitor.ts'
import { changeOf, labelled } from './performance.ts'
import type { DriftReport, Performance } from './report.ts'
import { namesOf, numbersOf, valuesOf, type Values } from './values.ts'
import { verdictOf } from './verdict.ts'

/** As the alerts of the bundle's Prometheus rules. */
export const profileLimit = 0.2
const fewestLabels = 30

/** @param evaluation on validation rows, as the bundle's run.json has it: what scores on labelled rows are held against */
export async function monitorProfile(signature: Signature, profile: ReferenceProfile, current: Current, { limit, evaluation }: { readonly limit: number; readonly evaluation?: Evaluation }, context: Context): Promise<DriftReport> {
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
  const answers = prediction.task === 'regression' ? numbersOf(prediction.values.map(Math.fround)) : namesOf(Array.from(labelsOf(prediction, signature.threshold), (code) => prediction.classes[code] as string))
  const performance = await performanceNow(signature, current, evaluation, context)
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
      ...(current.groups ? { groups: current.groups } : {}),
    },
    reference: { of: 'training rows, as the bundle’s profile has them', rows: profile.rows, answersOf: 'held-out rows', answers: profile.answers.rows },
    options: { limit },
    columns: order,
    share: shareOf(order, limit, false),
    answers: predictionRows(prediction) === 0 ? [] : [driftOfBins('answer', profile.answers, profile.answers.rows, answers)],
    issues: current.issues,
    ...(performance ? { performance } : {}),
    estimates: [],
    noEstimate: 'A bundle has no validation rows to check such an estimate on.',
    noJoint: 'It takes the training rows themselves.',
    chunks: [],
    chunking: 'All rows together.',
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
  const index = stabilityIndex(bins, counts)
  const known = new Set(input?.categories ?? [])
  const unseen = input?.categories && values.kind === 'names' ? [...values.counts()].filter(([text]) => !known.has(text)) : []
  return {
    ...base,
    kind: values.kind,
    drift: { test: 'psi', statistic: index, p: null, limit: profileLimit, drifted: index > profileLimit },
    ...(input?.categories ? { unseen: { names: unseen.slice(0, 10).map(([text, count]) => ({ name: text, rows: count })), distinct: unseen.length, rows: unseen.reduce((sum, [, count]) => sum + count, 0) } } : {}),
    ...(input?.min !== undefined && input.max !== undefined && values.kind === 'numbers'
      ? { beyond: { below: values.sorted.filter((value) => value < Math.fround(input.min as number)).length, above: values.sorted.filter((value) => value > Math.fround(input.max as number)).length } }
      : {}),
  }
}

async function performanceNow(signature: Signature, current: Current, evaluation: Evaluation | undefined, context: Context): Promise<Performance | undefined> {
  if (!current.truth || !evaluation) return undefined
  const { task } = signature
  const now = labelled(current.truth, { column: signature.target, task }, signature.classes, current.answered, current.prediction)
  if (now.positions.length < fewestLabels) return undefined
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
