/** Moves and stretches numbers, and the 0 and 1 of booleans, to a common size: (x - center) / scale in float32. */
import { StudioError } from '../errors.ts'
import type { ParamTable } from '../params.ts'
import { asNumbers, finite, quantileOf } from './numbers.ts'
import type { Step } from './step.ts'

const params = {
  method: {
    kind: 'choice',
    default: 'standard',
    options: [
      { value: 'standard', label: 'Standard (mean 0, sd 1)' },
      { value: 'min-max', label: 'Min-max (0 to 1)' },
      { value: 'robust', label: 'Robust (median, quartiles)' },
    ],
    label: 'Method',
    help: 'Standard suits most; robust is not moved by outliers; min-max keeps the ends at 0 and 1.',
  },
} as const satisfies ParamTable

type State = { readonly center: number; readonly scale: number }

export const scale: Step<typeof params, State> = {
  id: 'scale',
  label: 'Scale numbers',
  summary: 'Gives every number the same size, yes or no counting as 1 and 0, so that no column dominates by its unit. Numbered categories are numbers from then on.',
  source: "scikit-learn's StandardScaler (population sd), MinMaxScaler, RobustScaler (25 to 75 %); a constant column is only centred",
  params,
  kinds: ['numeric', 'boolean'],
  refuses: ({ kind }) => (kind === 'numeric' || kind === 'boolean' ? undefined : `only numbers and booleans can be scaled, and this is ${kind}`),
  fit(series, { method }) {
    if (series.kind !== 'numeric' && series.kind !== 'boolean') throw new StudioError({ code: 'bug', message: `unsupported series; scale was given a ${series.kind} column` })
    const values = finite(series.values)
    if (values.length === 0) throw new StudioError({ code: 'bad-data', message: `missing values; no training row has one to learn from: ${series.name.slice(0, 100)}`, details: { column: series.source } })
    let center: number
    let width: number
    if (method === 'standard') {
      center = values.reduce((sum, value) => sum + value, 0) / values.length
      width = Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length)
      // Rounding leaves a constant column a tiny spread; dividing by it would blow noise up.
      if (width <= 1e-7 * Math.abs(center)) width = 0
    } else {
      const sorted = values.sort()
      const [low, high] = method === 'robust' ? [0.25, 0.75] : [0, 1]
      center = quantileOf(sorted, method === 'robust' ? 0.5 : 0)
      width = quantileOf(sorted, high) - quantileOf(sorted, low)
    }
    return { center: Math.fround(center), scale: Math.fround(width) || 1 }
  },
  apply(series, state) {
    if (series.kind !== 'numeric' && series.kind !== 'boolean') return [series]
    // Two roundings to float32, as the graph's Sub and Div have.
    return [asNumbers(series, series.values.map((value) => Math.fround(value - state.center) / state.scale))]
  },
  slope: ({ scale: width }) => 1 / width,
  toOnnx(series, state, graph) {
    const moved = graph.node('Sub', [series.tensor, graph.floats('center', [state.center])])
    return [{ ...series, tensor: graph.node('Div', [moved, graph.floats('scale', [state.scale])]) }]
  },
}
