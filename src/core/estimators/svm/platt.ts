/** Decisions to probabilities: 1 / (1 + exp(a d + b)), fitted by Newton steps (Lin, Lin & Weng 2007, "A note on Platt's probabilistic outputs"). */
import type { Context } from '../../context.ts'
import { exp, log } from '../../math/elementary.ts'
import { createRng, shuffle, type Rng } from '../../math/rng.ts'

export interface Sigmoid {
  readonly a: number
  readonly b: number
}
export const sigmoidOf = (decision: number, { a, b }: Sigmoid): number => {
  const z = a * decision + b
  return z >= 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z))
}

/** @param yes shape (rows): 1 for the class; @param weights shape (rows) */
export function fitSigmoid(decisions: Float64Array, yes: Uint8Array, weights: Float64Array): Sigmoid {
  const n = decisions.length
  let positive = 0
  let negative = 0
  for (let i = 0; i < n; i++) {
    if (yes[i]) positive += weights[i] as number
    else negative += weights[i] as number
  }
  // Targets short of 0 and 1, as Platt's prior has them.
  const high = (positive + 1) / (positive + 2)
  const low = 1 / (negative + 2)
  let a = 0
  let b = log((negative + 1) / (positive + 1))
  const lossAt = (sa: number, sb: number): number => {
    let loss = 0
    for (let i = 0; i < n; i++) {
      const z = sa * (decisions[i] as number) + sb
      const t = yes[i] ? high : low
      loss += (weights[i] as number) * (z >= 0 ? t * z + log(1 + exp(-z)) : (t - 1) * z + log(1 + exp(z)))
    }
    return loss
  }
  let loss = lossAt(a, b)
  for (let round = 0; round < 100; round++) {
    let [haa, hbb, hab, ga, gb] = [1e-12, 1e-12, 0, 0, 0]
    for (let i = 0; i < n; i++) {
      const d = decisions[i] as number
      const p = sigmoidOf(d, { a, b })
      const w = weights[i] as number
      const bend = w * p * (1 - p)
      haa += d * d * bend
      hbb += bend
      hab += d * bend
      const slope = w * ((yes[i] ? high : low) - p)
      ga += d * slope
      gb += slope
    }
    if (Math.abs(ga) < 1e-5 && Math.abs(gb) < 1e-5) break
    const det = haa * hbb - hab * hab
    const da = -(hbb * ga - hab * gb) / det
    const db = -(-hab * ga + haa * gb) / det
    const slope = ga * da + gb * db
    let step = 1
    for (; step >= 1e-10; step /= 2) {
      const next = lossAt(a + step * da, b + step * db)
      if (next < loss + 1e-4 * step * slope) {
        a += step * da
        b += step * db
        loss = next
        break
      }
    }
    if (step < 1e-10) break
  }
  return { a, b }
}

export const plattFolds = 5
/** Deals the rows to the folds. */
export const plattRng = (seed: number): Rng => createRng(seed).fork('platt')

/** The fold of each row: every class shuffled by the seed, and dealt in turn. */
export function dealtFolds(codes: ArrayLike<number>, classes: number, seed: number): Uint8Array {
  const fold = new Uint8Array(codes.length)
  const rng = plattRng(seed)
  for (let code = 0; code < classes; code++) {
    const rows = Uint32Array.from({ length: codes.length }, (_, i) => i).filter((i) => codes[i] === code)
    shuffle(rows, rng).forEach((row, i) => (fold[row] = i % plattFolds))
  }
  return fold
}

/**
 * The sigmoid of decisions that did not see their rows: stratified 5-fold, shuffled by the seed.
 * @param decide fits on some rows and answers others
 */
export async function crossFitSigmoid(yes: Uint8Array, weights: Float64Array, seed: number, decide: (learn: Uint32Array, ask: Uint32Array) => Promise<Float64Array>, context: Context): Promise<Sigmoid> {
  const n = yes.length
  const fold = dealtFolds(yes, 2, seed)
  const decisions = new Float64Array(n)
  const all = Uint32Array.from({ length: n }, (_, i) => i)
  for (let f = 0; f < plattFolds; f++) {
    const learn = all.filter((i) => fold[i] !== f)
    const ask = all.filter((i) => fold[i] === f)
    if (ask.length === 0) continue
    const sides = new Set(Array.from(learn, (i) => yes[i]))
    // A fold that cannot see both sides says the one it sees.
    const answers = sides.size < 2 ? new Float64Array(ask.length).fill(sides.has(1) ? 1 : -1) : await decide(learn, ask)
    ask.forEach((row, i) => (decisions[row] = answers[i] as number))
    await context.checkpoint()
  }
  return fitSigmoid(decisions, yes, weights)
}

/** Row-major (rows, classes) from decisions (rows, outputs): two classes from one sigmoid, more from one each, made to sum to 1. */
export function toShares(decisions: Float64Array, rows: number, classes: number, sigmoids: readonly Sigmoid[]): Float64Array {
  const out = new Float64Array(rows * classes)
  for (let row = 0; row < rows; row++) {
    if (classes === 2) {
      const p = sigmoidOf(decisions[row] as number, sigmoids[0] as Sigmoid)
      out[row * 2] = 1 - p
      out[row * 2 + 1] = p
      continue
    }
    let sum = 0
    for (let c = 0; c < classes; c++) sum += out[row * classes + c] = Math.max(1e-12, sigmoidOf(decisions[row * classes + c] as number, sigmoids[c] as Sigmoid))
    for (let c = 0; c < classes; c++) out[row * classes + c] = (out[row * classes + c] as number) / sum
  }
  return out
}
