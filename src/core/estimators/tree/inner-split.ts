/** Rows held back from training to judge rounds: an inner part of the training rows, never validation or test. */
import type { Target } from '../../data/target.ts'
import { shuffle } from '../../math/rng.ts'
import type { Rng } from '../../math/rng.ts'

export interface InnerSplit {
  /** Ascending. */
  readonly learn: Uint32Array
  readonly judge: Uint32Array
}

/** Random, and for classes the same share of each class, rounded. @param share in (0, 1) */
export function innerSplit(y: Target, rows: number, share: number, rng: Rng): InnerSplit {
  const held = new Uint8Array(rows)
  const groups = new Map<number, number[]>()
  for (let row = 0; row < rows; row++) {
    const group = y.task === 'regression' ? 0 : (y.codes[row] as number)
    const members = groups.get(group)
    if (members) members.push(row)
    else groups.set(group, [row])
  }
  for (const group of [...groups.keys()].sort((a, b) => a - b)) {
    const members = shuffle(Uint32Array.from(groups.get(group) as number[]), rng)
    for (let i = 0; i < Math.round(members.length * share); i++) held[members[i] as number] = 1
  }
  const all = Uint32Array.from({ length: rows }, (_, row) => row)
  return { learn: all.filter((row) => held[row] === 0), judge: all.filter((row) => held[row] === 1) }
}
