/** Where new rows go: by time no row that judges is older than one that is learnt from, and groups stay whole, in folds of later trainings too. */
import { describe, expect, it } from 'vitest'
import { columnFrom, type Column } from '../../../../src/core/data/column.ts'
import { columnNamed } from '../../../../src/core/data/dataset.ts'
import { makeFolds } from '../../../../src/core/data/folds.ts'
import { makeSplit } from '../../../../src/core/data/make-split.ts'
import type { SplitSpec } from '../../../../src/core/data/split.ts'
import { appendRows } from '../../../../src/core/monitor/append-rows.ts'
import { foldsLike, unsealedRows } from '../../../../src/core/run/cross-validate.ts'

const target = { column: 'y', task: 'binary' } as const
/** Days in no order. @param from first day */
function table(rows: number, from: number, undated = -1): readonly Column[] {
  const day = (row: number): number => from + ((row * 37) % rows)
  const cells = <T>(of: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => of(row))
  return [
    columnFrom('when', 'datetime', cells((row) => (row === undated ? null : 86_400 * day(row)))),
    columnFrom('who', 'categorical', cells((row) => `p${(from + row) % 40}`)),
    columnFrom('x', 'numeric', cells((row) => from + row / 7)),
    columnFrom('y', 'categorical', cells((row) => (row % 3 === 0 ? 'yes' : 'no'))),
  ]
}
const byTime: SplitSpec = { strategy: { kind: 'time', column: 'when' }, validShare: 0.2, testShare: 0.2, seed: 1 }
const append = (columns: readonly Column[], split: SplitSpec, fresh: readonly Column[]) => {
  const parts = makeSplit(columns, 'y', split)
  const made = appendRows({ columns, rows: columns[0]!.length, parts }, fresh, target, ['no', 'yes'], split, 5)
  return { ...made, parts, split: makeSplit(made.columns, 'y', made.split), spec: made.split }
}
function days({ columns }: { readonly columns: readonly Column[] }, rows: ArrayLike<number>): { first: number; last: number } {
  const when = columnNamed({ columns }, 'when')
  if (when.kind !== 'datetime') throw new Error('not a time')
  const all = Array.from(rows, (row) => when.seconds[row]! / 86_400).sort((a, b) => a - b)
  return { first: all[0]!, last: all.at(-1)! }
}

describe('a split by time', () => {
  const old = table(100, 0)

  it('rolls on with later rows: what judges is newer than all that is learnt from, and old test rows stay sealed', () => {
    const made = append(old, byTime, table(50, 100, 7))
    const { train, valid, test, leftOut } = made.split
    expect(days(made, train).last).toBeLessThan(days(made, valid).first)
    expect(days(made, valid).last).toBeLessThan(days(made, test).first)
    // Of the 49 rows with a day, the shares of the split.
    expect([train.filter((row) => row >= 100).length, valid.length, test.length]).toEqual([29, 10, 10])
    expect(train.filter((row) => row < 100)).toEqual(Uint32Array.from([...made.parts.train, ...made.parts.valid]).sort())
    expect(leftOut.flatMap(({ rows }) => [...rows])).toEqual([...made.parts.test, 107])
    // And on: the next round, and folds of what is taken.
    const next = append(made.columns, made.spec, [...table(40, 200), columnFrom('part', 'text', new Array<null>(40).fill(null))])
    expect(days(next, next.split.train).last).toBeLessThan(days(next, next.split.valid).first)
    const folds = makeFolds(next.columns, unsealedRows(next.split), foldsLike(next.spec, target, 4, 3))
    expect(folds).toHaveLength(4)
    for (const fold of folds) expect(days(next, fold.train).last).toBeLessThan(days(next, fold.held).first)
  })
  it('keeps moments together, and some row judges', () => {
    const moment = table(30, 300).map((column) => (column.name === 'when' ? columnFrom('when', 'datetime', new Array<number>(30).fill(86_400 * 300)) : column))
    const { split } = append(old, byTime, moment)
    expect([split.train.length, split.valid.length, split.test.length]).toEqual([80, 30, 0])
  })
  it('puts rows of the old time where they belong', () => {
    const made = append(old, byTime, table(90, 0).map((column) => (column.name === 'x' ? columnFrom('x', 'numeric', Array.from({ length: 90 }, (_, row) => -row)) : column)))
    expect([made.split.train.length, made.split.valid.length, made.split.test.length]).toEqual([120, 40, 30])
    expect(days(made, made.split.train).last).toBeLessThan(days(made, made.split.valid).first)
    expect(days(made, made.split.valid).last).toBeLessThan(days(made, made.split.test).first)
  })
})

it('groups stay whole in the folds of the data with the new rows', () => {
  const made = append(table(100, 0), { ...byTime, strategy: { kind: 'grouped', column: 'who' } }, table(60, 110))
  const who = columnNamed(made, 'who')
  if (who.kind !== 'categorical') throw new Error('not groups')
  const names = (rows: Uint32Array): string[] => Array.from(rows, (row) => who.dictionary[who.codes[row]!]!)
  const apart = (a: Uint32Array, b: Uint32Array): void => expect(names(a).filter((name) => names(b).includes(name))).toEqual([])
  apart(made.split.train, made.split.valid)
  for (const { train, held } of makeFolds(made.columns, unsealedRows(made.split), foldsLike(made.spec, target, 4))) apart(train, held)
})
