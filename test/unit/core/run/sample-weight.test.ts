/** A weight of 2 is the row twice; what cannot weigh is refused by name; scores do not know of weights. */
import { describe, expect, it } from 'vitest'
import { columnFrom, type Cell, type Column } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import type { TargetSpec } from '../../../../src/core/data/target.ts'
import { trainerOf } from '../../../../src/core/elsewhere/job.ts'
import { estimators, tableEstimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { crossValidate } from '../../../../src/core/run/cross-validate.ts'
import { foldCurve } from '../../../../src/core/run/fold-curve.ts'
import type { RunSpec } from '../../../../src/core/run/run-spec.ts'
import { train } from '../../../../src/core/run/train.ts'
import { searchQuestion } from '../../../../src/storage/searches.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { nodeContext } from '../../../support/node-context.ts'

const n = 120
const rng = createRng(5)
const draw = (of: (row: number) => Cell): Cell[] => Array.from({ length: n }, (_, row) => of(row))
const part = draw((row) => (row < 80 ? 'train' : 'valid'))
const a = draw(() => rng.normal())
const b = draw(() => rng.normal())
const weight = draw(() => 1 + rng.int(2))
const score = a.map((value, row) => (value as number) - 0.5 * (b[row] as number) + 0.6 * rng.normal())
const columns: readonly Column[] = [
  columnFrom('part', 'categorical', part),
  columnFrom('a', 'numeric', a),
  columnFrom('b', 'numeric', b),
  columnFrom('w', 'numeric', weight),
  columnFrom('y', 'numeric', score),
  columnFrom('c', 'categorical', score.map((value) => (value > 0.2 ? 'yes' : 'no'))),
]
const weighedBy = (cells: readonly Cell[]): readonly Column[] => columns.map((column) => (column.name === 'w' ? columnFrom('w', 'numeric', cells) : column))
/** Each training row as often as its weight says; the validation rows as they are. */
const again = Array.from({ length: n }, (_, row) => Array<number>(row < 80 ? (weight[row] as number) : 1).fill(row)).flat()
const doubled: readonly Column[] = ([['part', part], ['a', a], ['b', b], ['w', weight], ['y', score], ['c', score.map((value) => (value > 0.2 ? 'yes' : 'no'))]] as const).map(([name, cells]) =>
  columnFrom(name, name === 'part' || name === 'c' ? 'categorical' : 'numeric', again.map((row) => cells[row] as Cell)),
)
const dataOf = (all: readonly Column[]): Dataset => ({ id: 'd', name: 'd', rows: all[0]?.length ?? 0, columns: all, source: { kind: 'derived', fileName: '', bytes: 0, sha256: '' } })
const number: TargetSpec = { column: 'y', task: 'regression' }
const classes: TargetSpec = { column: 'c', task: 'binary' }
const spec = (id: string, target: TargetSpec, over: Partial<RunSpec> = {}): RunSpec => ({
  version: 1,
  projectId: 'p',
  datasetId: 'd',
  target,
  split: { strategy: { kind: 'column', column: 'part' }, validShare: 0, testShare: 0, seed: 1 },
  // No step: what a recipe learns of the rows, such as their mean, is not weighed.
  recipe: { version: 1, steps: [], excluded: ['part', target.column === 'y' ? 'c' : 'y'] },
  estimator: { id, params: {} },
  seed: 1,
  ...over,
})
const numbersOf = ({ prediction }: Awaited<ReturnType<typeof train>>): Float64Array => (prediction.task === 'regression' ? prediction.values : prediction.probabilities)

describe('a weight of 2', () => {
  // The solvers stop at their own tolerance; sums in another order do the rest. A leaf of one row: else the tree counts rows.
  it.each([['ridge', number, 1e-10, {}], ['logistic-regression', classes, 1e-4, {}], ['decision-tree', classes, 1e-12, { minSamplesLeaf: 1, maxDepth: 3 }], ['decision-tree', number, 1e-10, { minSamplesLeaf: 1, maxDepth: 3 }]] as const)('is the row twice for %s', async (id, target, relative, params) => {
    const estimator = { id, params }
    const weighed = await train(spec(id, target, { sampleWeight: 'w', estimator }), dataOf(columns), nodeContext())
    const plain = spec(id, target, { estimator })
    const twice = await train({ ...plain, recipe: { ...plain.recipe, excluded: [...plain.recipe.excluded, 'w'] } }, dataOf(doubled), nodeContext())
    expectAllClose(numbersOf(weighed), numbersOf(twice), { relative, absolute: relative })
    const unweighted = await train({ ...plain, recipe: { ...plain.recipe, excluded: [...plain.recipe.excluded, 'w'] } }, dataOf(columns), nodeContext())
    expect(numbersOf(weighed)).not.toEqual(numbersOf(unweighted))
  })

  it('is no feature, and the record says what it does', async () => {
    const { pipeline, warnings, evaluation } = await train(spec('ridge', number, { sampleWeight: 'w' }), dataOf(columns), nodeContext())
    expect(pipeline.recipe.features.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(pipeline.recipe.inputs.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(pipeline.recipe.leftOut).toContainEqual({ column: 'w', reason: 'it weighs the rows' })
    expect(warnings).toEqual(['Training weighs each row by w; every score counts each row once.'])
    expect(evaluation.n).toBe(40)
  })

  it('weighs no validation row: what stands there changes nothing', async () => {
    const holes = weighedBy(weight.map((value, row) => (row < 80 ? value : row % 2 === 0 ? null : -7)))
    const [whole, holed] = await Promise.all([columns, holes].map((all) => train(spec('ridge', number, { sampleWeight: 'w' }), dataOf(all), nodeContext())))
    expect(holed?.evaluation).toEqual(whole?.evaluation)
  })
})

describe('every estimator of tables', () => {
  it.each(tableEstimators.map(({ id }) => id))('%s learns by weights, or its tag says that it cannot', async (id) => {
    const { tasks, tags } = estimators.get(id)
    const target = tasks.includes('regression') ? number : classes
    // Far apart, so that even a tree of few leaves has to mind.
    const all = weighedBy(draw((row) => (row % 3 === 0 ? 20 : 0.1)))
    const { steps } = defaultRecipe(tags, all.map(columnInfo), target.column)
    const over = { recipe: { version: 1, steps, excluded: ['part', target === number ? 'c' : 'y'] } } as const
    const weighed = train(spec(id, target, { ...over, sampleWeight: 'w' }), dataOf(all), nodeContext())
    if (tags.ignoresWeights) return expect(weighed).rejects.toMatchObject({ code: 'unsupported' })
    const plain = await train(spec(id, target, { recipe: { ...over.recipe, excluded: [...over.recipe.excluded, 'w'] } }), dataOf(all), nodeContext())
    expect(numbersOf(await weighed)).not.toEqual(numbersOf(plain))
  })
})

describe('over folds', () => {
  const rows = Uint32Array.from({ length: n }, (_, row) => row)
  const folding = { strategy: { kind: 'random' }, folds: 3, seed: 2 } as const
  const only = (of: number): readonly Column[] => weighedBy(weight.map((_, row) => (row % 2 === of ? 1 : 0)))

  it('the rows of weight 0 teach nothing', async () => {
    const changed = only(0).map((column) => (column.name === 'y' ? columnFrom('y', 'numeric', score.map((value, row) => (row % 2 === 1 ? 1000 : value))) : column))
    const fold = async (all: readonly Column[]): Promise<Float64Array> => {
      const { outOfFold } = await crossValidate(spec('ridge', number, { sampleWeight: 'w' }), dataOf(all), rows, folding, nodeContext())
      return outOfFold.prediction.task === 'regression' ? outOfFold.prediction.values : new Float64Array()
    }
    expectAllClose(await fold(changed), await fold(only(0)), { absolute: 1e-9 })
    expect(await fold(only(1))).not.toEqual(await fold(only(0)))
  })
  it('and curves over folds learn by them, too', async () => {
    const curve = (all: readonly Column[]) => foldCurve(spec('ridge', number, { sampleWeight: 'w' }), dataOf(all), rows, { by: 'parameter', name: 'alpha', values: [0.1, 1, 10] }, 'r2', folding, nodeContext())
    const [even, odd] = [await curve(only(0)), await curve(only(1))]
    expect(even.points).not.toEqual(odd.points)
    expect(even.baseline).toBe(odd.baseline)
  })
  it('a fold that cannot be weighed is named', async () => {
    const holes = weighedBy(weight.map((value, row) => (row === 7 ? null : value)))
    await expect(crossValidate(spec('ridge', number, { sampleWeight: 'w' }), dataOf(holes), rows, folding, nodeContext())).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/^missing sample weight; .* in w: row 8 has none \(fold \d of 3\)$/) })
  })
})

const at = (row: number, cell: Cell): readonly Column[] => weighedBy(weight.map((value, i) => (i === row ? cell : value)))
it.each<[string, readonly Column[], Partial<RunSpec>, string, RegExp]>([
  ['a missing one', at(6, null), {}, 'bad-data', /^missing sample weight; every training row needs one in w: row 7 has none/],
  ['a negative one', at(6, -0.5), {}, 'bad-data', /^invalid sample weight; w must be a finite number of at least 0 .*: -0.5 in row 7/],
  ['an infinite one', at(6, Infinity), {}, 'bad-data', /^invalid sample weight; w must be a finite number .*: Infinity in row 7/],
  ['zeros alone', weighedBy(draw(() => 0)), {}, 'bad-data', /^invalid sample weight; w must be above 0 in some training row: all are 0/],
  ['words', columns, { sampleWeight: 'part' }, 'bad-data', /^invalid sample weight; part must be numeric: categorical/],
  ['the target', columns, { sampleWeight: 'y' }, 'bad-data', /^invalid sample weight; the target cannot weigh its own rows: y/],
  ['a column that is not there', columns, { sampleWeight: 'gone' }, 'bad-data', /^missing column.*gone/],
])('refuses %s', async (_title, all, over, code, message) => {
  await expect(train(spec('ridge', number, { sampleWeight: 'w', ...over }), dataOf(all), nodeContext())).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

it('is refused by what would leave it out: a job for a cluster', () => {
  const weighed = spec('hist-gradient-boosting', number, { sampleWeight: 'w' })
  expect(() => trainerOf(weighed, 3, 0)).toThrow('unsupported sample weight; a job for a cluster carries none: w')
  expect(() => trainerOf(spec('hist-gradient-boosting', number), 3, 0)).not.toThrow()
})

it('makes another search, and leaves the question of those without one as it was', () => {
  const plain = spec('ridge', number)
  expect(searchQuestion({ ...plain, sampleWeight: 'w' })).not.toBe(searchQuestion(plain))
  expect(searchQuestion(plain)).not.toContain('sampleWeight')
})
