import { describe, expect, it } from 'vitest'
import { blockRows, leftEdges, scrollTopFor, spacerHeight, spacerLimit, virtualTop, visibleColumns } from '../../../src/ui/grid.ts'

describe('virtual rows', () => {
  it('scrolls pixel by pixel while the rows fit', () => {
    expect(spacerHeight(1000, 28)).toBe(28_000)
    expect(virtualTop(777, 1000, 28, 500)).toBe(777)
    expect(scrollTopFor(777, 1000, 28, 500)).toBe(777)
  })
  it('never shows less than nothing or more than the end', () => {
    expect(virtualTop(-5, 1000, 28, 500)).toBe(0)
    expect(virtualTop(99_999, 1000, 28, 500)).toBe(27_500)
    expect(virtualTop(50, 3, 28, 500)).toBe(0)
  })
  it('caps the spacer and still reaches the first and the last of a million rows', () => {
    const rows = 1_000_000
    expect(spacerHeight(rows, 28)).toBe(spacerLimit)
    expect(virtualTop(0, rows, 28, 600)).toBe(0)
    // Full height 28,000,000 less the view of 600.
    expect(virtualTop(spacerLimit - 600, rows, 28, 600)).toBe(27_999_400)
  })
  it('inverts itself when scaled', () => {
    for (const top of [0, 28, 14_000_000, 27_999_400]) {
      const scrolled = scrollTopFor(top, 1_000_000, 28, 600)
      expect(Math.abs(virtualTop(scrolled, 1_000_000, 28, 600) - top)).toBeLessThan(1e-6)
    }
  })
})

describe('virtual columns', () => {
  const edges = leftEdges([{ width: 100 }, { width: 50 }, { width: 200 }])
  it('adds up widths', () => expect([...edges]).toEqual([0, 100, 150, 350]))
  it.each([
    { left: 0, width: 90, seen: [0, 1] },
    { left: 0, width: 101, seen: [0, 2] },
    { left: 100, width: 10, seen: [1, 2] },
    { left: 149, width: 2, seen: [1, 3] },
    { left: 340, width: 500, seen: [2, 3] },
  ])('sees columns $seen from $left over $width', ({ left, width, seen }) => expect(visibleColumns(edges, left, width)).toEqual(seen))
  it('has none to see in an empty table', () => expect(visibleColumns(leftEdges([]), 0, 100)).toEqual([0, 0]))
  it('finds the last of 20,000 columns', () => {
    const many = leftEdges(Array.from({ length: 20_000 }, () => ({ width: 100 })))
    expect(visibleColumns(many, 1_999_900, 100)).toEqual([19_999, 20_000])
  })
  it('asks for fewer rows where rows are wide', () => {
    expect(blockRows(8)).toBe(200)
    expect(blockRows(1000)).toBe(20)
    expect(blockRows(0)).toBe(200)
  })
})
