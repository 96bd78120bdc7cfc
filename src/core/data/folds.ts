/** Folds for cross-validation: in each, some rows are held out and the others teach. */
import { StudioError } from '../errors.ts'
import { createRng, shuffle, type Rng } from '../math/rng.ts'
import { cellAt, isValid, type Column } from './column.ts'
import { columnNamed } from './dataset.ts'
import type { TrainRows } from './split.ts'

export type FoldStrategy =
  | { readonly kind: 'random' }
  /** Each fold holds each class of the column in about the same share. */
  | { readonly kind: 'stratified'; readonly column: string }
  /** Rows with the same value are held out together. */
  | { readonly kind: 'grouped'; readonly column: string }
  /** Rolling origin: each fold learns from the past of what it holds out. */
  | { readonly kind: 'time'; readonly column: string }
export interface FoldSpec {
  readonly strategy: FoldStrategy
  /** Whole number from 2. */
  readonly folds: number
  /** How often the rows are dealt anew; ignored by time, whose order is given. Default 1. */
  readonly repeats?: number
  readonly seed: number
  /** Share of each fold's other rows to learn from, drawn (by time: the latest), in (0, 1]; a larger share holds a smaller one. Default 1. */
  readonly trainShare?: number
}
export interface Fold {
  readonly repeat: number
  readonly fold: number
  /** Made anew each time that it is asked for: those of all folds at once would be the rows as many times over. */
  readonly train: TrainRows
  /** How many those are. */
  readonly learnt: number
  readonly held: Uint32Array
}

/** Rows by value of a column, missing as a group of its own, in order of first appearance. */
function groupsOf(column: Column, rows: Uint32Array): number[][] {
  const groups = new Map<unknown, number[]>()
  for (const row of rows) {
    const key = cellAt(column, row)
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return [...groups.values()]
}

function stratified(column: Column, rows: Uint32Array, folds: number, rng: Rng): number[][] {
  const groups = groupsOf(column, rows)
  const lonely = groups.find((group) => group.length < 2)
  if (lonely) {
    const value = String(cellAt(column, lonely[0] as number)).slice(0, 100)
    throw new StudioError({
      code: 'bad-data',
      message: `invalid class; stratified folds need at least 2 rows of each: ${value} has 1`,
      hint: 'Leave the class out, join it with another, or collect more rows of it.',
      details: { column: column.name.slice(0, 200), class: value },
    })
  }
  const held: number[][] = Array.from({ length: folds }, () => [])
  // Dealing goes on where the class before stopped: sizes of folds differ by one at most, within each class too.
  let next = 0
  for (const group of groups) for (const row of shuffle(group, rng.fork(`class of row ${group[0]}`))) held[next++ % folds]?.push(row)
  return held
}

/** Largest groups first, each to the fold that holds the fewest rows (as scikit-learn's GroupKFold); of equals a drawn one. */
function grouped(column: Column, rows: Uint32Array, folds: number, rng: Rng): number[][] {
  const groups = groupsOf(column, rows)
  if (groups.length < folds) {
    throw new StudioError({ code: 'bad-data', message: `invalid folds; at most one a group of ${column.name.slice(0, 100)} (${groups.length}): ${folds}`, details: { column: column.name.slice(0, 200), groups: groups.length } })
  }
  const held: number[][] = Array.from({ length: folds }, () => [])
  const order = shuffle(Uint32Array.from(groups, (_, i) => i), rng)
  for (const group of Array.from(order, (i) => groups[i] as number[]).sort((a, b) => b.length - a.length)) {
    const smallest = held.reduce((best, fold) => (fold.length < best.length ? fold : best))
    for (const row of group) smallest.push(row)
  }
  return held
}

/**
 * folds + 1 blocks in order of time; fold i learns from the first i + 1 and holds out the next (as
 * scikit-learn's TimeSeriesSplit). Equal moments stay in one block.
 */
function rollingOrigin(column: Column, rows: Uint32Array, folds: number): Fold[] {
  if (column.kind !== 'datetime' && column.kind !== 'numeric') {
    throw new StudioError({ code: 'bad-data', message: `invalid fold column; folds by time need a datetime or numeric column: ${column.kind}`, details: { column: column.name.slice(0, 200) } })
  }
  const moments = column.kind === 'datetime' ? column.seconds : column.values
  const order = rows.filter((row) => isValid(column, row)).sort((a, b) => (moments[a] as number) - (moments[b] as number) || a - b)
  const cuts = Array.from({ length: folds + 2 }, (_, block) => {
    let at = Math.round((order.length * block) / (folds + 1))
    while (at > 0 && at < order.length && moments[order[at] as number] === moments[order[at - 1] as number]) at++
    return at
  })
  return Array.from({ length: folds }, (_, fold) => ({
    repeat: 0,
    fold,
    get train() {
      return order.slice(0, cuts[fold + 1]).sort() as TrainRows
    },
    learnt: cuts[fold + 1] as number,
    held: order.slice(cuts[fold + 1], cuts[fold + 2]).sort(),
  }))
}

/**
 * @param rows rows that take part, each with a target
 * @throws StudioError bad-param for a number of folds, bad-data where the rows do not allow it
 */
export function makeFolds(columns: readonly Column[], rows: Uint32Array, spec: FoldSpec): readonly Fold[] {
  const { strategy, folds, repeats = 1, trainShare = 1 } = spec
  if (!Number.isInteger(folds) || folds < 2) throw new StudioError({ code: 'bad-param', message: `invalid folds; not a whole number from 2: ${folds}` })
  if (!Number.isInteger(repeats) || repeats < 1 || repeats > 100) throw new StudioError({ code: 'bad-param', message: `invalid repeats; not a whole number in [1, 100]: ${repeats}` })
  if (!(trainShare > 0 && trainShare <= 1)) throw new StudioError({ code: 'bad-param', message: `invalid share of rows to learn from; not in (0, 1]: ${trainShare}` })
  if (folds > rows.length) throw new StudioError({ code: 'bad-data', message: `invalid folds; more than there are rows (${rows.length}): ${folds}`, details: { rows: rows.length } })
  const made = strategy.kind === 'time' ? rollingOrigin(columnNamed({ columns }, strategy.column), rows, folds) : dealt(columns, rows, spec, repeats)
  const empty = made.find(({ learnt, held }) => learnt === 0 || held.length === 0)
  if (empty) throw new StudioError({ code: 'bad-data', message: `invalid folds; fold ${empty.fold + 1} would ${empty.held.length === 0 ? 'hold out' : 'learn from'} no row of ${rows.length}: ${folds}`, hint: 'Use fewer folds.' })
  if (trainShare === 1) return made
  return made.map((whole) => {
    const learnt = Math.max(1, Math.round(whole.learnt * trainShare))
    return {
      repeat: whole.repeat,
      fold: whole.fold,
      get train() {
        return part(columns, whole, spec, learnt)
      },
      learnt,
      held: whole.held,
    }
  })
}

function part(columns: readonly Column[], { train, repeat, fold }: Fold, { strategy, seed }: FoldSpec, count: number): TrainRows {
  if (strategy.kind === 'time') {
    const column = columnNamed({ columns }, strategy.column)
    const moments = column.kind === 'datetime' ? column.seconds : column.kind === 'numeric' ? column.values : undefined
    return train.slice().sort((a, b) => ((moments?.[b] ?? 0) as number) - ((moments?.[a] ?? 0) as number) || b - a).slice(0, count).sort() as TrainRows
  }
  const rng = createRng(seed).fork(`part of fold ${repeat}.${fold}`)
  // Dealt class by class, so that even a small share knows every class.
  if (strategy.kind !== 'stratified') return shuffle(train, rng).slice(0, count).sort() as TrainRows
  const placed = new Uint32Array(train.length)
  const places = new Float64Array(train.length)
  let at = 0
  for (const group of groupsOf(columnNamed({ columns }, strategy.column), train)) {
    for (const [i, row] of shuffle(Uint32Array.from(group), rng).entries()) {
      placed[at] = row
      places[at++] = (i + 0.5) / group.length
    }
  }
  const order = Uint32Array.from(placed, (_, i) => i).sort((a, b) => (places[a] as number) - (places[b] as number) || (placed[a] as number) - (placed[b] as number))
  return order.subarray(0, count).map((i) => placed[i] as number).sort() as TrainRows
}

function dealt(columns: readonly Column[], rows: Uint32Array, { strategy, folds, seed }: FoldSpec, repeats: number): Fold[] {
  return Array.from({ length: repeats }, (_, repeat) => {
    const rng = createRng(seed).fork(`folds ${repeat}`)
    const deal = (): number[][] => {
      const held: number[][] = Array.from({ length: folds }, () => [])
      shuffle(Uint32Array.from(rows), rng).forEach((row, i) => held[i % folds]?.push(row))
      return held
    }
    const byFold =
      strategy.kind === 'stratified' ? stratified(columnNamed({ columns }, strategy.column), rows, folds, rng)
      : strategy.kind === 'grouped' ? grouped(columnNamed({ columns }, strategy.column), rows, folds, rng)
      : deal()
    return byFold.map((group, fold): Fold => {
      const held = Uint32Array.from(group).sort()
      return {
        repeat,
        fold,
        get train() {
          const out = new Set(held)
          return rows.filter((row) => !out.has(row)) as TrainRows
        },
        learnt: rows.length - held.length,
        held,
      }
    })
  }).flat()
}
