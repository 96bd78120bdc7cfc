/** Rows of the model's own data among new ones: told apart from rows that are equal, or hash alike, by chance. */
import { expect, test } from 'vitest'
import { referenceProfile, type OwnKeys } from '../../../../src/core/bundle/reference.ts'
import type { Signature } from '../../../../src/core/bundle/signature.ts'
import type { Column } from '../../../../src/core/data/column.ts'
import type { Evaluation } from '../../../../src/core/evaluate/evaluation.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import type { Current } from '../../../../src/core/monitor/current.ts'
import { isMoreThanChance, knownByKeys, knownRows, withoutKnown } from '../../../../src/core/monitor/known-rows.ts'
import { monitorProfile } from '../../../../src/core/monitor/profile.ts'
import type { DriftReport } from '../../../../src/core/monitor/report.ts'
import { nodeContext } from '../../../support/node-context.ts'

const numeric = (name: string, values: Float64Array): Column => ({ name, kind: 'numeric', length: values.length, values, integer: false, validity: new Uint8Array((values.length + 7) >> 3).fill(255) })
const range = (rows: number, from = 0): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => from + i)
const inputs = ['a', 'b'] as const
const signature: Signature = { version: 1, name: 'm', task: 'regression', target: 'y', classes: [], outputs: [], inputs: inputs.map((name) => ({ name, kind: 'numeric', tensor: 'float', nullable: true })) }
/** Distinct rows of two columns, each row a function of its number. */
function table(rows: ArrayLike<number>, shift: (row: number) => number = () => 0): Column[] {
  return inputs.map((name, c) => numeric(name, Float64Array.from(rows, (row) => Math.fround(createRng(row * 2 + c + 1).next() * 1000 + shift(row)))))
}

/** 200,000 distinct rows, 60/20/20: a bundle carries the hashes of a quarter of them. */
const many = 200_000
const big = (() => {
  const columns = table(range(many))
  return referenceProfile(signature, columns, range(many * 0.6), { task: 'regression', values: (columns[0] as Column & { kind: 'numeric' }).values.subarray(many * 0.6, many * 0.8) })
})()

/** @param old how many rows of a file of `rows` are the model's; the others are far off */
async function judged(rows: number, old: number): Promise<DriftReport> {
  const numbers = [...range(old), ...range(rows - old, many)]
  const columns = table(numbers, (row) => (row < many ? 0 : 2000))
  const values = (columns[0] as Column & { kind: 'numeric' }).values
  const current: Current = { name: 'new.csv', kind: 'table', rows, columns, withheld: [], answered: range(rows), prediction: { task: 'regression', values }, truth: numeric('y', values.map((value) => value + 500)), issues: [] }
  const evaluation: Evaluation = { version: 1, part: 'valid', n: 40_000, task: 'regression', scores: [{ metric: 'rmse', value: 1, low: 0.9, high: 1.1 }], warnings: [] }
  return monitorProfile(signature, big, current, { limit: 0.5, evaluation }, nodeContext())
}

test('a bundle of many rows: a handful of old ones among new ones silences nothing', async () => {
  expect(big.own?.kept).toBeCloseTo(0.25, 2)
  const report = await judged(100_000, 20)
  expect(report.verdict.level).toBe('act')
  expect(report.share.drifted).toBe(2)
  expect(report.performance?.rows).toBe(100_000)
}, 60_000)

test('a bundle of many rows: the lesser part is told and judged with the others, the greater part is not judged', async () => {
  const few = await judged(20_000, 2000)
  expect(few.source.known).toMatchObject({ of: 20_000, leftOut: false, judged: true })
  expect(Math.abs((few.source.known?.rows ?? 0) - 2000)).toBeLessThan(400)
  expect(few.verdict.level).toBe('act')
  expect(few.verdict.sure).toMatch(/^About [\d,]+ of 20,000 rows are rows of the model's own data, and it learnt from every one of these\. Which ones cannot be told/)
  expect(few.performance?.rows).toBe(20_000)
  const most = await judged(20_000, 12_000)
  expect(most.source.known?.judged).toBeUndefined()
  expect(most.verdict.level).toBe('unknown')
  expect(most.performance).toBeUndefined()
}, 60_000)

test('hashes that meet by chance are no old rows, however many rows are asked', () => {
  const rng = createRng(3)
  // More keys than a bundle carries, so that fewer rows meet them as often.
  const keys = Uint32Array.from({ length: 2 ** 20 }, () => Math.floor(rng.next() * 2 ** 32)).sort()
  const packed = (own: Uint32Array): string => Buffer.from(own.buffer).toString('base64')
  const own: OwnKeys = { learnt: packed(keys), others: '', repeats: 0, kept: 1 }
  const rows = 100_000
  const columns = table(range(rows))
  // Without them counted, these would be called the model's own and dropped.
  expect(isMoreThanChance(Math.round((rows * keys.length) / 2 ** 32), rows, own.repeats)).toBe(true)
  expect(knownByKeys(own, columns, rows)?.rows.length).toBeUndefined()
  expect(withoutKnown({ rows } as Current, knownByKeys(own, columns, rows)).rows).toBe(rows)
})

test('rows that are as often equal as those of the data are new, though they are looked up among all parts', () => {
  const draw = (seed: number): Column[] => {
    const rng = createRng(seed)
    return [numeric('a', Float64Array.from({ length: 20_000 }, () => Math.floor(rng.next() * 400_000)))]
  }
  const [old, fresh] = [draw(1), draw(2)]
  expect(knownRows({ columns: old, rows: 20_000, train: range(12_000) }, fresh, 20_000)?.rows.length).toBeUndefined()
  const only: Signature = { ...signature, inputs: signature.inputs.slice(0, 1) }
  const { own } = referenceProfile(only, old, range(12_000), { task: 'regression', values: new Float64Array(100) })
  expect(own?.kept).toBe(1)
  expect(knownByKeys(own as OwnKeys, fresh, 20_000)?.rows.length).toBeUndefined()
  // Old rows are known all the same.
  expect(knownRows({ columns: old, rows: 20_000, train: range(12_000) }, old, 20_000)?.rows.length).toBe(20_000)
  expect(knownByKeys(own as OwnKeys, old, 20_000)?.rows.length).toBe(20_000)
})
