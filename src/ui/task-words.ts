/** Tasks in plain words. */
import type { Task } from '../core/data/target.ts'

export const taskLabel: Readonly<Record<Task, string>> = { binary: 'Two classes', multiclass: 'Several classes', regression: 'A number' }
export const taskHelp: Readonly<Record<Task, string>> = {
  binary: 'The model says how likely one of two outcomes is.',
  multiclass: 'The model says how likely each of several outcomes is.',
  regression: 'The model says a number.',
}
