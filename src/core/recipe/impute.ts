/** Fills holes with a constant learnt from the training rows, and may say where they were. */
import { StudioError } from '../errors.ts'
import type { ParamTable } from '../params.ts'
import { asNumbers, finite, medianOf } from './numbers.ts'
import type { CategoricalSeries, GraphSeries, NumericSeries, Series, Step } from './step.ts'

const params = {
  strategy: {
    kind: 'choice',
    default: 'median',
    options: [
      { value: 'mean', label: 'Mean' },
      { value: 'median', label: 'Median' },
      { value: 'most-frequent', label: 'Most frequent' },
      { value: 'constant', label: 'A constant' },
    ],
    label: 'Fill with',
    help: 'Mean and median are for numbers; categories take the most frequent instead.',
  },
  fillValue: { kind: 'text', default: '0', maxLength: 200, label: 'Constant', help: 'Used where "a constant" is chosen: a number for numbers, any text for categories.' },
  indicator: { kind: 'boolean', default: false, label: 'Add an indicator', help: 'A column of 0 and 1 that keeps the fact that the value was missing.' },
} as const satisfies ParamTable

type State = { readonly fill: number | string; readonly indicator: boolean }

/** The most frequent entry; of equals the smallest number, or the first text by code unit. */
function mostFrequent<T extends number | string>(values: Iterable<T>): T | undefined {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  let best: T | undefined
  for (const [value, count] of counts) {
    const bestCount = best === undefined ? 0 : (counts.get(best) as number)
    if (count > bestCount || (count === bestCount && best !== undefined && value < best)) best = value
  }
  return best
}

function* texts({ codes, dictionary }: CategoricalSeries): Generator<string> {
  for (const code of codes) if (code >= 0) yield dictionary[code] as string
}

function fitNumbers(series: NumericSeries, strategy: string, fillValue: string): number {
  if (strategy === 'constant') {
    const value = Math.fround(Number(fillValue.trim() === '' ? Number.NaN : fillValue))
    if (Number.isFinite(value)) return value
    throw new StudioError({ code: 'bad-param', message: `invalid fillValue of impute; not a finite number for ${series.name.slice(0, 100)}: ${fillValue}`, details: { owner: 'impute', parameter: 'fillValue' } })
  }
  const values = finite(series.values)
  if (values.length === 0) throw new StudioError({ code: 'bad-data', message: `missing values; no training row has one to learn from: ${series.name.slice(0, 100)}`, details: { column: series.source } })
  if (strategy === 'mean') return Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length)
  if (strategy === 'median') return Math.fround(medianOf(values))
  return mostFrequent(values) as number
}

function fillNumbers(series: NumericSeries, fill: number): NumericSeries {
  const values = series.values.map((value) => (Number.isNaN(value) ? fill : value))
  // What fills a category's place is one of them, or all of them are numbers.
  const isCode = Number.isInteger(fill) && fill >= 0 && fill < (series.categories?.length ?? 0)
  return isCode ? { ...series, values } : asNumbers(series, values)
}

function fillCategories(series: CategoricalSeries, fill: string): CategoricalSeries {
  let code = series.dictionary.indexOf(fill)
  const dictionary = code < 0 ? [...series.dictionary, fill] : series.dictionary
  if (code < 0) code = series.dictionary.length
  return { ...series, dictionary, codes: series.codes.map((value) => (value < 0 ? code : value)) }
}

const indicatorName = (name: string): string => `${name} was missing`

export const impute: Step<typeof params, State> = {
  id: 'impute',
  label: 'Fill missing values',
  summary: 'Puts a typical value where one is missing, so that every model can use the row.',
  source: "scikit-learn's SimpleImputer(add_indicator)",
  params,
  kinds: ['numeric', 'boolean', 'categorical'],
  refuses: ({ kind }) => (kind === 'numeric' || kind === 'boolean' || kind === 'categorical' ? undefined : `a ${kind} column has no typical value`),
  fit(series, { strategy, fillValue, indicator }) {
    if (series.kind === 'categorical') {
      const fill = strategy === 'constant' ? fillValue : mostFrequent(texts(series))
      if (fill === undefined || fill === '') throw new StudioError({ code: 'bad-data', message: `missing values; no training row has one to learn from: ${series.name.slice(0, 100)}`, details: { column: series.source } })
      return { fill, indicator }
    }
    if ((series.kind === 'boolean' || (series.kind === 'numeric' && series.categories)) && (strategy === 'mean' || strategy === 'median')) return { fill: fitNumbers(series, 'most-frequent', fillValue), indicator }
    if (series.kind === 'numeric' || series.kind === 'boolean') return { fill: fitNumbers(series, strategy, fillValue), indicator }
    throw new StudioError({ code: 'bug', message: `unsupported series; impute was given a ${series.kind} column` })
  },
  apply(series, state): readonly Series[] {
    const name = indicatorName(series.name)
    if (series.kind === 'categorical') {
      const flag: NumericSeries = { kind: 'boolean', name, source: series.source, values: Float32Array.from(series.codes, (code) => (code < 0 ? 1 : 0)) }
      return [fillCategories(series, String(state.fill)), ...(state.indicator ? [flag] : [])]
    }
    if (series.kind !== 'numeric' && series.kind !== 'boolean') return [series]
    const flag: NumericSeries = { kind: 'boolean', name, source: series.source, values: series.values.map((value) => (Number.isNaN(value) ? 1 : 0)) }
    return [fillNumbers(series, Number(state.fill)), ...(state.indicator ? [flag] : [])]
  },
  slope: () => 1,
  toOnnx(series, state, graph): readonly GraphSeries[] {
    // Opset 17 compares no strings, so "is empty" goes through a label encoder.
    const isMissing =
      series.kind === 'categorical'
        ? graph.node('Cast', [graph.node('LabelEncoder', [series.tensor], { keys_strings: { kind: 'strings', value: [''] }, values_int64s: { kind: 'ints', value: [1] }, default_int64: { kind: 'int', value: 0 } }, 'ai.onnx.ml')], { to: { kind: 'int', value: 9 } })
        : graph.node('IsNaN', [series.tensor])
    const fill = series.kind === 'categorical' ? graph.constant('fill', { type: 'string', dims: [1], values: [String(state.fill)] }) : graph.floats('fill', [Number(state.fill)])
    const filled = { ...series, tensor: graph.node('Where', [isMissing, fill, series.tensor]) }
    if (!state.indicator) return [filled]
    return [filled, { kind: 'boolean', name: indicatorName(series.name), source: series.source, tensor: graph.node('Cast', [isMissing], { to: { kind: 'int', value: 1 } }) }]
  },
}
