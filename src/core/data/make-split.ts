/** Makes the three parts. Every row of the data is in exactly one part or left out with its reason. */
import { StudioError } from '../errors.ts'
import { createRng, shuffle, type Rng } from '../math/rng.ts'
import { cellAt, isValid, type Column } from './column.ts'
import { columnNamed } from './dataset.ts'
import type { Split, SplitSpec, TrainRows } from './split.ts'

interface Parts {
  readonly train: number[]
  readonly valid: number[]
  readonly test: number[]
}

const text = (column: Column, row: number): string | null => {
  const cell = cellAt(column, row)
  return cell === null ? null : column.kind === 'boolean' ? column.labels[cell === true ? 1 : 0] : String(cell)
}

/** Rows by the text of a column, missing as a group of its own, groups in order of their text: names of classes do not matter, their order is fixed. */
function groupsOf(column: Column, rows: readonly number[]): number[][] {
  const groups = new Map<string | null, number[]>()
  for (const row of rows) {
    const key = text(column, row)
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return [...groups.values()]
}

/** Deals shuffled rows: the first to test, the next to valid, the rest to train. */
function deal(rows: number[], testCount: number, validCount: number, parts: Parts): void {
  rows.forEach((row, i) => (i < testCount ? parts.test : i < testCount + validCount ? parts.valid : parts.train).push(row))
}

/**
 * Exact shares in total, and in each class as near as whole rows allow: each class gets the floor of its
 * share and the classes with the largest remainders get one more, until the total is met.
 */
function apportion(sizes: readonly number[], share: number, total: number): number[] {
  const counts = sizes.map((size) => Math.floor(size * share))
  const byRemainder = sizes.map((size, i) => ({ i, remainder: size * share - Math.floor(size * share) })).sort((a, b) => b.remainder - a.remainder || a.i - b.i)
  let open = total - counts.reduce((a, b) => a + b, 0)
  for (const { i } of byRemainder) {
    if (open <= 0) break
    counts[i] = (counts[i] as number) + 1
    open--
  }
  return counts
}

function stratified(column: Column, rows: readonly number[], spec: SplitSpec, rng: Rng): Parts {
  const parts: Parts = { train: [], valid: [], test: [] }
  // By first row rather than by name, so that renaming classes gives the same split.
  const groups = groupsOf(column, rows).map((group) => shuffle(group, rng.fork(`class of row ${group[0]}`)))
  const sizes = groups.map((group) => group.length)
  const tests = apportion(sizes, spec.testShare, Math.round(rows.length * spec.testShare))
  const valids = apportion(sizes, spec.validShare, Math.round(rows.length * spec.validShare))
  groups.forEach((group, i) => {
    // A class of one or two rows stays with training: a part cannot judge what was never taught.
    const spare = Math.max(0, group.length - 1)
    const test = Math.min(tests[i] as number, spare)
    deal(group, test, Math.min(valids[i] as number, spare - test), parts)
  })
  return parts
}

function grouped(column: Column, rows: readonly number[], spec: SplitSpec, rng: Rng): Parts {
  const groups = groupsOf(column, rows)
  if (groups.length < 3) {
    throw new StudioError({ code: 'bad-data', message: `invalid split column; a grouped split needs at least 3 groups: ${groups.length}`, details: { column: column.name.slice(0, 200) } })
  }
  const order = shuffle(Uint32Array.from(groups, (_, i) => i), rng)
  const parts: Parts = { train: [], valid: [], test: [] }
  const wanted = { test: rows.length * spec.testShare, valid: rows.length * spec.validShare }
  let left = groups.length
  for (const i of order) {
    const group = groups[i] as number[]
    left--
    const needy = (name: 'test' | 'valid') => parts[name].length + group.length / 2 <= wanted[name] || (parts[name].length === 0 && wanted[name] > 0)
    const into = left > 0 && needy('test') ? parts.test : left > 0 && needy('valid') ? parts.valid : parts.train
    for (const row of group) into.push(row)
  }
  return parts
}

function byTime(column: Column, rows: readonly number[], spec: SplitSpec): Parts {
  if (column.kind !== 'datetime' && column.kind !== 'numeric') {
    throw new StudioError({ code: 'bad-data', message: `invalid split column; a split by time needs a datetime or numeric column: ${column.kind}`, details: { column: column.name.slice(0, 200) } })
  }
  const moments = column.kind === 'datetime' ? column.seconds : column.values
  const order = [...rows].sort((a, b) => (moments[a] as number) - (moments[b] as number) || a - b)
  /** The first place at or after `want` where the moment changes, so that equal moments stay together. */
  const cut = (want: number): number => {
    let at = Math.min(Math.max(want, 0), order.length)
    while (at > 0 && at < order.length && moments[order[at] as number] === moments[order[at - 1] as number]) at++
    return at
  }
  const validFrom = cut(Math.round(order.length * (1 - spec.testShare - spec.validShare)))
  const testFrom = Math.max(validFrom, cut(Math.round(order.length * (1 - spec.testShare))))
  return { train: order.slice(0, validFrom), valid: order.slice(validFrom, testFrom), test: order.slice(testFrom) }
}

const partWords: readonly (readonly [RegExp, keyof Parts])[] = [
  [/^(train|training|learn)$/i, 'train'],
  [/^(valid|validation|val|dev)$/i, 'valid'],
  [/^(test|testing|holdout|hold-out)$/i, 'test'],
]

/**
 * @param columns the dataset's columns
 * @param targetColumn rows where it is missing are left out
 * @throws StudioError bad-param for shares, bad-data for a column that cannot be split by or an empty part
 */
export function makeSplit(columns: readonly Column[], targetColumn: string, spec: SplitSpec): Split {
  for (const name of ['validShare', 'testShare'] as const) {
    if (!(spec[name] >= 0 && spec[name] < 1)) throw new StudioError({ code: 'bad-param', message: `invalid ${name}; not in [0, 1): ${spec[name]}` })
  }
  if (spec.strategy.kind !== 'column' && !(spec.validShare + spec.testShare < 1)) {
    throw new StudioError({ code: 'bad-param', message: `invalid shares; validation and test together must leave rows to train on: ${spec.validShare} + ${spec.testShare}` })
  }
  const target = columnNamed({ columns }, targetColumn)
  const usable: number[] = []
  const holes: number[] = []
  for (let row = 0; row < target.length; row++) (isValid(target, row) ? usable : holes).push(row)
  const leftOut = holes.length > 0 ? [{ reason: 'the target is missing', rows: Uint32Array.from(holes) }] : []
  const rng = createRng(spec.seed).fork('split')
  const by = spec.strategy.kind === 'random' ? undefined : columnNamed({ columns }, spec.strategy.column)
  const parts: Parts = { train: [], valid: [], test: [] }
  let made = parts
  switch (spec.strategy.kind) {
    case 'random':
      deal(shuffle([...usable], rng), Math.round(usable.length * spec.testShare), Math.round(usable.length * spec.validShare), parts)
      break
    case 'stratified':
      made = stratified(by as Column, usable, spec, rng)
      break
    case 'grouped':
      made = grouped(by as Column, usable, spec, rng)
      break
    case 'time': {
      const dated = usable.filter((row) => isValid(by as Column, row))
      const undated = usable.filter((row) => !isValid(by as Column, row))
      if (undated.length > 0) leftOut.push({ reason: `${(by as Column).name.slice(0, 100)} is missing, so the row has no place in time`, rows: Uint32Array.from(undated) })
      made = byTime(by as Column, dated, spec)
      break
    }
    case 'column': {
      const other: number[] = []
      for (const row of usable) {
        const word = text(by as Column, row)?.trim() ?? ''
        const part = partWords.find(([pattern]) => pattern.test(word))?.[1]
        if (part) parts[part].push(row)
        else other.push(row)
      }
      if (other.length > 0) leftOut.push({ reason: `${(by as Column).name.slice(0, 100)} names no part (train, validation, test)`, rows: Uint32Array.from(other) })
    }
  }
  const sorted = (rows: number[]) => Uint32Array.from(rows).sort()
  const split = { spec, train: sorted(made.train) as TrainRows, valid: sorted(made.valid), test: sorted(made.test), leftOut }
  for (const name of ['train', 'valid'] as const) {
    if (split[name].length > 0) continue
    throw new StudioError({
      code: 'bad-data',
      message: `missing rows; the ${name === 'train' ? 'training' : 'validation'} part would be empty with ${usable.length} usable rows`,
      hint: 'Use more rows, or change the shares.',
      details: { part: name, rows: usable.length },
    })
  }
  return split
}
