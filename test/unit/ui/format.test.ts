import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, formatFixed, formatNumber, formatPercent, formatSignificant, formatUtc, lowerFirst, missingMark, plural, shorten } from '../../../src/ui/format.ts'

// The reader's language decides on separators: take them out before comparing.
const plain = (text: string) => text.replace(/[\s,.'’  ]/g, '')

describe('numbers', () => {
  it.each([
    [0, '0'],
    [3750, '3750'],
    [12_345.678, '12346'],
    [0.12345, '01235'],
    [5.4519, '5452'],
  ])('%d reads %s', (value, text) => expect(plain(formatNumber(value))).toBe(text))
  it.each([
    [1.9e-7, '19×10⁻⁷'],
    [-2.54e-12, '−254×10⁻¹²'],
    [9.99996e-5, '1×10⁻⁴'],
    [1.5e20, '15×10²⁰'],
  ])('%d reads %s', (value, text) => expect(plain(formatNumber(value))).toBe(text))
  it('says missing for what is not a number', () => {
    for (const value of [null, undefined, Number.NaN]) expect(formatNumber(value)).toBe(missingMark)
    expect(formatNumber(Number.POSITIVE_INFINITY)).toBe('∞')
    expect(formatFixed(null)).toBe(missingMark)
  })
  it.each([
    [11.8, '1180'],
    [0.5, '05000'],
    [12345.6, '12346'],
    [-3, '−3000'],
  ])('%d with four digits reads %s', (value, text) => expect(plain(formatSignificant(value))).toBe(text))
  it('keeps the decimals of scores', () => expect(plain(formatFixed(0.87, 3))).toBe('0870'))
  it('never rounds some to none or to all', () => {
    expect(formatPercent(0.0000001)).toMatch(/^</)
    expect(formatPercent(0.9999999)).toMatch(/^>/)
    expect(formatPercent(0)).not.toMatch(/^</)
    expect(formatPercent(1)).not.toMatch(/^>/)
  })
})

describe('units', () => {
  it('counts bytes by thousands', () => {
    expect(formatBytes(1)).toBe('1 byte')
    expect(formatBytes(999)).toBe('999 bytes')
    expect(plain(formatBytes(45_000_000))).toBe('45MB')
  })
  it.each([
    [0, '< 1 ms'],
    [0.49, '< 1 ms'],
    [0.6, '1 ms'],
    [430, '430 ms'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [80_000, '1 min 20 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms reads %s', (value, text) => expect(formatDuration(value)).toBe(text))
  it('shows the time of day only where there is one', () => {
    expect(formatUtc(0)).toBe('1970-01-01')
    expect(formatUtc(3661)).toBe('1970-01-01 01:01:01')
    expect(formatUtc(1e300)).toBe(missingMark)
    expect([formatUtc(3661, 'HH:mm'), formatUtc(3661, 'HH:mm:ss'), formatUtc(0, 'HH:mm'), formatUtc(3661, 'yyyy-MM-dd HH:mm')]).toEqual(['01:01', '01:01:01', '00:00', '1970-01-01 01:01:01'])
  })
})

describe('words', () => {
  it('counts one and many', () => {
    expect(plural(1, 'row')).toBe('1 row')
    expect(plural(2, 'class', 'classes')).toBe('2 classes')
  })
  it('cuts long names and leaves short ones', () => {
    expect(shorten('x'.repeat(10_240), 10)).toBe(`${'x'.repeat(9)}…`)
    expect(shorten('x')).toBe('x')
  })
  it('keeps capitals inside, and those of people', () => expect(['Neural network (MLP)', 'Gaussian naive Bayes'].map(lowerFirst)).toEqual(['neural network (MLP)', 'Gaussian naive Bayes']))
})
