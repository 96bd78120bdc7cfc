import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { makeSplit } from '../../../../src/core/data/make-split.ts'
import { sampleTraining } from '../../../../src/core/data/sample-rows.ts'

const classes = ['often', 'seldom', 'once']
const split = (rows: number, seed = 3) => {
  const column = columnFrom('y', 'categorical', Array.from({ length: rows }, (_, row) => (row === 0 ? 'once' : row % 10 === 1 ? 'seldom' : 'often')))
  return { column, whole: makeSplit([column], 'y', { strategy: { kind: 'stratified', column: 'y' }, validShare: 0.2, testShare: 0.2, seed }) }
}

describe('a sample of the training rows', () => {
  it('keeps parts a partition, leaves the judging parts alone, and a larger one holds a smaller one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 300 }), fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 150 }), fc.boolean(), (rows, a, b, byClass) => {
        const { column, whole } = split(rows)
        const [small, large] = [Math.min(a, b), Math.max(a, b)].map((count) => sampleTraining(whole, count, byClass ? column : undefined)) as [typeof whole, typeof whole]
        expect([small.valid, small.test]).toEqual([whole.valid, whole.test])
        expect(small.train.length).toBe(Math.min(Math.min(a, b), whole.train.length))
        expect([...small.train, ...small.leftOut.flatMap(({ rows: out }) => [...out])].sort((x, y) => x - y)).toEqual([...whole.train])
        expect(small.train.every((row) => large.train.includes(row))).toBe(true)
        expect(sampleTraining(whole, Math.min(a, b), byClass ? column : undefined)).toEqual(small)
      }),
    )
  })
  it('gives each class its share, and loses none', () => {
    const { column, whole } = split(1000)
    const sample = sampleTraining(whole, 100, column)
    const counts = classes.map((name) => [...sample.train].filter((row) => (row === 0 ? 'once' : row % 10 === 1 ? 'seldom' : 'often') === name).length)
    expect(counts[2]).toBe(1)
    // A tenth of the rows, give or take the one that each class begins with.
    expect(Math.abs((counts[1] as number) - 10)).toBeLessThanOrEqual(1)
    expect(sample.leftOut.at(-1)?.reason).toBe('a sample of 100 rows is learnt from')
  })
  it.each([0, -1, 1.5, Number.NaN])('refuses %s rows', (rows) => {
    expect(() => sampleTraining(split(50).whole, rows)).toThrow('invalid sampleRows; not a whole number from 1')
  })
})
