/** Small seeded data for contract tests: series of every kind, feature matrices and targets. */
import { featureWidth, type Feature, type Matrix } from '../../src/core/data/matrix.ts'
import type { Target, Task } from '../../src/core/data/target.ts'
import { createRng } from '../../src/core/math/rng.ts'
import type { CategoricalSeries, Series, SeriesKind } from '../../src/core/recipe/step.ts'

export const allKinds: readonly SeriesKind[] = ['numeric', 'boolean', 'categorical', 'datetime', 'text', 'id']

/** Names that break code which puts names from data into objects, markup or formulas. */
export const hostileCategories = ['__proto__', 'constructor', '<b>bold</b>', '=1+1', 'é', 'e\u0301', ' spaced ', '0', 'NaN', '🪟'] as const

/** A column with holes, as training has it. @param rows at least 20 */
export function trainingSeries(kind: SeriesKind, rows = 60, seed = 5): Series {
  const rng = createRng(seed).fork(kind)
  const base = { name: 'a column', source: 'a column' }
  const hole = (row: number) => row % 7 === 3
  switch (kind) {
    case 'numeric':
      return { ...base, kind, values: Float32Array.from({ length: rows }, (_, row) => (hole(row) ? Number.NaN : 20 + 7 * rng.normal())) }
    case 'boolean':
      return { ...base, kind, values: Float32Array.from({ length: rows }, (_, row) => (hole(row) ? Number.NaN : rng.int(2))) }
    case 'categorical': {
      const dictionary = [...hostileCategories]
      // The first categories are common, the last occur once.
      return { ...base, kind, dictionary, codes: Int32Array.from({ length: rows }, (_, row) => (hole(row) ? -1 : row < dictionary.length ? row : rng.int(4))) }
    }
    case 'datetime':
      return { ...base, kind, seconds: Float64Array.from({ length: rows }, (_, row) => (hole(row) ? Number.NaN : 1_500_000_000 + rng.int(200_000_000))) }
    case 'text':
    case 'id':
    case 'image':
      return { ...base, kind, length: rows }
  }
}

/** What serving may bring: missing, unseen, and the ends of each type's range. */
export function servedSeries(kind: SeriesKind): Series {
  const base = { name: 'a column', source: 'a column' }
  switch (kind) {
    case 'numeric':
      return { ...base, kind, values: Float32Array.of(Number.NaN, 0, -0, 1, 19.999999, 20, 1e-45, -1e-45, 16_777_217, 3.4e38, -3.4e38, 1e30, -1e-30, Math.fround(0.1), 33.3) }
    case 'boolean':
      return { ...base, kind, values: Float32Array.of(0, 1, Number.NaN) }
    case 'categorical': {
      const dictionary = ['never seen', ...[...hostileCategories].reverse(), 'toString', 'x'.repeat(10_000)]
      return { ...base, kind, dictionary, codes: Int32Array.from({ length: dictionary.length + 1 }, (_, i) => i - 1) }
    }
    case 'datetime': {
      const day = (text: string) => Date.parse(text) / 1000
      const seconds = ['0001-01-01T00:00:00Z', '1600-02-29T23:59:59Z', '1899-12-31T12:00:00Z', '1900-03-01T00:00:00Z', '1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z', '2000-02-29T01:00:00Z', '2023-12-31T23:00:00Z', '2024-12-31T00:00:00Z', '9999-12-31T23:59:59Z'].map(day)
      return { ...base, kind, seconds: Float64Array.of(Number.NaN, ...seconds) }
    }
    case 'text':
    case 'id':
    case 'image':
      return { ...base, kind, length: 3 }
  }
}

/** The same values under another order of the dictionary, with a category that no row has. */
export function reordered(series: CategoricalSeries): CategoricalSeries {
  const last = series.dictionary.length
  return { ...series, dictionary: ['nobody', ...[...series.dictionary].reverse()], codes: series.codes.map((code) => (code < 0 ? -1 : last - code)) }
}

/** Some rows of a series. */
export function takeSeries(series: Series, rows: readonly number[]): Series {
  switch (series.kind) {
    case 'numeric':
    case 'boolean':
      return { ...series, values: Float32Array.from(rows, (row) => series.values[row] as number) }
    case 'categorical':
      return { ...series, codes: Int32Array.from(rows, (row) => series.codes[row] as number) }
    case 'datetime':
      return { ...series, seconds: Float64Array.from(rows, (row) => series.seconds[row] as number) }
    default:
      return { ...series, length: rows.length }
  }
}

export interface TableOptions {
  readonly rows?: number
  readonly features?: number
  readonly seed?: number
  readonly missing?: boolean
  /** Adds a feature of category codes, which belongs to the signal too. */
  readonly categories?: boolean
  /** Sizes only, for estimators of counts. */
  readonly nonNegative?: boolean
}

/** Features with a signal in the first, noise in the others. */
export function matrixOf({ rows = 80, features = 3, seed = 1, missing = false, categories = false, nonNegative = false }: TableOptions = {}): Matrix {
  const rng = createRng(seed)
  const made = Array.from({ length: features }, (_, j): Feature => {
    const values = Float32Array.from({ length: rows }, () => (nonNegative ? Math.abs(rng.normal()) : rng.normal()))
    if (missing) for (let row = j; row < rows; row += 9) values[row] = Number.NaN
    return { name: `x${j}`, source: `x${j}`, values }
  })
  if (!categories) return { rows, features: made }
  const names = ['w', '__proto__', 'y', 'z']
  return { rows, features: [...made, { name: 'k', source: 'k', categories: names, values: Float32Array.from({ length: rows }, (_, row) => (missing && row % 8 === 5 ? Number.NaN : rng.int(names.length))) }] }
}

/** Small pictures of one channel, or two where more features are asked for; half of each is its first pixel and half noise. */
export function picturesOf({ rows = 80, features = 3, seed = 1, missing = false }: TableOptions = {}): Matrix {
  const rng = createRng(seed)
  const shape = [6, 5, features > 1 ? 2 : 1] as const
  const size = featureWidth({ shape })
  const values = new Float32Array(rows * size)
  for (let row = 0; row < rows; row++) {
    const level = rng.normal()
    for (let i = 0; i < size; i++) values[row * size + i] = i === 0 ? level : 0.5 * level + 0.5 * rng.normal()
  }
  if (missing) values[7] = Number.NaN
  return { rows, features: [{ name: 'x0', source: 'x0', shape, values }] }
}

/** A target that the first feature explains, with a little noise; every class occurs from 3 rows on. */
export function targetFor(task: Task, X: Matrix, seed = 2): Target {
  const rng = createRng(seed)
  const score = Float64Array.from({ length: X.rows }, (_, row) => {
    const first = X.features[0] as Feature
    const x = first.values[row * featureWidth(first)] as number
    const bonus = X.features.some(({ categories, values }) => categories && values[row] === 2) ? 1 : 0
    return (Number.isNaN(x) ? 0 : x) + bonus + 0.2 * rng.normal()
  })
  if (task === 'regression') return { task, column: 'y', values: score.map((value) => 50 + 10 * value) }
  const classes = task === 'binary' ? ['no', 'yes'] : ['a', '__proto__', 'c']
  return { task, column: 'y', classes, codes: Int32Array.from(score, (value, row) => (row < classes.length ? row : classes.length === 2 ? (value > 0 ? 1 : 0) : value > 0.5 ? 2 : value > -0.5 ? 1 : 0)) }
}
