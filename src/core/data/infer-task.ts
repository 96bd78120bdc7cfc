/** Which task a column asks for, with the reason; a person may override it with any of `allowed`. */
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

/** A guess, or the sentence that says why this column cannot be a target. */
export function inferTask(column: ColumnInfo, profile: Pick<ColumnProfile, 'distinct' | 'count' | 'missing'>): TaskGuess | { readonly refused: string } {
  const filled = profile.count
  if (filled === 0) return { refused: 'every value is missing' }
  if (profile.distinct < 2) return { refused: 'it has one value only, so there is nothing to tell apart' }
  switch (column.kind) {
    case 'boolean':
      return { task: 'binary', reason: 'it is either true or false', allowed: ['binary'] }
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
      const note = profile.distinct <= fewValues ? `; its ${profile.distinct} values could also be classes` : ''
      return { task: 'regression', reason: `it is a number${note}`, allowed: asClasses ? ['regression', classes] : ['regression'] }
    }
    case 'datetime':
      return { refused: 'a date cannot be predicted here yet; use it as a feature' }
    case 'text':
      return { refused: 'free text cannot be predicted; mark the column as categorical if it names classes' }
    case 'id':
      return { refused: 'it names rows, so nothing can be learnt about it' }
  }
}
