import { expect } from 'vitest'

export interface Tolerance {
  /** Allowed |actual - expected|; default 0. */
  readonly absolute?: number
  /** Allowed |actual - expected| / |expected|; default 0. */
  readonly relative?: number
}

/** The worst violation as text, or undefined where all are close. NaN equals NaN only; infinities must match. */
export function firstFar(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: Tolerance): string | undefined {
  if (actual.length !== wanted.length) return `length ${actual.length}, expected ${wanted.length}`
  for (let i = 0; i < wanted.length; i++) {
    const a = actual[i] as number
    const w = wanted[i] as number
    if (Object.is(a, w) || a === w) continue
    const allowed = (tolerance.absolute ?? 0) + (tolerance.relative ?? 0) * Math.abs(w)
    if (!(Math.abs(a - w) <= allowed) || !Number.isFinite(w)) return `at ${i}: ${a}, expected ${w} within ${allowed}`
  }
  return undefined
}

/** Asserts |actual - expected| <= absolute + relative * |expected| element by element. */
export function expectAllClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: Tolerance): void {
  expect(firstFar(actual, wanted, tolerance)).toBeUndefined()
}
