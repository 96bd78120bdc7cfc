/**
 * Minimises a smooth convex loss plus l1 |w| by truncated Newton steps within orthants: the signs of the
 * coefficients are held for one step, where the penalty is linear, conjugate gradients solve the Newton
 * system among the free ones without forming it, and what would change sign stops at zero. Without an l1
 * this is plain truncated Newton.
 *
 * Source: Byrd, Chin, Nocedal & Oztoprak 2016, "A family of second-order methods for convex l1-regularized
 * optimization"; Andrew & Gao 2007. Ours falls back to one proximal gradient step where a Newton step fails.
 */
import { StudioError } from '../../errors.ts'

export interface SmoothLoss {
  readonly size: number
  /** The loss at w; `gradient` and `curvature` are then those at w. */
  loss(w: Float64Array): Promise<number>
  readonly gradient: Float64Array
  curvature(v: Float64Array): Promise<Float64Array>
}
export interface NewtonOptions {
  /** Shape (size): strength of |w_j|, 0 where free of it. */
  readonly l1: Float64Array
  /** Done when every direction's smallest subgradient is at most this. */
  readonly tol: number
  readonly maxIter: number
  readonly onStep?: (steps: number) => void
  /** Goes on from here, to the same bits, in place of the start. */
  readonly from?: NewtonPlace
  /** Asked before each pass over the rows that the next step needs; what it is given changes once it has answered. */
  readonly keep?: (place: NewtonPlace) => Promise<void>
}
/** Where conjugate gradients stand. */
interface InnerPlace {
  readonly i: number
  readonly rr: number
  readonly d: Float64Array
  readonly r: Float64Array
  readonly q: Float64Array
}
export interface NewtonPlace {
  readonly steps: number
  readonly w: Float64Array
  readonly inner: InnerPlace
}
export interface NewtonEnd {
  readonly w: Float64Array
  readonly steps: number
  readonly converged: boolean
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/** The subgradient of smallest size: zero where w_j = 0 and the penalty outweighs the slope. */
function smallestSubgradient(w: Float64Array, g: Float64Array, l1: Float64Array): Float64Array {
  return g.map((slope, j) => {
    const strength = l1[j] as number
    const value = w[j] as number
    if (value !== 0) return slope + strength * Math.sign(value)
    return Math.sign(slope) * Math.max(0, Math.abs(slope) - strength)
  })
}

/** Conjugate gradients for H d = -v among the free coordinates, stopped early while far away (Nocedal & Wright, algorithm 7.1). */
async function direction(loss: SmoothLoss, v: Float64Array, free: Uint8Array, from?: InnerPlace, keep?: (place: InnerPlace) => Promise<void>): Promise<Float64Array> {
  const d = from?.d.slice() ?? new Float64Array(v.length)
  const r = from?.r.slice() ?? Float64Array.from(v)
  const q = from?.q.slice() ?? v.map((value) => -value)
  let rr = from?.rr ?? dot(r, r)
  const norm = Math.sqrt(dot(v, v))
  const enough = Math.min(0.1, norm) * norm
  for (let i = from?.i ?? 0; i < 20 + 2 * v.length && Math.sqrt(rr) > enough; i++) {
    await keep?.({ i, rr, d, r, q })
    const Hq = await loss.curvature(q)
    const bend = dot(q, Hq)
    if (!(bend > 0)) return i === 0 ? q : d
    const step = rr / bend
    for (let j = 0; j < d.length; j++) {
      if (!free[j]) continue
      d[j] = (d[j] as number) + step * (q[j] as number)
      r[j] = (r[j] as number) + step * (Hq[j] as number)
    }
    const next = dot(r, r)
    for (let j = 0; j < d.length; j++) q[j] = (next / rr) * (q[j] as number) - (r[j] as number)
    rr = next
  }
  return d
}

/** @throws StudioError diverged where the loss leaves the finite range */
export async function orthantNewton(loss: SmoothLoss, start: Float64Array, { l1, tol, maxIter, onStep, from, keep }: NewtonOptions): Promise<NewtonEnd> {
  const penalty = (w: Float64Array): number => {
    let sum = 0
    for (let j = 0; j < w.length; j++) sum += (l1[j] as number) * Math.abs(w[j] as number)
    return sum
  }
  let w: Float64Array = Float64Array.from(from?.w ?? start)
  let value = (await loss.loss(w)) + penalty(w)
  for (let steps = from?.steps ?? 0; steps < maxIter; steps++) {
    if (!Number.isFinite(value)) throw new StudioError({ code: 'diverged', message: `invalid loss; it left the finite range after ${steps} Newton steps`, hint: 'Scale the features and lower C.' })
    const v = smallestSubgradient(w, loss.gradient, l1)
    if (v.every((slope) => Math.abs(slope) <= tol)) return { w, steps, converged: true }
    const free = Uint8Array.from(w, (weight, j) => (weight !== 0 || v[j] !== 0 || l1[j] === 0 ? 1 : 0))
    const gradient = Float64Array.from(loss.gradient)
    const own = w
    const d = await direction(loss, v, free, steps === from?.steps ? from.inner : undefined, keep && ((inner) => keep({ steps, w: own, inner })))
    const orthant = w.map((weight, j) => (weight !== 0 ? Math.sign(weight) : -Math.sign(v[j] as number)))
    const moved = (step: number): Float64Array =>
      w.map((weight, j) => {
        const to = weight + step * (d[j] as number)
        return l1[j] !== 0 && to * (orthant[j] as number) < 0 ? 0 : to
      })
    let next: Float64Array = w
    let nextValue = value
    let accepted = false
    for (let tries = 0, step = 1; tries < 20 && !accepted; tries++, step /= 2) {
      next = moved(step)
      nextValue = (await loss.loss(next)) + penalty(next)
      // Armijo along the projected step; near the optimum rounding hides progress, and then we are done.
      let slope = 0
      for (let j = 0; j < w.length; j++) slope += (v[j] as number) * ((next[j] as number) - (w[j] as number))
      accepted = nextValue <= value + 1e-4 * Math.min(0, slope) + 1e-14 * Math.abs(value) && slope <= 0
    }
    if (!accepted) {
      const bent = await proximalStep(loss, w, value, gradient, l1, penalty)
      next = bent.w
      nextValue = bent.value
    }
    onStep?.(steps + 1)
    const still = !(nextValue < value) && Math.abs(nextValue - value) <= 1e-13 * Math.abs(value)
    w = next
    if (still || (!accepted && nextValue === value)) return { w, steps: steps + 1, converged: true }
    value = nextValue
  }
  return { w, steps: maxIter, converged: smallestSubgradient(w, loss.gradient, l1).every((slope) => Math.abs(slope) <= tol) }
}

/** One soft-thresholded gradient step with backtracking: always makes progress, if there is any to make. */
async function proximalStep(loss: SmoothLoss, w: Float64Array, value: number, g: Float64Array, l1: Float64Array, penalty: (w: Float64Array) => number): Promise<{ w: Float64Array; value: number }> {
  for (let step = 1; step > 1e-30; step /= 4) {
    const length = step
    const next = w.map((weight, j) => {
      const to = weight - length * (g[j] as number)
      return Math.sign(to) * Math.max(0, Math.abs(to) - length * (l1[j] as number))
    })
    const nextValue = (await loss.loss(next)) + penalty(next)
    if (nextValue < value) return { w: next, value: nextValue }
  }
  await loss.loss(w)
  return { w, value }
}
