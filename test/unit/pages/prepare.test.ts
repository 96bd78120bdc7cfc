/** What the prepare page decides without a browser. */
import { describe, expect, it } from 'vitest'
import { classNames } from '../../../src/pages/prepare/class-names.ts'
import { Edits } from '../../../src/pages/prepare/one-edit.ts'

describe('one edit', () => {
  const number = { tagName: 'INPUT', type: 'text' }
  const list = { tagName: 'SELECT' }
  it('is what is typed into one field, however slowly, until the field is left', () => {
    const edits = new Edits()
    const first = edits.of(number, 0)
    expect(first).toBeDefined()
    expect(edits.of(number, 60_000)).toBe(first)
    edits.end()
    expect(edits.of(number, 60_001)).not.toBe(first)
  })
  it('is the letters typed into a list within a word', () => {
    const edits = new Edits()
    const first = edits.of(list, 0)
    expect(edits.of(list, 900)).toBe(first)
    expect(edits.of(list, 2500)).not.toBe(first)
  })
  it('is each press of a button, each box ticked', () => {
    for (const field of [null, { tagName: 'BUTTON', type: 'button' }, { tagName: 'INPUT', type: 'checkbox' }]) expect(new Edits().of(field, 0)).toBeUndefined()
  })
})

describe('class names', () => {
  const numbers = (min: number, max: number, mean: number) =>
    ({ distinct: 2, numbers: { min, max, mean, sd: 1, zeros: 0, quantiles: [0, 0, 0, 0, 0, 0, 0], histogram: { edges: [0, 1], counts: [1] } } }) as const
  it('of two numbers are written as targets write them, the rarer last', () => {
    // 1000 in 3 rows, 2500 in 1: mean 1375.
    expect(classNames(numbers(1000, 2500, 1375))).toEqual(['1000', '2500'])
    expect(classNames(numbers(-0.00001, 1, 0.9))).toEqual(['1', '-0.00001'])
    expect(classNames(numbers(0, 1, 0.5))).toEqual(['0', '1'])
  })
  it('are none where a numeric column has more values', () => expect(classNames({ ...numbers(0, 2, 1), distinct: 3 })).toEqual([]))
})
