/**
 * The one source of chance: xoshiro128** (Blackman & Vigna 2018), seeded through splitmix32, forked by
 * name so that adding a consumer does not move the numbers of another.
 */
import { log } from './elementary.ts'

export interface Rng {
  /** Uniform in [0, 1) with 32 bits. */
  next(): number
  /** Uniform integer in [0, n), without modulo bias. */
  int(n: number): number
  /** Standard normal (polar method). */
  normal(): number
  /** An independent stream for a named purpose. @param place what `place` of that stream gave */
  fork(name: string, place?: Float64Array): Rng
  /** Where the stream stands. */
  place(): Float64Array
}

function splitmix32(state: number): () => number {
  let a = state >>> 0
  return () => {
    a = (a + 0x9e3779b9) >>> 0
    let z = a
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
}

/** FNV-1a over UTF-16 code units, mixed with the parent's seed. */
function hashName(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0
  return hash
}

/** @param seed a whole number in [0, 2^32); @param place what `place` of an rng of this seed gave */
export function createRng(seed: number, place?: Float64Array): Rng {
  const mix = splitmix32(seed)
  let [a, b, c, d] = (place ?? [mix(), mix(), mix(), mix()]) as [number, number, number, number]
  let spare = place && !Number.isNaN(place[4] as number) ? place[4] : undefined
  const bits = (): number => {
    const scaled = Math.imul(b, 5)
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result
  }
  const rng: Rng = {
    next: () => bits() / 4294967296,
    int(n) {
      const limit = 4294967296 - (4294967296 % n)
      let draw = bits()
      while (draw >= limit) draw = bits()
      return draw % n
    },
    normal() {
      if (spare !== undefined) {
        const value = spare
        spare = undefined
        return value
      }
      for (;;) {
        const u = 2 * rng.next() - 1
        const v = 2 * rng.next() - 1
        const s = u * u + v * v
        if (s > 0 && s < 1) {
          const factor = Math.sqrt((-2 * log(s)) / s)
          spare = v * factor
          return u * factor
        }
      }
    },
    fork: (name, from) => createRng(hashName(seed, name), from),
    place: () => Float64Array.of(a, b, c, d, spare ?? Number.NaN),
  }
  return rng
}

/** Fisher-Yates in place; returns the same array. */
export function shuffle<T extends { length: number; [index: number]: number }>(values: T, rng: Rng): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = rng.int(i + 1)
    const swap = values[i] as number
    values[i] = values[j] as number
    values[j] = swap
  }
  return values
}
