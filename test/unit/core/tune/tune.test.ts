import { describe, expect, it } from 'vitest'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import { makeFolds } from '../../../../src/core/data/folds.ts'
import type { Progress } from '../../../../src/core/context.ts'
import { cancelled } from '../../../../src/core/errors.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { doFold, judging, type FoldPool, type FoldRecipe } from '../../../../src/core/run/fold.ts'
import type { Stages } from '../../../../src/core/run/keeper.ts'
import { savepointOver } from '../../../../src/core/savepoint.ts'
import type { Json } from '../../../../src/core/recipe/step.ts'
import { strategies } from '../../../../src/core/tune/registry.ts'
import { checkSpace, defaultSpace, dimensionOf, paramsAt, resourcesOf, type Space } from '../../../../src/core/tune/space.ts'
import { bestFirst, nextProposal, type Proposal, type SearchOptions, type Trial } from '../../../../src/core/tune/strategy.ts'
import { costOf, parameterImportance, tune, type TuneSpec } from '../../../../src/core/tune/tune.ts'
import { nodeContext } from '../../../support/node-context.ts'

const rng = createRng(5)
const n = 80
const x = Array.from({ length: n }, () => rng.normal())
const columns = [columnFrom('x', 'numeric', x), columnFrom('y', 'numeric', x.map((value) => 3 * value + rng.normal() * 0.1)), columnFrom('c', 'categorical', x.map((value) => (value > 1.2 ? 'rare' : 'usual')))]
const dataset: Dataset = { id: 'd', name: 'd', rows: n, columns, source: { kind: 'derived', fileName: '', bytes: 0, sha256: '' } }
const rows = Uint32Array.from({ length: n }, (_, row) => row)
const base: FoldRecipe = { target: { column: 'y', task: 'regression' }, recipe: { ...defaultRecipe(estimators.get('ridge').tags, columns.map(columnInfo), 'y'), excluded: ['c'] }, estimator: { id: 'ridge', params: {} }, seed: 1 }
const alpha: Space = [{ kind: 'number', name: 'alpha', low: 0.01, high: 10_000, scale: 'log' }]
const spec = (change: Partial<TuneSpec> = {}): TuneSpec => ({ strategy: 'random', space: alpha, trials: 9, metric: 'rmse', folding: { strategy: { kind: 'random' }, folds: 3, seed: 1 }, seed: 4, ...change })
const plain = (trials: readonly Trial[]) => trials.map(({ spent: _, ...rest }) => rest)

/** Folds side by side, of which the later often end first. */
function hastyPool(lanes: number): { readonly pool: FoldPool; most(): number } {
  const chance = createRng(lanes)
  const waiting: (() => void)[] = []
  let [free, most] = [lanes, 0]
  return {
    most: () => most,
    pool: {
      lanes,
      async fold(task, context) {
        if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
        else free--
        most = Math.max(most, lanes - free)
        for (let turn = Math.floor(4 * chance.next()); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve))
        try {
          return await doFold(task, dataset, context)
        } finally {
          const next = waiting.shift()
          if (next) next()
          else free++
        }
      },
    },
  }
}

/** A smooth landscape with its best at (0.7, 0.2): 0 there, falling with the squared distance. */
const landscape: Space = ['a', 'b'].map((name) => ({ kind: 'number', name, low: 0, high: 1, scale: 'linear' }))
const truth = ({ point: [a, b] }: Proposal) => -((Number(a) - 0.7) ** 2) - (Number(b) - 0.2) ** 2
function play(id: string, options: SearchOptions, score = truth): Trial[] {
  const strategy = strategies.get(id)
  const trials: Trial[] = []
  while (trials.length < strategy.plan(landscape, options).length) {
    const proposal = nextProposal(strategy, landscape, trials, options)!
    trials.push({ ...proposal, params: paramsAt(landscape, proposal.point), score: score(proposal), folds: [], spent: 1 })
  }
  return trials
}

describe('space', () => {
  it('comes from every parameter table and keeps to its limits', () => {
    for (const { id, params } of estimators.all) {
      const space = defaultSpace(params)
      if (space.length > 0) expect(() => checkSpace(id, params, space)).not.toThrow()
    }
    expect(defaultSpace(estimators.get('ridge').params)).toEqual([{ kind: 'number', name: 'alpha', low: 0.01, high: 100, scale: 'log' }])
  })
  it('offers every parameter but free text, and counts budgets in trees, rounds or epochs', () => {
    for (const { id, params } of estimators.all) {
      const space = Object.entries(params).flatMap(([name, param]) => dimensionOf(name, param) ?? [])
      expect(space.length, id).toBe(Object.values(params).filter(({ kind }) => kind !== 'text').length)
      if (space.length > 0) expect(() => checkSpace(id, params, space)).not.toThrow()
    }
    expect(['random-forest', 'hist-gradient-boosting', 'mlp', 'explainable-boosting', 'ridge'].map((id) => resourcesOf(estimators.get(id).params))).toEqual([['nEstimators'], ['maxIter'], ['maxIter'], ['maxIter'], []])
  })
  it('gives each whole number and choice its share, from end to end', () => {
    const space: Space = [{ kind: 'integer', name: 'i', low: 1, high: 3, scale: 'linear' }, { kind: 'choice', name: 'c', values: ['x', true] }, { kind: 'number', name: 'l', low: 1, high: 100, scale: 'log' }]
    expect([0, 0.32, 0.34, 0.66, 0.67, 0.999].map((u) => paramsAt(space, [u, u, u])['i'])).toEqual([1, 1, 2, 2, 3, 3])
    expect([0.49, 0.5].map((u) => paramsAt(space, [u, u, u])['c'])).toEqual(['x', true])
    expect(paramsAt(space, [0, 0, 0.5])['l']).toBeCloseTo(10, 10)
  })
  it.each([
    ['nothing', [], 'at least one parameter must vary: none'],
    ['an unknown parameter', [{ ...alpha[0], name: 'beta' }], 'no such parameter: beta'],
    ['the same twice', [alpha[0], alpha[0]], 'a parameter may vary once: alpha'],
    ['what the table forbids', [{ ...alpha[0], low: -1 }], '-1 is not in [0, 1000000000]: alpha'],
    ['ends the wrong way round', [{ ...alpha[0], low: 5, high: 5 }], 'the lowest value must be below the highest (5, 5): alpha'],
    ['log of zero', [{ ...alpha[0], low: 0 }], 'a log scale needs a lowest value above 0 (0): alpha'],
    ['one choice', [{ kind: 'choice', name: 'fitIntercept', values: [true] }], 'choices must be at least two, all different: fitIntercept'],
  ])('refuses %s', (_, space, words) => {
    expect(() => checkSpace('ridge', estimators.get('ridge').params, space as Space)).toThrow(`invalid search space of ridge; ${words}`)
  })
})

describe.each(strategies.all.map(({ id }) => id))('%s', (id) => {
  const options = { trials: 30, seed: 2, greaterIsBetter: true }
  it('spends its plan, repeats itself, and goes on from any point as if undisturbed', () => {
    const trials = play(id, options)
    expect(trials.map(({ budget }) => budget)).toEqual(strategies.get(id).plan(landscape, options))
    expect(play(id, options)).toEqual(trials)
    for (const known of [0, 7, trials.length - 1]) expect(nextProposal(strategies.get(id), landscape, trials.slice(0, known), options)).toEqual({ point: trials[known]!.point, budget: trials[known]!.budget })
    for (const { point } of trials) for (const u of point) expect(u >= 0 && u < 1).toBe(true)
  })
  it('costs about the trials it was given, and refuses none', () => {
    const spent = strategies.get(id).plan(landscape, options).reduce((sum, budget) => sum + budget, 0)
    expect(spent).toBeGreaterThan(20)
    expect(spent).toBeLessThan(36)
    expect(() => strategies.get(id).plan(landscape, { ...options, trials: 0 })).toThrow('invalid trials; not a whole number in [1, 10000]: 0')
    expect(strategies.get(id).plan(landscape, { ...options, trials: 4 }).length).toBeGreaterThan(0)
  })
})

describe('strategies', () => {
  const seeds = [1, 2, 3, 4, 5]
  const gap = (id: string, seed: number) => -bestFirst(play(id, { trials: 25, seed, greaterIsBetter: true }), true)[0]!.score!
  const middle = (id: string) => seeds.map((seed) => gap(id, seed)).sort((a, b) => a - b)[2]!
  it('Bayesian comes far nearer to the best than chance with as many trials', () => {
    expect(middle('bayesian')).toBeLessThan(middle('random') / 10)
  })
  it('Bayesian looks for the least where less is better', () => {
    const trials = play('bayesian', { trials: 25, seed: 1, greaterIsBetter: false }, (proposal) => -truth(proposal))
    expect(bestFirst(trials, false)[0]!.score).toBeLessThan(1e-3)
  })
  it('halving takes the best third of a rung to the next', () => {
    const trials = play('halving', { trials: 4, seed: 1, greaterIsBetter: true })
    expect(trials.map(({ budget }) => budget)).toEqual([...Array(27).fill(1 / 27), ...Array(9).fill(1 / 9), ...Array(3).fill(1 / 3), 1])
    const best = bestFirst(trials.slice(0, 27), true).slice(0, 9).map(({ point }) => point)
    expect(trials.slice(27, 36).map(({ point }) => point)).toEqual(best)
    expect(trials[39]!.point).toEqual(best[0])
  })
  it('grid is every combination, and says how many it needs', () => {
    const trials = play('grid', { trials: 10, seed: 1, greaterIsBetter: true })
    expect(trials.map(({ params }) => [params['a'], params['b']].map((value) => Math.round(Number(value) * 2) / 2))).toEqual([0, 0.5, 1].flatMap((a) => [0, 0.5, 1].map((b) => [a, b])))
    expect(() => strategies.get('grid').plan(landscape, { trials: 3, seed: 1, greaterIsBetter: true })).toThrow('invalid trials; a grid of two values a parameter needs 4: 3')
  })
})

describe('tuning', () => {
  it('finds the penalty that predicts best, over folds, and repeats itself', async () => {
    const first = await tune(base, dataset, rows, spec(), nodeContext())
    const second = await tune(base, dataset, rows, spec(), nodeContext())
    expect(plain(second.trials)).toEqual(plain(first.trials))
    expect(first.ended).toBe('plan')
    const scores = first.trials.map(({ score }) => score!)
    expect(first.trials[first.best!]!.score).toBe(Math.min(...scores))
    // The heavier the penalty, the worse: the truth is a straight line.
    const heaviest = first.trials.reduce((a, b) => (Number(b.params['alpha']) > Number(a.params['alpha']) ? b : a))
    expect(heaviest.score).toBe(Math.max(...scores))
    expect(costOf('ridge', spec())).toEqual({ trials: 9, fits: 27, fullFits: 27 })
  })
  it('goes on after an interruption with the same trials', async () => {
    const whole = await tune(base, dataset, rows, spec({ strategy: 'bayesian' }), nodeContext())
    const rest = await tune(base, dataset, rows, spec({ strategy: 'bayesian' }), nodeContext(), whole.trials.slice(0, 6))
    expect(plain(rest.trials)).toEqual(plain(whole.trials))
  })
  it.each(strategies.all.map(({ id }) => id))('%s finds the same on one, two and three workers, whoever is first', async (strategy) => {
    const wanted = spec({ strategy, trials: 12, timeLimit: 1e9 })
    const alone = await tune(base, dataset, rows, wanted, nodeContext())
    for (const lanes of [2, 3]) {
      const saved: number[] = []
      const { pool, most } = hastyPool(lanes)
      const together = await tune(base, dataset, rows, wanted, nodeContext({ pool }), [], async (trials) => void saved.push(trials.length))
      expect(most()).toBe(lanes)
      expect(plain(together.trials)).toEqual(plain(alone.trials))
      expect(saved).toEqual([...new Set(saved)].sort((a, b) => a - b))
      const rest = await tune(base, dataset, rows, wanted, nodeContext({ pool }), alone.trials.slice(0, 7))
      expect(plain(rest.trials)).toEqual(plain(alone.trials))
    }
  })
  it('keeps to the time limit within 5 % and keeps a trial that overtook another', async () => {
    // A clock that only folds move: 10 ms each, the first of all 200 ms, with a checkpoint at every millisecond.
    let clock = 0
    let [busy, begun] = [0, 0]
    const pool: FoldPool = {
      lanes: 2,
      async fold({ spec: { estimator }, held }, context) {
        const lasts = begun++ === 0 ? 200 : 10
        busy++
        for (let step = 0; step < lasts; step++) {
          await context.checkpoint()
          clock += 1 / busy
        }
        busy--
        return { numbers: new Float64Array(held.length), scores: judging('regression').map(() => Number(estimator.params['alpha'])), spent: lasts }
      },
    }
    const { trials, ended, best } = await tune(base, dataset, rows, spec({ trials: 1000, timeLimit: 100 }), { ...nodeContext({ now: () => clock, pool }), checkpoint: () => Promise.resolve() })
    expect(ended).toBe('time')
    expect(clock).toBeLessThan(105)
    // The slow first trial is not among them; every later one that finished is, in order.
    expect(trials.length).toBeGreaterThan(2)
    const wanted = await tune(base, dataset, rows, spec({ trials: trials.length + 1 }), nodeContext())
    expect(trials.map(({ params }) => params)).toEqual(wanted.trials.slice(1).map(({ params }) => params))
    expect(trials[best!]!.score).toBe(Math.min(...trials.map(({ score }) => score!)))
    expect(trials[0]!.spent).toBe(30)
  })
  it('records a trial that fails and goes on', async () => {
    const classes: FoldRecipe = { ...base, target: { column: 'c', task: 'binary' }, estimator: { id: 'k-neighbors', params: {} }, recipe: { ...base.recipe, excluded: ['y'] } }
    const space: Space = [{ kind: 'integer', name: 'nNeighbors', low: 1, high: 200, scale: 'linear' }]
    const { trials, best } = await tune(classes, dataset, rows, spec({ space, metric: 'log-loss' }), nodeContext())
    expect(trials).toHaveLength(9)
    expect(trials.some(({ score, problem }) => score === null && problem!.length > 0)).toBe(true)
    expect(trials[best!]!.score).not.toBeNull()
  })
  it('ends at the time limit and at a stop with all that finished; a cancel throws', async () => {
    // Each look at the clock costs a millisecond.
    let clock = 0
    const now = () => ++clock
    const short = await tune(base, dataset, rows, spec({ trials: 1000, timeLimit: 300 }), nodeContext({ now }))
    expect(short.ended).toBe('time')
    expect(clock).toBeLessThan(315)
    expect(short.trials.length).toBeGreaterThan(0)
    const whole = await tune(base, dataset, rows, spec({ trials: 1000, timeLimit: 300 }), nodeContext({ now: () => 0, stopping: (() => { let looks = 0; return () => ++looks > 40 })() }))
    expect(whole.ended).toBe('stopped')
    expect(plain(whole.trials).slice(0, 2)).toEqual(plain(short.trials).slice(0, 2))
    await expect(tune(base, dataset, rows, spec(), nodeContext({ checkpoint: () => Promise.reject(cancelled()) }))).rejects.toMatchObject({ code: 'cancelled' })
  })
  it('takes in what an interrupted search had finished, also where no time is left to come to it', async () => {
    const whole = await tune(base, dataset, rows, spec(), nodeContext())
    const left: Stages = { finished: (stage) => (stage === 'trials' ? { json: { trials: [[3, whole.trials[3]]] as unknown as Json }, arrays: {} } : undefined), finish: async () => true, savepoint: () => savepointOver([], async () => true, () => 0), within: () => ({ ...left, finished: () => undefined }) }
    const late = await tune(base, dataset, rows, spec({ timeLimit: 0 }), nodeContext(), whole.trials.slice(0, 2), undefined, left)
    expect([late.ended, late.trials]).toEqual(['time', [...whole.trials.slice(0, 2), whole.trials[3]]])
    let folds = 0
    const pool: FoldPool = { lanes: 1, fold: (task, context) => (folds++, doFold(task, dataset, context)) }
    expect(plain((await tune(base, dataset, rows, spec(), nodeContext({ pool }), whole.trials.slice(0, 2), undefined, left)).trials)).toEqual(plain(whole.trials))
    expect(folds).toBe(3 * (9 - 2 - 1))
  })
  it('counts only the largest budget as best, in rows or in rounds', async () => {
    const halved = await tune(base, dataset, rows, spec({ strategy: 'halving', trials: 3 }), nodeContext())
    expect(halved.trials[halved.best!]!.budget).toBe(1)
    const forest: FoldRecipe = { ...base, estimator: { id: 'random-forest', params: { nEstimators: 18 } } }
    const space: Space = [{ kind: 'integer', name: 'minSamplesLeaf', low: 1, high: 9, scale: 'linear' }]
    expect(() => costOf('random-forest', spec({ space, resource: 'minSamplesLeaf' }))).toThrow('invalid resource of random-forest; a parameter that varies cannot be the budget too: minSamplesLeaf')
    expect(() => costOf('random-forest', spec({ space, resource: 'maxFeatures' }))).toThrow('invalid resource of random-forest; not rows and not a whole-number parameter: maxFeatures')
    expect(() => costOf('ridge', spec({ resource: 'alpha' }))).toThrow('invalid resource')
    expect((await tune(forest, dataset, rows, spec({ space, strategy: 'halving', trials: 3, resource: 'nEstimators' }), nodeContext())).best).not.toBeNull()
  })
  it('tells which parameter the scores follow', () => {
    const trials = play('random', { trials: 200, seed: 1, greaterIsBetter: true }).map((trial) => ({ ...trial, score: trial.point[0]! }))
    const [a, b] = parameterImportance(landscape, trials)!
    // Thirds of a uniform value hold 8/9 of its variance.
    expect(a!.share).toBeGreaterThan(0.8)
    expect(b!.share).toBeLessThan(0.1)
    expect(parameterImportance(landscape, trials.slice(0, 9))).toBeNull()
  })
})

describe('a share of the rows to learn from', () => {
  it('is within the whole, grows by adding rows, and knows every class', () => {
    const folding = { strategy: { kind: 'stratified', column: 'c' }, folds: 3, seed: 1 } as const
    const [tenth, half, whole] = [0.1, 0.5, 1].map((trainShare) => makeFolds(columns, rows, { ...folding, trainShare }))
    whole!.forEach((fold, f) => {
      const [small, middle] = [tenth![f]!, half![f]!]
      expect(small.held).toEqual(fold.held)
      expect(middle.train).toHaveLength(Math.round(fold.train.length / 2))
      expect(middle.train.every((row) => fold.train.includes(row))).toBe(true)
      expect(small.train.every((row) => middle.train.includes(row))).toBe(true)
    })
    expect(() => makeFolds(columns, rows, { ...folding, trainShare: 0 })).toThrow('invalid share of rows to learn from; not in (0, 1]: 0')
  })
})

it('a resumed search draws its best from what was found before', async () => {
  const drawn: number[] = []
  const hearing = { ...nodeContext(), report: (progress: Progress) => void (progress.kind === 'curve' && progress.series === 'Best so far' && drawn.push(progress.y)) }
  const { trials } = await tune(base, dataset, rows, spec(), hearing)
  const best = Math.min(...trials.slice(0, 5).map(({ score }) => score as number))
  drawn.length = 0
  await tune(base, dataset, rows, spec(), hearing, trials.slice(0, 5))
  expect(drawn[0]).toBeLessThanOrEqual(best)
  expect(drawn).toEqual(drawn.toSorted((a, b) => b - a))
})
