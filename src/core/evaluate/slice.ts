/** A named row filter, used alike by evaluation, what-if and the model card. All conditions must hold. */
export type Condition =
  | { readonly column: string; readonly op: 'is'; readonly value: string | null }
  | { readonly column: string; readonly op: 'between'; readonly low: number | null; readonly high: number | null }
export interface Slice {
  readonly id: string
  readonly name: string
  readonly conditions: readonly Condition[]
}
