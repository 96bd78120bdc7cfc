/** Axes of shape functions: which cell of a feature a value falls into, here and in a graph. The last cell holds missing and unknown values. */
import type { Feature } from '../../data/matrix.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import type { Bins } from '../tree/bins.ts'

export interface Axis {
  /** Index of the feature. */
  readonly feature: number
  /** Ascending float32; a value's cell is the number of thresholds below it. Empty for categories. */
  readonly thresholds: Float32Array
  /** Cell of each category code; empty for numbers. */
  readonly cellOfCode: Uint8Array
  /** All cells, the one for missing included. */
  readonly cells: number
}

/** @param most cells for values at most: thresholds in between are left out evenly */
export function axisOf(feature: number, bins: Bins, most: number): Axis {
  if (bins.kind === 'categorical') {
    const cells = Math.min(bins.bins, most)
    // The rarest share the last cell of values; codes without rows are missing.
    return { feature, thresholds: new Float32Array(0), cellOfCode: bins.binOfCode.map((bin) => (bin === 255 ? cells : Math.min(bin, cells - 1))), cells: cells + 1 }
  }
  const all = bins.thresholds
  const kept = Math.min(all.length, most - 1)
  const thresholds = Float32Array.from({ length: kept }, (_, i) => all[Math.floor(((i + 1) * (all.length + 1)) / (kept + 1)) - 1] as number)
  return { feature, thresholds, cellOfCode: new Uint8Array(0), cells: kept + 2 }
}

export const isCategorical = (axis: Axis): boolean => axis.cellOfCode.length > 0

/** Shape (rows). */
export function cellsOf({ values }: Feature, axis: Axis): Uint8Array {
  const { thresholds, cellOfCode, cells } = axis
  const out = new Uint8Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const x = values[row] as number
    if (isCategorical(axis)) {
      out[row] = cellOfCode[x] ?? cells - 1
      continue
    }
    if (x !== x) {
      out[row] = cells - 1
      continue
    }
    let low = 0
    let high = thresholds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((thresholds[middle] as number) < x) low = middle + 1
      else high = middle
    }
    out[row] = low
  }
  return out
}

/** An int64 tensor [N] of cells. @param input a float tensor [N, features] */
export function cellsToOnnx(axis: Axis, input: string, graph: GraphBuilder): string {
  const int = (value: number) => ({ kind: 'int', value }) as const
  // [N, 1]
  const x = graph.node('Gather', [input, graph.ints('feature', [axis.feature])], { axis: int(1) })
  const last = graph.ints('missing', [axis.cells - 1])
  const flat = (cells: string): string => graph.node('Reshape', [cells, graph.ints('flat', [-1])])
  if (isCategorical(axis)) {
    const codes = axis.cellOfCode.length
    // Unknown values become one code more, which is missing.
    const known = graph.node('And', [graph.node('GreaterOrEqual', [x, graph.floats('first', [0])]), graph.node('Less', [x, graph.floats('codes', [codes])])])
    const code = graph.node('Cast', [graph.node('Where', [known, x, graph.floats('unknown', [codes])])], { to: int(7) })
    return flat(graph.node('Gather', [graph.ints('cells', [...axis.cellOfCode, axis.cells - 1]), code]))
  }
  if (axis.thresholds.length === 0) return flat(graph.node('Where', [graph.node('IsNaN', [x]), last, graph.ints('only', [0])]))
  const above = graph.node('Cast', [graph.node('Greater', [x, graph.floats('thresholds', axis.thresholds)])], { to: int(7) })
  const count = graph.node('ReduceSum', [above, graph.ints('across', [1])], { keepdims: int(1) })
  return flat(graph.node('Where', [graph.node('IsNaN', [x]), last, count]))
}
