import { describe, expect, it } from 'vitest'
import { createRng, shuffle } from '../../../src/core/math/rng.ts'

describe('rng', () => {
  it('repeats for a seed and differs between seeds and forks', () => {
    const draw = (seed: number, name?: string) => {
      const rng = name === undefined ? createRng(seed) : createRng(seed).fork(name)
      return Array.from({ length: 5 }, () => rng.next())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(7, 'a')).not.toEqual(draw(7, 'b'))
    expect(draw(7, 'a')).toEqual(draw(7, 'a'))
  })
  it('is uniform: chi-square over 16 cells of 160,000 draws stays under the 0.999 quantile of 15 degrees of freedom', () => {
    const rng = createRng(3)
    const counts = new Array<number>(16).fill(0)
    for (let i = 0; i < 160_000; i++) counts[rng.int(16)]!++
    const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    expect(chi).toBeLessThan(37.7)
  })
  it('draws standard normals: mean and variance within 5 standard errors', () => {
    const rng = createRng(11)
    const values = Array.from({ length: 100_000 }, () => rng.normal())
    const mean = values.reduce((a, b) => a + b) / values.length
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(100_000))
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 100_000))
  })
  it('shuffles to a permutation', () => {
    const order = shuffle(Uint32Array.from({ length: 100 }, (_, i) => i), createRng(1))
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect([...order]).not.toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})
