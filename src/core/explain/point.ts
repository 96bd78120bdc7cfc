/** What the model says of one row that a person edits, at every edit. */
import { cellAt, isValid } from '../data/column.ts'
import type { Cell, Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { labelsOf } from '../data/target.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { columnsOfRow } from './row-columns.ts'

export interface PointPrediction {
  /** regression: the value; classes: the label by threshold. */
  readonly label: string | number
  /** In class order, summing to 1. */
  readonly probabilities?: readonly number[]
  /** Columns whose value is outside what training saw, each with a sentence. */
  readonly warnings: readonly { readonly column: string; readonly text: string }[]
}

/** What training saw of one column. */
export type Seen =
  | { readonly kind: 'range'; readonly low: number; readonly high: number; readonly missing: boolean }
  | { readonly kind: 'values'; readonly values: ReadonlySet<string>; readonly missing: boolean; /** How the file wrote false and true. */ readonly labels?: readonly [string, string] }

/** Ranges and values of the pipeline's inputs at the training rows; computed once, when a run is opened. */
export function seenInTraining(pipeline: Pipeline, dataset: { readonly columns: readonly Column[] }, trainRows: ArrayLike<number>): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>()
  for (const { name } of pipeline.recipe.inputs) {
    const column = columnNamed(dataset, name)
    let missing = false
    if (column.kind === 'numeric' || column.kind === 'datetime') {
      const values = column.kind === 'numeric' ? column.values : column.seconds
      let low = Number.POSITIVE_INFINITY
      let high = Number.NEGATIVE_INFINITY
      for (let i = 0; i < trainRows.length; i++) {
        const row = trainRows[i] as number
        if (!isValid(column, row)) missing = true
        else {
          const value = values[row] as number
          if (value < low) low = value
          if (value > high) high = value
        }
      }
      seen.set(name, { kind: 'range', low, high, missing })
      continue
    }
    if (column.kind === 'text' || column.kind === 'id' || column.kind === 'image') continue
    const values = new Set<string>()
    for (let i = 0; i < trainRows.length; i++) {
      const cell = cellAt(column, trainRows[i] as number)
      if (cell === null) missing = true
      else values.add(String(cell))
    }
    seen.set(name, { kind: 'values', values, missing, ...(column.kind === 'boolean' ? { labels: column.labels } : {}) })
  }
  return seen
}

function warningOf(name: string, cell: Cell, seen: Seen, isDate: boolean): string | undefined {
  if (cell === null) return seen.missing ? undefined : `${name} was never missing in training.`
  if (seen.kind === 'values') return seen.values.has(String(cell)) ? undefined : `${name} was never ${seen.labels && typeof cell === 'boolean' ? seen.labels[cell ? 1 : 0] : String(cell)} in training.`
  const write = (value: number): string => (isDate ? new Date(value * 1000).toISOString().slice(0, 10) : String(value))
  if (seen.low > seen.high) return `${name} was always missing in training.`
  const value = cell as number
  return value >= seen.low && value <= seen.high ? undefined : `${name} was between ${write(seen.low)} and ${write(seen.high)} in training.`
}

/**
 * @param cells by column name; a name that is left out is missing
 * @throws StudioError bad-data where a cell does not fit its column's kind
 */
export async function predictPoint(
  pipeline: Pipeline,
  cells: ReadonlyMap<string, Cell>,
  options: { readonly threshold?: number; readonly seen?: ReadonlyMap<string, Seen> } = {},
): Promise<PointPrediction> {
  const prediction = await pipeline.predict(columnsOfRow(pipeline, cells))
  const warnings = pipeline.recipe.inputs.flatMap(({ name, kind }) => {
    const seen = options.seen?.get(name)
    const text = seen && warningOf(name, cells.get(name) ?? null, seen, kind === 'datetime')
    return text === undefined ? [] : [{ column: name, text }]
  })
  if (prediction.task === 'regression') return { label: prediction.values[0] as number, warnings }
  const label = prediction.classes[labelsOf(prediction, options.threshold)[0] as number] as string
  return { label, probabilities: Array.from(prediction.probabilities), warnings }
}
