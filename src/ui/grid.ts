/** The arithmetic of a virtual grid, free of the page so that it can be tested. */
import type { Cell } from '../core/data/column.ts'

export interface GridColumn {
  readonly name: string
  /** Pixels. */
  readonly width: number
  readonly align?: 'start' | 'end'
}
export interface GridRows {
  /** Number of each row as a person counts it from 0 in the data. */
  readonly rowNumbers: readonly number[]
  readonly cells: readonly (readonly Cell[])[]
}

/** Browsers cap an element's height (Firefox near 17.9 million pixels); beyond this the scroll is scaled. */
export const spacerLimit = 12_000_000

/** Height of the scrolled spacer for that many rows. */
export const spacerHeight = (rows: number, rowHeight: number): number => Math.min(rows * rowHeight, spacerLimit)

/**
 * Where the view's top edge is, in pixels of the unscaled rows. The ends map to the ends, so the last
 * row can always be reached.
 */
export function virtualTop(scrollTop: number, rows: number, rowHeight: number, viewHeight: number): number {
  const full = rows * rowHeight
  const spacer = spacerHeight(rows, rowHeight)
  const most = Math.max(0, full - viewHeight)
  if (full <= spacerLimit) return Math.min(Math.max(0, scrollTop), most)
  const share = Math.min(1, Math.max(0, scrollTop / Math.max(1, spacer - viewHeight)))
  return share * most
}

/** The inverse: the scroll position that puts this unscaled pixel at the top. */
export function scrollTopFor(top: number, rows: number, rowHeight: number, viewHeight: number): number {
  const full = rows * rowHeight
  if (full <= spacerLimit) return top
  const most = Math.max(1, full - viewHeight)
  return (top / most) * (spacerHeight(rows, rowHeight) - viewHeight)
}

/** Left edges of columns, one more than there are columns. */
export function leftEdges(columns: readonly { readonly width: number }[]): Float64Array {
  const edges = new Float64Array(columns.length + 1)
  columns.forEach((column, i) => (edges[i + 1] = (edges[i] as number) + column.width))
  return edges
}

/** First and one past the last column that the view touches. */
export function visibleColumns(edges: Float64Array, left: number, width: number): readonly [number, number] {
  const count = edges.length - 1
  if (count <= 0) return [0, 0]
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if ((edges[middle + 1] as number) <= left) low = middle + 1
    else high = middle
  }
  let last = low
  while (last < count && (edges[last] as number) < left + width) last++
  return [low, last]
}

/** Rows fetched at once: fewer where rows are wide, so that an answer stays near 20,000 cells. */
export const blockRows = (columns: number): number => Math.min(200, Math.max(20, Math.floor(20_000 / Math.max(1, columns))))
