/** A split is a partition, whatever the data: nothing in two parts, nothing lost without a reason. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellAt, columnFrom } from '../../src/core/data/column.ts'
import { makeSplit } from '../../src/core/data/make-split.ts'
import type { Split, SplitSpec, SplitStrategy } from '../../src/core/data/split.ts'
import { StudioError } from '../../src/core/errors.ts'

const table = fc.integer({ min: 12, max: 150 }).chain((rows) =>
  fc.record({
    y: fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: rows, maxLength: rows }),
    g: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: rows, maxLength: rows }),
    t: fc.array(fc.option(fc.integer({ min: 0, max: 40 }), { freq: 12, nil: null }), { minLength: rows, maxLength: rows }),
    seed: fc.integer({ min: 0, max: 1e6 }),
    validShare: fc.double({ min: 0.1, max: 0.4, noNaN: true }),
    testShare: fc.double({ min: 0, max: 0.4, noNaN: true }),
  }),
)
type Table = typeof table extends fc.Arbitrary<infer T> ? T : never
const columnsOf = ({ y, g, t }: Table) => [columnFrom('y', 'categorical', y), columnFrom('g', 'numeric', g), columnFrom('t', 'datetime', t)]
const strategies: SplitStrategy[] = [{ kind: 'random' }, { kind: 'stratified', column: 'y' }, { kind: 'grouped', column: 'g' }, { kind: 'time', column: 't' }]

/** The split, or undefined where it refused with a clear error. */
function attempt(data: Table, strategy: SplitStrategy): Split | undefined {
  const spec: SplitSpec = { strategy, validShare: data.validShare, testShare: data.testShare, seed: data.seed }
  try {
    return makeSplit(columnsOf(data), 'y', spec)
  } catch (error) {
    expect(error).toBeInstanceOf(StudioError)
    expect((error as Error).message).toMatch(/^(invalid|missing)/)
    return undefined
  }
}

describe.each(strategies.map((strategy) => [strategy.kind, strategy] as const))('%s', (_kind, strategy) => {
  it('is a partition, and repeats for its seed', () => {
    fc.assert(
      fc.property(table, (data) => {
        const split = attempt(data, strategy)
        if (!split) return
        const all = [...split.train, ...split.valid, ...split.test, ...split.leftOut.flatMap(({ rows }) => [...rows])]
        expect(all.length).toBe(data.y.length)
        expect(new Set(all).size).toBe(data.y.length)
        for (const row of [...split.train, ...split.valid, ...split.test]) expect(data.y[row]).not.toBeNull()
        expect(attempt(data, strategy)).toEqual(split)
      }),
      { numRuns: 60 },
    )
  })
})

it('stratified keeps each class within one row of its share, and renaming classes changes nothing', () => {
  fc.assert(
    fc.property(table, (data) => {
      const split = attempt(data, { kind: 'stratified', column: 'y' })
      if (!split) return
      for (const name of ['a', 'b', 'c']) {
        const size = data.y.filter((cell) => cell === name).length
        if (size < 8) continue
        const inTest = [...split.test].filter((row) => data.y[row] === name).length
        expect(Math.abs(inTest - size * data.testShare)).toBeLessThanOrEqual(1)
      }
      const renamed = { ...data, y: data.y.map((cell) => (cell === null ? null : `zz ${cell === 'a' ? 'q' : cell}`)) } as unknown as Table
      expect(attempt(renamed, { kind: 'stratified', column: 'y' })?.test).toEqual(split.test)
    }),
    { numRuns: 60 },
  )
})

it('grouped never lets a group straddle two parts', () => {
  fc.assert(
    fc.property(table, (data) => {
      const split = attempt(data, { kind: 'grouped', column: 'g' })
      if (!split) return
      const groups = (rows: Uint32Array) => new Set([...rows].map((row) => data.g[row]))
      const [train, valid, test] = [groups(split.train), groups(split.valid), groups(split.test)]
      for (const group of valid) expect(train.has(group) || test.has(group)).toBe(false)
      for (const group of test) expect(train.has(group)).toBe(false)
    }),
    { numRuns: 60 },
  )
})

it('time puts every training row before every later part, and equal moments together', () => {
  fc.assert(
    fc.property(table, (data) => {
      const split = attempt(data, { kind: 'time', column: 't' })
      if (!split) return
      const column = columnFrom('t', 'datetime', data.t)
      const moments = (rows: Uint32Array) => [...rows].map((row) => cellAt(column, row) as number)
      const last = Math.max(...moments(split.train))
      for (const moment of [...moments(split.valid), ...moments(split.test)]) expect(moment).toBeGreaterThan(last)
    }),
    { numRuns: 60 },
  )
})

it('by a column takes its words and leaves other rows out, saying so', () => {
  const columns = [columnFrom('y', 'numeric', [1, 2, 3, 4, 5]), columnFrom('part', 'categorical', ['train', 'Validation', 'TEST', 'whatever', null])]
  const split = makeSplit(columns, 'y', { strategy: { kind: 'column', column: 'part' }, validShare: 0, testShare: 0, seed: 1 })
  expect([[...split.train], [...split.valid], [...split.test]]).toEqual([[0], [1], [2]])
  expect(split.leftOut.map(({ reason, rows }) => [reason, [...rows]])).toEqual([['part names no part (train, validation, test)', [3, 4]]])
})

it.each([
  ['shares that leave nothing', { strategy: { kind: 'random' }, validShare: 0.6, testShare: 0.5, seed: 1 }, /validation and test together must leave rows to train on: 0.6 \+ 0.5/],
  ['a share below zero', { strategy: { kind: 'random' }, validShare: -0.1, testShare: 0.2, seed: 1 }, /invalid validShare; not in \[0, 1\): -0.1/],
  ['a column that is not there', { strategy: { kind: 'grouped', column: 'nowhere' }, validShare: 0.2, testShare: 0.2, seed: 1 }, /missing column/],
  ['time by names', { strategy: { kind: 'time', column: 'y' }, validShare: 0.2, testShare: 0.2, seed: 1 }, /needs a datetime or numeric column: categorical/],
] as const)('refuses %s', (_name, spec, message) => {
  expect(() => makeSplit([columnFrom('y', 'categorical', ['a', 'b', 'a', 'b', 'a'])], 'y', spec as SplitSpec)).toThrow(message)
})
