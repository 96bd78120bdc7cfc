/** The record of one training, kept whole. */
import type { Evaluation } from '../evaluate/evaluation.ts'
import type { ModelFacts } from '../estimators/estimator.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { Reached } from '../savepoint.ts'
import type { CrossValidation } from './cross-validate.ts'
import type { RunSpec } from './run-spec.ts'

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted'

export interface CurveSeries {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly number[]
}
export interface Timings {
  readonly load: number
  readonly prepare: number
  readonly fit: number
  readonly evaluate: number
}
export interface Run {
  readonly version: 1
  readonly id: string
  /** Order of creation within the project; clocks jump, sequence numbers do not. */
  readonly sequence: number
  readonly name: string
  readonly spec: RunSpec
  /** Content hash of the dataset. */
  readonly dataHash: string
  readonly status: RunStatus
  /** Milliseconds since the epoch, for display only. */
  readonly createdAt: number
  readonly rows?: { readonly train: number; readonly valid: number; readonly test: number; readonly leftOut: number }
  /** Live curves as they were when it ended. */
  readonly history: readonly CurveSeries[]
  readonly facts: ModelFacts
  readonly features: readonly { readonly name: string; readonly source: string }[]
  readonly leftOut: FittedRecipeState['leftOut']
  /** On validation rows; ranks the leaderboard. */
  readonly evaluation?: Evaluation
  /** Of the same spec on training and validation rows together, the test part sealed. */
  readonly crossValidation?: CrossValidation
  /** Of the rows that its folds held out, each predicted by the model that had not seen it. */
  readonly foldEvaluation?: Evaluation
  /** Milliseconds each. */
  readonly timings?: Timings
  /** How far it came when it was kept last; absent once it has ended. */
  readonly reached?: Reached
  /** Where it was broken off and went on, in order. */
  readonly resumed?: readonly Reached[]
  readonly environment: { readonly app: string; readonly userAgent: string; readonly backend: string; readonly threads: number }
  readonly warnings: readonly string[]
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string }
  /** Decision threshold of the positive class; belongs to the model. */
  readonly threshold: number
  /** How often the test part was opened for this run, with its evaluation once open. */
  readonly testOpenings: number
  readonly testEvaluation?: Evaluation
  readonly notes: string
}
