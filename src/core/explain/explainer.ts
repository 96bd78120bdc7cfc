/** The contract of an explainer and the union of what explainers say. */
import type { Context } from '../context.ts'
import type { Cell } from '../data/column.ts'
import type { Dataset } from '../data/dataset.ts'
import type { PartName } from '../data/split.ts'
import type { Prediction, Target, Task } from '../data/target.ts'
import type { ParamTable, ValuesOf } from '../params.ts'
import type { Pipeline } from '../run/pipeline.ts'

export type Explanation =
  | PermutationImportance
  | PartialDependence
  | NearestCounterfactual
  | LocalAttribution

export interface PermutationImportance {
  readonly kind: 'permutation-importance'
  readonly metric: string
  readonly part: string
  /** Rows it was measured on: all of the part, or a seeded sample. */
  readonly n: number
  readonly baseline: number
  /**
   * How much worse the metric gets when a column is shuffled, one value a repeat (repeats that leave the
   * metric undefined are missing); columns ordered by mean, largest first. sd is the population's.
   */
  readonly columns: readonly { readonly column: string; readonly drops: readonly number[]; readonly mean: number; readonly sd: number }[]
}
/** Mean curve (partial dependence) and this row's own (ICE) over a grid of one column. */
export interface PartialDependence {
  readonly kind: 'partial-dependence'
  readonly column: string
  /** What y is: "probability of yes" or the target's name. */
  readonly output: string
  /** Grid values: numbers, or category texts. */
  readonly grid: readonly (number | string)[]
  readonly mean: readonly number[]
  /** Sample of rows drawn thinly behind the mean: one array a row. */
  readonly ice: readonly (readonly number[])[]
  /** 5th and 95th percentile of all n rows at each grid value. */
  readonly low?: readonly number[]
  readonly high?: readonly number[]
  /** The chosen row's curve over `rowGrid`, or `grid` where there is none; empty where no row was chosen. */
  readonly row: readonly number[]
  /** Numbers: values closely spaced over the grid, the row's own among them, so that a step of a tree is where it is. */
  readonly rowGrid?: readonly number[]
  readonly n: number
}
export interface NearestCounterfactual {
  readonly kind: 'nearest-counterfactual'
  readonly found: boolean
  readonly reason?: string
  /** Dataset row number of the neighbour. */
  readonly row?: number
  readonly distance?: number
  readonly outcome?: string
  /** Parts of the distance, largest first; only columns that differ. */
  readonly differences?: readonly { readonly column: string; readonly from: Cell; readonly to: Cell; readonly part: number }[]
}

export interface LocalAttribution {
  readonly kind: 'tree-shap'
  /** What the score is: "probability of yes", "log-odds of yes", or the target's name. */
  readonly output: string
  /** The mean score of the training rows, as the trees know it. */
  readonly base: number
  /** This row's score: base plus all parts. */
  readonly score: number
  /** Largest part first, whatever its sign. */
  readonly columns: readonly { readonly column: string; readonly cell: Cell; readonly part: number }[]
}

export interface ExplainInput {
  readonly pipeline: Pipeline
  readonly dataset: Dataset
  /** Which part `rows` are. */
  readonly part: PartName
  /** Held-out rows the explanation speaks of (row numbers of the dataset). */
  readonly rows: Uint32Array
  /** Truth at `rows`. */
  readonly target: Target
  /** A chosen row as edited in what-if: cells by column name. */
  readonly row?: ReadonlyMap<string, Cell>
  /** Where the chosen row stands in the dataset; it is not its own neighbour. */
  readonly rowNumber?: number
  /** The pipeline's predictions at `rows`, where they are known already. */
  readonly prediction?: Prediction
  readonly seed: number
  readonly threshold: number
}
export interface Explainer<P extends ParamTable = ParamTable> {
  readonly id: string
  readonly label: string
  readonly summary: string
  readonly source: string
  readonly params: P
  /** Why it cannot speak of this model, or undefined where it can. */
  refuses(about: { readonly task: Task; readonly estimator: string }): string | undefined
  explain(input: ExplainInput, params: ValuesOf<P>, context: Context): Promise<Explanation>
}
