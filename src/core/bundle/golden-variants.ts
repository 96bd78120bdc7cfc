/**
 * Golden rows that are made from one row of the data: a cell changed to what is missing, extreme, unseen or exactly on a
 * split. One cell a row says best what broke; where the table is so wide that this would be too many bytes, a row holds
 * many changes of one sort, so that every column still has each of them.
 */
import type { Matrix } from '../data/matrix.ts'
import { formatDatetime, parseDatetime } from '../ingest/datetime.ts'
import type { OnnxGraph } from '../onnx/graph.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import { splitCells } from './golden-splits.ts'
import type { GoldenCell } from './golden.ts'
import type { SignatureInput } from './signature.ts'

export interface Candidate {
  readonly cells: readonly GoldenCell[]
  readonly reason: string
}
interface Change {
  readonly index: number
  readonly cell: GoldenCell
  readonly reason: string
}

/** Rows of one sort at most, and the bytes of their JSON; a few rows there are however wide a row is. */
const most = { firsts: 200, categories: 1000, bytes: 400_000, few: 12, splits: 60 }

/** A row's bytes as a request names its columns, near enough. */
const bytesOf = (inputs: readonly SignatureInput[], cells: readonly GoldenCell[]): number => inputs.reduce((sum, { name }) => sum + name.length + 4, 0) + JSON.stringify(cells).length
const roomFor = (bytes: number): number => Math.max(most.few, Math.floor(most.bytes / bytes))

/** How many rows of the data itself there may be. @param cells of one of them */
export const roomForFirsts = (inputs: readonly SignatureInput[], cells: readonly GoldenCell[]): number => Math.min(most.firsts, roomFor(bytesOf(inputs, cells)))

/** What training saw and no other candidate holds, of every column at once. @param held cells as JSON, by input */
export function categoryRows(inputs: readonly SignatureInput[], base: readonly GoldenCell[], held: readonly ReadonlySet<string>[]): Candidate[] {
  const left = inputs.map(({ kind, categories = [] }, i): readonly GoldenCell[] => (kind === 'boolean' ? [false, true] : kind === 'categorical' ? categories : []).filter((cell) => !held[i]?.has(JSON.stringify(cell))))
  const made: Candidate[] = []
  for (let bytes = 0; made.length < most.categories && left.some((cells) => cells.length > made.length); ) {
    const cells = base.map((cell, i) => left[i]?.[made.length] ?? cell)
    bytes += bytesOf(inputs, cells)
    if (made.length >= most.few && bytes > most.bytes) break
    made.push({ cells, reason: 'categories of training' })
  }
  return made
}

/**
 * Copies of one row with cells changed.
 * @param prepare what the recipe makes of the row for each cell of one input
 */
export function variants(inputs: readonly SignatureInput[], base: readonly GoldenCell[], extremes: readonly { low: number; high: number }[], graph: OnnxGraph, recipe: FittedRecipeState, prepare: (index: number, cells: readonly number[]) => Matrix): Candidate[] {
  const changes = inputs.flatMap((input, index) => changesOf(input, extremes[index] as { low: number; high: number }).map((change): Change => ({ index, ...change })))
  changes.push(...splitCells(graph, recipe, inputs, prepare, most.splits))
  const room = roomFor(bytesOf(inputs, base))
  if (changes.length <= room) return changes.map((change) => changed(base, [change]))
  const byReason = new Map<string, Change[]>()
  for (const change of changes) {
    const sort = byReason.get(change.reason) ?? []
    sort.push(change)
    byReason.set(change.reason, sort)
  }
  return [...byReason.values()].flatMap((sort) => packed(sort, Math.max(1, Math.floor((room * sort.length) / changes.length))).map((row) => changed(base, row)))
}

function changed(base: readonly GoldenCell[], changes: readonly Change[]): Candidate {
  const cells = [...base]
  for (const { index, cell } of changes) cells[index] = cell
  return { cells, reason: changes[0]?.reason ?? '' }
}

/** Changes of one sort in about so many rows, in turn; a column's second change goes to a row that has none of it. */
function packed(changes: readonly Change[], rows: number): readonly Change[][] {
  const made = Array.from({ length: rows }, (): Map<number, Change> => new Map())
  changes.forEach((change, i) => {
    let at = i % rows
    while (made[at]?.has(change.index)) at++
    const row = made[at] ?? new Map<number, Change>()
    made[at] = row.set(change.index, change)
  })
  return made.map((row) => [...row.values()])
}

/** A column's own: what may be missing, the ends of its range, a category that nobody knows. */
function changesOf(input: SignatureInput, { low, high }: { readonly low: number; readonly high: number }): { readonly cell: GoldenCell; readonly reason: string }[] {
  const made: { cell: GoldenCell; reason: string }[] = []
  if (input.nullable) made.push({ cell: null, reason: 'a missing value' })
  if (input.kind === 'categorical') made.push({ cell: unseenCategory(input), reason: 'a category that training never saw' })
  if (input.kind === 'numeric' && low <= high) {
    made.push({ cell: low, reason: 'smallest value' }, { cell: high, reason: 'largest value' }, { cell: Math.fround(high + 2 * (high - low) + 1), reason: 'beyond the largest value' })
  }
  if (input.kind === 'datetime') {
    const layout = input.layout ?? 'epoch-seconds'
    for (const [seconds, reason] of [[input.min, 'earliest moment'], [input.max, 'latest moment']] as const) {
      const text = seconds === undefined ? undefined : formatDatetime(layout, seconds)
      if (text !== undefined && parseDatetime(layout, text) === seconds) made.push({ cell: text, reason })
    }
  }
  return made
}

function unseenCategory(input: SignatureInput): string {
  let name = 'never seen in training'
  while (input.categories?.includes(name)) name += '!'
  return name
}
