import { describe, expect, it } from 'vitest'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import { makeFolds } from '../../../../src/core/data/folds.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { doFold, judging, type FoldPool, type FoldRecipe } from '../../../../src/core/run/fold.ts'
import { nested, nestedScore, type NestedFold } from '../../../../src/core/tune/nested.ts'
import { costOf, tune, type TuneSpec } from '../../../../src/core/tune/tune.ts'
import { nodeContext } from '../../../support/node-context.ts'
import type { Progress } from '../../../../src/core/context.ts'

const rng = createRng(5)
const n = 120
const x = Array.from({ length: n }, () => rng.normal())
const columns = [columnFrom('x', 'numeric', x), columnFrom('y', 'numeric', x.map((value) => 3 * value + rng.normal()))]
const dataset: Dataset = { id: 'd', name: 'd', rows: n, columns, source: { kind: 'derived', fileName: '', bytes: 0, sha256: '' } }
// The last rows are not asked: they are those of validation.
const rows = Uint32Array.from({ length: 90 }, (_, row) => row)
const base: FoldRecipe = { target: { column: 'y', task: 'regression' }, recipe: defaultRecipe(estimators.get('ridge').tags, columns.map(columnInfo), 'y'), estimator: { id: 'ridge', params: {} }, seed: 1 }
const spec = (change: Partial<TuneSpec> = {}) => ({ strategy: 'random', space: [{ kind: 'number', name: 'alpha', low: 0.01, high: 10_000, scale: 'log' }], trials: 5, metric: 'rmse', folding: { strategy: { kind: 'random' }, folds: 3, seed: 1 }, seed: 4, outerFolds: 3, ...change }) as TuneSpec & { outerFolds: number }

describe('nested folds', () => {
  it('search anew on the other rows of each fold, and judge on rows that neither search nor training saw', async () => {
    const seen: Progress[] = []
    const found = await nested(base, dataset, rows, spec(), nodeContext({ report: (progress) => seen.push(progress) }))
    const outer = makeFolds(columns, rows, { strategy: { kind: 'random' }, folds: 3, seed: 2 })
    for (const [i, { train, held }] of outer.entries()) {
      const { trials, best } = await tune(base, dataset, train, spec(), nodeContext())
      const chosen = trials[best as number]!
      expect(held.some((row) => train.includes(row))).toBe(false)
      const { scores } = await doFold({ spec: { ...base, estimator: { id: 'ridge', params: chosen.params } }, classes: [], train, held }, dataset, nodeContext())
      expect(found[i]).toEqual({ params: chosen.params, inner: chosen.score, score: scores[judging('regression').findIndex(({ id }) => id === 'rmse')] })
    }
    expect(nestedScore(found)?.n).toBe(3)
    const steps = seen.flatMap((progress) => (progress.kind === 'step' ? [progress.done] : []))
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    expect(steps.at(-1)).toBe(300)
    // Three searches of 5 trials over 3 folds beside the first, and a model a fold.
    expect(costOf('ridge', spec())).toEqual({ trials: 5, fits: 15 * 4 + 3, fullFits: 15 * 4 + 3 })
  })
  it.each(['grouped', 'time'] as const)('keep to the rule of the split, inside as outside: %s', async (kind) => {
    const marks = Array.from({ length: n }, (_, row) => (kind === 'time' ? (row * 37) % n : Math.floor(row / 4)))
    const marked: Dataset = { ...dataset, columns: [...columns, columnFrom('mark', 'numeric', marks)] }
    const tasks: (readonly [train: readonly number[], held: readonly number[]])[] = []
    const pool: FoldPool = {
      lanes: 2,
      fold: (task, context) => {
        tasks.push([task.train, task.held].map((part) => Array.from(part, (row) => marks[row] as number)) as never)
        return doFold(task, marked, context)
      },
    }
    const recipe = { ...base.recipe, excluded: ['mark'] }
    // Budgets in rows, too, may not reach over the border.
    const found = await nested({ ...base, recipe }, marked, rows, spec({ strategy: 'halving', trials: 2, folding: { strategy: { kind, column: 'mark' }, folds: 3, seed: 1 } }), nodeContext({ pool }))
    expect(found.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined])
    expect(tasks.length).toBeGreaterThan(3 * (3 * 4 + 1) - 1)
    for (const [train, held] of tasks) {
      if (kind === 'time') expect(Math.max(...train)).toBeLessThan(Math.min(...held))
      else expect(held.filter((mark) => train.includes(mark))).toEqual([])
    }
  })
  it('goes on from the folds that were done, to the same', async () => {
    const whole = await nested(base, dataset, rows, spec(), nodeContext())
    const told: number[] = []
    expect(await nested(base, dataset, rows, spec(), nodeContext(), whole.slice(0, 2), async (folds) => void told.push(folds.length))).toEqual(whole)
    expect(told).toEqual([3])
  })
  it('ends with the folds it has when it is stopped or the time is over, and says what failed', async () => {
    const done: NestedFold[] = [{ params: { alpha: 1 }, score: 1, inner: 1 }]
    expect(await nested(base, dataset, rows, spec(), nodeContext({ stopping: () => true }), done)).toEqual(done)
    let clock = 0
    expect(await nested(base, dataset, rows, spec({ timeLimit: 1 }), nodeContext({ now: () => clock++ }), done)).toEqual(done)
    // Choosing takes no time, training what was chosen more than there is: the fold is given up at the limit.
    let now = 0
    const choosing = Math.floor((rows.length * 2) / 3)
    const slow: FoldPool = {
      lanes: 1,
      async fold(task, context) {
        for (let step = 0; task.train.length >= choosing && step < 100; step++) {
          now += 10
          await context.checkpoint()
        }
        return doFold(task, dataset, context)
      },
    }
    expect(await nested(base, dataset, rows, spec({ timeLimit: 100 }), { ...nodeContext({ now: () => now }), pool: slow }, done)).toEqual(done)
    expect(now).toBe(100)
    const few = await nested(base, dataset, rows.slice(0, 4), spec({ folding: { strategy: { kind: 'random' }, folds: 3, seed: 1 } }), nodeContext())
    expect(few.every(({ score, problem }) => score !== null || /folds/.test(problem ?? '') || problem === 'no trial has a score')).toBe(true)
    await expect(nested(base, dataset, rows, spec({ outerFolds: 91 }), nodeContext())).rejects.toMatchObject({ code: 'bad-data', message: 'invalid folds; more than there are rows (90): 91' })
  })
})
