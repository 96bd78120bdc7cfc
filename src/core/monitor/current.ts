/** New rows as they were read from a table or a log, with what the model answered. */
import type { SignatureIssue } from '../bundle/signature-issues.ts'
import type { Column } from '../data/column.ts'
import type { Prediction } from '../data/target.ts'
import type { DriftReport } from './report.ts'

export interface Current {
  readonly name: string
  readonly kind: 'table' | 'log'
  readonly rows: number
  /** Inputs of the model; one that a log withholds is not among them. */
  readonly columns: readonly Column[]
  /** Inputs that the log says nothing of. */
  readonly withheld: readonly string[]
  /** Rows that have an answer. */
  readonly answered: Uint32Array
  /** At `answered`. */
  readonly prediction: Prediction
  /** Shape (rows), UTC seconds, NaN where missing. */
  readonly times?: Float64Array
  readonly timeColumn?: string
  readonly dates?: readonly string[]
  /** The target, where the rows have it. */
  readonly truth?: Column
  readonly issues: readonly SignatureIssue[]
  readonly answeredBy?: NonNullable<DriftReport['source']['answeredBy']>
  readonly groups?: NonNullable<DriftReport['source']['groups']>
  readonly known?: NonNullable<DriftReport['source']['known']>
}
/** Not where too many of the rows are those of the model's own data. */
export const isJudged = ({ known }: Current): boolean => known === undefined || known.leftOut || known.judged === true
