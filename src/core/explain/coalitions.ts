/**
 * One row between itself and another: which columns differ, the mixtures of the two that a model has to be asked about,
 * and what its answers say each column gives. A column moves with all features that were made of it.
 */
import type { Matrix } from '../data/matrix.ts'
import { type Rng, shuffle } from '../math/rng.ts'

/** Most columns of which every coalition is asked: 2 to this power, less 2, questions. */
export const mostEnumerated = 16

/** A row, the rows it is compared with, and which column each feature came from. */
export interface Table {
  /** One row. */
  readonly own: Matrix
  readonly background: Matrix
  /** Shape (columns). */
  readonly columns: readonly string[]
  /** Shape (features): index into columns. */
  readonly columnOf: Int32Array
}

export function tableOf(own: Matrix, background: Matrix): Table {
  const places = new Map<string, number>()
  const columnOf = Int32Array.from(own.features, ({ source }) => {
    const place = places.get(source) ?? places.size
    places.set(source, place)
    return place
  })
  return { own, background, columns: [...places.keys()], columnOf }
}

/** Columns in which the row differs from a background row, in rising order; missing equals missing. */
export function differing({ own, background, columns, columnOf }: Table, row: number): Uint32Array {
  const differs = new Uint8Array(columns.length)
  own.features.forEach(({ values }, f) => {
    if (!Object.is(values[0], background.features[f]?.values[row]) && values[0] !== background.features[f]?.values[row]) differs[columnOf[f] as number] = 1
  })
  return Uint32Array.from(differs.keys()).filter((column) => differs[column] === 1)
}

/** Questions about the row and one background row. Question 0, where `bare`, is the background row itself. */
export interface Draw {
  /** Of the background. */
  readonly row: number
  readonly bare: boolean
  /** Columns that differ, in the order in which a permutation lets them enter. */
  readonly order: Uint32Array
  /** All coalitions are asked, or as many as leave no doubt; else those of one permutation, forwards and backwards. */
  readonly exact: boolean
  readonly questions: number
  /** Shape (questions); filled as the model answers. */
  readonly answers: Float64Array
}

/** All coalitions of the columns. */
export function everyCoalition(row: number, order: Uint32Array, bare: boolean): Draw {
  return drawOf(row, bare, order, true, order.length < 2 ? 0 : 2 ** order.length - 2)
}
/** One permutation of all columns and its reverse (antithetic). Two orders are all that two columns have. */
export function onePermutation(row: number, differs: Uint32Array, columns: number, bare: boolean, rng: Rng): Draw {
  const wanted = new Set(differs)
  // All columns are shuffled, so that an edit that makes another column differ leaves the order of the others as it was.
  const order = shuffle(Uint32Array.from({ length: columns }, (_, column) => column), rng).filter((column) => wanted.has(column))
  return drawOf(row, bare, order, order.length <= 2, 2 * Math.max(0, order.length - 1))
}
const drawOf = (row: number, bare: boolean, order: Uint32Array, exact: boolean, mixtures: number): Draw => {
  const questions = mixtures + (bare ? 1 : 0)
  return { row, bare, order, exact, questions, answers: new Float64Array(questions) }
}

/** Questions from..to of a draw. */
export interface Segment {
  readonly draw: Draw
  readonly from: number
  readonly to: number
}

/** The rows to ask the model about, one segment below the other. */
export function mix({ own, background, columns, columnOf }: Table, segments: readonly Segment[]): Matrix {
  const rows = segments.reduce((sum, { from, to }) => sum + to - from, 0)
  const values = own.features.map(() => new Float32Array(rows))
  const placeOf = new Int32Array(columns.length)
  let start = 0
  for (const { draw, from, to } of segments) {
    placeOf.fill(-1)
    draw.order.forEach((column, place) => (placeOf[column] = place))
    for (let f = 0; f < values.length; f++) {
      const target = values[f] as Float32Array
      const mine = own.features[f]?.values[0] as number
      const theirs = background.features[f]?.values[draw.row] as number
      const place = placeOf[columnOf[f] as number] as number
      if (place < 0) target.fill(theirs, start, start + to - from)
      else for (let k = from; k < to; k++) target[start + k - from] = has(draw, k, place) ? mine : theirs
    }
    start += to - from
  }
  return { rows, features: own.features.map((feature, f) => ({ ...feature, values: values[f] as Float32Array })) }
}

/** Whether question k takes the column at this place of the order from the row itself. */
function has({ bare, order, exact }: Draw, question: number, place: number): boolean {
  const k = bare ? question - 1 : question
  if (k < 0) return false
  const d = order.length
  if (exact && d > 2) return (((k + 1) >> place) & 1) === 1
  return k < d - 1 ? place <= k : place >= 2 * d - 2 - k
}

/**
 * What each column of the order gives, in its order; together own - bare, up to rounding.
 * @param own the model's answer for the row @param bare its answer for the background row
 */
export function partsOf(draw: Draw, own: number, bare: number): Float64Array {
  const { order, exact } = draw
  const answers = draw.bare ? draw.answers.subarray(1) : draw.answers
  const d = order.length
  const parts = new Float64Array(d)
  if (exact && d > 2) {
    const weights = weightsOf(d)
    const full = 2 ** d - 1
    const at = (coalition: number): number => (coalition === 0 ? bare : coalition === full ? own : (answers[coalition - 1] as number))
    for (let coalition = 0; coalition < full; coalition++) {
      const weight = weights[ones(coalition)] as number
      for (let place = 0; place < d; place++) {
        if (((coalition >> place) & 1) === 0) parts[place] = (parts[place] as number) + weight * (at(coalition | (1 << place)) - at(coalition))
      }
    }
    return parts
  }
  let [ahead, behind] = [bare, bare]
  for (let k = 0; k < d; k++) {
    const isLast = k === d - 1
    const [nextAhead, nextBehind] = isLast ? [own, own] : [answers[k] as number, answers[d - 1 + k] as number]
    const last = d - 1 - k
    parts[k] = (parts[k] as number) + (nextAhead - ahead) / 2
    parts[last] = (parts[last] as number) + (nextBehind - behind) / 2
    ahead = nextAhead
    behind = nextBehind
  }
  return parts
}

/** s! (d - s - 1)! / d! for coalitions of s of d columns. */
function weightsOf(d: number): Float64Array {
  const weights = new Float64Array(d)
  weights[0] = 1 / d
  for (let s = 1; s < d; s++) weights[s] = ((weights[s - 1] as number) * s) / (d - s)
  return weights
}
function ones(bits: number): number {
  let count = 0
  for (let rest = bits; rest > 0; rest &= rest - 1) count++
  return count
}
