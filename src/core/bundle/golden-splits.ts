/**
 * Raw values whose prepared feature lies exactly on a split. A step of numbers (scale, clip, impute) never turns two
 * values around, so the float32 numbers are halved through the recipe itself until the split is met; where the recipe's
 * rounding steps over it, the two raw values next to each other that fall on its sides are as good a proof.
 */
import type { Matrix } from '../data/matrix.ts'
import type { OnnxGraph } from '../onnx/graph.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { SignatureInput } from './signature.ts'

export interface SplitCell {
  /** Of the input. */
  readonly index: number
  readonly cell: number
  readonly reason: 'exactly on a split' | 'just below a split' | 'just above a split'
}

/** Splits of a feature that are looked at; fewer where rows are so wide that their preparing takes long. */
const mostSplits = 60
const mostCells = 12_000
/** Columns times features whose splits are looked for: each takes some 35 preparings of a whole row. */
const mostPrepared = 100_000
const largestKey = 0x7f7fffff
const bits = new DataView(new ArrayBuffer(4))

/** Finite float32 numbers in their order as whole numbers, 0 at 0. */
function numberAt(key: number): number {
  bits.setInt32(0, Math.abs(key))
  return key < 0 ? -bits.getFloat32(0) : bits.getFloat32(0)
}

/**
 * @param prepare what the recipe makes of a row for each cell of one input
 * @param most rows at most; every feature has its turn before one has its next
 */
export function splitCells(graph: OnnxGraph, recipe: FittedRecipeState, inputs: readonly SignatureInput[], prepare: (index: number, cells: readonly number[]) => Matrix, most: number): SplitCell[] {
  const indexes = new Map(inputs.flatMap(({ kind, name }, index) => (kind === 'numeric' ? [[name, index] as const] : [])))
  const perFeature = Math.max(1, Math.floor(mostCells / inputs.length))
  const found: SplitCell[][][] = []
  for (const { feature, values } of splitValues(graph)) {
    const from = recipe.features[feature]
    const index = indexes.get(from?.source ?? '')
    if (index === undefined || from?.categories) continue
    const cells = rawCells(index, values.slice(0, perFeature), (cells) => prepare(index, cells).features[feature]?.values ?? new Float32Array(0))
    if (cells.length > 0) found.push(cells)
    // Every feature so far has its turn in the first round: the others would have none.
    if (found.length >= Math.min(most, Math.ceil(mostPrepared / inputs.length))) break
  }
  const cells: SplitCell[] = []
  for (let round = 0; cells.length < most && found.some((splits) => splits.length > round); round++) {
    for (const splits of found) if (cells.length < most) cells.push(...(splits[round] ?? []))
  }
  return cells
}

/** One list for each split that a raw value can meet. */
function rawCells(index: number, splits: readonly number[], prepared: (cells: readonly number[]) => Float32Array): SplitCell[][] {
  // The smallest key whose prepared value reaches the split lies in (low, high].
  const low = splits.map(() => -largestKey)
  const high = splits.map(() => largestKey)
  const bottom = prepared([-numberAt(largestKey)])[0] as number
  const top = prepared([numberAt(largestKey)])[0] as number
  for (let step = 0; step < 32; step++) {
    const middle = splits.map((_, i) => Math.floor(((low[i] as number) + (high[i] as number)) / 2))
    const values = prepared(middle.map(numberAt))
    splits.forEach((split, i) => {
      if ((values[i] as number) >= split) high[i] = middle[i] as number
      else low[i] = middle[i] as number
    })
  }
  const reached = prepared(high.map(numberAt))
  return splits.flatMap((split, i): SplitCell[][] => {
    // What no number of the column decides, such as whether one is missing.
    if (!(bottom < split && split <= top)) return []
    const above = numberAt(high[i] as number)
    if (reached[i] === split) return [[{ index, cell: above, reason: 'exactly on a split' }]]
    return [[{ index, cell: numberAt((high[i] as number) - 1), reason: 'just below a split' }, { index, cell: above, reason: 'just above a split' }]]
  })
}

/** The values that a graph splits each feature at, without repeats: nodes of trees, and the ends of an additive model's steps. */
export function splitValues(graph: OnnxGraph): { feature: number; values: number[] }[] {
  const found = new Map<number, Set<number>>()
  const add = (feature: number, value: number): void => {
    const values = found.get(feature) ?? new Set<number>()
    found.set(feature, values)
    if (Number.isFinite(value) && values.size < mostSplits) values.add(Math.fround(value))
  }
  const constants = new Map(graph.initializers.flatMap(({ name, tensor }) => ('raw' in tensor ? [] : [[name, tensor.values] as const])))
  // A column of the features, by the value that holds it.
  const gathered = new Map<string, number>()
  for (const { opType, inputs, outputs, attributes } of graph.nodes) {
    const { nodes_featureids: features, nodes_values: values, nodes_modes: modes } = attributes
    if (features?.kind === 'ints' && values?.kind === 'floats' && modes?.kind === 'strings') {
      for (let i = 0; i < modes.value.length; i++) if (modes.value[i] === 'BRANCH_LEQ') add(Number(features.value[i]), values.value[i] as number)
    }
    const [first = '', second = ''] = inputs
    const constant = constants.get(second)
    if (opType === 'Gather' && constant?.length === 1) gathered.set(outputs[0] as string, Number(constant[0]))
    const feature = opType === 'Greater' ? gathered.get(first) : undefined
    if (feature !== undefined) for (const value of constant ?? []) add(feature, Number(value))
  }
  return [...found].map(([feature, values]) => ({ feature, values: [...values] }))
}
