/** Which task a column asks for, with the reason; a person may override it with any of `allowed`. */
import type { RejectedRow } from '../ingest/options.ts'
import type { ColumnInfo } from './dataset.ts'
import type { ColumnProfile } from './profile.ts'
import type { Task } from './target.ts'

export interface TaskGuess {
  readonly task: Task
  readonly reason: string
  readonly allowed: readonly Task[]
}
/** More classes than this are almost never meant as classes, and the confusion matrix would be unreadable. */
export const classLimit = 100
/** A whole-number column with at most this many values is asked about as classes when overridden. */
const fewValues = 10

/** Rows that each code must stand for, on average, before whole numbers pass for codes. */
const rowsPerCode = 5
/** 0, 1, 2 or 1, 2, 3 without a gap: how files write classes as numbers. Ratings from 3 to 8 and counts with holes stay numbers. */
function isClassCodes(column: ColumnInfo, { distinct, count, numbers }: Pick<ColumnProfile, 'distinct' | 'count' | 'numbers'>): boolean {
  if (column.integer !== true || numbers === undefined || distinct > fewValues || count < rowsPerCode * distinct) return false
  return (numbers.min === 0 || numbers.min === 1) && numbers.max - numbers.min + 1 === distinct
}

/** A guess, or the sentence that says why this column cannot be a target. */
export function inferTask(column: ColumnInfo, profile: Pick<ColumnProfile, 'distinct' | 'count' | 'missing' | 'numbers'>): TaskGuess | { readonly refused: string } {
  const filled = profile.count
  if (filled === 0) return { refused: 'every value is missing' }
  if (profile.distinct < 2) return { refused: 'it has one value only, so there is nothing to tell apart' }
  switch (column.kind) {
    case 'boolean':
      return { task: 'binary', reason: column.categories ? `it is either ${column.categories.map((label) => label.slice(0, 40)).join(' or ')}` : 'it is either true or false', allowed: ['binary'] }
    case 'categorical': {
      if (profile.distinct > classLimit) return { refused: `it has ${profile.distinct} classes; at most ${classLimit} can be told apart here` }
      return profile.distinct === 2
        ? { task: 'binary', reason: 'it names two classes', allowed: ['binary'] }
        : { task: 'multiclass', reason: `it names ${profile.distinct} classes`, allowed: ['multiclass'] }
    }
    case 'numeric': {
      const classes: Task = profile.distinct === 2 ? 'binary' : 'multiclass'
      if (profile.distinct === 2) return { task: 'binary', reason: 'it has two different numbers', allowed: ['binary', 'regression'] }
      const asClasses = profile.distinct <= classLimit
      if (isClassCodes(column, profile)) return { task: 'multiclass', reason: `its ${profile.distinct} values count up from ${profile.numbers?.min} without a gap, as codes of classes do; it could also be a number`, allowed: ['multiclass', 'regression'] }
      const note = profile.distinct <= fewValues ? `; its ${profile.distinct} values could also be classes` : ''
      return { task: 'regression', reason: `it holds numbers${note}`, allowed: asClasses ? ['regression', classes] : ['regression'] }
    }
    case 'datetime':
      return { refused: 'a date cannot be predicted here yet; use it as a feature' }
    case 'text':
      return { refused: 'free text cannot be predicted; mark the column as categorical if it names classes' }
    case 'image':
      return { refused: 'a picture cannot be predicted; choose its label' }
    case 'id':
      return { refused: 'it names rows, so nothing can be learnt about it' }
  }
}

/** Of the rows that an import kept out, those that could not be read in this column: sentences without a full stop; undefined where there are none. */
export function unreadValues(column: string, { rejected, rejectedCount }: { readonly rejected: readonly Pick<RejectedRow, 'column' | 'line' | 'reason'>[]; readonly rejectedCount: number }): { readonly said: string; readonly first: string } | undefined {
  // Long names are cut in the list.
  const own = rejected.filter((row) => row.column === column || (row.column?.endsWith('…') && column.startsWith(row.column.slice(0, -1))))
  const [first] = own
  if (!first) return undefined
  const least = rejectedCount > rejected.length ? 'at least ' : ''
  return {
    said: `${least}${own.length.toLocaleString('en')} of its values could not be read, so ${own.length === 1 ? 'that row is' : 'those rows are'} left out`,
    first: `${first.line > 0 ? `the first on line ${first.line}` : 'the first'}: ${first.reason.replace(/\.$/, '')}`,
  }
}
