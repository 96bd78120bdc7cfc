/** One row of the data as what-if starts from it: its cells, what is true (not of a sealed row), what the model says. */
import { cellAt, type Cell, type Column } from '../core/data/column.ts'
import { columnNamed } from '../core/data/dataset.ts'
import { StudioError } from '../core/errors.ts'
import { predictPoint } from '../core/explain/point.ts'
import { readRun } from '../storage/runs.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const explainRow: TaskHandler<'explain/row'> = async ({ runId, row }, host) => {
  const { store } = host
  const { threshold, testOpenings } = await readRun(store, runId)
  const { dataset, pipeline, seen, rowsOf } = await openRun(host, runId)
  if (!Number.isInteger(row) || row < 0 || row >= dataset.rows) {
    throw new StudioError({ code: 'bad-param', message: `invalid row; not in [0, ${dataset.rows - 1}]: ${row}` })
  }
  const target = pipeline.target.column
  const cells = dataset.columns.filter((column) => column.name !== target).map((column) => ({ column: column.name, kind: column.kind, cell: cellAt(column, row) }))
  const prediction = await predictPoint(pipeline, new Map(cells.map(({ column, cell }) => [column, cell])), { threshold, seen: seen() })
  // A prediction beside its truth is a test figure of one row.
  const sealed = testOpenings === 0 && rowsOf('test').includes(row)
  return { cells, prediction, sealed, actual: sealed ? null : asClassName(columnNamed(dataset, target), cellAt(columnNamed(dataset, target), row)) }
}

/** The truth in the words of the prediction: a yes-or-no column says what the file wrote, not true or false. */
const asClassName = (column: Column, cell: Cell): Cell => (column.kind === 'boolean' && cell !== null ? column.labels[cell === true ? 1 : 0] : cell)

