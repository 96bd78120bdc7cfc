import { describe, expect, test } from 'vitest'
import { nullableColumns } from '../../../../src/core/bundle/nullable.ts'
import { columnFrom, isValid } from '../../../../src/core/data/column.ts'
import type { Column } from '../../../../src/core/data/column.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import { StudioError } from '../../../../src/core/errors.ts'
import type { Pipeline } from '../../../../src/core/run/pipeline.ts'

const refused = () => new StudioError({ code: 'bad-data', message: 'invalid value' })

/** A pipeline that does without some columns. @param filled that the recipe fills; @param refuses that the model refuses; @param nan answered with NaN */
function pipelineOf(estimator: string, { filled, refuses = [], nan = [] }: { filled: (name: string) => boolean; refuses?: readonly string[]; nan?: readonly string[] }) {
  const asked: number[] = []
  const pipeline = {
    features: (columns: readonly Column[], rows: ArrayLike<number>) => ({ rows: rows.length, features: columns.map((column) => ({ name: column.name, source: column.name, values: Float32Array.from(Array.from(rows), (row) => (isValid(column, row) ? 1 : filled(column.name) ? 0 : Number.NaN)) })) }),
    model: {
      estimator,
      predict: async ({ rows, features }: Matrix) => {
        asked.push(rows)
        if (estimator === 'logistic-regression' && features.some(({ values }) => values.some(Number.isNaN))) throw refused()
        if (features.some(({ name, values }) => refuses.includes(name) && values.includes(0))) throw refused()
        return { task: 'regression', values: Float64Array.from({ length: rows }, (_, i) => (features.some(({ name, values }) => Number.isNaN(values[i]) && nan.includes(name)) ? Number.NaN : 1)) }
      },
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
  test('one that is refused, for its hole or for what fills it, takes nothing from the others', async () => {
    const { pipeline } = pipelineOf('logistic-regression', { filled: (name) => name !== 'x7' && name !== 'x30', refuses: ['x11', 'x12'] })
    const said = await nullableColumns(pipeline, columnsOf(40), [0, 1])
    expect(said.flatMap((may, i) => (may ? [] : [i]))).toEqual([7, 11, 12, 30])
  })
  test('a model that takes missing values may still have no answer for some', async () => {
    const { pipeline } = pipelineOf('decision-tree', { filled: () => false, nan: ['x3'] })
    expect(await nullableColumns(pipeline, columnsOf(5), [0, 1])).toEqual([true, true, true, false, true])
  })
})
