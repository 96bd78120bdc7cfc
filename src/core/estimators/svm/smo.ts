/**
 * Sequential minimal optimisation: minimises 1/2 a'Qa + q'a under y'a = 0, 0 <= a <= bound, with
 * Q_ij = y_i y_j K_ij. The pair of each step is chosen by second-order information (Fan, Chen & Lin 2005);
 * variables that seem settled at a bound are left out until the rest is done (LIBSVM, section 5.1).
 */
import type { Context } from '../../context.ts'
import type { KernelRows } from './kernel.ts'

export interface SmoProblem {
  /** Shape (variables): +1 or -1. */
  readonly sign: Float64Array
  /** Shape (variables): sign times linear term. */
  readonly start: Float64Array
  /** Shape (variables), positive. */
  readonly bound: Float64Array
  /** Row of the kernel behind a variable: itself, or modulo the rows where each has two. */
  readonly rows: number
  /** Largest violation at the end. */
  readonly tol: number
  readonly maxIter: number
  /** @param violation of the optimality conditions, now */
  readonly onProgress?: (violation: number) => void
}
/** Where it stands between two steps. */
export interface SmoPlace {
  readonly steps: number
  readonly a: Float64Array
  /** sign times gradient. */
  readonly F: Float64Array
  readonly active: Uint32Array
}
export interface SmoEnd {
  /** Shape (variables): sign times a. */
  readonly coefficients: Float64Array
  /** The decision is sum of coefficients K - rho. */
  readonly rho: number
  readonly steps: number
  readonly converged: boolean
}

const smallest = 1e-12

/** @param keep told now and then where it stands; @param from where an interrupted one stood */
export async function smo(problem: SmoProblem, kernel: KernelRows, context: Context, keep?: (place: SmoPlace) => Promise<unknown> | undefined, from?: SmoPlace): Promise<SmoEnd> {
  const { sign, start, bound, rows, tol, maxIter } = problem
  const n = sign.length
  const a = from?.a ?? new Float64Array(n)
  // sign times gradient: the optimality conditions compare these alone.
  const F = from?.F ?? Float64Array.from(start)
  let active = from?.active ?? Uint32Array.from({ length: n }, (_, i) => i)
  // Each row has one variable or two, one after the other; a remainder would be the dearest part of the loops below.
  const rowOf = (variable: number): number => (variable < rows ? variable : variable - rows)
  const canRise = (i: number): boolean => ((sign[i] as number) > 0 ? (a[i] as number) < (bound[i] as number) : (a[i] as number) > 0)
  const canFall = (i: number): boolean => ((sign[i] as number) > 0 ? (a[i] as number) > 0 : (a[i] as number) < (bound[i] as number))

  /** Gradients of what was left out, from the support vectors. */
  const restore = async (): Promise<void> => {
    if (active.length === n) return
    const isActive = new Uint8Array(n)
    for (const i of active) isActive[i] = 1
    const left = Uint32Array.from({ length: n }, (_, i) => i).filter((i) => isActive[i] === 0)
    for (const i of left) F[i] = start[i] as number
    for (let s = 0; s < n; s++) {
      if (a[s] === 0) continue
      const row = kernel.row(rowOf(s))
      const weight = (sign[s] as number) * (a[s] as number)
      for (const i of left) F[i] = (F[i] as number) + weight * (row[rowOf(i)] as number)
      await context.checkpoint()
    }
    active = Uint32Array.from({ length: n }, (_, i) => i)
  }
  const extremes = (): { top: number; bottom: number } => {
    let top = Number.NEGATIVE_INFINITY
    let bottom = Number.POSITIVE_INFINITY
    for (const i of active) {
      const f = -(F[i] as number)
      if (f > top && canRise(i)) top = f
      if (f < bottom && canFall(i)) bottom = f
    }
    return { top, bottom }
  }

  let steps = from?.steps ?? 0
  let converged = false
  const shrinkEvery = Math.min(n, 1000)
  while (steps < maxIter) {
    if (steps % shrinkEvery === shrinkEvery - 1) {
      const { top, bottom } = extremes()
      problem.onProgress?.(top - bottom)
      // Close to the end everything is looked at again, once.
      if (top - bottom > 10 * tol) active = active.filter((i) => !((!canFall(i) && -(F[i] as number) < bottom) || (!canRise(i) && -(F[i] as number) > top)))
    }
    let i = -1
    let top = Number.NEGATIVE_INFINITY
    for (let v = 0; v < active.length; v++) {
      const at = active[v] as number
      if (-(F[at] as number) > top && canRise(at)) {
        top = -(F[at] as number)
        i = at
      }
    }
    let j = -1
    let best = 0
    let bottom = Number.POSITIVE_INFINITY
    const rowI = i < 0 ? undefined : kernel.row(rowOf(i))
    if (rowI) {
      const own = kernel.diagonal[rowOf(i)] as number
      for (let v = 0; v < active.length; v++) {
        const at = active[v] as number
        if (!canFall(at)) continue
        const f = -(F[at] as number)
        if (f < bottom) bottom = f
        const gap = top - f
        if (gap <= 0) continue
        const bend = Math.max(smallest, own + (kernel.diagonal[rowOf(at)] as number) - 2 * (rowI[rowOf(at)] as number))
        const gain = (gap * gap) / bend
        if (gain > best) {
          best = gain
          j = at
        }
      }
    }
    if (i < 0 || j < 0 || !rowI || top - bottom <= tol) {
      if (active.length === n) {
        converged = true
        break
      }
      await restore()
      // One round over all without counting as done: the loop decides again.
      steps++
      continue
    }
    const rowJ = kernel.row(rowOf(j))
    const bend = Math.max(smallest, (kernel.diagonal[rowOf(i)] as number) + (kernel.diagonal[rowOf(j)] as number) - 2 * (rowI[rowOf(j)] as number))
    const roomI = (sign[i] as number) > 0 ? (bound[i] as number) - (a[i] as number) : (a[i] as number)
    const roomJ = (sign[j] as number) > 0 ? (a[j] as number) : (bound[j] as number) - (a[j] as number)
    const t = Math.min((top + (F[j] as number)) / bend, roomI, roomJ)
    // What reaches its bound lies on it exactly.
    a[i] = t === roomI ? ((sign[i] as number) > 0 ? (bound[i] as number) : 0) : (a[i] as number) + (sign[i] as number) * t
    a[j] = t === roomJ ? ((sign[j] as number) > 0 ? 0 : (bound[j] as number)) : (a[j] as number) - (sign[j] as number) * t
    for (let v = 0; v < active.length; v++) {
      const at = active[v] as number
      F[at] = (F[at] as number) + t * ((rowI[rowOf(at)] as number) - (rowJ[rowOf(at)] as number))
    }
    steps++
    if ((steps & 15) === 0) {
      await keep?.({ steps, a, F, active })
      await context.checkpoint()
    }
  }
  await restore()
  let sum = 0
  let free = 0
  for (let i = 0; i < n; i++) {
    if (!canRise(i) || !canFall(i)) continue
    sum += F[i] as number
    free++
  }
  const { top, bottom } = extremes()
  const middle = Number.isFinite(top) && Number.isFinite(bottom) ? -(top + bottom) / 2 : 0
  return { coefficients: a.map((value, i) => value * (sign[i] as number)), rho: free > 0 ? sum / free : middle, steps, converged }
}
