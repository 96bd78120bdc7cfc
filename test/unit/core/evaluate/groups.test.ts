import { describe, expect, test } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import type { Cell, Column } from '../../../../src/core/data/column.ts'
import { groupReport } from '../../../../src/core/evaluate/groups.ts'
import type { GroupInput } from '../../../../src/core/evaluate/groups.ts'
import { rowsOfSlice } from '../../../../src/core/evaluate/slice.ts'

const n = 100
const cells = (of: (row: number) => Cell) => Array.from({ length: n }, (_, row) => of(row))
const columns = [
  columnFrom('sex', 'categorical', cells((row) => (row % 10 === 9 ? null : row % 2 === 0 ? 'f' : '__proto__'))),
  columnFrom('age', 'numeric', cells((row) => (row < 4 ? null : row))),
  columnFrom('smokes', 'boolean', cells((row) => row >= 50)),
  columnFrom('few', 'numeric', cells((row) => row % 3)),
  columnFrom('rare', 'categorical', cells((row) => (row < 5 ? 'rare' : 'common'))),
  { ...columnFrom('when', 'datetime', cells((row) => row * 86400)), layout: 'dd.MM.yyyy' } as Column,
  columnFrom('note', 'text', cells((row) => `note ${row}`)),
]
const dataset = { rows: n, columns }
const input: GroupInput = {
  part: 'valid',
  dataset,
  rows: Uint32Array.from({ length: n }, (_, i) => i),
  target: { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from({ length: n }, (_, i) => i & 1) },
  prediction: { task: 'binary', classes: ['no', 'yes'], probabilities: Float64Array.from({ length: 2 * n }, (_, i) => (i & 1 ? (i < n ? 0.9 : 0.1) : i < n ? 0.1 : 0.9)) },
  threshold: 0.5,
  columns: ['smokes'],
  metric: 'accuracy',
  seed: 1,
}
const report = (columns: string[], metric = 'accuracy') => groupReport({ ...input, columns, metric }, quietContext())

describe('groupReport', () => {
  test('scores by hand', async () => {
    // Rows 0 to 49 are all called yes (25 of 50 right), rows 50 to 99 all no (25 of 50 right).
    const { groups, overall } = await report(['smokes'])
    expect(overall.value).toBe(0.5)
    expect(groups.map(({ values, n: size, score }) => [values, size, score.value])).toEqual([[['false'], 50, 0.5], [['true'], 50, 0.5]])
    const recall = await report(['smokes'], 'recall')
    expect(recall.groups.map(({ score }) => score.value)).toEqual([1, 0])
  })
  test.each([[['sex']], [['age']], [['few']], [['when']], [['sex', 'age']], [['smokes', 'few']]])('groups by %j partition the rows, and their conditions find the same rows again', async (names) => {
    const { groups, omitted } = await report(names)
    expect(omitted).toEqual({ groups: 0, rows: 0 })
    expect(groups.reduce((sum, group) => sum + group.n, 0)).toBe(n)
    const found = new Set<number>()
    for (const group of groups) {
      const rows = rowsOfSlice(dataset, group.conditions)
      expect(rows.length).toBe(group.n)
      rows.forEach((row) => found.add(row))
    }
    expect(found.size).toBe(n)
  })
  test('numbers are cut at quartiles, few values kept, missing apart', async () => {
    const age = await report(['age'])
    expect(age.groups.map(({ values, n: size }) => [values[0], size])).toEqual([
      ['under 27.75', 24],
      ['27.75 to under 51.5', 24],
      ['51.5 to under 75.25', 24],
      ['75.25 and over', 24],
      [null, 4],
    ])
    expect(age.groups.at(-1)?.score).toEqual({ metric: 'accuracy', value: null, reason: 'fewer than 10 rows', low: null, high: null })
    expect((await report(['few'])).groups.map(({ values }) => values[0])).toEqual(['0', '1', '2'])
  })
  test('dates are cut at dates that there are, written as in the file', async () => {
    // Quartiles of days 0 to 99 lie at 24.75, 49.5 and 74.25; the next days are 25, 50 and 75.
    expect((await report(['when'])).groups.map(({ values, n: size }) => [values[0], size])).toEqual([
      ['under 26.01.1970', 25],
      ['26.01.1970 to under 20.02.1970', 25],
      ['20.02.1970 to under 17.03.1970', 25],
      ['17.03.1970 and over', 25],
    ])
  })
  test('a group under 10 rows has its n but no score', async () => {
    const { groups } = await report(['rare'])
    expect(groups[1]).toMatchObject({ n: 5, score: { value: null, reason: 'fewer than 10 rows' } })
  })
  test('refuses what makes no groups', async () => {
    await expect(report(['note'])).rejects.toThrow('invalid column; text does not make groups: note')
    await expect(report([])).rejects.toThrow('invalid columns')
    await expect(report(['sex', 'age', 'few'])).rejects.toThrow('invalid columns')
    await expect(report(['sex'], 'rmse')).rejects.toThrow('invalid metric; not one for binary: rmse')
    await expect(report(['gone'])).rejects.toThrow('missing column')
  })
})

describe('rowsOfSlice', () => {
  test('low is in, high is not, missing is in no range', () => {
    expect(Array.from(rowsOfSlice(dataset, [{ column: 'age', op: 'between', low: 10, high: 12 }]))).toEqual([10, 11])
    expect(rowsOfSlice(dataset, [{ column: 'age', op: 'between', low: null, high: null }]).length).toBe(96)
    expect(Array.from(rowsOfSlice(dataset, [{ column: 'age', op: 'is', value: null }]))).toEqual([0, 1, 2, 3])
  })
  test('conditions add up, over given rows, and names from data are only text', () => {
    expect(Array.from(rowsOfSlice(dataset, [{ column: 'sex', op: 'is', value: '__proto__' }, { column: 'smokes', op: 'is', value: 'true' }], [1, 51, 53]))).toEqual([51, 53])
    expect(Array.from(rowsOfSlice(dataset, [{ column: 'sex', op: 'is', value: 'nobody' }]))).toEqual([])
    expect(Array.from(rowsOfSlice(dataset, [{ column: 'note', op: 'is', value: 'note 7' }]))).toEqual([7])
    expect(Array.from(rowsOfSlice(dataset, [{ column: 'few', op: 'is', value: '' }]))).toEqual([])
  })
  test('a range needs an order', () => {
    expect(() => rowsOfSlice(dataset, [{ column: 'sex', op: 'between', low: 1, high: 2 }])).toThrow('invalid range')
  })
})
