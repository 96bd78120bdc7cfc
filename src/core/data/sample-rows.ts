/** A seeded sample of the training rows: what a device has no memory for is left out, and said. */
import { StudioError } from '../errors.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { cellAt, type Column } from './column.ts'
import type { Split, TrainRows } from './split.ts'

/**
 * @param rows most training rows to keep; a larger sample holds a smaller one of the same seed
 * @param classes the target, where it has classes: each keeps its share, and none is lost while there are rows enough
 * @returns the split with the others left out; itself where there are no more
 * @throws StudioError bad-param
 */
export function sampleTraining(split: Split, rows: number, classes?: Column): Split {
  if (!Number.isInteger(rows) || rows < 1) throw new StudioError({ code: 'bad-param', message: `invalid sampleRows; not a whole number from 1: ${rows}`, details: { parameter: 'sampleRows', value: rows } })
  if (rows >= split.train.length) return split
  const groups = new Map<unknown, number[]>()
  for (const row of split.train) {
    const key = classes && cellAt(classes, row)
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  const rng = createRng(split.spec.seed).fork('sample of training rows')
  // Dealt class by class: the place of a row within its class decides, and the first of each class comes first.
  const placed = [...groups.values()].flatMap((group) => Array.from(shuffle(Uint32Array.from(group), rng), (row, i) => ({ row, place: i === 0 ? 0 : (i + 0.5) / group.length })))
  placed.sort((a, b) => a.place - b.place || a.row - b.row)
  const numbers = (from: number, to?: number): Uint32Array => Uint32Array.from(placed.slice(from, to), ({ row }) => row).sort()
  return { ...split, train: numbers(0, rows) as TrainRows, leftOut: [...split.leftOut, { reason: `a sample of ${rows.toLocaleString('en')} rows is learnt from`, rows: numbers(rows) }] }
}
