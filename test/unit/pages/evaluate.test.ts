/** Which runs compare, in which order, on which axis. */
import { describe, expect, it } from 'vitest'
import type { Run } from '../../../src/core/run/run.ts'
import { inWordsOf, mostConfused } from '../../../src/pages/evaluate/words.ts'
import { domainOf, experimentKey, experimentsOf, ranked, type Ranking, withRanks } from '../../../src/pages/evaluate/experiments.ts'

type Change = { sequence?: number; dataHash?: string; seed?: number; positive?: string; status?: Run['status']; value?: number | null; folds?: readonly (number | null)[]; rows?: number }
function run({ sequence = 1, dataHash = 'aa', seed = 1, positive, status = 'succeeded', value = 0.5, folds, rows = 100 }: Change): Run {
  return {
    id: `run-${sequence}`,
    sequence,
    dataHash,
    status,
    spec: { target: { column: 'y', task: 'binary', ...(positive ? { positive } : {}) }, split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed } },
    ...(folds && { crossValidation: { folds: folds.length, repeats: 1, rows, scores: [{ metric: 'roc-auc', values: folds, mean: folds.reduce<number>((sum, fold) => sum + (fold ?? 0), 0) / folds.length, sd: null }] } }),
    evaluation: { scores: [{ metric: 'roc-auc', value, low: null, high: null }] },
  } as unknown as Run
}
const auc = { id: 'roc-auc', greaterIsBetter: true }

describe('experiments', () => {
  it('hold runs of equal data, target and split only, the newest first', () => {
    const runs = [run({ sequence: 1 }), run({ sequence: 2, seed: 2 }), run({ sequence: 3 }), run({ sequence: 4, dataHash: 'bb' }), run({ sequence: 5, positive: 'no' })]
    expect(experimentsOf(runs).map((experiment) => experiment.runs.map((entry) => entry.sequence))).toEqual([[5], [4], [1, 3], [2]])
    expect(experimentKey(runs[0] as Run)).toBe(experimentKey(runs[2] as Run))
  })
  it('leave out runs that did not finish', () => {
    expect(experimentsOf([run({ status: 'failed' }), run({ status: 'running' })])).toEqual([])
  })
})
const order = ({ places }: Ranking) => places.map((place) => place.run.sequence)
describe('ranking', () => {
  const runs = [run({ sequence: 1, value: 0.7 }), run({ sequence: 2, value: null }), run({ sequence: 3, value: 0.9 }), run({ sequence: 4, value: 0.7 })]
  it('puts the best first, the undefined last, older before newer', () => {
    expect(order(ranked(runs, auc))).toEqual([3, 1, 4, 2])
    expect(order(ranked(runs, { ...auc, greaterIsBetter: false }))).toEqual([1, 4, 3, 2])
  })
})
it('ranks that a test over rows gave are shared, and never touch those over folds', () => {
  const runs = [run({ sequence: 1, value: 0.7 }), run({ sequence: 2, value: null }), run({ sequence: 3, value: 0.9 })]
  const made = withRanks(ranked(runs, auc), new Map([['run-3', 1], ['run-1', 1], ['run-2', null]]))
  expect(made.places.map(({ run: { sequence }, rank, shared }) => [sequence, rank, shared])).toEqual([[3, 1, true], [1, 1, true], [2, null, false]])
  const some = withRanks(ranked(runs, auc), new Map([['run-3', 1]]))
  expect(some.places.map(({ run: { sequence }, rank }) => [sequence, rank])).toEqual([[3, 1], [1, null], [2, null]])
  const folded = ranked([run({ sequence: 1, folds: [0.5, 0.6] }), run({ sequence: 2, folds: [0.4, 0.5] })], auc)
  expect(withRanks(folded, new Map())).toBe(folded)
})
describe('ranking over folds', () => {
  const folded = [run({ sequence: 1, value: 0.9, folds: [0.6, 0.61, 0.6, 0.59, 0.6] }), run({ sequence: 2, value: 0.7, folds: [0.8, 0.81, 0.79, 0.82, 0.8] }), run({ sequence: 3, value: 0.8, folds: [0.79, 0.82, 0.8, 0.8, 0.8] })]
  it('goes by the mean over the same folds, and shares a rank where the difference may be chance', () => {
    const made = ranked(folded, auc)
    expect(made.folds).toMatchObject({ folds: 5, rows: 100, heldToTrained: 0.25 })
    expect(made.places.map(({ run: { sequence }, rank, shared }) => [sequence, rank, shared])).toEqual([[2, 1, true], [3, 1, true], [1, 3, false]])
  })
  it('trusts folds of a sampled run less: they learnt from fewer rows and are judged on all', () => {
    const [first, ...others] = folded as [(typeof folded)[number], ...typeof folded]
    expect(ranked([{ ...first, spec: { ...first.spec, sampleRows: 20 } }, ...others], auc).folds).toMatchObject({ heldToTrained: 1 })
  })
  it.each([['no folds', run({ sequence: 4 })], ['other folds', run({ sequence: 4, folds: [0.5, 0.5] })], ['other rows', run({ sequence: 4, folds: [0.5, 0.5, 0.5, 0.5, 0.5], rows: 90 })], ['a fold without a score', run({ sequence: 4, folds: [0.5, null, 0.5, 0.5, 0.5] })]])('goes by the validation rows where a run has %s', (_, other) => {
    const made = ranked([...folded, other], auc)
    expect(made.folds).toBeUndefined()
    expect(order(made)).toEqual([1, 3, 2, 4])
  })
})
describe('axis', () => {
  it('holds scores and intervals, yet not what a metric cannot be', () => {
    const scores = [{ metric: 'm', value: 0.9, low: 0.5, high: 1 }]
    // 4 % of 0.5 on either side: 0.48 to 1.02, cut at 1.
    expect(domainOf(scores, [0, 1])).toEqual([0.48, 1])
    expect(domainOf([undefined])).toEqual([0, 1])
    const [low, high] = domainOf([{ metric: 'm', value: 3, low: null, high: null }])
    expect(low).toBeLessThan(3)
    expect(high).toBeGreaterThan(3)
  })
})

describe('pictures on the page of a run', () => {
  it('are called pictures, whatever their classes are called', () => {
    expect(inWordsOf('picture', 'Few rows of the test part are “row” (1): a row more')).toBe('Few pictures of the test part are “row” (1): a picture more')
    expect(inWordsOf('picture', 'Rows, arrows and rowing')).toBe('Pictures, arrows and rowing')
    expect(inWordsOf('row', 'Only 3 rows')).toBe('Only 3 rows')
  })
  it('of many classes those that are mixed up most make the confusion matrix, in class order', () => {
    const counts = [
      [5, 0, 1, 0],
      [0, 9, 0, 0],
      [3, 0, 2, 0],
      [0, 1, 0, 7],
    ]
    expect(mostConfused(counts, 4)).toEqual([0, 1, 2, 3])
    expect(mostConfused(counts, 2)).toEqual([0, 2])
    expect(mostConfused(counts, 3)).toEqual([0, 1, 2])
  })
})
