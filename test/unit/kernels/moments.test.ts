/** The compiled sums and products are those of the plain twin, bit for bit, and those of the definition. */
import { expect, test } from 'vitest'
import type { Matrix } from '../../../src/core/data/matrix.ts'
import { momentsOf } from '../../../src/core/estimators/linear-parts/moments.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { quietContext } from '../../../src/core/context.ts'
import { expectAllClose } from '../../support/expect-all-close.ts'
import { nodeContext } from '../../support/node-context.ts'

const cases = [
  { name: 'one row, one feature', rows: 1, p: 1, far: 0, weighed: false, centre: true },
  { name: 'rows that fill no block', rows: 301, p: 5, far: 0, weighed: false, centre: true },
  { name: 'weights', rows: 517, p: 6, far: 0, weighed: true, centre: true },
  { name: 'not centred', rows: 260, p: 3, far: 2, weighed: true, centre: false },
  { name: 'several chunks, far from zero', rows: 5000, p: 63, far: 1e5, weighed: false, centre: true },
]

test.each(cases)('$name', async ({ rows, p, far, weighed, centre }) => {
  const rng = createRng(5)
  const X: Matrix = { rows, features: Array.from({ length: p }, (_, j) => ({ name: `${j}`, source: '', values: Float32Array.from({ length: rows }, () => far + rng.normal()) })) }
  const y = Float64Array.from({ length: rows }, () => 3 * far + rng.normal())
  const weights = Float64Array.from({ length: rows }, (_, i) => (weighed ? (i % 7 === 0 ? 0 : rng.next()) : 1))
  if (rows === 1) weights[0] = 1
  let asked = 0
  const context = nodeContext()
  const given = weighed ? weights : undefined
  const compiled = await momentsOf('ridge', X, y, given, centre, { ...context, asset: (name) => (asked++, context.asset(name)) })
  const plain = await momentsOf('ridge', X, y, given, centre, quietContext())
  expect(asked).toBe(1)
  expect(compiled).toEqual(plain)

  const total = weights.reduce((a, b) => a + b, 0)
  const meanOf = (values: ArrayLike<number>): number => (centre ? Array.from(values).reduce((sum, x, i) => sum + (weights[i] as number) * x, 0) / total : 0)
  const columns = [...X.features.map(({ values }) => values), y].map((values) => {
    const mean = meanOf(values)
    return Float64Array.from(values, (x) => x - mean)
  })
  const product = (i: number, j: number): number => weights.reduce((sum, w, k) => sum + w * (columns[i]?.[k] as number) * (columns[j]?.[k] as number), 0)
  // Sums of thousands of products in float64; what is compared is as large as the number of rows.
  const options = { absolute: 1e-9 * rows * (centre ? 1 : 40), relative: 0 }
  expectAllClose(plain.along, Array.from({ length: p }, (_, j) => product(j, p)), options)
  expectAllClose([plain.ySquares], [product(p, p)], options)
  const pairs = Array.from({ length: 40 }, () => [rng.int(p), rng.int(p)] as const)
  expectAllClose(pairs.map(([i, j]) => plain.gram[i * p + j] as number), pairs.map(([i, j]) => product(i, j)), options)
})

test('a hole is refused by the name of its column', async () => {
  const X: Matrix = { rows: 3, features: [{ name: 'whole', source: '', values: Float32Array.of(1, 2, 3) }, { name: 'holed', source: '', values: Float32Array.of(1, Number.NaN, 3) }] }
  await expect(momentsOf('ridge', X, Float64Array.of(1, 2, 3), Float64Array.of(1, 1, 1), true, quietContext())).rejects.toThrow('invalid feature; ridge takes no missing or infinite values: holed')
})
