/** The scores that the terminal promises, by the names it promises them under. */
import type { Task } from '../core/data/target.ts'
import { metrics } from '../core/metrics/registry.ts'

const promised = ['accuracy', 'balanced-accuracy', 'f1-macro', 'roc-auc', 'log-loss', 'rmse', 'mae', 'r2'] as const

/** `balanced-accuracy` -> `balancedAccuracy` */
const camelCase = (id: string): string => id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The metrics of a task, in the order they are printed. */
export const scoresOf = (task: Task): readonly { readonly id: string; readonly name: string }[] =>
  promised.filter((id) => metrics.get(id).tasks.includes(task)).map((id) => ({ id, name: camelCase(id) }))
