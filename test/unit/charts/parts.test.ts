/** Palette, CSV, escaping, names, and the arithmetic of our own line plots. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { confusionValues } from '../../../src/charts/confusion.ts'
import { csvCell, csvOf } from '../../../src/charts/csv.ts'
import { line, type LineTrace, nameOf, say } from '../../../src/charts/figure.ts'
import { dark, light, seriesColour, withAlpha } from '../../../src/charts/palette.ts'
import { charts } from '../../../src/charts/registry.ts'
import { escapeText } from '../../../src/ui/escape-figure.ts'
import { nearestIndex, pathOf, scaleOf, ticksOf } from '../../../src/ui/line-plot.ts'
import { dependenceOf } from './fixtures.ts'

describe('palette', () => {
  it('is the twin of the tokens', () => {
    const css = readFileSync('src/app/styles/tokens.css', 'utf8')
    const token = (name: string) => {
      const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css)
      return [found?.[1], found?.[2]]
    }
    const pairs = { paper: 'ground', raised: 'raised', ink: 'ink', 'ink-2': 'muted', line: 'line', 'line-strong': 'axis', accent: 'accent', data: 'data', baseline: 'baseline', less: 'less', more: 'more' } as const
    for (const [name, key] of Object.entries(pairs)) expect([light[key], dark[key]], name).toEqual(token(name))
    light.series.forEach((colour, i) => expect([colour, dark.series[i]], `series-${i + 1}`).toEqual(token(`series-${i + 1}`)))
  })
  it('repeats after eight, and thins', () => {
    expect(seriesColour(light, 9)).toBe(light.series[1])
    expect(withAlpha('#0072b2', 0.5)).toBe('rgba(0,114,178,0.5)')
  })
})

describe('csv', () => {
  it.each([
    [null, ''],
    [-1.5, '-1.5'],
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['=1+1', "'=1+1"],
    ['@x', "'@x"],
    ['-cmd', "'-cmd"],
    ['\tx', "'\tx"],
    ['two\nlines', '"two\nlines"'],
    [Number.NaN, ''],
  ])('writes %j as %j', (cell, text) => expect(csvCell(cell)).toBe(text))
  it('writes a table with a hostile header', () => {
    expect(csvOf({ columns: ['=x', 'n'], rows: [['a', 1]] })).toBe("'=x,n\r\na,1\r\n")
  })
})

describe('text', () => {
  it('escapes what a chart library would read', () => {
    expect(escapeText('<a href="x">&amp;</a>')).toBe('&lt;a href="x"&gt;&amp;amp;&lt;/a&gt;')
  })
  it('cuts names to one line', () => {
    expect(nameOf('a\nb\u0000c')).toBe('a b c')
    expect(nameOf('x'.repeat(10_000))).toHaveLength(32)
  })
  it.each([
    [0.123456, '0.1235'],
    [12345.6, '12346'],
    [1e-9, '1×10⁻⁹'],
    [null, 'undefined'],
  ])('says %j as %j', (value, text) => expect(say(value)).toBe(text))
})

describe('confusion values', () => {
  const counts = [
    [8, 2],
    [0, 0],
  ]
  it('are counts, shares of rows, or shares of columns, and nothing where nothing is divided', () => {
    expect(confusionValues(counts, 'counts')).toEqual(counts)
    expect(confusionValues(counts, 'rows')).toEqual([[0.8, 0.2], [null, null]])
    expect(confusionValues(counts, 'columns')).toEqual([[1, 1], [0, 0]])
  })
})

describe('line plot', () => {
  const x = scaleOf(0, 10, 100, 200)
  const y = scaleOf(0, 1, 50, 0)
  it('scales there and back', () => {
    expect(x.at(5)).toBe(150)
    expect(x.of(x.at(7))).toBeCloseTo(7, 12)
    expect(y.at(1)).toBe(0)
  })
  it.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 7, 5, [-2, 0, 2, 4, 6]],
    [1000, 1003, 3, [1000, 1001, 1002, 1003]],
    [5, 5, 4, [5]],
    [-0.95, 0.8, 3, [-0.5, 0, 0.5]],
  ])('puts round ticks into [%d, %d]', (low, high, count, ticks) => expect(ticksOf(low, high, count)).toEqual(ticks))
  it('draws lines, steps and gaps', () => {
    const trace = (shape: 'linear' | 'hv' | 'vh') => line('', [0, 5, 10], [0, 1, 1], { colour: '#000000', shape })
    expect(pathOf(trace('linear'), x, y)).toBe('M100.0 50.0L150.0 0.0L200.0 0.0')
    expect(pathOf(trace('vh'), x, y)).toBe('M100.0 50.0V0.0H150.0V0.0H200.0')
    expect(pathOf(trace('hv'), x, y)).toBe('M100.0 50.0H150.0V0.0H200.0V0.0')
    expect(pathOf(line('', [0, 1, 2], [0, null, 0], { colour: '#000000' }), x, y)).toBe('M100.0 50.0M120.0 50.0')
  })
  it('finds the nearest point in pixels', () => {
    expect(nearestIndex([0, 5, 10], [0, 1, 0], x, y, 148, 3)).toBe(1)
  })
})

describe('partial dependence of names', () => {
  const named = { ...dependenceOf, column: 'colour', grid: ['red', 'blue', 'green'], low: [0.1, 0.1, 0.2], high: [0.4, 0.6, 0.9] } as const
  it('is marks with the interval of rows, and no line from name to name', () => {
    const chart = charts['partial-dependence'](named, light)
    const traces = chart?.figure.data as LineTrace[]
    expect(traces.map(({ name, mode }) => [name, mode])).toEqual([['90% of rows', 'lines'], ['Mean of rows', 'markers'], ['This row', 'markers']])
    expect(traces[0]?.x).toEqual([0, 0, null, 1, 1, null, 2, 2, null])
    expect(traces[0]?.y).toEqual([0.1, 0.4, null, 0.1, 0.6, null, 0.2, 0.9, null])
    expect(chart?.table.rows[1]).toEqual(['blue', 0.4, 0.1, 0.6, 0.5])
  })
})
