/** Pulls outliers in to a quantile of the training rows (winsorising). */
import { StudioError } from '../errors.ts'
import type { ParamTable } from '../params.ts'
import { asNumbers, finite, quantileOf } from './numbers.ts'
import type { Step } from './step.ts'

const params = {
  lower: { kind: 'number', default: 0.01, min: 0, max: 0.49, label: 'Lower quantile', help: 'Smaller values are raised to this quantile.' },
  upper: { kind: 'number', default: 0.99, min: 0.51, max: 1, label: 'Upper quantile', help: 'Larger values are lowered to this quantile.' },
} as const satisfies ParamTable

type State = { readonly low: number; readonly high: number }

export const clip: Step<typeof params, State> = {
  id: 'clip',
  label: 'Clip outliers',
  summary: 'Limits extreme numbers to a quantile of the training rows. Numbered categories are numbers from then on.',
  source: 'Winsorising (Tukey 1962); quantiles by linear interpolation as numpy',
  params,
  kinds: ['numeric'],
  refuses: ({ kind }) => (kind === 'numeric' ? undefined : `only numbers have outliers to clip, and this is ${kind}`),
  fit(series, { lower, upper }) {
    if (series.kind !== 'numeric' && series.kind !== 'boolean') throw new StudioError({ code: 'bug', message: `unsupported series; clip was given a ${series.kind} column` })
    const sorted = finite(series.values).sort()
    if (sorted.length === 0) throw new StudioError({ code: 'bad-data', message: `missing values; no training row has one to learn from: ${series.name.slice(0, 100)}`, details: { column: series.source } })
    return { low: Math.fround(quantileOf(sorted, lower)), high: Math.fround(quantileOf(sorted, upper)) }
  },
  apply(series, { low, high }) {
    if (series.kind !== 'numeric' && series.kind !== 'boolean') return [series]
    return [asNumbers(series, series.values.map((value) => (value < low ? low : value > high ? high : value)))]
  },
  slope: () => 1,
  toOnnx(series, { low, high }, graph) {
    // Where and Less rather than Clip: comparisons with NaN are false, so a missing value stays missing.
    const [bottom, top] = [graph.floats('low', [low]), graph.floats('high', [high])]
    const raised = graph.node('Where', [graph.node('Less', [series.tensor, bottom]), bottom, series.tensor])
    return [{ ...series, tensor: graph.node('Where', [graph.node('Greater', [raised, top]), top, raised]) }]
  },
}
