import { describe, expect, test } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { columnFrom, type Column } from '../../../../src/core/data/column.ts'
import type { PartialDependence, PermutationImportance } from '../../../../src/core/explain/explainer.ts'
import { gridOf } from '../../../../src/core/explain/grid.ts'
import { partialDependence } from '../../../../src/core/explain/partial-dependence.ts'
import { permutationImportance } from '../../../../src/core/explain/permutation.ts'
import { predictPoint, seenInTraining } from '../../../../src/core/explain/point.ts'
import { defaultsOf } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { glassDataset, glassInput, rows } from '../../../support/glass-data.ts'

const all = Uint32Array.from({ length: rows }, (_, i) => i)

describe('grids', () => {
  const column = columnFrom('a', 'numeric', Array.from({ length: 101 }, (_, i) => i / 10))
  const every = Uint32Array.from({ length: 101 }, (_, i) => i)
  test('numbers from the 5th to the 95th percentile, or from end to end', () => {
    const within = gridOf(column, every, 10, 'percentiles', null).cells as number[]
    expectAllClose([within.length, within[0] as number, within[9] as number], [10, 0.5, 9.5], { absolute: 1e-12 })
    const full = gridOf(column, every, 11, 'full', null).cells as number[]
    expectAllClose(full, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], { absolute: 1e-12 })
  })
  test('whole numbers stay whole, a nearly constant column is shown from end to end', () => {
    expect(gridOf(columnFrom('a', 'numeric', [1, 2, 3]), Uint32Array.from([0, 1, 2]), 100, 'full', null).cells).toEqual([1, 2, 3])
    expect(gridOf(columnFrom('a', 'numeric', [...new Array<number>(99).fill(0), 0.5]), every.subarray(0, 100), 2, 'percentiles', null).cells).toEqual([0, 0.5])
  })
  test('names by frequency, with the chosen one', () => {
    const names = columnFrom('a', 'categorical', ['x', 'y', 'y', 'z', 'z', 'z', null])
    expect(gridOf(names, Uint32Array.from([0, 1, 2, 3, 4, 5, 6]), 2, 'full', 'x').labels).toEqual(['z', 'y', 'x'])
    expect(gridOf(columnFrom('a', 'boolean', [true, null]), Uint32Array.from([0, 1]), 9, 'full', false).cells).toEqual([true, false])
    expect(gridOf(columnFrom('a', 'numeric', [null]), Uint32Array.from([0]), 9, 'full', null).cells).toEqual([])
  })
})

describe('partial dependence', () => {
  const run = async (task: 'binary' | 'multiclass' | 'regression', values: object) => {
    const input = await glassInput(task)
    return { input, result: (await partialDependence.explain(input, { ...defaultsOf(partialDependence.params), ...values }, quietContext())) as PartialDependence }
  }
  test('equals predicting whole rows with one cell changed', async () => {
    for (const column of ['size', 'years', '__proto__', 'smokes', 'since']) {
      const { input, result } = await run('binary', { column, curves: 7 })
      const own = await Promise.all(
        (result.rowGrid ?? result.grid).map(async (value) => {
          const cell = column === 'smokes' ? value === 'true' : value
          return (await predictPoint(input.pipeline, new Map(input.row).set(column, cell))).probabilities?.[1] ?? Number.NaN
        }),
      )
      expectAllClose(result.row, own, {})
      expect([result.n, result.ice.length, result.output]).toEqual([100, 7, 'probability of yes'])
      // The chosen row's own value is a point of its own curve, so that a handle starts on it exactly.
      if (result.rowGrid) for (const value of result.grid) expect(result.rowGrid).toContain(value)
    }
  })
  test('from end to end the curve reaches the chosen row, and holds its value exactly', async () => {
    const { input } = await run('binary', {})
    const far = new Map(input.row).set('size', 1e4 + 1 / 3)
    const wide = (await partialDependence.explain({ ...input, row: far }, { ...defaultsOf(partialDependence.params), column: 'size', range: 'full' }, quietContext())) as PartialDependence
    expect(wide.rowGrid?.at(-1)).toBe(1e4 + 1 / 3)
    expectAllClose([wide.row.at(-1) as number], [(await predictPoint(input.pipeline, far)).probabilities?.[1] as number], {})
  })
  test('the interval holds nine rows of ten', async () => {
    const { result } = await run('regression', { column: 'size', curves: 100 })
    result.grid.forEach((_, g) => {
      const inside = result.ice.filter((curve) => (curve[g] as number) >= (result.low?.[g] as number) && (curve[g] as number) <= (result.high?.[g] as number))
      expect(inside.length).toBe(90)
    })
  })
  test('the mean is the mean of the rows', async () => {
    const { result } = await run('regression', { column: 'size', curves: 100 })
    result.grid.forEach((_, g) => expectAllClose([result.mean[g] as number], [result.ice.reduce((sum, curve) => sum + (curve[g] as number), 0) / 100], { absolute: 1e-9 }))
    expect(result.output).toBe('y')
  })
  test('several classes: the one asked for, or the likeliest of the row', async () => {
    const { input, result } = await run('multiclass', { column: 'size' })
    const own = await predictPoint(input.pipeline, input.row ?? new Map())
    expect(result.output).toBe(`probability of ${own.label}`)
    expect((await run('multiclass', { column: 'size', class: 'c' })).result.output).toBe('probability of c')
    await expect(run('multiclass', { column: 'size', class: 'd' })).rejects.toThrow('invalid class')
  })
  test('a column that the model does not use is refused', async () => {
    await expect(run('binary', { column: 'note' })).rejects.toThrow('invalid column of partial-dependence; not one the model uses: note')
  })
})

describe('permutation importance', () => {
  const run = async (values: object) => (await permutationImportance.explain(await glassInput('binary'), { ...defaultsOf(permutationImportance.params), ...values }, quietContext())) as PermutationImportance
  test('encoded features are one column, a column without weight drops nothing', async () => {
    const result = await run({ metric: 'accuracy' })
    expect(result.columns.map(({ column }) => column).sort()).toEqual(['__proto__', 'since', 'size', 'smokes', 'years'])
    expect(result.columns[0]?.column).toBe('size')
    expect(result.columns.find(({ column }) => column === 'since')).toEqual({ column: 'since', drops: [0, 0, 0, 0, 0], mean: 0, sd: 0 })
    expect(result.n).toBe(100)
  })
  test('a loss that grows is a drop, too', async () => {
    expect((await run({ metric: 'log-loss' })).columns[0]).toMatchObject({ column: 'size', mean: expect.toSatisfy((mean: number) => mean > 0.1) })
  })
  test('at most as many rows as asked; another seed, other orders', async () => {
    expect((await run({ maxRows: 30 })).n).toBe(30)
    const other = await permutationImportance.explain({ ...(await glassInput('binary')), seed: 8 }, defaultsOf(permutationImportance.params), quietContext())
    expect(other).not.toEqual(await run({}))
  })
  test('metrics of other tasks are refused', async () => {
    await expect(run({ metric: 'rmse' })).rejects.toThrow('invalid metric')
    await expect(run({ metric: 'nonsense' })).rejects.toThrow('unknown metric')
  })
})

describe('predictPoint', () => {
  test('threshold, probabilities and warnings', async () => {
    const { pipeline, dataset, row } = await glassInput('binary')
    const seen = seenInTraining(pipeline, dataset, all)
    const cells = new Map(row)
    const usual = await predictPoint(pipeline, cells, { seen })
    expect(usual.warnings).toEqual([])
    const p = usual.probabilities?.[1] ?? Number.NaN
    expect((await predictPoint(pipeline, cells, { threshold: p })).label).toBe('yes')
    expect((await predictPoint(pipeline, cells, { threshold: Math.min(1, p + 1e-9) })).label).toBe('no')
    const odd = await predictPoint(pipeline, new Map(cells).set('years', 400).set('__proto__', 'green').set('size', null), { seen })
    expect(odd.warnings).toEqual([
      { column: 'size', text: 'size was never missing in training.' },
      { column: 'years', text: expect.stringMatching(/^years was between 0 and \d+ in training\.$/) },
      { column: '__proto__', text: '__proto__ was never green in training.' },
    ])
  })
  test('a yes-or-no cell is named as the file wrote it', async () => {
    const pipeline = { recipe: { inputs: [{ name: 'paid', kind: 'boolean' }] }, predict: async () => ({ task: 'regression', values: Float64Array.of(1) }) } as unknown as Parameters<typeof predictPoint>[0]
    const paid = { ...columnFrom('paid', 'boolean', [true, true]), labels: ['nein', 'ja'] } as Column
    const seen = seenInTraining(pipeline, { columns: [paid] }, [0, 1])
    expect((await predictPoint(pipeline, new Map([['paid', false]]), { seen })).warnings).toEqual([{ column: 'paid', text: 'paid was never nein in training.' }])
  })
  test('a date out of range is written as a date', async () => {
    const { pipeline, row } = await glassInput('regression')
    const seen = seenInTraining(pipeline, glassDataset(), all)
    const { warnings, label } = await predictPoint(pipeline, new Map(row).set('since', 1e9), { seen })
    expect(warnings[0]?.text).toMatch(/^since was between 1970-01-\d\d and 1972-\d\d-\d\d in training\.$/)
    expect(label).toBeTypeOf('number')
  })
  test('cells of another kind are refused by name', async () => {
    const { pipeline } = await glassInput('binary')
    await expect(predictPoint(pipeline, new Map([['smokes', 'yes']]))).rejects.toThrow('invalid smokes; not true or false: yes')
    await expect(predictPoint(pipeline, new Map([['__proto__', 3]]))).rejects.toThrow('invalid __proto__; not text: 3')
    await expect(predictPoint(pipeline, new Map([['size', Number.NaN]]))).rejects.toThrow('not a finite number')
  })
})
