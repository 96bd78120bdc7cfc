import { describe, expect, test } from 'vitest'
import { nullableColumns } from '../../../../src/core/bundle/nullable.ts'
import { columnFrom, isValid } from '../../../../src/core/data/column.ts'
import type { Column } from '../../../../src/core/data/column.ts'
import { StudioError } from '../../../../src/core/errors.ts'
import type { Pipeline } from '../../../../src/core/run/pipeline.ts'

const refused = () => new StudioError({ code: 'bad-data', message: 'invalid value' })

/** A pipeline that does without some columns. @param filled that the recipe fills; @param steps that a step refuses; @param nan answered with NaN */
function pipelineOf(estimator: string, { filled, steps = [], nan = [] }: { filled: (name: string) => boolean; steps?: readonly string[]; nan?: readonly string[] }) {
  const asked: number[] = []
  const valueAt = (column: Column, row: number): number => (isValid(column, row) ? 1 : steps.includes(column.name) ? (() => { throw refused() })() : filled(column.name) ? 0 : Number.NaN)
  const features = (columns: readonly Column[], rows: ArrayLike<number>) => ({ rows: rows.length, features: columns.map((column) => ({ name: column.name, source: column.name, values: Float32Array.from(Array.from(rows), (row) => valueAt(column, row)) })) })
  const pipeline = {
    model: { estimator },
    features,
    predict: async (columns: readonly Column[], rows: ArrayLike<number>) => {
      asked.push(rows.length)
      const made = features(columns, rows).features
      if (estimator === 'logistic-regression' && made.some(({ values }) => values.some(Number.isNaN))) throw refused()
      return { task: 'regression', values: Float64Array.from(Array.from(rows), (_, i) => (made.some(({ name, values }) => Number.isNaN(values[i]) && nan.includes(name)) ? Number.NaN : 1)) }
    },
  } as unknown as Pipeline
  return { pipeline, asked }
}
const columnsOf = (count: number): Column[] => Array.from({ length: count }, (_, i) => columnFrom(`x${i}`, i % 3 === 2 ? 'categorical' : 'numeric', [null, i % 3 === 2 ? 'a' : 4]))

describe('which columns a model can do without', () => {
  test('is asked for many columns at once: a thousand take a few calls', async () => {
    const { pipeline, asked } = pipelineOf('logistic-regression', { filled: () => true })
    expect((await nullableColumns(pipeline, columnsOf(900), [0, 1])).every(Boolean)).toBe(true)
    expect(asked.length).toBeLessThan(20)
  })
  test('where none may be missing too', async () => {
    const { pipeline, asked } = pipelineOf('logistic-regression', { filled: () => false })
    expect((await nullableColumns(pipeline, columnsOf(900), [0, 1])).some(Boolean)).toBe(false)
    expect(asked.length).toBeLessThan(20)
  })
  test('one that is refused, by the model or by a step, takes nothing from the others', async () => {
    const { pipeline } = pipelineOf('logistic-regression', { filled: (name) => name !== 'x7' && name !== 'x30', steps: ['x11', 'x12'] })
    const said = await nullableColumns(pipeline, columnsOf(40), [0, 1])
    expect(said.flatMap((may, i) => (may ? [] : [i]))).toEqual([7, 11, 12, 30])
  })
  test('a model that takes missing values may still have no answer for some', async () => {
    const { pipeline } = pipelineOf('decision-tree', { filled: () => false, nan: ['x3'] })
    expect(await nullableColumns(pipeline, columnsOf(5), [0, 1])).toEqual([true, true, true, false, true])
  })
})
