/** Edits of pictures, by hand-made pixels. */
import { describe, expect, it } from 'vitest'
import { editPicture, isEdited, noEdits, placeBefore } from '../../../../src/core/images/edit.ts'
import { rgbOf } from '../../../../src/core/images/luma.ts'
import { resize } from '../../../../src/core/images/resize.ts'

/** Grey levels row by row. */
const grey = (rows: readonly (readonly number[])[]) => ({ width: rows[0]!.length, height: rows.length, channels: 3 as const, data: Uint8Array.from(rows.flat().flatMap((level) => [level, level, level])) })
const levels = ({ width, data }: { width: number; data: ArrayLike<number> }) => Array.from({ length: data.length / 3 / width }, (_, y) => Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]))

describe('editPicture', () => {
  const four = grey([[10, 20, 30], [40, 50, 60], [70, 80, 90]])
  it('without edits gives what it was given, on white where it was see-through, and writes to nothing', () => {
    const clear = { width: 1, height: 1, channels: 4 as const, data: Uint8Array.of(100, 100, 100, 0) }
    expect(Array.from(editPicture(clear, noEdits).data)).toEqual([255, 255, 255])
    const before = Array.from(four.data)
    editPicture(four, { ...noEdits, brightness: 1, strokes: [{ colour: [0, 0, 0], radius: 1, points: [0.5, 0.5] }] })
    expect(Array.from(four.data)).toEqual(before)
    expect(levels(editPicture(four, noEdits))).toEqual([[10, 20, 30], [40, 50, 60], [70, 80, 90]])
    expect(isEdited(noEdits)).toBe(false)
    expect(isEdited({ ...noEdits, crop: { ...noEdits.crop, top: 0.1 } })).toBe(true)
  })
  it('brightness mixes with white or black', () => {
    expect(levels(editPicture(grey([[0, 100, 255]]), { ...noEdits, brightness: 0.5 }))).toEqual([[128, 178, 255]])
    expect(levels(editPicture(grey([[0, 100, 255]]), { ...noEdits, brightness: -0.5 }))).toEqual([[0, 50, 128]])
  })
  it('contrast draws levels to the middle grey, or away from it until they are black or white', () => {
    // 127.5 + (0 - 127.5) / 2 = 63.75, 127.5 + (100 - 127.5) / 2 = 113.75; twice as far: 72.5 and beyond both ends.
    expect(levels(editPicture(grey([[0, 100, 255]]), { ...noEdits, contrast: -0.5 }))).toEqual([[64, 114, 191]])
    expect(levels(editPicture(grey([[0, 100, 255]]), { ...noEdits, contrast: 0.5 }))).toEqual([[0, 73, 255]])
    expect(isEdited({ ...noEdits, contrast: 0.1 })).toBe(true)
  })
  it('a quarter turn clockwise takes the left column to the top, a half turn the first to the last', () => {
    expect(levels(editPicture(four, { ...noEdits, rotate: 90 }))).toEqual([[70, 40, 10], [80, 50, 20], [90, 60, 30]])
    expect(levels(editPicture(four, { ...noEdits, rotate: 180 }))).toEqual([[90, 80, 70], [60, 50, 40], [30, 20, 10]])
  })
  it('a crop cuts shares off and leaves at least one pixel', () => {
    const third = 1 / 3
    expect(levels(editPicture(four, { ...noEdits, crop: { left: third, right: 0, top: 0, bottom: third } }))).toEqual([[20, 30], [50, 60]])
    expect(levels(editPicture(four, { ...noEdits, crop: { left: 0.9, right: 0.9, top: 0.9, bottom: 0.9 } }))).toEqual([[90]])
  })
  it('a stroke covers what is nearer than its radius, a dab only its place', () => {
    const ink = { colour: [1, 1, 1] as const, radius: 0.1 }
    expect(levels(editPicture(four, { ...noEdits, strokes: [{ ...ink, points: [0.5, 0.5] }] }))).toEqual([[10, 20, 30], [40, 1, 60], [70, 80, 90]])
    expect(levels(editPicture(four, { ...noEdits, strokes: [{ ...ink, points: [0, 0.5, 1, 0.5] }] }))).toEqual([[10, 20, 30], [1, 1, 1], [70, 80, 90]])
    expect(levels(editPicture(four, { ...noEdits, strokes: [{ ...ink, points: [-3, -3] }] }))).toEqual(levels(four))
  })
  it('a blur keeps the sum, has the width that was asked for, and leaves an even picture as it is', () => {
    const side = 101
    const point = grey(Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => (x > 45 && x < 55 && y > 45 && y < 55 ? 255 : 0))))
    const out = levels(editPicture(point, { ...noEdits, blur: 0.05 })) as number[][]
    const sum = out.flat().reduce((a, b) => a + b, 0)
    // 81 pixels of 255, each rounded to a whole level afterwards.
    expect(Math.abs(sum - 81 * 255) / (81 * 255)).toBeLessThan(0.05)
    const variance = out.reduce((total, row) => total + row.reduce((a, level, x) => a + level * (x - 50) ** 2, 0), 0) / sum
    // The square itself has (9^2 - 1) / 12; three means of whole pixels come as near to 5.05 as they can.
    expect(Math.sqrt(variance - 80 / 12)).toBeGreaterThan(4.3)
    expect(Math.sqrt(variance - 80 / 12)).toBeLessThan(5.8)
    expect(new Set(levels(editPicture(grey([[7, 7], [7, 7]]), { ...noEdits, blur: 0.5 })).flat())).toEqual(new Set([7]))
  })
  it('a place that was clicked is found again before the crop and the turn', () => {
    const size = { width: 40, height: 20 }
    const edits = { ...noEdits, rotate: 90, crop: { left: 0.25, right: 0.25, top: 0.1, bottom: 0.3 } }
    // The middle of what is left: x 0.5, y 0.1 + 0.5 * 0.6 = 0.4, which is 2 pixels above the middle; before the turn, 2 pixels left of it.
    const [x, y] = placeBefore(edits, size, 0.5, 0.5)
    expect(x).toBeCloseTo(0.5 - 2 / 40, 12)
    expect(y).toBeCloseTo(0.5, 12)
    expect(placeBefore(noEdits, size, 0.2, 0.7)).toEqual([0.2, 0.7])
  })
})

it('a see-through picture is laid on white in whole levels before it is resized, as the served graph gets it', () => {
  const clear = { width: 5, height: 4, channels: 4 as const, data: Uint8Array.from({ length: 80 }, (_, i) => (i * 37) % 256) }
  const flat = { width: 5, height: 4, channels: 3 as const, data: rgbOf(clear) }
  for (const channels of [1, 3] as const) expect(resize(clear, 3, 2, 'cover', channels)).toEqual(resize(flat, 3, 2, 'cover', channels))
  expect(Array.from(rgbOf({ width: 1, height: 1, channels: 4, data: Uint8Array.of(0, 100, 255, 51) }))).toEqual([204, 224, 255])
})
