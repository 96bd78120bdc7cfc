/**
 * Rows of the model's own data, found again among new ones: on rows that it learnt from any model looks good, and rows that
 * were there before cannot show a change. Rows are told by a hash of their cells; nothing is said where the data's own rows
 * are so often equal that chance would explain it.
 */
import type { OwnKeys } from '../bundle/reference.ts'
import { takeColumn } from '../data/change-kind.ts'
import type { Column } from '../data/column.ts'
import { holds, repeatsOf, rowKeys, shortKey } from '../data/row-keys.ts'
import { takePrediction } from '../evaluate/take.ts'
import type { Current } from './current.ts'

/** Fewer rows without the known ones are not worth a look of their own. */
const fewestFresh = 30
/** Data in which more rows than this have an equal cannot tell an old row from a new one. */
const mostRepeats = 0.2

/**
 * Whether so many rows being there already is more than rows that are equal by chance explain.
 * @param repeats share of the rows among which they were looked up that have an equal there
 * @param collisions share of new rows whose hash is there though they are not
 */
export function isMoreThanChance(found: number, rows: number, repeats: number, collisions = 0): boolean {
  const chance = Math.min(1, repeats + collisions)
  return repeats <= mostRepeats && found > rows * chance + 3 * Math.sqrt(rows * chance * (1 - chance)) + 3
}

export interface OwnRows {
  readonly columns: readonly Column[]
  readonly rows: number
  /** Row numbers. */
  readonly train: ArrayLike<number>
}
export interface KnownRows {
  /** Places among the new rows, rising. */
  readonly rows: Uint32Array
  /** How many of them are rows that the model learnt from: where rows repeat, no more than it learnt from at all. */
  readonly learnt: number
}

/** @param columns those of the new rows; compared are the ones that both sides have; undefined where no row is known, or nothing can be said */
export function knownRows(own: OwnRows, columns: readonly Column[], rows: number): KnownRows | undefined {
  const pairs = columns.flatMap((column) => own.columns.filter(({ name, kind }) => name === column.name && kind === column.kind && kind !== 'image').map((old) => [old, column] as const))
  if (pairs.length === 0 || rows === 0) return undefined
  const every = (length: number): Uint32Array => Uint32Array.from({ length }, (_, i) => i)
  const old = rowKeys(pairs.map(([column]) => column), every(own.rows))
  const now = rowKeys(pairs.map(([, column]) => column), every(rows))
  const learnt = Float64Array.from(own.train, (row) => old[row] as number).sort()
  const all = old.toSorted()
  // The file of the data itself, perhaps with more rows below: their order says it where their values cannot.
  const begins = rows >= own.rows && own.rows >= fewestFresh && old.every((key, i) => key === now[i])
  const repeats = repeatsOf(all)
  const found = every(rows).filter((i) => (begins && repeats > mostRepeats ? i < own.rows : holds(all, now[i] as number)))
  if (!begins && !isMoreThanChance(found.length, rows, repeats)) return undefined
  return { rows: found, learnt: Math.min(learnt.length, found.reduce((sum, i) => sum + Number(holds(learnt, now[i] as number)), 0)) }
}

const opened = (base64: string): Uint32Array => new Uint32Array(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer)
/** Whether the hashes that a bundle carries are those of these rows. @param inputs columns in the signature's order */
export function isInKeys(own: OwnKeys, inputs: readonly Column[], rows: ArrayLike<number>): boolean {
  const learnt = opened(own.learnt)
  const limit = own.kept * 2 ** 32
  return Array.from(rowKeys(inputs, rows), shortKey).every((key) => key >= limit || holds(learnt, key))
}

/** The same by the hashes that a bundle carries. @param inputs columns of the new rows in the signature's order */
export function knownByKeys(own: OwnKeys, inputs: readonly Column[], rows: number): (KnownRows & { /** In (0, 1]: about this share of them was found. */ readonly kept: number }) | undefined {
  const [learnt, others] = [opened(own.learnt), opened(own.others)]
  const every = Uint32Array.from({ length: rows }, (_, i) => i)
  const keys = Uint32Array.from(rowKeys(inputs, every), shortKey)
  const found = every.filter((i) => holds(learnt, keys[i] as number) || holds(others, keys[i] as number))
  // 32 bits are few: among millions of rows some hit a key that is not theirs.
  const collisions = (learnt.length + others.length) / (own.kept * 2 ** 32)
  if (!isMoreThanChance(found.length, rows * own.kept, own.repeats, collisions)) return undefined
  return { rows: found, learnt: found.reduce((sum, i) => sum + Number(holds(learnt, keys[i] as number)), 0), kept: own.kept }
}

/**
 * The rows that are new; all of them where too few would be left, so that a person sees what was dropped. Known rows that are
 * only estimated cannot be left out: where they are the lesser part all rows are judged, else none is.
 */
export function withoutKnown(current: Current, known: (KnownRows & { readonly kept?: number }) | undefined): Current {
  if (!known) return current
  const { kept: share = 1 } = known
  const about = (count: number): number => Math.min(current.rows, Math.round(count / share))
  const left = current.rows - known.rows.length
  const [again, learnt] = [about(known.rows.length), about(known.learnt)]
  const isJudged = share < 1 && current.rows - again >= Math.max(fewestFresh, current.rows / 2)
  const told = { rows: again, learnt, of: current.rows, leftOut: left >= fewestFresh && share === 1, ...(isJudged ? { judged: true as const } : {}) }
  if (!told.leftOut) return { ...current, known: told }
  const isKnown = new Uint8Array(current.rows)
  for (const row of known.rows) isKnown[row] = 1
  const kept = new Uint32Array(left)
  const place = new Int32Array(current.rows)
  for (let row = 0, at = 0; row < current.rows; row++) {
    place[row] = at
    if (!isKnown[row]) kept[at++] = row
  }
  const positions = Uint32Array.from({ length: current.answered.length }, (_, i) => i).filter((i) => !isKnown[current.answered[i] as number])
  return {
    ...current,
    rows: left,
    columns: current.columns.map((column) => takeColumn(column, kept)),
    answered: positions.map((i) => place[current.answered[i] as number] as number),
    prediction: takePrediction(current.prediction, positions),
    ...(current.times ? { times: Float64Array.from(kept, (row) => (current.times as Float64Array)[row] as number) } : {}),
    ...(current.truth ? { truth: takeColumn(current.truth, kept) } : {}),
    known: told,
  }
}
