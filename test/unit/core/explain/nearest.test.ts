import { describe, expect, test } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import type { Cell } from '../../../../src/core/data/column.ts'
import { distanceOf } from '../../../../src/core/explain/distance.ts'
import { nearestCounterfactual } from '../../../../src/core/explain/nearest.ts'
import type { ExplainInput, NearestCounterfactual } from '../../../../src/core/explain/explainer.ts'
import { defaultsOf } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { glassPipeline } from '../../../support/glass-pipeline.ts'

const all = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i)

describe('distance of a column', () => {
  test('numbers by standard deviation', () => {
    // Mean 2, population variance (1 + 0 + 1) / 3.
    const measure = distanceOf(columnFrom('a', 'numeric', [1, 2, 3, null]), all(4))
    const sd = Math.sqrt(2 / 3)
    expectAllClose([0, 1, 2].map((row) => measure?.part(row, 3) ?? Number.NaN), [2 / sd, 1 / sd, 0], { absolute: 1e-12 })
    expect([measure?.part(3, 3), measure?.part(0, null), measure?.part(3, null)]).toEqual([1, 1, 1])
  })
  test('a constant number is no distance', () => {
    expect(distanceOf(columnFrom('a', 'numeric', [5, 5]), all(2))?.part(0, 9)).toBe(0)
  })
  test('names by the chance that two rows share one', () => {
    // Shares 1/2, 1/4, 1/4 of the four cells that are there: 1/4 + 1/16 + 1/16.
    const measure = distanceOf(columnFrom('a', 'categorical', ['x', 'x', 'y', 'z', null]), all(5))
    expect([measure?.part(0, 'x'), measure?.part(0, 'y'), measure?.part(2, 'unseen'), measure?.part(4, 'x')]).toEqual([0, 0.375, 0.375, 1])
    expect(distanceOf(columnFrom('b', 'boolean', [true, false]), all(2))?.part(0, false)).toBe(0.5)
  })
  test('text counts only where rows share it', () => {
    expect(distanceOf(columnFrom('a', 'text', ['p', 'q', 'r']), all(3))).toBeUndefined()
    expect(distanceOf(columnFrom('a', 'text', ['p', 'p', 'q', 'q']), all(4))?.part(0, 'q')).toBe(0.5)
  })
})

describe('nearest row with another outcome', () => {
  // yes where size > 1; rows 3 and 4 are yes.
  const size: Cell[] = [0, 0.5, 0.9, 1.5, 4, 0.2]
  const colour: Cell[] = ['red', 'red', 'blue', 'blue', 'red', 'blue']
  const columns = [columnFrom('size', 'numeric', size), columnFrom('colour', 'categorical', colour), columnFrom('hidden', 'numeric', [0, 0, 0, 100, 0, 0]), columnFrom('y', 'categorical', ['no', 'no', 'no', 'yes', 'yes', 'no'])]
  const dataset = { id: 'd', name: 'd', rows: 6, columns, source: { kind: 'paste' as const, fileName: '', bytes: 0, sha256: '' } }
  const pipeline = glassPipeline('binary', [{ name: 'size', kind: 'numeric', weights: [[10]] }, { name: 'colour', kind: 'categorical', categories: [], weights: [[]] }], { bias: [-10], excluded: ['hidden'] })
  const input = (row: Record<string, Cell>, rowNumber?: number): ExplainInput => ({
    pipeline,
    dataset,
    part: 'valid',
    rows: all(6),
    target: { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from([0, 0, 0, 1, 1, 0]) },
    row: new Map(Object.entries(row)),
    ...(rowNumber === undefined ? {} : { rowNumber }),
    seed: 1,
    threshold: 0.5,
  })
  const run = (given: ExplainInput, values: { distance?: string; minimumChange?: number } = {}) =>
    nearestCounterfactual.explain(given, { ...defaultsOf(nearestCounterfactual.params), ...values }, quietContext()) as Promise<NearestCounterfactual>
  const mean = (0 + 0.5 + 0.9 + 1.5 + 4 + 0.2) / 6
  const sd = Math.sqrt(size.reduce<number>((sum, value) => sum + (Number(value) - mean) ** 2, 0) / 6)

  test('is the one a search by hand finds; excluded columns and the target do not count', async () => {
    const found = await run(input({ size: 0, colour: 'red', hidden: 0, y: 'no' }))
    // Row 3: 1.5 / sd + 1/2; row 4: 4 / sd.
    expect(found).toMatchObject({ found: true, row: 3, outcome: 'yes' })
    expectAllClose([found.distance ?? Number.NaN], [1.5 / sd + 0.5], { absolute: 1e-12 })
    expect(found.differences?.map(({ column, from, to }) => [column, from, to])).toEqual([['size', 0, 1.5], ['colour', 'red', 'blue']])
  })
  test('L2 adds squares and takes no root', async () => {
    const found = await run(input({ size: 0, colour: 'red' }), { distance: 'l2' })
    expectAllClose([found.distance ?? Number.NaN], [(1.5 / sd) ** 2 + 0.25], { absolute: 1e-12 })
  })
  test('an edited row is not its own neighbour', async () => {
    // Row 0 edited into a yes: the row it came from would be near, but says nothing.
    expect((await run(input({ size: 1.1, colour: 'red' }, 0))).row).toBe(1)
  })
  test('says so where there is none', async () => {
    expect(await nearestCounterfactual.explain({ ...input({ size: 0, colour: 'red' }), rows: all(3), target: { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: new Int32Array(3) } }, defaultsOf(nearestCounterfactual.params), quietContext())).toEqual({
      kind: 'nearest-counterfactual',
      found: false,
      reason: 'The model predicts no for all of these rows.',
    })
  })
  test('numbers must be one standard deviation of the predictions away, or as far as asked', async () => {
    const linear = glassPipeline('regression', [{ name: 'size', kind: 'numeric', weights: [[1]] }])
    const given: ExplainInput = { ...input({ size: 0 }), pipeline: linear, target: { task: 'regression', column: 'y', values: new Float64Array(6) } }
    expect(sd).toBeGreaterThan(0.9)
    expect(await run(given)).toMatchObject({ row: 3, outcome: '1.5' })
    expect(await run(given, { minimumChange: 0.4 })).toMatchObject({ row: 1, outcome: '0.5' })
    expect(await run(given, { minimumChange: 99 })).toMatchObject({ found: false })
  })
  test('needs a row, and cells that fit', async () => {
    const { row: _, ...none } = input({})
    await expect(run(none)).rejects.toThrow('missing row')
    await expect(run(input({ size: 'big' }))).rejects.toThrow('invalid size; not a finite number: big')
  })
})
