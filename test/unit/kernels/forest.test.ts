/** Compiled kernels and their plain twin leave the same memory behind, bit for bit. */
import { beforeAll, expect, test } from 'vitest'
import { createRng } from '../../../src/core/math/rng.ts'
import { compiledForestKernels, plainForestKernels, type ForestKernels } from '../../../src/kernels/forest.ts'
import { nodeContext } from '../../support/node-context.ts'

const rows = 300
const classes = 3
const bytes = 65536
const at = { bins: 64, column: 512, rows: 2048, scratch: 4096, weights: 6144, codes: 9216, values: 10752, nodeWeight: 13312, nodeCode: 16384, nodeValue: 18432, totals: 21504, hist: 22528, counts: 32768, best: 34816 } as const

let kernels: readonly ForestKernels[]
beforeAll(async () => {
  kernels = [await compiledForestKernels(await nodeContext().asset('forest.wasm'), bytes), plainForestKernels(bytes)]
})

function onBoth(seed: number, run: (k: ForestKernels) => unknown): { result: unknown; f64: Float64Array; u32: Uint32Array } {
  const results = kernels.map((k) => {
    const rng = createRng(seed)
    new Uint8Array(k.buffer, 64, bytes - 64).fill(0)
    new Uint8Array(k.buffer, at.bins, rows).set(Array.from({ length: rows }, () => (rng.next() < 0.3 ? 7 : rng.int(256))))
    new Float32Array(k.buffer, at.column, rows).set(Array.from({ length: rows }, () => rng.normal()))
    const order = Array.from({ length: rows }, (_, i) => i).filter(() => rng.next() < 0.8)
    new Uint32Array(k.buffer, at.rows, order.length).set(order)
    new Float64Array(k.buffer, at.weights, rows).set(Array.from({ length: rows }, () => rng.next() + 0.1))
    new Uint32Array(k.buffer, at.codes, rows).set(Array.from({ length: rows }, () => rng.int(classes)))
    new Float64Array(k.buffer, at.values, rows).set(Array.from({ length: rows }, () => rng.normal()))
    new Float64Array(k.buffer, at.best, 1).set([Number.NEGATIVE_INFINITY])
    return run(k)
  })
  expect(results[0]).toEqual(results[1])
  const [a, b] = kernels.map((k) => Buffer.from(k.buffer, 64, bytes - 64)) as [Buffer, Buffer]
  expect(Buffer.compare(a, b), 'memory of compiled and plain kernels').toBe(0)
  const plain = kernels[1] as ForestKernels
  return { result: results[0], f64: new Float64Array(plain.buffer), u32: new Uint32Array(plain.buffer) }
}
const enterClasses = (k: ForestKernels, count: number) => k.enterClasses(at.rows, count, at.weights, at.codes, classes, at.nodeWeight, at.nodeCode, at.totals)
const enterValues = (k: ForestKernels, count: number) => k.enterValues(at.rows, count, at.weights, at.values, at.nodeWeight, at.nodeValue, at.totals)
const seen = (k: ForestKernels) => ({ u8: new Uint8Array(k.buffer), u32: new Uint32Array(k.buffer), f32: new Float32Array(k.buffer), f64: new Float64Array(k.buffer) })

test.each([1, 2, 17, 200])('the best split of bins into classes, %i rows, is the one that trying all finds', (count) => {
  for (const entropy of [0, 1]) {
    for (const minRows of [1, 5]) {
      const { f64, u32 } = onBoth(count, (k) => [enterClasses(k, count), k.searchClasses(at.bins, at.rows, count, at.nodeWeight, at.nodeCode, classes, at.totals, entropy, minRows, at.hist, at.counts, at.best)])
      const { u8 } = seen(kernels[1] as ForestKernels)
      let best = Number.NEGATIVE_INFINITY
      for (let last = 0; last < 255; last++) {
        const sides = [new Float64Array(classes), new Float64Array(classes)] as const
        const sizes = [0, 0] as [number, number]
        for (let i = 0; i < count; i++) {
          const row = u32[at.rows / 4 + i]!
          const side = u8[at.bins + row]! <= last ? 0 : 1
          sides[side]![u32[at.codes / 4 + row]!]! += f64[at.weights / 8 + row]!
          sizes[side]++
        }
        if (sizes[0] < minRows || sizes[1] < minRows) continue
        const proxy = sides.reduce((sum, side) => {
          const weight = side.reduce((a, b) => a + b)
          return sum + side.reduce((part, c) => part + (entropy ? (c > 0 ? c * Math.log(c / weight) : 0) : (c * c) / weight), 0)
        }, 0)
        best = Math.max(best, proxy)
      }
      if (best === Number.NEGATIVE_INFINITY) expect(f64[at.best / 8]).toBe(best)
      else expect(f64[at.best / 8]).toBeCloseTo(best, 9)
      // All but the last two rows of the histogram, and all counts, are zero again.
      expect(f64.subarray(at.hist / 8, at.hist / 8 + 256 * classes).every((cell) => cell === 0)).toBe(true)
      expect(u32.subarray(at.counts / 4, at.counts / 4 + 264).every((cell) => cell === 0)).toBe(true)
    }
  }
})

test.each([1, 2, 17, 200])('the best split of bins into values, %i rows, is the one that trying all finds', (count) => {
  const { f64, u32 } = onBoth(count, (k) => [enterValues(k, count), k.searchValues(at.bins, at.rows, count, at.nodeWeight, at.nodeValue, at.totals, 2, at.hist, at.counts, at.best)])
  const { u8 } = seen(kernels[1] as ForestKernels)
  let best = Number.NEGATIVE_INFINITY
  for (let last = 0; last < 255; last++) {
    const [w, s, n] = [[0, 0], [0, 0], [0, 0]] as [number[], number[], number[]]
    for (let i = 0; i < count; i++) {
      const row = u32[at.rows / 4 + i]!
      const side = u8[at.bins + row]! <= last ? 0 : 1
      w[side]! += f64[at.weights / 8 + row]!
      s[side]! += f64[at.weights / 8 + row]! * f64[at.values / 8 + row]!
      n[side]!++
    }
    if (n[0]! >= 2 && n[1]! >= 2) best = Math.max(best, s[0]! ** 2 / w[0]! + s[1]! ** 2 / w[1]!)
  }
  if (best === Number.NEGATIVE_INFINITY) expect(f64[at.best / 8]).toBe(best)
  else expect(f64[at.best / 8]).toBeCloseTo(best, 9)
})

test.each([1, 40, 200])('ranges, drawn thresholds and partitions, %i rows', (count) => {
  const threshold = Math.fround(0.3)
  for (const entropy of [0, 1]) {
    onBoth(count + 1, (k) => {
      k.range(at.column, at.rows, count, at.best + 16)
      return [enterClasses(k, count), k.thresholdClasses(at.column, threshold, at.rows, count, at.nodeWeight, at.nodeCode, classes, at.totals, entropy, 1, at.hist)]
    })
  }
  onBoth(count + 2, (k) => [enterValues(k, count), k.thresholdValues(at.column, threshold, at.rows, count, at.nodeWeight, at.nodeValue, at.totals, 1)])
  const { result, u32 } = onBoth(count + 3, (k) => [k.partitionBins(at.bins, 100, at.rows, count, at.scratch), k.partitionValues(at.column, threshold, at.rows, count, at.scratch)])
  const { f32 } = seen(kernels[1] as ForestKernels)
  const left = (result as number[])[1] as number
  for (let i = 0; i < count; i++) expect(f32[at.column / 4 + u32[at.rows / 4 + i]!]! <= threshold).toBe(i < left)
})
