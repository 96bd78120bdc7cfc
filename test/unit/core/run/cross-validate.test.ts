import { describe, expect, it } from 'vitest'
import { columnFrom, type NumericColumn } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import { makeFolds } from '../../../../src/core/data/folds.ts'
import { cancelled, StudioError } from '../../../../src/core/errors.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { crossValidate, foldsLike } from '../../../../src/core/run/cross-validate.ts'
import { doFold, type FoldPool, type FoldRecipe } from '../../../../src/core/run/fold.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { nodeContext } from '../../../support/node-context.ts'

const n = 90
const rng = createRng(7)
const x = Array.from({ length: n }, () => rng.normal())
const columns = [
  columnFrom('x', 'numeric', x.map((value, row) => (row % 11 === 0 ? null : value))),
  columnFrom('y', 'numeric', x.map((value) => 3 * value + 5 + rng.normal() * 0.1)),
  columnFrom('c', 'categorical', x.map((value) => (value > 0.4 ? 'high' : value > -0.5 ? 'mid' : 'low'))),
]
const dataset: Dataset = { id: 'd', name: 'd', rows: n, columns, source: { kind: 'derived', fileName: '', bytes: 0, sha256: '' } }
const rows = Uint32Array.from({ length: n }, (_, row) => row)
const spec = (id: string, target: FoldRecipe['target'], excluded: string): FoldRecipe => ({
  target,
  recipe: { ...defaultRecipe(estimators.get(id).tags, columns.map(columnInfo), target.column), excluded: [excluded] },
  estimator: { id, params: {} },
  seed: 1,
})
const number = spec('ridge', { column: 'y', task: 'regression' }, 'c')
const classes = spec('logistic-regression', { column: 'c', task: 'multiclass' }, 'y')

describe('cross-validation', () => {
  it('predicts each row by a model that has not seen it, and scores each fold', async () => {
    const folding = { strategy: { kind: 'random' }, folds: 4, seed: 9 } as const
    const { result, outOfFold } = await crossValidate(number, dataset, rows, folding, nodeContext())
    expect(outOfFold.rows).toEqual(rows)
    if (outOfFold.prediction.task !== 'regression') throw new Error('not values')
    const { values } = outOfFold.prediction
    const truth = (columns[1] as NumericColumn).values
    const rmse = makeFolds(columns, rows, folding).map(({ held }) => Math.sqrt(held.reduce((sum, row) => sum + (truth[row]! - values[row]!) ** 2, 0) / held.length))
    const score = result.scores.find(({ metric }) => metric === 'rmse')!
    expectAllClose(score.values as number[], rmse, { relative: 1e-12 })
    const mean = rmse.reduce((a, b) => a + b, 0) / 4
    expectAllClose([score.mean!, score.sd!], [mean, Math.sqrt(rmse.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3)], { relative: 1e-12 })
    expect(result).toMatchObject({ folds: 4, repeats: 1, rows: n })
  })

  it('learns the recipe anew in each fold: the median of a fold is that of its training rows', async () => {
    // One row far out moves the mean that a missing value becomes, in the folds that learn from it alone.
    const far = columnFrom('x', 'numeric', x.map((value, row) => (row % 11 === 0 ? null : row === 5 ? 1e6 : value)))
    const alone = { ...number, recipe: { ...number.recipe, steps: number.recipe.steps.map((step) => (step.step === 'impute' ? { ...step, params: { ...step.params, strategy: 'mean' } } : step)) } }
    const folding = { strategy: { kind: 'random' }, folds: 3, seed: 9 } as const
    const { outOfFold } = await crossValidate(alone, { ...dataset, columns: [far, ...columns.slice(1)] }, rows, folding, nodeContext())
    const { outOfFold: clean } = await crossValidate(alone, dataset, rows, folding, nodeContext())
    const home = makeFolds(columns, rows, folding).find(({ held }) => held.includes(5))!
    const numbers = (of: typeof clean): Float64Array => (of.prediction.task === 'regression' ? of.prediction.values : new Float64Array())
    for (const row of home.held) if (row !== 5) expect(numbers(outOfFold)[row]).toBe(numbers(clean)[row])
  })

  it('is repeated bit for bit, and by classes keeps probabilities', async () => {
    const folding = { ...foldsLike({ strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 3 }, classes.target, 5), repeats: 2 }
    expect(folding.strategy).toEqual({ kind: 'stratified', column: 'c' })
    const timeless = nodeContext({ now: () => 0 })
    const [first, second] = [await crossValidate(classes, dataset, rows, folding, timeless), await crossValidate(classes, dataset, rows, folding, timeless)]
    expect(second).toEqual(first)
    // Side by side, the last fold ready first.
    let late = 20
    const pool: FoldPool = { lanes: 10, fold: async (task, context) => (await new Promise((resolve) => setTimeout(resolve, 5 * late--)), doFold(task, dataset, context)) }
    expect(await crossValidate(classes, dataset, rows, folding, { ...timeless, pool })).toEqual(first)
    expect(first.result.scores.find(({ metric }) => metric === 'accuracy')!.values).toHaveLength(10)
    expect(first.outOfFold.prediction).toMatchObject({ task: 'multiclass', classes: ['high', 'low', 'mid'] })
  })

  it('reports each fold, can be cancelled between them, and names the fold that fails', async () => {
    const folding = { strategy: { kind: 'random' }, folds: 3, seed: 1 } as const
    const seen: string[] = []
    await crossValidate(number, dataset, rows, folding, nodeContext({ report: (progress) => void (progress.kind === 'step' && seen.push(`${progress.phase} ${progress.done}/${progress.total}`)) }))
    expect(seen).toEqual(['cross-validate 0/3', 'cross-validate 1/3', 'cross-validate 2/3', 'cross-validate 3/3'])
    let checkpoints = 0
    await expect(crossValidate(number, dataset, rows, folding, nodeContext({ checkpoint: () => (++checkpoints > 1 ? Promise.reject(cancelled()) : Promise.resolve()) }))).rejects.toMatchObject({ code: 'cancelled' })
    const sorted = { ...dataset, columns: [columns[0]!, columns[1]!, columnFrom('c', 'categorical', Array.from({ length: n }, (_, row) => (row < 10 ? 'a' : 'b')))] }
    const byTime = { strategy: { kind: 'time', column: 't' }, folds: 3, seed: 1 } as const
    const timed = { ...sorted, columns: [...sorted.columns, columnFrom('t', 'numeric', Array.from({ length: n }, (_, row) => (row < 10 ? 100 + row : row)))] }
    await expect(crossValidate({ ...classes, target: { column: 'c', task: 'binary' } }, timed, rows, byTime, nodeContext())).rejects.toThrow('invalid training rows; they hold one class only (fold 1 of 3)')
    // Side by side the folds after it are given up, and what is said is why.
    const begun: number[] = []
    const pool: FoldPool = {
      lanes: 3,
      async fold({ held }, context) {
        await context.checkpoint()
        begun.push(held.length)
        if (begun.length === 2) throw new StudioError({ code: 'worker-lost', message: 'missing answer; two workers died' })
        await new Promise((resolve) => setTimeout(resolve, 5))
        await context.checkpoint()
        throw new Error('not given up')
      },
    }
    await expect(crossValidate(number, dataset, rows, folding, nodeContext({ pool }))).rejects.toMatchObject({ code: 'worker-lost', message: 'missing answer; two workers died (fold 2 of 3)' })
  })
})
