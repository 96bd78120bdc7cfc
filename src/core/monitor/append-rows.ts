/**
 * New rows with their truth below the rows that a run was made from, and a column that says which part each belongs to: old
 * rows stay where they were, so that no row which judged the old model is learnt from by the new one, and the other way round.
 * For the same reason an old row that comes again is left aside: it could be dealt to another part.
 */
import { columnFrom, isValid, type Column } from '../data/column.ts'
import { className } from '../data/encode-target.ts'
import { takeColumn } from '../data/change-kind.ts'
import type { PartName, SplitSpec } from '../data/split.ts'
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
  for (const part of ['train', 'valid', 'test'] as const) for (const row of old.parts[part]) words[row] = partWord[part]
  const given = strategy.kind === 'grouped' ? byGroup(old, fresh, taken, strategy.column, spec, seed) : byChance(taken.length, spec, seed)
  given.forEach((part, i) => (words[old.rows + i] = partWord[part]))
  const columns = old.columns.flatMap((column) => (column.name === marked ? [] : [stackColumns([column, takeColumn(fresh.find((other) => other.name === column.name) as Column, taken)])]))
  return {
    // As text it is a feature of no model.
    columns: [...columns, columnFrom(name, 'text', words)],
    rows: old.rows + taken.length,
    split: { ...spec, strategy: { kind: 'column', column: name } },
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
