/** The typed contract of a served model: what goes in, what comes out. JSON; shared by studio and server. */
import type { Task } from '../data/target.ts'
import type { SignatureParam } from './params.ts'

export interface SignatureInput {
  /** The column's name: what requests and new files call it. */
  readonly name: string
  /** What the graph calls it, where that differs (see `graphNames`). */
  readonly graphName?: string
  readonly kind: 'numeric' | 'categorical' | 'boolean' | 'datetime' | 'image'
  /** Tensor type of the graph input: of shape [N, 1], or [N, height, width, 3] for a picture (uint8). */
  readonly tensor: 'float' | 'string' | 'int64' | 'uint8'
  /** null in JSON means missing where true; refused where false. */
  readonly nullable: boolean
  readonly integer?: boolean
  /** Range seen in training; outside it is a warning, not an error. */
  readonly min?: number
  readonly max?: number
  /** Categories seen in training; another one is answered as the recipe declares (unseen). */
  readonly categories?: readonly string[]
  /** How the file wrote [false, true]; accepted besides true and false. */
  readonly labels?: readonly [string, string]
  /** Datetime: layout by name (core/ingest/datetime). Numeric: how text writes the numbers, where not plainly (core/ingest/csv/written-number); JSON numbers are taken too. */
  readonly layout?: string
}
export interface Signature {
  /** 2 since requests may have parameters; 1 has none. */
  readonly version: 1 | 2
  readonly name: string
  readonly task: Task
  readonly target: string
  readonly inputs: readonly SignatureInput[]
  /** Class names in probability order; empty for regression. */
  readonly classes: readonly string[]
  /** Binary only: label is the positive class where its probability >= threshold. */
  readonly threshold?: number
  /** What a request may set, each with its default; absent in version 1. */
  readonly params?: readonly SignatureParam[]
  readonly outputs: readonly { readonly name: string; readonly tensor: 'float' | 'double' | 'string'; readonly shape: readonly number[] }[]
}
