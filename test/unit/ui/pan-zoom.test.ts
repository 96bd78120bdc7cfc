import { expect, test } from 'vitest'
import { fitted, moveBy, scales, showing, wrapped, zoomAbout } from '../../../src/ui/pan-zoom.ts'

const frame = { width: 400, height: 300 }
test('zooming leaves the point under the pointer where it is, within bounds', () => {
  const view = { scale: 0.5, left: 10, top: 20 }
  const next = zoomAbout(view, 1.6, 100, 80)
  // The point of the drawing that stood at (100, 80): (100 - 10) / 0.5 = 180, (80 - 20) / 0.5 = 120.
  expect(180 * next.scale + next.left).toBeCloseTo(100, 9)
  expect(120 * next.scale + next.top).toBeCloseTo(80, 9)
  expect(zoomAbout(view, 1000, 0, 0).scale).toBe(scales.most)
  expect(zoomAbout(view, 1e-6, 0, 0).scale).toBe(scales.least)
})
test('nothing can be moved out of sight altogether', () => {
  const drawing = { width: 1000, height: 500 }
  for (const by of [1e6, -1e6]) {
    const { left, top } = moveBy({ scale: 1, left: 0, top: 0 }, by, by, drawing, frame)
    expect(left).toBeLessThan(frame.width)
    expect(left + drawing.width).toBeGreaterThan(0)
    expect(top).toBeLessThan(frame.height)
    expect(top + drawing.height).toBeGreaterThan(0)
  }
})
test('a fitted drawing is inside, centred, and never larger than life', () => {
  const { scale, left, top } = fitted({ width: 2000, height: 500 }, frame)
  expect(left).toBeCloseTo(16, 9)
  expect(top + (500 * scale) / 2).toBeCloseTo(150, 9)
  expect(fitted({ width: 20, height: 20 }, frame)).toEqual({ scale: 1, left: 190, top: 140 })
})
test('a box comes into sight with the least move', () => {
  const box = { x: 900, y: 10, width: 100, height: 40 }
  const shown = showing({ scale: 1, left: 0, top: 0 }, box, frame)
  expect(shown.left + 900 + 100).toBe(400 - 16)
  expect(shown.top).toBe(6)
  expect(showing(shown, box, frame)).toEqual(shown)
})
test('text is broken at spaces, and cut with an ellipsis', () => {
  expect(wrapped('employment is one, two, three or missing', 16, 2)).toEqual(['employment is', 'one, two, three…'])
  expect(wrapped('short', 16, 2)).toEqual(['short'])
  expect(wrapped('x'.repeat(40), 16, 2)).toEqual(['x'.repeat(16), `${'x'.repeat(15)}…`])
  expect(wrapped('  ', 16, 2)).toEqual([])
})
