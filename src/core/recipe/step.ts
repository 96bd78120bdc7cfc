/**
 * The contract of a recipe step. A step looks at one column at a time: it learns a small JSON state from
 * the training rows and turns one series into none, one or several. Arithmetic is float32 with the same
 * operations in the same order as the step's ONNX nodes, so the studio and the served graph agree bit
 * for bit.
 */
import type { PictureShape } from '../data/matrix.ts'
import type { PixelForm } from '../images/pixel-form.ts'
import type { GraphBuilder } from '../onnx/graph.ts'
import type { ParamTable, ParamValues, ValuesOf } from '../params.ts'

export type SeriesKind = 'numeric' | 'boolean' | 'categorical' | 'datetime' | 'text' | 'id' | 'image'

interface SeriesBase {
  readonly name: string
  /** The dataset column it descends from. */
  readonly source: string
}
/** Float32 numbers, NaN where missing; boolean holds 0 and 1, or what a scale step made of them. */
export interface NumericSeries extends SeriesBase {
  readonly kind: 'numeric' | 'boolean'
  readonly values: Float32Array
  /** Set where the values are codes of these categories (see Feature.categories). */
  readonly categories?: readonly string[]
  /** Set where a row is a picture: values are rows x height x width x channels (see Feature.shape). Steps of numbers leave it alone. */
  readonly shape?: PictureShape
}
export interface CategoricalSeries extends SeriesBase {
  readonly kind: 'categorical'
  /** Index into dictionary, -1 where missing. Compare by text: another dataset has another dictionary. */
  readonly codes: Int32Array
  readonly dictionary: readonly string[]
}
export interface DatetimeSeries extends SeriesBase {
  readonly kind: 'datetime'
  /** UTC seconds, whole; NaN where missing. */
  readonly seconds: Float64Array
}
/** Text, id and image columns pass by without values. */
export interface OpaqueSeries extends SeriesBase {
  readonly kind: 'text' | 'id' | 'image'
  readonly length: number
  /** Image: a representation of these rows that was attached to the column (rows x size), undefined where it was not. */
  tensor?(representation: string): Float32Array | undefined
}
export type Series = NumericSeries | CategoricalSeries | DatetimeSeries | OpaqueSeries

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * A series inside an ONNX graph: the name of a tensor of shape [N, 1]. numeric and boolean are float
 * (NaN = missing), categorical is string ('' = missing), datetime is int64 UTC seconds (smallest int64 = missing).
 */
export interface GraphSeries {
  readonly name: string
  readonly source: string
  readonly kind: SeriesKind
  readonly tensor: string
}

export interface Step<P extends ParamTable = ParamTable, S extends Json = Json> {
  readonly id: string
  readonly label: string
  /** One sentence: what it does and why one wants it. */
  readonly summary: string
  /** Documentation or paper that defines it. */
  readonly source: string
  readonly params: P
  /** The kinds it takes by default. */
  readonly kinds: readonly SeriesKind[]
  /** Why this series cannot be taken, as a sentence, or undefined where it can. */
  refuses(series: { readonly name: string; readonly kind: SeriesKind }, params: ValuesOf<P>): string | undefined
  /** The pixels it asks for, where it works on pictures: they are opened before a recipe is fitted or applied. */
  representation?(params: ValuesOf<P>): PixelForm | undefined
  /** Learns from a series that holds the training rows only. @throws StudioError bad-data */
  fit(series: Series, params: ValuesOf<P>): S
  /** Must not change its input. */
  apply(series: Series, state: S): readonly Series[]
  /** Where a series keeps its name and stays the same number on a straight line: how far it moves for one unit that comes in. */
  slope?(state: S): number
  /** The same transformation as graph nodes, in the order of `apply`'s outputs. */
  toOnnx(series: GraphSeries, state: S, graph: GraphBuilder): readonly GraphSeries[]
}

/** Which series a step of a recipe works on: every series of these kinds, or those descended from named columns. */
export type Selector =
  | { readonly by: 'kind'; readonly kinds: readonly SeriesKind[] }
  | { readonly by: 'name'; readonly names: readonly string[] }

export interface StepSpec {
  /** Unique within the recipe. */
  readonly id: string
  /** Registry id of the step. */
  readonly step: string
  readonly columns: Selector
  readonly params: ParamValues
}
/** JSON: ordered steps. */
export interface RecipeSpec {
  readonly version: 1
  readonly steps: readonly StepSpec[]
  /** Columns never given to the model, besides the target. */
  readonly excluded: readonly string[]
}

/** What a recipe learnt from training rows; JSON, so it is stored and exported as it is. */
export interface FittedRecipeState {
  readonly version: 1
  readonly spec: RecipeSpec
  /** The columns that enter, in order. `exact`: as the doubles they are, in three features that sum to them, for a model brought in that takes more than float32. */
  readonly inputs: readonly { readonly name: string; readonly kind: SeriesKind; readonly exact?: true }[]
  /** For each step, the learnt state by series name. */
  readonly learnt: readonly { readonly id: string; readonly step: string; readonly series: readonly { readonly name: string; readonly state: Json }[] }[]
  /** Features that come out, in order. */
  readonly features: readonly { readonly name: string; readonly source: string; readonly categories?: readonly string[] }[]
  /** Columns that did not become features, each with its reason. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[]
}
