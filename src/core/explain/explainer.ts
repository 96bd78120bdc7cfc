/** The contract of an explainer and the union of what explainers say. */
import type { Context } from '../context.ts'
import type { Cell } from '../data/column.ts'
import type { Dataset } from '../data/dataset.ts'
import type { PartName } from '../data/split.ts'
import type { Prediction, Target, Task } from '../data/target.ts'
import type { TreeViewNode } from '../estimators/tree/view.ts'
import type { ParamTable, ParamValues, ValuesOf } from '../params.ts'
import type { Pipeline } from '../run/pipeline.ts'
import type { ShapleyEnd } from './shapley.ts'

export type Explanation =
  | PermutationImportance
  | PartialDependence
  | NearestCounterfactual
  | LocalAttribution
  | AttributionSummary
  | TreeDrawing
  | Coefficients
  | CoefficientPath
  | ShapeFunctions

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

/** What turns a score, on whose scale parts add up, into what the model answers. */
export type Link = 'identity' | 'log' | 'log-odds' | 'softmax' | 'margin'
export interface LocalAttribution {
  readonly kind: 'tree-shap' | 'additive-parts' | 'sampled-shap'
  /** What the score is: "probability of yes", "log-odds of yes", or the target's name. */
  readonly output: string
  readonly link: Link
  /** The mean score of the training rows as the trees know it; of the part's rows, or the intercept, of an additive model; of the training rows that were used, where it is sampled. */
  readonly base: number
  /** This row's score: base plus all parts. */
  readonly score: number
  /** What the model answers: the value, or the probability of the class that `output` names. */
  readonly predicted: number
  /** How far the score, through its link, is from that answer; null where the link has no formula. */
  readonly gap: number | null
  /** Largest part first, whatever its sign. A part of two columns names both, and its cell is null. `band`: half the width of its 95 % band, where it is sampled. */
  readonly columns: readonly { readonly column: string; readonly cell: Cell; readonly part: number; readonly band?: number }[]
  /** How it was sampled; absent where a formula gives the parts. */
  readonly sampling?: Sampling
}
/** How sure parts are that come from asking the model. */
export interface Sampling {
  /** Rows that the model was asked about. */
  readonly questions: number
  /** Training rows that lent their cells. */
  readonly rows: number
  /** Training rows there are. */
  readonly of: number
  readonly ended: ShapleyEnd
  /** Half the width of the 95 % band of the base. */
  readonly baseBand: number
  /** The widest band that was called small, as a share of the sum of the sizes of all parts. */
  readonly tolerance: number
  /** Training rows with missing cells that the model has no answer for. */
  readonly leftOut?: number
}
/** Parts of many rows at once: which columns move predictions, which way, and with which values. */
export interface AttributionSummary {
  readonly kind: 'shap-summary'
  readonly output: string
  readonly link: Link
  readonly base: number
  readonly part: string
  /** Rows the means are of. */
  readonly n: number
  /** Mean size of the parts, largest first. */
  readonly columns: readonly {
    readonly column: string
    readonly mean: number
    /** Parts of a sample of the rows, the same rows in every column. */
    readonly parts: readonly number[]
    /** Where each of these rows stands among the others by its value, in [0, 1]; null for missing values and names. */
    readonly ranks: readonly (number | null)[]
    /** Mean over the rows of half the width of a part's 95 % band, where parts are sampled. */
    readonly band?: number
  }[]
  /** Where the model was asked: rows it was asked about in all, the most training rows that lent cells to one of the rows, and of how many. */
  readonly sampling?: { readonly questions: number; readonly rows: number; readonly of: number; readonly ended: 'all' | 'time' | 'stopped' }
}
/** One tree of a model, ready to be drawn, and the way of a row through it. */
export interface TreeDrawing {
  readonly kind: 'tree-view'
  /** Trees in the model. */
  readonly trees: number
  /** From 1. */
  readonly tree: number
  /** What node values are: a share of each class, a value, or what a leaf adds to a score. */
  readonly values: 'shares' | 'value' | 'adds'
  /** "value of price", "log-odds of yes". */
  readonly output: string
  /** The prediction is the mean over all trees, not this tree alone. */
  readonly averaged: boolean
  readonly classes: readonly string[]
  /** Parents before children, left before right; deep levels of large trees are left out, and counted in `hidden`. */
  readonly nodes: readonly TreeViewNode[]
  /** Indexes into nodes, from the root to the row's leaf; empty without a row. */
  readonly path: readonly number[]
}
/** What each feature adds to a linear model's score. */
export interface Coefficients {
  readonly kind: 'coefficients'
  /** What each score is, in words: one, or one a class. */
  readonly outputs: readonly string[]
  readonly link: Link
  readonly intercepts: readonly number[]
  /** Of the intervals, in (0, 1). */
  readonly level: number
  readonly rows: readonly {
    readonly feature: string
    readonly source: string
    /** Index into outputs. */
    readonly output: number
    /** Change of the score for one unit of the column; of the feature as it enters the model where `own` is false. */
    readonly raw: number
    readonly own: boolean
    /** Change of the score for one standard deviation of the feature in training. */
    readonly standardised: number
    /** Of raw, and of standardised; absent where theory gives none. */
    readonly interval?: readonly [low: number, high: number]
    readonly standardisedInterval?: readonly [low: number, high: number]
  }[]
}
/** How coefficients come and go with the penalty. */
export interface CoefficientPath {
  readonly kind: 'coefficient-path'
  readonly output: string
  /** Strongest first. */
  readonly penalties: readonly number[]
  readonly chosen: number
  /** Standardised coefficients, one a penalty; the last to be silenced first. */
  readonly features: readonly { readonly feature: string; readonly values: readonly number[] }[]
}
/** One side of a shape: steps between edges, or names. The cell behind the last one holds missing and unknown values. */
export interface ShapeAxis {
  readonly column: string
  readonly feature: string
  /** Ends of the cells, one more than cells: from the smallest to the largest value of the rows. */
  readonly edges?: readonly number[]
  /** What shares each cell: names of categories. */
  readonly names?: readonly string[]
}
/** The curves and grids that an additive model is the sum of. */
export interface ShapeFunctions {
  readonly kind: 'shapes'
  readonly output: string
  readonly link: Link
  readonly part: string
  readonly n: number
  readonly intercept: number
  /** Class names where there is a score a class, else none. */
  readonly classes: readonly string[]
  /** Mean size over the rows, largest first. */
  readonly terms: readonly {
    readonly axes: readonly ShapeAxis[]
    readonly weight: number
    /** Row-major over the cells of the axes, those for missing values included: what a row there adds to the score. */
    readonly values: readonly number[]
    /** As values: standard deviation between bags. */
    readonly spread: readonly number[]
    /** As values: rows of the part that lie there. */
    readonly rows: readonly number[]
    /** Where the chosen row lies: its value along each axis (null where missing), and what it gets. */
    readonly chosen?: { readonly at: readonly (number | null)[]; readonly cells: readonly number[]; readonly value: number }
  }[]
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
  /** Rows the run learns from, of the dataset; default `rows`. */
  readonly trainRows?: Uint32Array
  /** What the estimator was told when it was fitted. */
  readonly settings?: ParamValues
  /** Weights of rows as it was fitted with; absent where each counts once. @throws StudioError as sampleWeights */
  readonly weigh?: (rows: Uint32Array) => Float64Array | undefined
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
