import { beforeAll, describe, expect, test } from 'vitest'
import { createRng } from '../../../src/core/math/rng.ts'
import { plainBoostingKernels } from '../../../src/kernels/boosting-plain.ts'
import { exponentialOf, naturalLog } from '../../../src/kernels/float.ts'
import { compiledBoostingKernels, histogramBytes } from '../../../src/kernels/boosting.ts'
import type { BoostingKernels } from '../../../src/kernels/boosting.ts'
import { expectAllClose } from '../../support/expect-all-close.ts'
import { nodeContext } from '../../support/node-context.ts'

const bytes = 4 * 2 ** 20
const rows = 1000
const padded = 1024
const features = 6
const at = {
  a: 64, b: 64 + padded * 16, gradient: 100_032, hessian: 120_000, packed: 140_032, rows: 170_048, scratch: 190_016, rowMajor: 210_048, column: 250_048,
  thresholds: 280_000, sums: 290_048, result: 291_008, lastBins: 292_032, modes: 293_056, goesLeft: 294_080, counts: 700_032, hist: 300_032, child: 400_000, out: 500_032, probabilities: 600_000,
} as const

let compiled: BoostingKernels
let plain: BoostingKernels
beforeAll(async () => {
  compiled = await compiledBoostingKernels(await nodeContext().asset('boosting.wasm'), bytes)
  plain = plainBoostingKernels(bytes)
})

/** Runs the same on both and expects the same memory, bit for bit; returns the plain one. */
function onBoth(prepare: (kernels: BoostingKernels) => void, run: (kernels: BoostingKernels) => unknown): BoostingKernels {
  const results = [compiled, plain].map((kernels) => {
    new Uint8Array(kernels.buffer, 64, bytes - 64).fill(0)
    prepare(kernels)
    return run(kernels)
  })
  expect(results[0]).toEqual(results[1])
  const difference = Buffer.compare(Buffer.from(compiled.buffer, 64, bytes - 64), Buffer.from(plain.buffer, 64, bytes - 64))
  expect(difference, 'memory of compiled and plain kernels').toBe(0)
  return plain
}

const floats = (kernels: BoostingKernels, from: number, values: ArrayLike<number>): void => new Float32Array(kernels.buffer, from, values.length).set(values)
const words = (kernels: BoostingKernels, from: number, values: ArrayLike<number>): void => new Uint32Array(kernels.buffer, from, values.length).set(values)

/** Normal scores with the corners that overflow, underflow and vanish. */
function scores(seed: number, count: number): Float32Array {
  const rng = createRng(seed)
  const values = Float32Array.from({ length: count }, () => rng.normal() * 8)
  values.set([0, -0, 1e-30, 100, -100, 1e9, -1e9, 87, -87, 88, 0.5, -0.5], 0)
  return values
}

describe('elementary functions', () => {
  test('exponential is within 2 units of the last place', () => {
    const values = scores(1, padded).map((x) => Math.max(-87, Math.min(88, x)))
    const kernels = onBoth((k) => floats(k, at.a, values), (k) => k.exponential(at.a, padded))
    expectAllClose(new Float32Array(kernels.buffer, at.a, padded), Array.from(values, Math.exp), { relative: 2 * 2 ** -23 })
    expect(exponentialOf(0)).toBe(1)
  })
  test('logarithm agrees with the platform to the rounding of a double', () => {
    const values = [1e-300, 1e-15, 0.1, 0.5, Math.SQRT1_2, 1, 1.4142135623730951, 1.5, 2, 10, 1e300]
    expectAllClose(values.map(naturalLog), values.map(Math.log), { relative: 4e-16, absolute: 1e-17 })
  })
})

describe('compiled and plain kernels leave the same bits', () => {
  test('log loss of two classes', () => {
    const raw = scores(2, padded)
    const kernels = onBoth(
      (k) => (floats(k, at.a, raw), floats(k, at.b, raw.map((_, i) => (i % 3 ? 1 : -1)))),
      (k) => k.binaryGradients(at.a, at.b, padded, at.gradient, at.hessian, at.sums),
    )
    const [gradient, hessian, sums] = [new Float32Array(kernels.buffer, at.gradient, padded), new Float32Array(kernels.buffer, at.hessian, padded), new Float64Array(kernels.buffer, at.sums, 3)]
    const p = Array.from(raw, (x) => 1 / (1 + Math.exp(-x)))
    // Float32 exponential, two divisions and a product.
    expectAllClose(gradient, p.map((value, i) => value - (i % 3 ? 1 : 0)), { relative: 1e-6, absolute: 1e-7 })
    expectAllClose(hessian, p.map((value) => value * (1 - value)), { relative: 1e-6, absolute: 1e-7 })
    expectAllClose([sums[0] as number], [gradient.reduce((sum, g) => sum + Math.abs(g), 0)], { relative: 1e-6 })
    expectAllClose([sums[2] as number], [p.reduce((sum, value, i) => sum - Math.log(Math.max(1e-15, i % 3 ? value : 1 - value)), 0)], { relative: 1e-3 })
  })
  test('softmax and its gradients', () => {
    const kernels = onBoth(
      (k) => {
        for (let c = 0; c < 3; c++) floats(k, at.a + c * padded * 4, scores(10 + c, padded))
        words(k, at.thresholds, Array.from({ length: padded }, (_, i) => i % 3))
      },
      (k) => {
        k.softmax(at.a, 3, padded, at.thresholds, 997, at.probabilities, at.sums)
        k.classGradients(at.probabilities + padded * 4, at.thresholds, 1, 997, at.gradient, at.hessian, at.sums)
      },
    )
    const p = new Float32Array(kernels.buffer, at.probabilities, 3 * padded)
    for (let i = 0; i < 997; i++) expect(Math.abs((p[i] as number) + (p[padded + i] as number) + (p[2 * padded + i] as number) - 1)).toBeLessThan(3e-7)
  })
  test('squared error', () => {
    onBoth(
      (k) => (floats(k, at.a, scores(3, rows)), floats(k, at.b, scores(4, rows).reverse())),
      (k) => k.squaredGradients(at.a, at.b, rows, at.gradient, at.hessian, at.sums),
    )
  })
  test('bins: values on, below and above thresholds, infinities, missing', () => {
    const thresholds = [-2.5, -1, 0, 0.1, 3].map(Math.fround)
    const values = Float32Array.from([...thresholds, -3, -2, 0.05, 4, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Math.fround(0.1) + 2 ** -26])
    const kernels = onBoth(
      (k) => {
        new Float32Array(k.buffer, at.thresholds, 256).fill(Number.POSITIVE_INFINITY)
        floats(k, at.thresholds, thresholds)
        floats(k, at.a, values)
      },
      (k) => k.binColumn(at.a, values.length, at.thresholds, at.column),
    )
    const bins = new Uint8Array(kernels.buffer, at.column, values.length)
    const expected = Array.from(values, (x) => (Number.isNaN(x) ? 255 : thresholds.filter((t) => t < x).length))
    expect(Array.from(bins)).toEqual(expected)
  })
  test('ends of bins: ties, missing values, zeros of both signs, more and fewer values than bins', () => {
    const rng = createRng(5)
    const columns = [
      Array.from({ length: rows }, () => rng.normal()),
      Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? Number.NaN : i % 3 === 0 ? -2 : rng.normal() * 1e-30)),
      Array.from({ length: rows }, () => rng.int(5) - 2),
      [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e38, -1e38, 1e-45, -1e-45],
      [Number.NaN],
    ]
    for (const [i, values] of columns.entries()) {
      for (const maxBins of [2, 16, 255]) {
        const [a, b] = [compiled, plain].map((kernels) => {
          floats(kernels, at.a, values)
          // Every second place twice, as drawing with repetition does.
          const sample = values.map((_, place) => place - (place % 2))
          words(kernels, at.rows, sample)
          const found = kernels.findThresholds(at.a, at.rows, sample.length, maxBins, at.rowMajor, at.thresholds)
          return { found, thresholds: new Float32Array(kernels.buffer.slice(at.thresholds, at.thresholds + 1024)) }
        })
        expect(a, `column ${i}, ${maxBins} bins`).toEqual(b)
        expect((a?.found as number) & 255).toBeLessThan(maxBins)
      }
    }
  })
  test('columns turned to rows', () => {
    const kernels = onBoth(
      (k) => {
        for (let i = 0; i < rows * features; i++) new Uint8Array(k.buffer, at.hist)[i] = (i * 7) % 251
      },
      (k) => (k.turn(at.hist, rows, features, 0, 300, at.rowMajor, 8), k.turn(at.hist, rows, features, 300, rows - 300, at.rowMajor, 8)),
    )
    const turned = new Uint8Array(kernels.buffer, at.rowMajor, rows * 8)
    for (const row of [0, 299, 300, rows - 1]) for (let f = 0; f < features; f++) expect(turned[row * 8 + f]).toBe(((f * rows + row) * 7) % 251)
  })
  test.each([[[1000]], [[400, 600]], [[1, 0, 499, 200, 300]]])('pieces %j joined are what one partition gives', (sizes) => {
    const rng = createRng(8)
    const column = Uint8Array.from({ length: rows }, () => rng.int(4))
    const prepare = (k: BoostingKernels): void => {
      new Uint8Array(k.buffer, at.column, rows).set(column)
      words(k, at.rows, Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i))
      new Uint8Array(k.buffer, at.goesLeft, 4).set([1, 0, 0, 1])
    }
    const kernels = onBoth(prepare, (k) => {
      let from = 0
      for (const [i, size] of sizes.entries()) {
        words(k, at.sums + 8 * i, [size, k.partition(at.column, at.rows + from * 4, size, at.goesLeft, at.scratch + from * 4)])
        from += size
      }
      return k.join(at.rows, at.sums, sizes.length, at.scratch)
    })
    const joined = Array.from(new Uint32Array(kernels.buffer, at.rows, rows))
    prepare(kernels)
    kernels.partition(at.column, at.rows, rows, at.goesLeft, at.scratch)
    expect(Array.from(new Uint32Array(kernels.buffer, at.rows, rows))).toEqual(joined)
  })
  test.each([1, 2, 3])('quantise, histogram, subtract, search, partition, sums (seed %i)', (seed) => {
    const rng = createRng(seed)
    const stride = 4 * (seed + 1)
    const prepare = (k: BoostingKernels): void => {
      const own = createRng(seed)
      floats(k, at.gradient, Array.from({ length: rows }, () => own.normal()))
      floats(k, at.hessian, Array.from({ length: rows }, () => own.next() * 0.25))
      const bins = new Uint8Array(k.buffer, at.rowMajor, rows * stride)
      for (let i = 0; i < bins.length; i++) bins[i] = own.next() < 0.1 && i % stride < 2 ? 255 : own.int(20)
      new Uint8Array(k.buffer, at.column, rows).set(bins.filter((_, i) => i % stride === 1))
      words(k, at.rows, Uint32Array.from({ length: rows }, (_, i) => i))
      new Uint8Array(k.buffer, at.lastBins, features).fill(19)
      new Uint8Array(k.buffer, at.modes, features).set([2, 2, 1, 0, 1, 1])
      new Uint8Array(k.buffer, at.goesLeft, 256).fill(1, 0, 9)
      new Uint8Array(k.buffer, at.goesLeft, 256)[255] = seed % 2
    }
    const cut = 1 + rng.int(rows - 2)
    let left = 0
    const kernels = onBoth(prepare, (k) => {
      k.quantise(at.gradient, at.hessian, rows, 2 ** 19 + 0.3, 2 ** 21 - 0.7, at.packed)
      k.histogram(at.rowMajor, stride, at.rows, rows, at.packed, at.hist)
      k.clear(at.child, stride * 2048)
      k.histogram(at.rowMajor, stride, at.rows, cut, at.packed, at.child)
      for (const hist of [at.hist, at.child]) k.clear(hist + stride * 2048, histogramBytes(stride) - stride * 2048)
      k.subtract(at.hist, at.child, at.out, stride * 2048)
      let [g, h] = [0, 0]
      for (let i = 0; i < rows; i++) {
        h += new Uint32Array(k.buffer)[at.packed / 4 + 2 * i] as number
        g += new Int32Array(k.buffer)[at.packed / 4 + 2 * i + 1] as number
      }
      k.search(at.hist, features, at.lastBins, at.modes, g, h, 1000, 5000, 0, at.result)
      k.countBins(at.rowMajor, stride, at.rows, rows, at.counts)
      // The second limit lets nothing through.
      for (const [i, minRows] of [300, 501].entries()) k.searchCounted(at.hist, at.counts, features, at.lastBins, at.modes, g, h, rows, minRows, 1000, 5000, 0, at.result + 64 * (i + 1))
      words(k, at.result + 40, [k.countLeft(at.column, at.rows, rows, at.goesLeft)])
      left = k.partition(at.column, at.rows, rows, at.goesLeft, at.scratch)
      k.sumRows(at.gradient, at.hessian, at.rows, left, at.sums)
      k.addToRows(at.a, at.rows, left, 0.1)
      return left
    })
    // Parent = left + right: the histogram of the other rows, summed by itself, is what subtraction gave.
    const other = plainBoostingKernels(bytes)
    prepare(other)
    other.quantise(at.gradient, at.hessian, rows, 2 ** 19 + 0.3, 2 ** 21 - 0.7, at.packed)
    other.histogram(at.rowMajor, stride, at.rows + cut * 4, rows - cut, at.packed, at.out)
    expect(Buffer.from(other.buffer, at.out, stride * 2048).equals(Buffer.from(kernels.buffer, at.out, stride * 2048))).toBe(true)
    const featureAt = (result: number): number | undefined => new Int32Array(kernels.buffer, result + 24, 1)[0]
    expect(featureAt(at.result)).toBeGreaterThanOrEqual(0)
    expect(featureAt(at.result + 64)).toBeGreaterThanOrEqual(0)
    expect(featureAt(at.result + 128)).toBe(-1)
    // Rows are counted as they are parted.
    expect(new Uint32Array(kernels.buffer, at.result + 40, 1)[0]).toBe(left)
  })
})
