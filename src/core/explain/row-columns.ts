/** Raw columns made of a few cells, in the shape a pipeline reads. */
import { columnFrom } from '../data/column.ts'
import type { Cell, Column } from '../data/column.ts'
import { StudioError } from '../errors.ts'
import type { Pipeline } from '../run/pipeline.ts'

/**
 * One column an input of the pipeline, each holding the cell of that name `copies` times; a name without
 * a cell is missing.
 * @throws StudioError bad-data where a cell does not fit its column's kind
 */
export function columnsOfRow(pipeline: Pipeline, cells: ReadonlyMap<string, Cell>, copies = 1): Column[] {
  return pipeline.recipe.inputs.map(({ name, kind }) => {
    const cell = cells.get(name) ?? null
    const fits = cell === null || (kind === 'boolean' ? typeof cell === 'boolean' : kind === 'numeric' || kind === 'datetime' ? typeof cell === 'number' && Number.isFinite(cell) : typeof cell === 'string')
    if (!fits) {
      const rule = kind === 'boolean' ? 'not true or false' : kind === 'numeric' || kind === 'datetime' ? 'not a finite number' : 'not text'
      throw new StudioError({ code: 'bad-data', message: `invalid ${name.slice(0, 200)}; ${rule}: ${String(cell).slice(0, 200)}`, details: { column: name.slice(0, 200) } })
    }
    return columnFrom(name, kind, new Array<Cell>(copies).fill(cell))
  })
}
