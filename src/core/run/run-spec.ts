/** JSON of everything needed to train again: about 2 kB, the only thing that crosses to a compute worker. */
import type { SplitSpec } from '../data/split.ts'
import type { TargetSpec } from '../data/target.ts'
import type { ParamValues } from '../params.ts'
import type { RecipeSpec } from '../recipe/step.ts'

export interface RunSpec {
  readonly version: 1
  readonly projectId: string
  readonly datasetId: string
  readonly target: TargetSpec
  readonly split: SplitSpec
  readonly recipe: RecipeSpec
  readonly estimator: { readonly id: string; readonly params: ParamValues }
  readonly seed: number
  /** Also cross-validated over this many folds of the training and validation rows; absent = not. */
  readonly folds?: number
  /** How often the rows are dealt anew to folds; absent = once. */
  readonly repeats?: number
  /** Learns from this many of the training rows, drawn with the seed of the split, class by class; absent = from all. */
  readonly sampleRows?: number
  /** Numeric column that weighs training rows; never a feature. Absent = each row counts once. */
  readonly sampleWeight?: string
  /** Id of a run that this one goes on from: what it learns comes on top. Absent = begins anew. */
  readonly continueFrom?: string
}
