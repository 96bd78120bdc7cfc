/** The answer of `train`: one object for programs, tables for people. */
import type { ParamValues } from '../core/params.ts'
import { intervalWords } from '../core/percent.ts'
import { scoresOf } from './scores.ts'
import type { Trained } from './train-file.ts'

type Scores = Readonly<Record<string, number | null>>
/** What `--json` prints; null where a score is undefined on these rows. */
export interface Summary {
  readonly task: 'classification' | 'regression'
  /** With a known target. */
  readonly rows: number
  /** Columns that the model reads. */
  readonly features: number
  readonly estimator: string
  readonly params: ParamValues
  readonly seed: number
  /** The column that weighs training rows, where one does. */
  readonly sampleWeight?: string
  readonly seconds: number
  /** On validation rows. */
  readonly metrics: Scores
  readonly cv?: { readonly folds: number; readonly metrics: Readonly<Record<string, { readonly mean: number | null; readonly sd: number | null }>> }
}

const shown = (value: number | null | undefined): string => (value === null || value === undefined ? 'undefined' : Number(value.toPrecision(4)).toString())

/** Cells in columns, the first to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join('  ')}`.trimEnd()).join('\n')
}

export function summaryText(summary: Summary, { spec, run }: Trained, out: string | undefined): string {
  const { train = 0, valid = 0, test = 0 } = run.rows ?? {}
  const classes = run.evaluation?.classes
  const intervals = new Map(run.evaluation?.scores.map((score) => [score.metric, score]))
  const facts = table([
    ['target', `${spec.target.column} (${summary.task}${classes ? `, ${classes.length} classes` : ''})`],
    ['rows', `${summary.rows}: ${train} training, ${valid} validation, ${test} test (sealed)`],
    ['features', String(summary.features)],
    ['estimator', summary.estimator],
    ['seed', String(summary.seed)],
    ...(summary.sampleWeight === undefined ? [] : [['weight', summary.sampleWeight]]),
    ['seconds', summary.seconds.toFixed(2)],
  ].map(([name, value]) => [`${(name as string).padEnd(10)}${value as string}`]))
  const scores = table([
    ['on validation rows', 'score', intervalWords],
    ...scoresOf(spec.target.task).map(({ id, name }) => {
      const score = intervals.get(id)
      return [name, shown(score?.value), score?.low == null ? '' : `${shown(score.low)} to ${shown(score.high)}`]
    }),
  ])
  const folded = summary.cv
    ? `\n\n${table([[`over ${summary.cv.folds} folds`, 'mean', 'sd'], ...Object.entries(summary.cv.metrics).map(([name, { mean, sd }]) => [name, shown(mean), shown(sd)])])}`
    : ''
  return `${facts}\n\n${scores}${folded}\n${out === undefined ? '' : `\n  bundle    ${out}\n`}`
}
