/**
 * New rows with their truth below the rows that a run was made from, and a column that says which part each belongs to: old
 * rows stay where they were, so that no row which judged the old model is learnt from by the new one, and the other way round.
 * For the same reason an old row that comes again is left aside: it could be dealt to another part.
 * Of a split by time the origin rolls on: a row that judges may not be older than one that is learnt from, so the old
 * validation rows are learnt from, the new rows judge, and the old test rows, which stay sealed, are in no part.
 */
import { columnFrom, isValid, type Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { className } from '../data/encode-target.ts'
import { takeColumn } from '../data/change-kind.ts'
import type { Dealing, PartName, SplitSpec } from '../data/split.ts'
import { stackColumns } from '../data/stack-columns.ts'
import type { TargetSpec } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { cellText } from '../evaluate/slice.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { knownRows } from './known-rows.ts'

export interface OldRows {
  readonly columns: readonly Column[]
  readonly rows: number
  readonly parts: Readonly<Record<PartName, Uint32Array>>
}
export interface Appended {
  readonly columns: readonly Column[]
  readonly rows: number
  readonly split: SplitSpec
  /** New rows taken, and left aside: without a truth, with a class that the model does not know, or old rows that came again. */
  readonly added: number
  readonly unlabelled: number
  readonly unknown: number
  readonly again: number
}
/** So few new rows teach and judge nothing. */
export const fewestNewRows = 20
const partWord: Readonly<Record<PartName, string>> = { train: 'train', valid: 'validation', test: 'test' }
const defaultShare = 0.2

/**
 * @param fresh columns of the same names and kinds, one for each old column
 * @throws StudioError bad-data for too few new rows with a known truth
 */
export function appendRows(old: OldRows, fresh: readonly Column[], target: TargetSpec, classes: readonly string[], spec: SplitSpec, seed: number): Appended {
  const truth = fresh.find(({ name }) => name === target.column) as Column
  const known = new Set(classes)
  let [unlabelled, unknown] = [0, 0]
  const again = new Set(knownRows({ columns: old.columns, rows: old.rows, train: old.parts.train }, fresh, truth.length)?.rows)
  const taken = Uint32Array.from({ length: truth.length }, (_, row) => row).filter((row) => {
    if (again.has(row)) return false
    if (!isValid(truth, row)) {
      unlabelled++
      return false
    }
    if (target.task === 'regression' || known.has(className(truth, row))) return true
    unknown++
    return false
  })
  if (taken.length < fewestNewRows) {
    throw new StudioError({ code: 'bad-data', message: `missing labels; to learn from new rows it takes ${fewestNewRows} of them with a ${target.column.slice(0, 60)} that the model knows${again.size > 0 ? `, beside the ${again.size} that the model's data already hold` : ''}: ${taken.length}`, hint: 'Add the column with what really happened, and drop the file again.' })
  }
  const { strategy } = spec
  const marked = strategy.kind === 'column' ? strategy.column : undefined
  const name = marked ?? freeName('part', old.columns)
  const words = new Array<string | null>(old.rows + taken.length).fill(null)
  const like: Dealing | undefined = strategy.kind === 'column' ? strategy.like : strategy.kind === 'grouped' || strategy.kind === 'time' ? { kind: strategy.kind, column: strategy.column } : undefined
  const { given, rolls } =
    like?.kind === 'time' ? byTime(old, fresh, taken, like.column, spec)
    : { given: like ? byGroup(old, fresh, taken, like.column, spec, seed) : byChance(taken.length, spec, seed), rolls: false }
  for (const part of ['train', 'valid', 'test'] as const) for (const row of old.parts[part]) words[row] = !rolls ? partWord[part] : part === 'test' ? null : partWord.train
  given.forEach((part, i) => (words[old.rows + i] = part && partWord[part]))
  const columns = old.columns.flatMap((column) => (column.name === marked ? [] : [stackColumns([column, takeColumn(fresh.find((other) => other.name === column.name) as Column, taken)])]))
  return {
    // As text it is a feature of no model.
    columns: [...columns, columnFrom(name, 'text', words)],
    rows: old.rows + taken.length,
    split: { ...spec, strategy: { kind: 'column', column: name, ...(like && { like }) } },
    added: taken.length,
    unlabelled,
    unknown,
    again: again.size,
  }
}

function freeName(wanted: string, columns: readonly Column[]): string {
  let name = wanted
  while (columns.some((column) => column.name === name)) name += '_'
  return name
}
const sharesOf = ({ validShare, testShare }: SplitSpec): { readonly valid: number; readonly test: number } => ({ valid: validShare > 0 ? validShare : defaultShare, test: testShare })

function byChance(rows: number, spec: SplitSpec, seed: number): PartName[] {
  const { valid, test } = sharesOf(spec)
  const order = shuffle(Uint32Array.from({ length: rows }, (_, i) => i), createRng(seed).fork('new rows'))
  const given = new Array<PartName>(rows).fill('train')
  const tests = Math.round(rows * test)
  const valids = Math.max(1, Math.round(rows * valid))
  order.forEach((at, i) => (given[at] = i < tests ? 'test' : i < tests + valids ? 'valid' : 'train'))
  return given
}

/** @returns a part for each row, null where it has no place in time; `rolls`: whether they are late enough to judge a model that learns from all old ones */
function byTime(old: OldRows, fresh: readonly Column[], taken: Uint32Array, column: string, spec: SplitSpec): { readonly given: (PartName | null)[]; readonly rolls: boolean } {
  const was = momentsOf(old.columns, column)
  const now = momentsOf(fresh, column)
  const earliest = (part: PartName): number => old.parts[part].reduce((least, row) => Math.min(least, was(row)), Infinity)
  const end = (['train', 'valid'] as const).reduce((most, part) => old.parts[part].reduce((sofar, row) => Math.max(sofar, was(row)), most), -Infinity)
  const later = Float64Array.from(taken, now).filter((moment) => moment > end).sort()
  const cut = (validFrom: number, testFrom: number): (PartName | null)[] => Array.from(taken, now).map((moment) => (Number.isNaN(moment) ? null : moment < validFrom ? 'train' : moment < testFrom ? 'valid' : 'test'))
  // Most are of the old rows' time: there each goes where its moment belongs.
  if (later.length < fewestNewRows) return { given: cut(earliest('valid'), earliest('test')), rolls: false }
  const { valid, test } = sharesOf(spec)
  const validFrom = later[Math.min(later.length - 1, Math.max(0, Math.round(later.length * (1 - test - valid))))] as number
  // Equal moments stay together, and some row judges.
  const testFrom = later.find((moment, i) => moment > validFrom && i >= Math.round(later.length * (1 - test))) ?? Infinity
  return { given: cut(validFrom, testFrom), rolls: true }
}

/** NaN where there is none. */
function momentsOf(columns: readonly Column[], name: string): (row: number) => number {
  const column = columnNamed({ columns }, name)
  const moments = column.kind === 'datetime' ? column.seconds : column.kind === 'numeric' ? column.values : undefined
  return (row) => (moments && isValid(column, row) ? (moments[row] as number) : NaN)
}

/** A group that is known stays in its part; new groups are dealt whole. */
function byGroup(old: OldRows, fresh: readonly Column[], taken: Uint32Array, column: string, spec: SplitSpec, seed: number): PartName[] {
  const own = old.columns.find(({ name }) => name === column) as Column
  const groups = fresh.find(({ name }) => name === column) as Column
  const home = new Map<string | null, PartName>()
  for (const part of ['train', 'valid', 'test'] as const) for (const row of old.parts[part]) home.set(cellText(own, row), part)
  const { valid, test } = sharesOf(spec)
  const rng = createRng(seed).fork('new groups')
  return Array.from(taken, (row) => {
    const group = cellText(groups, row)
    const known = home.get(group)
    if (known) return known
    const draw = rng.next()
    const part = draw < test ? 'test' : draw < test + valid ? 'valid' : 'train'
    home.set(group, part)
    return part
  })
}
