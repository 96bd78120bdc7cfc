/**
 * UMAP (McInnes, Healy & Melville 2018) to two dimensions: exact neighbours, smoothed distances (algorithm 3), fuzzy
 * union, and layout by stochastic steps with negative samples (algorithm 5). Ours starts from principal components
 * rather than the spectrum of the graph, and draws all chance from one seed: the same seed gives the same map.
 */
import type { Context } from '../../context.ts'
import { exp, log, log2 } from '../../math/elementary.ts'
import { createRng } from '../../math/rng.ts'
import { nearest, type Neighbours, type Points } from './neighbours.ts'
import { principal } from './pca.ts'

export interface UmapOptions {
  /** Neighbours that a point is held to. */
  readonly neighbours: number
  readonly epochs: number
  readonly seed: number
}
/** The curve 1 / (1 + a d^(2b)) for a smallest distance of 0.1 and a spread of 1, as the authors' implementation fits it. */
const [a, b] = [1.5769434603113077, 0.8950608779109733]
const negatives = 5
const power = (x: number, y: number): number => (x > 0 ? exp(y * log(x)) : 0)

interface Edges {
  readonly heads: Uint32Array
  readonly tails: Uint32Array
  readonly weights: Float32Array
}

/** Weights of each point's neighbours, whose sum is log2(k): the nearest weighs 1, and the others fall off at the point's own scale. */
export function memberships({ rows, distances, k }: Neighbours): Float32Array {
  const out = new Float32Array(rows.length)
  const wanted = log2(k)
  for (let point = 0; point * k < rows.length; point++) {
    const own = distances.subarray(point * k, point * k + k)
    const nearestDistance = own.find((distance) => distance > 0) ?? 0
    let [low, high, sigma] = [0, Number.POSITIVE_INFINITY, 1]
    for (let round = 0; round < 64; round++) {
      let sum = 0
      for (const distance of own) sum += distance > nearestDistance ? exp(-(distance - nearestDistance) / sigma) : 1
      if (Math.abs(sum - wanted) < 1e-5) break
      if (sum > wanted) high = sigma
      else low = sigma
      sigma = high === Number.POSITIVE_INFINITY ? sigma * 2 : (low + high) / 2
    }
    for (let i = 0; i < k; i++) {
      const distance = own[i] as number
      out[point * k + i] = distance > nearestDistance ? exp(-(distance - nearestDistance) / sigma) : 1
    }
  }
  return out
}

/** One edge a pair that knows each other from either side, with the weight p + q - pq. */
function union(neighbours: Neighbours, weights: Float32Array): Edges {
  const { rows, k } = neighbours
  const [heads, tails, joined]: [number[], number[], number[]] = [[], [], []]
  for (let i = 0; i < rows.length; i++) {
    const [head, tail] = [Math.floor(i / k), rows[i] as number]
    const back = rows.subarray(tail * k, tail * k + k).indexOf(head)
    // A pair that knows each other is taken from its smaller side only.
    if (back >= 0 && tail < head) continue
    const [p, q] = [weights[i] as number, back >= 0 ? (weights[tail * k + back] as number) : 0]
    heads.push(head)
    tails.push(tail)
    joined.push(p + q - p * q)
  }
  return { heads: Uint32Array.from(heads), tails: Uint32Array.from(tails), weights: Float32Array.from(joined) }
}

const clip = (value: number): number => (value > 4 ? 4 : value < -4 ? -4 : value)

/** @returns coordinates, shape (rows, 2) */
export async function umap(points: Points, options: UmapOptions, context: Pick<Context, 'checkpoint' | 'report'>): Promise<Points> {
  const { rows } = points
  const k = Math.min(options.neighbours, rows - 1)
  const start = (await principal(points, 2, options.seed, context)).points
  const widest = start.values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12)
  const rng = createRng(options.seed).fork('umap')
  const at = new Float64Array(rows * 2)
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < 2; c++) at[row * 2 + c] = (c < start.width ? (10 * (start.values[row * start.width + c] as number)) / widest : 0) + 1e-4 * rng.normal()
  }
  if (k < 1) return { values: Float32Array.from(at), rows, width: 2 }
  const near = await nearest(points, points, k, true, context)
  const { heads, tails, weights } = union(near, memberships(near))
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0)
  // An edge is visited in proportion to its weight, the heaviest in every epoch.
  const due = Float64Array.from(weights, (weight) => heaviest / weight)
  const next = due.slice()
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const rate = 1 - epoch / options.epochs
    for (let e = 0; e < heads.length; e++) {
      if ((next[e] as number) > epoch + 1) continue
      next[e] = (next[e] as number) + (due[e] as number)
      const [i, j] = [(heads[e] as number) * 2, (tails[e] as number) * 2]
      const [x, y] = [(at[i] as number) - (at[j] as number), (at[i + 1] as number) - (at[j + 1] as number)]
      const square = x * x + y * y
      if (square > 0) {
        const reach = power(square, b)
        const pull = (-2 * a * b * reach) / square / (1 + a * reach)
        const [stepX, stepY] = [rate * clip(pull * x), rate * clip(pull * y)]
        at[i] = (at[i] as number) + stepX
        at[i + 1] = (at[i + 1] as number) + stepY
        at[j] = (at[j] as number) - stepX
        at[j + 1] = (at[j + 1] as number) - stepY
      }
      for (const head of [i, j]) {
        for (let n = 0; n < negatives; n++) {
          const other = rng.int(rows) * 2
          if (other === head) continue
          const [u, v] = [(at[head] as number) - (at[other] as number), (at[head + 1] as number) - (at[other + 1] as number)]
          const apart = u * u + v * v
          const push = apart > 0 ? (2 * b) / ((0.001 + apart) * (1 + a * power(apart, b))) : 0
          at[head] = (at[head] as number) + rate * (push > 0 ? clip(push * u) : 4)
          at[head + 1] = (at[head + 1] as number) + rate * (push > 0 ? clip(push * v) : 4)
        }
      }
      if (e % 8192 === 8191) await context.checkpoint()
    }
    await context.checkpoint()
    context.report({ kind: 'step', phase: 'map', done: epoch + 1, total: options.epochs })
  }
  return { values: Float32Array.from(at), rows, width: 2 }
}
