/** The edits of one row, with a way back and forth: pure values, so that a step is never half done. */
import type { Cell } from '../../core/data/column.ts'

/** Cells by position in the row's columns. */
export type RowCells = readonly Cell[]
export interface Edit {
  /** What was edited; null for the row as it was and for several at once. */
  readonly column: string | null
  readonly cells: RowCells
}
export interface Edits {
  /** The first is the row as it is in the data. */
  readonly steps: readonly Edit[]
  readonly at: number
}

export const startEdits = (cells: RowCells): Edits => ({ steps: [{ column: null, cells }], at: 0 })
export const presentOf = (edits: Edits): RowCells => (edits.steps[edits.at] as Edit).cells
export const originalOf = (edits: Edits): RowCells => (edits.steps[0] as Edit).cells

const limit = 500

/**
 * A new step. While one control is being dragged (`again`), its steps are one: only the last counts.
 */
export function edit(edits: Edits, column: string | null, cells: RowCells, again = false): Edits {
  const present = edits.steps[edits.at] as Edit
  if (cells.every((cell, i) => Object.is(cell, present.cells[i]))) return edits
  const past = again && edits.at > 0 && present.column === column ? edits.steps.slice(0, edits.at) : edits.steps.slice(0, edits.at + 1)
  const kept = past.length >= limit ? [past[0] as Edit, ...past.slice(past.length - limit + 2)] : past
  return { steps: [...kept, { column, cells }], at: kept.length }
}
export const undo = (edits: Edits): Edits => ({ ...edits, at: Math.max(0, edits.at - 1) })
export const redo = (edits: Edits): Edits => ({ ...edits, at: Math.min(edits.steps.length - 1, edits.at + 1) })
export const goBack = (edits: Edits, at: number): Edits => ({ ...edits, at: Math.min(edits.steps.length - 1, Math.max(0, at)) })

/** Positions whose cell is not as in the data. */
export const changedOf = (edits: Edits): number[] => presentOf(edits).flatMap((cell, i) => (Object.is(cell, originalOf(edits)[i]) ? [] : [i]))
