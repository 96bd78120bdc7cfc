import { describe, expect, it } from 'vitest'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { makeFolds, type FoldSpec } from '../../../../src/core/data/folds.ts'
import { createRng } from '../../../../src/core/math/rng.ts'

const n = 103
const rng = createRng(5)
const columns = [
  columnFrom('y', 'categorical', Array.from({ length: n }, (_, row) => (row % 10 === 0 ? 'rare' : row % 3 === 0 ? 'some' : 'most'))),
  columnFrom('who', 'categorical', Array.from({ length: n }, () => `p${rng.int(17)}`)),
  columnFrom('when', 'numeric', Array.from({ length: n }, (_, row) => Math.floor(((row * 37) % n) / 2))),
]
const rows = Uint32Array.from({ length: n }, (_, row) => row)
const strategies: Record<string, FoldSpec['strategy']> = {
  random: { kind: 'random' },
  stratified: { kind: 'stratified', column: 'y' },
  grouped: { kind: 'grouped', column: 'who' },
}

describe.each(Object.entries(strategies))('%s folds', (_name, strategy) => {
  it('hold each row out once a repeat, and never learn from what they hold out', () => {
    const folds = makeFolds(columns, rows, { strategy, folds: 5, repeats: 3, seed: 1 })
    expect(folds).toHaveLength(15)
    for (let repeat = 0; repeat < 3; repeat++) {
      const held = folds.filter((fold) => fold.repeat === repeat).flatMap((fold) => [...fold.held])
      expect(held.sort((a, b) => a - b)).toEqual([...rows])
    }
    for (const { train, held } of folds) expect([...train, ...held].sort((a, b) => a - b)).toEqual([...rows])
  })
  it('are drawn by the seed alone', () => {
    const of = (seed: number) => makeFolds(columns, rows, { strategy, folds: 4, seed })
    expect(of(3)).toEqual(of(3))
    expect(of(3)).not.toEqual(of(4))
  })
})

it('stratified folds differ by one row at most, in all and in each class', () => {
  const folds = makeFolds(columns, rows, { strategy: { kind: 'stratified', column: 'y' }, folds: 4, seed: 2 })
  const spread = (counts: number[]): number => Math.max(...counts) - Math.min(...counts)
  expect(spread(folds.map(({ held }) => held.length))).toBeLessThanOrEqual(1)
  const column = columns[0]!
  if (column.kind !== 'categorical') throw new Error('not categorical')
  for (const code of [0, 1, 2]) expect(spread(folds.map(({ held }) => held.filter((row) => column.codes[row] === code).length))).toBeLessThanOrEqual(1)
})

it('grouped folds hold a group out whole', () => {
  const who = columns[1]!
  if (who.kind !== 'categorical') throw new Error('not categorical')
  for (const { train, held } of makeFolds(columns, rows, { strategy: { kind: 'grouped', column: 'who' }, folds: 5, seed: 2 })) {
    const groups = new Set(Array.from(held, (row) => who.codes[row]))
    expect(train.some((row) => groups.has(who.codes[row]))).toBe(false)
  }
})

it('folds by time learn from the past of what they hold out, as TimeSeriesSplit', () => {
  const time = [columnFrom('t', 'numeric', [5, 0, 3, 1, 4, 2])]
  const folds = makeFolds(time, Uint32Array.from([0, 1, 2, 3, 4, 5]), { strategy: { kind: 'time', column: 't' }, folds: 2, seed: 0 })
  // Moments in order are rows 1 3 5 2 4 0; blocks of two.
  expect(folds.map(({ train, held }) => [[...train], [...held]])).toEqual([[[1, 3], [2, 5]], [[1, 2, 3, 5], [0, 4]]])
  const when = columns[2]!
  if (when.kind !== 'numeric') throw new Error('not numeric')
  for (const { train, held } of makeFolds(columns, rows, { strategy: { kind: 'time', column: 'when' }, folds: 6, seed: 0 })) {
    expect(Math.max(...Array.from(train, (row) => when.values[row]!))).toBeLessThan(Math.min(...Array.from(held, (row) => when.values[row]!)))
  }
})

it.each([
  [{ strategy: { kind: 'random' }, folds: 104, seed: 1 }, 'invalid folds; more than there are rows (103): 104'],
  [{ strategy: { kind: 'random' }, folds: 1, seed: 1 }, 'invalid folds; not a whole number from 2: 1'],
  [{ strategy: { kind: 'random' }, folds: 2.5, seed: 1 }, 'invalid folds; not a whole number from 2: 2.5'],
  [{ strategy: { kind: 'random' }, folds: 5, repeats: 0, seed: 1 }, 'invalid repeats; not a whole number in [1, 100]: 0'],
  [{ strategy: { kind: 'grouped', column: 'who' }, folds: 40, seed: 1 }, 'invalid folds; at most one a group of who (17): 40'],
  [{ strategy: { kind: 'time', column: 'y' }, folds: 4, seed: 1 }, 'invalid fold column; folds by time need a datetime or numeric column: categorical'],
] as const)('refuses %o', (spec, message) => {
  expect(() => makeFolds(columns, rows, spec)).toThrow(message)
})

it('refuses a class of one row when stratified, by name', () => {
  const lonely = [columnFrom('y', 'categorical', ['a', 'a', 'b', 'a'])]
  expect(() => makeFolds(lonely, Uint32Array.from([0, 1, 2, 3]), { strategy: { kind: 'stratified', column: 'y' }, folds: 2, seed: 1 })).toThrow('invalid class; stratified folds need at least 2 rows of each: b has 1')
})

it.each(['random', 'stratified'] as const)('a thousand %s folds take no thousand times the rows', (kind) => {
  const many = 100_000
  const all = Uint32Array.from({ length: many }, (_, row) => row)
  const y = [columnFrom('y', 'categorical', Array.from(all, (row) => (row % 3 === 0 ? 'a' : 'b')))]
  const strategy = kind === 'random' ? { kind } : { kind, column: 'y' }
  const before = process.memoryUsage().arrayBuffers
  const folds = makeFolds(y, all, { strategy, folds: 1000, seed: 1 })
  // 400 MB where each kept its own.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40e6)
  expect([folds.length, folds[7]?.train.length, folds[7]?.learnt, folds[7]?.held.length]).toEqual([1000, 99_900, 99_900, 100])
})
