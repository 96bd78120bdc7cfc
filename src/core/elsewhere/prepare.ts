/** Rows of a file as what a job's booster learns from: the studio's own reading and recipe, so nothing is prepared in two ways. */
import { graphNames } from '../bundle/signature-of.ts'
import type { AnsweringModel } from '../bundle/predict-file.ts'
import { isValid, type Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { className } from '../data/encode-target.ts'
import type { Task } from '../data/target.ts'
import { applyRecipe } from '../recipe/recipe.ts'
import type { ElsewhereJob } from './job.ts'

/** Prepared rows, in the order of the file. */
export interface PreparedRows {
  readonly rows: number
  /** Row-major, shape (rows, features); NaN = missing. */
  readonly features: Float32Array
  /** Class codes or values, shape (rows). */
  readonly target: Float64Array
}

/** Class code or value of a row; NaN where it has none, or one of an unknown class. */
export function targetAt(column: Column, row: number, task: Task, codes: ReadonlyMap<string, number>): number {
  if (!isValid(column, row)) return Number.NaN
  if (task === 'regression') return column.kind === 'numeric' ? (column.values[row] as number) : Number.NaN
  return codes.get(className(column, row)) ?? Number.NaN
}

/**
 * A "model" that predicts nothing: it hands each batch of good rows on, without those that have no target or one of an
 * unknown class.
 */
export function preparing(job: ElsewhereJob, take: (rows: PreparedRows) => Promise<void>): AnsweringModel {
  const { target, task } = { target: job.spec.target.column, task: job.spec.target.task }
  const code = new Map(job.classes.map((name, i) => [name, i]))
  const names = graphNames(job.inputs.map(({ name }) => name))
  const inputs = job.inputs.map((input, i) => ({ ...input, graphName: names[i] as string }))
  return {
    signature: { version: 1, name: job.name, task, target, inputs, classes: [], outputs: [] },
    async answer(columns, rows) {
      const truth = columnNamed({ columns }, target)
      const codes = Float64Array.from(rows, (row) => targetAt(truth, row, task, code))
      const kept = rows.filter((_, i) => !Number.isNaN(codes[i]))
      const { features } = applyRecipe(job.recipe, columns, kept)
      const matrix = new Float32Array(kept.length * features.length)
      features.forEach(({ values }, f) => {
        for (let i = 0; i < kept.length; i++) matrix[i * features.length + f] = values[i] as number
      })
      await take({ rows: kept.length, features: matrix, target: codes.filter((value) => !Number.isNaN(value)) })
      return Array.from(rows, () => [0])
    },
  }
}
