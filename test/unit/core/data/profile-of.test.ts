import { describe, expect, it } from 'vitest'
import { columnFrom, type Cell, type Column } from '../../../../src/core/data/column.ts'
import type { Kind } from '../../../../src/core/data/kinds.ts'
import type { ColumnProfile } from '../../../../src/core/data/profile.ts'
import { profileColumn, profileOf } from '../../../../src/core/data/profile-of.ts'
import { takeColumn } from '../../../../src/core/data/change-kind.ts'

const range = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const codes = (kind: Kind, cells: readonly Cell[]): readonly string[] => profileColumn(columnFrom('v', kind, cells), '').warnings.map((warning) => warning.code)

describe('profile of a column', () => {
  it('numbers', () => {
    // Values 1, 2, 2, 5 and a gap: mean 10/4, variance ((1.5)^2 + 2 (0.5)^2 + 2.5^2) / 4 = 9/4.
    const profile = profileColumn(columnFrom('v', 'numeric', [1, 2, null, 2, 5]), 'because')
    expect(profile).toMatchObject({ kind: 'numeric', reason: 'because', count: 4, missing: 1, distinct: 3, distinctIsExact: true, numbers: { min: 1, max: 5, mean: 2.5, sd: 1.5, zeros: 0 } })
    expect(profile.numbers?.quantiles[3]).toBe(2)
    expect(profile.numbers?.histogram).toEqual({ edges: [0.5, 1.5, 2.5, 3.5, 4.5, 5.5], counts: [1, 2, 0, 0, 1] })
  })
  it('categories, most frequent first, equal ones as they appear', () => {
    const profile = profileColumn(columnFrom('v', 'categorical', ['b', 'a', 'c', 'a', null, 'b']), '')
    expect(profile.top).toEqual([{ value: 'b', count: 2 }, { value: 'a', count: 2 }, { value: 'c', count: 1 }])
    const many = profileColumn(columnFrom('v', 'categorical', range(2000, (i) => `c${(i * i) % 101}`)), '')
    expect(many.top?.length).toBe(20)
    expect(many.top?.map((entry) => entry.count)).toEqual([...(many.top ?? [])].map((entry) => entry.count).sort((a, b) => b - a))
  })
  it('truth values and texts', () => {
    expect(profileColumn(columnFrom('v', 'boolean', [true, false, true, null]), '')).toMatchObject({ distinct: 2, top: [{ value: 'true', count: 2 }, { value: 'false', count: 1 }] })
    expect(profileColumn(columnFrom('v', 'text', ['é', 'abc', null, '日本', 'abc']), '')).toMatchObject({ distinct: 3, lengths: { min: 1, max: 3, mean: 2.25 }, top: [{ value: 'abc', count: 2 }, { value: 'é', count: 1 }, { value: '日本', count: 1 }] })
  })
  it('survives the ends of the number line', () => {
    const profile = profileColumn(columnFrom('v', 'numeric', [-Number.MAX_VALUE, 0.5, Number.MAX_VALUE]), '')
    expect(profile.numbers?.histogram.edges.every(Number.isFinite)).toBe(true)
    expect(profile.numbers?.histogram.counts.reduce((a, b) => a + b)).toBe(3)
    expect(Number.isFinite(profile.numbers?.mean)).toBe(true)
    // Deviations are about MAX, 0 and MAX: the root of two thirds of it.
    expect((profile.numbers?.sd as number) / Number.MAX_VALUE).toBeCloseTo(Math.sqrt(2 / 3), 12)
  })
  it.each<readonly [string, Kind, Cell[], string[]]>([
    ['one value', 'numeric', [3, 3, null, 3], ['constant']],
    ['nothing', 'text', [null, null], ['mostly-missing']],
    ['mostly nothing', 'numeric', [1, 2, null, null, null], ['mostly-missing']],
    ['counts the rows', 'numeric', range(30, (i) => 30 - i), ['id-like']],
    ['measures', 'numeric', range(30, (i) => i * 1.5), []],
    ['all differ', 'categorical', range(30, (i) => `n${i}`), ['id-like']],
    ['too many', 'categorical', range(200, (i) => `n${i % 60}`), ['many-categories']],
    ['few', 'categorical', range(200, (i) => `n${i % 5}`), []],
    ['ids', 'id', ['a', 'b'], ['id-like']],
  ])('warns: %s', (_, kind, cells, wanted) => {
    expect(codes(kind, cells)).toEqual(wanted)
  })
})

describe('profile of a dataset', () => {
  const table = (): Column[] => [
    columnFrom('a', 'numeric', [1, 2, 1, null, 1]),
    columnFrom('b', 'categorical', ['x', 'y', 'x', 'x', 'x']),
    columnFrom('c', 'numeric', [1, 2, 1, null, 1]),
    columnFrom('__proto__', 'text', ['t', 'u', 't', 't', 't']),
  ]
  it('finds duplicate rows and columns', async () => {
    const { profile } = await profileOf(table(), 5, ['r1', 'r2', 'r3', 'r4'])
    expect(profile).toMatchObject({ version: 1, rows: 5, duplicateRows: 2 })
    expect(profile.columns.map((column: ColumnProfile) => column.warnings)).toEqual([[], [], [{ code: 'duplicate', of: 'a' }], []])
    expect(profile.columns.map((column: ColumnProfile) => column.reason)).toEqual(['r1', 'r2', 'r3', 'r4'])
  })
  it('hashes content: names, order, values, kinds and gaps all count', async () => {
    const hash = async (columns: readonly Column[]): Promise<string> => (await profileOf(columns, 5)).hash
    const base = await hash(table())
    expect(await hash(table())).toBe(base)
    const changes: Column[][] = [
      table().map((column, i) => (i === 0 ? { ...column, name: 'A' } : column)),
      table().toReversed(),
      table().map((column, i) => (i === 0 ? columnFrom('a', 'numeric', [1, 2, 1, 0, 1]) : column)),
      table().map((column, i) => (i === 0 ? columnFrom('a', 'text', ['1', '2', '1', null, '1']) : column)),
      table().map((column, i) => (i === 1 ? columnFrom('b', 'categorical', ['x', 'z', 'x', 'x', 'x']) : column)),
    ]
    for (const changed of changes) expect(await hash(changed)).not.toBe(base)
  })
  it('takes rows of every kind of column', () => {
    const cells: Record<string, Cell[]> = { numeric: [1, null, 3], categorical: ['a', null, 'b'], boolean: [true, false, null], datetime: [0, null, 86_400], text: ['x', 'yy', null] }
    for (const [kind, values] of Object.entries(cells)) {
      const taken = takeColumn(columnFrom('v', kind as Kind, values), [2, 0])
      expect(taken).toEqual(columnFrom('v', kind as Kind, [values[2] as Cell, values[0] as Cell]))
    }
  })
})
