/** Which columns of a row a pipeline can do without: tried out on the pipeline itself, many columns at a time. */
import type { Context } from '../context.ts'
import { cellAt, columnFrom } from '../data/column.ts'
import type { Cell, Column } from '../data/column.ts'
import type { Matrix } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import type { Pipeline } from '../run/pipeline.ts'

/** Numbers of a matrix of probes: in each row one column is missing. */
const numbersAtOnce = 2_000_000

/**
 * @param columns the pipeline's inputs; @param rows row numbers where values are looked for
 * @returns shape (columns): whether a row without this column, and with a value of every other, is answered
 */
export async function nullableColumns(pipeline: Pipeline, columns: readonly Column[], rows: ArrayLike<number>, context?: Context): Promise<readonly boolean[]> {
  // A step looks at one column at a time, so two rows tell what the recipe makes of each: one with all values, one without any.
  const { features } = pipeline.features(columns.map((column) => columnOf(column, [firstValue(column, rows), null])), [0, 1])
  const places = new Map(columns.map(({ name }, place) => [name, place]))
  const made = features.map((feature) => ({ feature, place: places.get(feature.source), full: feature.values[0] as number, empty: feature.values[1] as number }))
  const holes = columns.map(() => made.some(({ full }) => Number.isNaN(full)))
  for (const { place, empty } of made) if (place !== undefined && Number.isNaN(empty)) holes[place] = true
  const probes = (missing: readonly number[]): Matrix => {
    const row = new Map(missing.map((place, i) => [place, i]))
    return {
      rows: missing.length,
      features: made.map(({ feature, place, full, empty }) => {
        const values = new Float32Array(missing.length).fill(full)
        const hit = row.get(place ?? -1)
        if (hit !== undefined) values[hit] = empty
        return { ...feature, values }
      }),
    }
  }
  const many = Math.max(1, Math.min(columns.length, Math.floor(numbersAtOnce / features.length)))
  const answered: boolean[] = []
  for (let from = 0; from < columns.length; from += many) {
    const missing = Array.from({ length: Math.min(many, columns.length - from) }, (_, i) => from + i)
    answered.push(...(await answers(pipeline, missing, holes, probes)))
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

/**
 * Whether rows are answered that lack one of these columns each. One that is refused spoils the answer of all that are asked with it, so
 * they are parted.
 * @param holes whether the recipe leaves a missing value in such a row
 */
async function answers(pipeline: Pipeline, missing: readonly number[], holes: readonly boolean[], probes: (missing: readonly number[]) => Matrix): Promise<boolean[]> {
  const prediction = await unlessRefused(() => pipeline.model.predict(probes(missing)))
  if (prediction) {
    const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
    const width = numbers.length / missing.length
    return missing.map((_, i) => numbers.subarray(i * width, (i + 1) * width).every(Number.isFinite))
  }
  if (missing.length === 1) return [false]
  const own = missing.map((place) => holes[place] === true)
  // Whoever takes no missing values refuses every row that the recipe leaves one in.
  if (own.every(Boolean) && !estimators.get(pipeline.model.estimator).tags.acceptsMissing) return missing.map(() => false)
  const half = missing.length >> 1
  const first = own.includes(false) && own.includes(true) ? (i: number) => own[i] === true : (i: number) => i < half
  const asked = new Map<number, boolean>()
  for (const side of [true, false]) {
    const part = missing.filter((_, i) => first(i) === side)
    const said = await answers(pipeline, part, holes, probes)
    part.forEach((place, i) => asked.set(place, said[i] as boolean))
  }
  return missing.map((place) => asked.get(place) as boolean)
}

async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'bad-data') return undefined
    throw thrown
  }
}
