/** Compiled kernels and their plain twin leave the same memory behind, bit for bit. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createRng } from '../../../src/core/math/rng.ts'
import { plainNeuralKernels } from '../../../src/kernels/neural-plain.ts'
import { compiledNeuralKernels, type NeuralKernels } from '../../../src/kernels/neural.ts'
import { expectAllClose } from '../../support/expect-all-close.ts'
import { nodeContext } from '../../support/node-context.ts'

const bytes = 2 ** 18
const at = { a: 64, b: 65_536, c: 131_072, start: 196_608, d: 200_704 } as const

let compiled: NeuralKernels
let plain: NeuralKernels
beforeAll(async () => {
  compiled = await compiledNeuralKernels(await nodeContext().asset('neural.wasm'), bytes)
  plain = plainNeuralKernels(bytes)
})

/** Normal values with zeros of both signs, tiny and large ones among them. */
function values(seed: number, count: number, scale = 1): Float32Array {
  const rng = createRng(seed)
  const drawn = Float32Array.from({ length: count }, () => rng.normal() * scale)
  drawn.set([0, -0, 1e-30, -1e-30, 90, -90, 1e9, -1e9].slice(0, count))
  return drawn
}
const put = (kernels: NeuralKernels, where: number, data: Float32Array): void => new Float32Array(kernels.buffer, where, data.length).set(data)

/** Loss and rights, as the losses leave them. */
const verdictOf = (kernels: NeuralKernels): number[] => [...new Float64Array(kernels.buffer, at.d, 2)]

function onBoth(prepare: (kernels: NeuralKernels) => void, run: (kernels: NeuralKernels) => unknown): { readonly result: unknown; readonly floats: (where: number, count: number) => Float32Array } {
  const results = [compiled, plain].map((kernels) => {
    new Uint8Array(kernels.buffer, 64, bytes - 64).fill(0)
    prepare(kernels)
    return run(kernels)
  })
  expect(results[0]).toEqual(results[1])
  expect(Buffer.compare(Buffer.from(compiled.buffer, 64, bytes - 64), Buffer.from(plain.buffer, 64, bytes - 64)), 'memory of compiled and plain kernels').toBe(0)
  return { result: results[1], floats: (where, count) => new Float32Array(plain.buffer, where, count) }
}

describe.each([
  { m: 1, n: 8, k: 1 },
  { m: 4, n: 8, k: 3 },
  { m: 7, n: 24, k: 13 },
  { m: 33, n: 40, k: 30 },
])('multiply $m x $k by $k x $n', ({ m, n, k }) => {
  const [a, b] = [values(1, m * k), values(2, k * n)]
  const truth = (begin: (j: number) => number): number[] =>
    Array.from({ length: m * n }, (_, at) => {
      let sum = begin(at % n)
      for (let p = 0; p < k; p++) sum += (a[Math.floor(at / n) * k + p] as number) * (b[p * n + (at % n)] as number)
      return sum
    })
  /** Of the largest product: sums of float32 in order lose at most k roundings. */
  const absolute = k * 2 ** -23 * Math.max(...a.map(Math.abs)) * Math.max(...b.map(Math.abs))

  test('from zero', () => {
    const { floats } = onBoth((x) => (put(x, at.a, a), put(x, at.b, b)), (x) => x.multiply(at.a, k * 4, 4, at.b, n * 4, at.c, n * 4, 0, 0, m, n, k))
    expectAllClose(floats(at.c, m * n), truth(() => 0), { absolute })
  })
  test('from a row of biases, A read by columns', () => {
    const start = values(3, n)
    const turned = a.map((_, i) => a[(i % m) * k + Math.floor(i / m)] as number)
    const { floats } = onBoth((x) => (put(x, at.a, turned), put(x, at.b, b), put(x, at.start, start)), (x) => x.multiply(at.a, 4, m * 4, at.b, n * 4, at.c, n * 4, at.start, 0, m, n, k))
    expectAllClose(floats(at.c, m * n), truth((j) => start[j] as number), { absolute: absolute + 2 ** -23 * 1e9 })
  })
})

test('transpose, column sums and gathered rows', () => {
  const a = values(4, 5 * 8)
  const { floats } = onBoth(
    (x) => (put(x, at.a, a), new Uint32Array(x.buffer, at.start, 3).set([4, 0, 4])),
    (x) => (x.transpose(at.a, 32, 5, 8, at.b, 32), x.sumColumns(at.a, 32, 5, 8, at.c), x.gather(at.a, 32, at.start, 3, at.d)),
  )
  expect(floats(at.b + 3 * 32, 5)).toEqual(a.filter((_, i) => i % 8 === 3))
  expectAllClose([floats(at.c, 8)[7] as number], [a.filter((_, i) => i % 8 === 7).reduce((sum, x) => sum + x, 0)], { relative: 1e-6 })
  expect([...floats(at.d, 24)]).toEqual([...a.subarray(32, 40), ...a.subarray(0, 8), ...a.subarray(32, 40)])
})

test.each([
  ['ReLU', 0, (x: number) => Math.max(0, x), (y: number) => (y > 0 ? 1 : 0)],
  ['tanh', 1, Math.tanh, (y: number) => 1 - y * y],
  ['logistic', 2, (x: number) => 1 / (1 + Math.exp(-x)), (y: number) => y * (1 - y)],
] as const)('%s and its slope; padding stays zero', (_name, kind, truth, slope) => {
  const x = values(5, 6 * 8, 3)
  const { floats } = onBoth((k) => (put(k, at.a, x), put(k, at.b, values(6, 48))), (k) => (k.activate(at.a, 6, 8, 5, kind), k.slope(at.b, at.a, 48, kind)))
  const wanted = Array.from(x, (value, i) => (i % 8 < 5 ? truth(value) : 0))
  expectAllClose(floats(at.a, 48), wanted, { relative: 1e-6, absolute: 1e-7 })
  expectAllClose(floats(at.b, 48), Array.from(values(6, 48), (delta, i) => delta * slope(floats(at.a, 48)[i] as number)), { relative: 1e-6, absolute: 1e-6 })
})

test.each([2, 3, 11])('log loss of %i classes, and its slopes', (classes) => {
  const width = Math.ceil(classes / 8) * 8
  const logits = values(7, 6 * width, 4).map((x) => Math.max(-200, Math.min(200, x)))
  const targets = new Float32Array(6 * classes)
  for (let row = 0; row < 6; row++) targets[row * classes + (row % classes)] = 1
  const { result, floats } = onBoth((k) => (put(k, at.a, logits), put(k, at.b, targets)), (k) => (k.logLoss(at.a, 6, width, at.b, classes, 0.25, at.d), verdictOf(k)))
  let [loss, right] = [0, 0]
  const slopes = Array.from({ length: 6 }, (_, row) => {
    const z = Array.from(logits.subarray(row * width, row * width + classes))
    const top = Math.max(...z)
    if (z.indexOf(top) === row % classes) right++
    const total = z.reduce((sum, x) => sum + Math.exp(x - top), 0)
    loss += Math.log(total) + top - (z[row % classes] as number)
    return Array.from({ length: width }, (_, j) => (j < classes ? (Math.exp((z[j] as number) - top) / total - (j === row % classes ? 1 : 0)) * 0.25 : 0))
  }).flat()
  expectAllClose(result as number[], [loss, right], { relative: 1e-6 })
  expectAllClose(floats(at.a, 6 * width), slopes, { absolute: 1e-6 })
})

test('half squared error, and its slopes', () => {
  const [outputs, targets] = [values(8, 40).map((x) => x % 10), values(9, 5).map((x) => x % 10)]
  const { result, floats } = onBoth((k) => (put(k, at.a, outputs), put(k, at.b, targets)), (k) => (k.squaredLoss(at.a, 5, 8, at.b, 0.2, at.d), verdictOf(k)))
  const off = Array.from(targets, (target, row) => (outputs[row * 8] as number) - target)
  expectAllClose(result as number[], [off.reduce((sum, x) => sum + x * x * 0.5, 0), 0], { relative: 1e-6 })
  expectAllClose(off.map((_, row) => floats(at.a, 40)[row * 8] as number), off.map((x) => x * 0.2), { relative: 1e-6 })
})

test('a step of Adam', () => {
  const [theta, m, g] = [values(10, 16), values(11, 16).map((x) => x % 3), values(12, 16).map((x) => x % 3)]
  const v = m.map((x) => x * x)
  const { floats } = onBoth((k) => (put(k, at.a, theta), put(k, at.b, m), put(k, at.c, v), put(k, at.d, g)), (k) => k.adam(at.a, at.b, at.c, at.d, 16, 0.5, 0.01, 1e-8))
  const wanted = Array.from(theta, (weight, i) => {
    const slope = (g[i] as number) + 0.5 * weight
    return weight - (0.01 * (0.9 * (m[i] as number) + 0.1 * slope)) / (Math.sqrt(0.999 * (v[i] as number) + 0.001 * slope * slope) + 1e-8)
  })
  expectAllClose(floats(at.a, 16), wanted, { relative: 1e-5, absolute: 1e-6 })
})

describe('convolution and pooling', () => {
  const [height, width] = [5, 6]
  test.each([1, 3, 8])('unfolds the windows of %i channels', (channels) => {
    const image = values(13, height * width * channels)
    const { floats } = onBoth((k) => put(k, at.a, image), (k) => k.unfold(at.a, height, width, channels, 3, 2, at.b))
    const windows: number[] = []
    for (let y = 0; y < 3; y++) for (let x = 0; x < 5; x++) for (let ky = 0; ky < 3; ky++) for (let kx = 0; kx < 2; kx++) for (let c = 0; c < channels; c++) windows.push(image[((y + ky) * width + x + kx) * channels + c] as number)
    expect([...floats(at.b, windows.length)]).toEqual(windows)
  })
  test('folds windows back by adding them up', () => {
    const image = new Float32Array(height * width * 8).fill(1)
    const { floats } = onBoth((k) => (put(k, at.a, image), k.unfold(at.a, height, width, 8, 2, 2, at.b)), (k) => k.fold(at.b, height, width, 8, 2, 2, at.c))
    // How many windows cover a pixel: one in a corner, two at an edge, four inside.
    const covers = (i: number, size: number): number => (i === 0 || i === size - 1 ? 1 : 2)
    expect([...floats(at.c, image.length)]).toEqual(Array.from(image, (_, i) => covers(Math.floor(i / 8 / width), height) * covers(Math.floor(i / 8) % width, width)))
  })
  test('pools the largest, and sends slopes to the first of them alone', () => {
    const image = values(14, height * width * 8).map((x) => Math.round(x * 2) / 2)
    const slopes = values(15, 2 * 3 * 8)
    const { floats } = onBoth(
      (k) => (put(k, at.a, image), put(k, at.d, slopes), new Float32Array(k.buffer, at.c, image.length).fill(7)),
      (k) => (k.maxPool(at.a, 1, height, width, 8, at.b), k.unpool(at.a, 1, height, width, 8, at.b, at.d, at.c)),
    )
    const delta = new Float32Array(image.length)
    const pooled = Array.from(slopes, (slope, i) => {
      const [y, x, c] = [Math.floor(i / 24) * 2, (Math.floor(i / 8) % 3) * 2, i % 8]
      const places = [[y, x], [y, x + 1], [y + 1, x], [y + 1, x + 1]].map(([a, b]) => ((a as number) * width + (b as number)) * 8 + c)
      const largest = Math.max(...places.map((place) => image[place] as number))
      delta[places.find((place) => image[place] === largest) as number] = slope
      return largest
    })
    expectAllClose(floats(at.b, pooled.length), pooled, { absolute: 0 })
    expectAllClose(floats(at.c, delta.length), delta, { absolute: 0 })
  })
})
