/** Which columns of a row a pipeline can do without: tried out on the pipeline itself, many columns at a time. */
import type { Context } from '../context.ts'
import { cellAt, columnFrom } from '../data/column.ts'
import type { Cell, Column } from '../data/column.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import type { Pipeline } from '../run/pipeline.ts'

/** Cells of a table of probes: each row lacks one column. */
const cellsAtOnce = 400_000

/**
 * @param columns the pipeline's inputs; @param rows row numbers where values are looked for
 * @returns shape (columns): whether a row without this column, and with a value of every other, is answered
 */
export async function nullableColumns(pipeline: Pipeline, columns: readonly Column[], rows: ArrayLike<number>, context?: Context): Promise<readonly boolean[]> {
  const cells = columns.map((column) => firstValue(column, rows))
  const many = Math.max(1, Math.min(columns.length, Math.floor(cellsAtOnce / columns.length)))
  const whole = columns.map((column, c) => columnOf(column, new Array<Cell>(many).fill(cells[c] as Cell)))
  const answered: boolean[] = []
  for (let from = 0; from < columns.length; from += many) {
    const probes = whole.slice()
    const count = Math.min(many, columns.length - from)
    for (let row = 0; row < count; row++) probes[from + row] = columnOf(columns[from + row] as Column, Array.from({ length: many }, (_, i) => (i === row ? null : (cells[from + row] as Cell))))
    answered.push(...(await answers(pipeline, probes, Array.from({ length: count }, (_, i) => i))))
    await context?.checkpoint()
  }
  return answered
}

function firstValue(column: Column, rows: ArrayLike<number>): Cell {
  for (let i = 0; i < rows.length; i++) {
    const cell = cellAt(column, rows[i] as number)
    if (cell !== null) return cell
  }
  return null
}

function columnOf(like: Column, cells: readonly Cell[]): Column {
  const made = columnFrom(like.name, like.kind, cells)
  return like.kind === 'boolean' ? { ...(made as typeof like), labels: like.labels } : made
}

/** Whether each of these rows is answered. One that is refused spoils the answer of all that are asked with it, so they are parted. */
async function answers(pipeline: Pipeline, columns: readonly Column[], rows: readonly number[]): Promise<boolean[]> {
  const prediction = await unlessRefused(() => pipeline.predict(columns, rows))
  if (prediction) {
    const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
    const width = numbers.length / rows.length
    return rows.map((_, i) => numbers.subarray(i * width, (i + 1) * width).every(Number.isFinite))
  }
  if (rows.length === 1) return [false]
  const matrix = await unlessRefused(async () => pipeline.features(columns, rows))
  const holes = rows.map((_, i) => matrix?.features.some(({ values }) => Number.isNaN(values[i])) === true)
  // Whoever takes no missing values refuses every row that the recipe leaves one in.
  if (holes.every(Boolean) && !estimators.get(pipeline.model.estimator).tags.acceptsMissing) return rows.map(() => false)
  const half = rows.length >> 1
  const first = holes.includes(false) && holes.includes(true) ? (i: number) => holes[i] === true : (i: number) => i < half
  const asked = new Map<number, boolean>()
  for (const side of [true, false]) {
    const part = rows.filter((_, i) => first(i) === side)
    const said = await answers(pipeline, columns, part)
    part.forEach((row, i) => asked.set(row, said[i] as boolean))
  }
  return rows.map((row) => asked.get(row) as boolean)
}

async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'bad-data') return undefined
    throw thrown
  }
}
