/** The compiled search finds what the plain one finds: ties, far values, and rows that fill no whole panel included. */
import { expect, test } from 'vitest'
import type { Matrix } from '../../../src/core/data/matrix.ts'
import { nearestRows } from '../../../src/core/estimators/neighbours-search.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { nodeContext } from '../../support/node-context.ts'

const shapes = [
  { name: 'few features', count: 3001, p: 3, rows: 2501, of: (v: number) => v },
  { name: 'many ties', count: 2003, p: 4, rows: 2600, of: (v: number) => Math.round(v) },
  { name: 'far from zero', count: 1501, p: 7, rows: 2001, of: (v: number) => 1000 + v },
  { name: 'beyond float32', count: 1601, p: 5, rows: 2601, of: (v: number, i: number) => (i % 7 === 0 ? v * 1e25 : v) },
]

test.each(shapes)('$name', async ({ count, p, rows, of }) => {
  const rng = createRng(3)
  const points = Float32Array.from({ length: count * p }, (_, i) => of(rng.normal(), i))
  const X: Matrix = { rows, features: Array.from({ length: p }, (_, j) => ({ name: `${j}`, source: '', values: Float32Array.from({ length: rows }, (_, i) => of(rng.normal(), i)) })) }
  let asked = 0
  const context = nodeContext()
  const compiled = await nearestRows(points, count, X, 5, { ...context, asset: (name) => (asked++, context.asset(name)) })
  const plain = await nearestRows(points, count, X, 5)
  expect(asked).toBe(1)
  expect(compiled.indices).toEqual(plain.indices)
  expect(compiled.distances).toEqual(plain.distances)
  // And the plain one finds what a sort finds.
  for (const row of [0, 77, rows - 1]) {
    const sums = Array.from({ length: count }, (_, i) => {
      let sum = 0
      for (let j = 0; j < p; j++) sum += ((points[i * p + j] as number) - ((X.features[j] as Matrix['features'][number]).values[row] as number)) ** 2
      return Math.fround(Math.min(sum, 3.4028234663852886e38))
    })
    const sorted = sums.map((_, i) => i).sort((a, b) => (sums[a] as number) - (sums[b] as number) || a - b)
    expect([...plain.indices.subarray(row * 5, row * 5 + 5)]).toEqual(sorted.slice(0, 5))
  }
})
