/** The default rules as a table, and every ordinary corner: constant, empty, missing, unseen. */
import { describe, expect, test } from 'vitest'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { stackColumns } from '../../../../src/core/data/stack-columns.ts'
import { chunksOf, startOf } from '../../../../src/core/monitor/chunks.ts'
import { columnDrift, testDrift, type DriftOf } from '../../../../src/core/monitor/column-drift.ts'
import { jensenShannon, populationStability, sharesOf, sturgesEdges, wasserstein } from '../../../../src/core/monitor/distances.ts'
import { chiSquareFit, kolmogorovSmirnov, proportionsZ } from '../../../../src/core/monitor/hypotheses.ts'
import { defaultTest, driftTests } from '../../../../src/core/monitor/rules.ts'
import { namesOf, numbersOf, valuesOf } from '../../../../src/core/monitor/values.ts'

const ramp = (n: number, from = 0, step = 1): Float64Array => Float64Array.from({ length: n }, (_, i) => from + i * step)
const names = (n: number, of: (i: number) => string | undefined) => namesOf(Array.from({ length: n }, (_, i) => of(i)))
const tested = (result: ReturnType<typeof testDrift>): DriftOf => {
  if ('untested' in result) throw new Error(result.untested)
  return result
}

test.each([
  ['numbers', 6, 1000, 'ks'],
  ['numbers', 6, 1001, 'wasserstein'],
  ['numbers', 5, 1000, 'chi-square'],
  ['numbers', 3, 1000, 'chi-square'],
  ['numbers', 5, 1001, 'jensen-shannon'],
  ['numbers', 2, 1000, 'z'],
  ['numbers', 1, 1000, 'z'],
  ['numbers', 2, 1001, 'jensen-shannon'],
  ['names', 3, 1000, 'chi-square'],
  ['names', 2, 1000, 'z'],
  ['names', 3, 1001, 'jensen-shannon'],
  ['names', 2, 1001, 'jensen-shannon'],
] as const)('%s with %i values and %i reference rows are tested by %s', (kind, distinct, rows, wanted) => expect(defaultTest(kind, distinct, rows)).toBe(wanted))

describe('limits', () => {
  test('p at 0.05 is a drift by Kolmogorov and Smirnov alone; distances drift from 0.1 on', () => {
    const verdicts = driftTests.map(({ id, says, isDrift }) => [id, says === 'p' ? isDrift({ statistic: 1, p: 0.05 }) : isDrift({ statistic: 0.1 }), says === 'p' ? isDrift({ statistic: 1, p: 0.051 }) : isDrift({ statistic: 0.0999 })])
    expect(verdicts).toEqual([['ks', true, false], ['chi-square', false, false], ['z', false, false], ['wasserstein', true, false], ['jensen-shannon', true, false], ['psi', true, false]])
  })
  test('the number of different values is of both sides together', () => {
    expect(tested(testDrift(numbersOf([1, 2, 3, 1, 2]), numbersOf([4, 5, 6, 6]))).test).toBe('ks')
    expect(tested(testDrift(numbersOf([1, 2, 1, 2]), numbersOf([1, 3]))).test).toBe('chi-square')
    expect(tested(testDrift(names(10, (i) => (i % 2 ? 'a' : 'b')), names(10, () => 'c'))).test).toBe('chi-square')
  })
})

describe('corners', () => {
  test('one shared value is no drift, with p 1', () => {
    for (const values of [numbersOf([7, 7, 7]), names(3, () => 'x')]) expect(tested(testDrift(values, values))).toMatchObject({ drifted: false, p: 1, statistic: 0 })
    expect(tested(testDrift(numbersOf(new Float64Array(2000).fill(7)), numbersOf([7, 7])))).toMatchObject({ drifted: false, statistic: 0 })
  })
  test('a constant that became another one is a drift', () => {
    expect(tested(testDrift(numbersOf(new Float64Array(50).fill(1)), numbersOf(new Float64Array(50).fill(2)))).drifted).toBe(true)
    expect(tested(testDrift(numbersOf(new Float64Array(2000).fill(1)), numbersOf(new Float64Array(50).fill(2)))).drifted).toBe(true)
  })
  test('nothing on one side is told, not tested; every distance of nothing is 0', () => {
    expect(testDrift(numbersOf([]), numbersOf([1]))).toEqual({ untested: 'The reference has no value here.' })
    expect(testDrift(numbersOf([1]), numbersOf([Number.NaN]))).toEqual({ untested: 'There is no value here now.' })
    expect(testDrift(names(2, () => 'a'), names(2, () => undefined))).toEqual({ untested: 'There is no value here now.' })
    expect(kolmogorovSmirnov([], [1])).toEqual({ statistic: 0, p: 1 })
    expect(chiSquareFit([0, 0], [1, 2])).toEqual({ statistic: 0, p: 1 })
    expect(proportionsZ(0, 0, 1, 2)).toEqual({ statistic: 0, p: 1 })
    expect(wasserstein([], [1])).toBe(0)
    expect(jensenShannon(sharesOf([0, 0]), sharesOf([1, 2]))).toBe(0)
    expect(sturgesEdges(3, 3, 9)).toEqual(Float64Array.of(2.5, 3.5))
  })
  test('one stray row of a new category is no proof, many are; what is new is named', () => {
    const reference = names(500, (i) => ['a', 'b', 'c'][i % 3])
    const stray = columnDrift('x', reference, names(300, (i) => (i === 0 ? '<b>' : ['a', 'b', 'c'][i % 3])))
    expect(stray.drift).toMatchObject({ test: 'chi-square', drifted: false })
    expect(stray.unseen).toEqual({ names: [{ name: '<b>', rows: 1 }], distinct: 1, rows: 1 })
    expect(columnDrift('x', reference, names(300, (i) => (i < 60 ? 'd' : 'a'))).drift?.drifted).toBe(true)
  })
  test('shares with empty bins have a finite index', () => expect(Number.isFinite(populationStability([1, 0], [0, 1]))).toBe(true))
  test('a hole that grew is told apart from the distribution of the rest', () => {
    const before = numbersOf(ramp(400))
    const now = numbersOf(ramp(400).map((value, i) => (i % 2 ? Number.NaN : value)))
    expect(columnDrift('x', before, now)).toMatchObject({ missingChanged: true, drift: { drifted: false } })
    expect(columnDrift('x', before, before).missingChanged).toBe(false)
  })
  test('values beyond the old range are counted, and a far one does not press the drawing flat', () => {
    const made = columnDrift('x', numbersOf(ramp(1000)), numbersOf([...ramp(1000), -5, 1e9, 2000]))
    expect(made.beyond).toEqual({ below: 1, above: 2 })
    expect(made.picture?.edges?.at(-1)).toBeLessThan(1100)
    expect(made.picture?.current.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
  })
  test('effect: sd of the reference for numbers, share of rows for names', () => {
    expect(columnDrift('x', numbersOf([0, 2]), numbersOf([3, 5])).effect).toBeCloseTo(3, 12)
    expect(columnDrift('x', names(10, (i) => (i < 5 ? 'a' : 'b')), names(10, (i) => (i < 2 ? 'a' : 'b'))).effect).toBeCloseTo(0.3, 12)
  })
  test('numbers are compared as a log has them, with 32 bits', () => {
    const values = valuesOf(columnFrom('x', 'numeric', [0.1, null, 0.2]), [0, 1, 2])
    expect(values).toMatchObject({ count: 2, missing: 1, kind: 'numbers' })
    expect(values?.kind === 'numbers' && [...values.sorted]).toEqual([Math.fround(0.1), Math.fround(0.2)])
  })
})

test('columns of one name end to end, each with categories of its own', () => {
  const whole = stackColumns([columnFrom('x', 'categorical', ['b', null, '__proto__']), columnFrom('x', 'categorical', ['__proto__', 'a', 'b'])])
  expect(whole).toMatchObject({ length: 6, dictionary: ['b', '__proto__', 'a'] })
  expect(whole.kind === 'categorical' && [...whole.codes]).toEqual([0, -1, 1, 1, 2, 0])
  const text = stackColumns([columnFrom('t', 'text', ['ä', null]), columnFrom('t', 'text', ['', 'bc'])])
  expect(text.kind === 'text' && [...text.offsets]).toEqual([0, 2, 2, 2, 4])
})

describe('chunks', () => {
  const at = (iso: string): number => Date.parse(iso) / 1000
  test('units begin where calendars say', () => {
    const moment = at('2026-05-14T17:45:10Z')
    expect((['hour', 'day', 'week', 'month', 'quarter', 'year'] as const).map((unit) => new Date(startOf(moment, unit) * 1000).toISOString().slice(0, 13))).toEqual(['2026-05-14T17', '2026-05-14T00', '2026-05-11T00', '2026-05-01T00', '2026-04-01T00', '2026-01-01T00'])
    expect(new Date(startOf(at('1969-12-31T12:00:00Z'), 'week') * 1000).toISOString().slice(0, 10)).toBe('1969-12-29')
  })
  test('the unit is chosen so that chunks are few and large enough; rows without a moment are in none', () => {
    const times = Float64Array.from({ length: 400 }, (_, i) => (i % 100 === 0 ? Number.NaN : at('2026-01-01T00:00:00Z') + i * 86_400))
    const { chunks, how } = chunksOf(400, times)
    expect(chunks.map(({ label }) => label)).toEqual(['2026 Q1', '2026 Q2', '2026 Q3', '2026 Q4', '2027 Q1'])
    expect(chunks.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(396)
    expect(how).toBe('By quarter, UTC; 4 rows without a moment are in none.')
  })
  test('by rows, by nothing, and by a time that is not there', () => {
    expect(chunksOf(250, undefined, { by: 'rows', rows: 100 }).chunks.map(({ rows }) => rows.length)).toEqual([100, 100, 50])
    expect(chunksOf(1e6, undefined, { by: 'rows', rows: 1 }).chunks.length).toBeLessThanOrEqual(60)
    expect(chunksOf(10, undefined, { by: 'time', unit: 'day' }).chunks).toEqual([])
    expect(chunksOf(10, ramp(10), { by: 'none' }).chunks).toEqual([])
  })
})
