/** One small step of a shape function: a tree on the sums of its cells, as values to add to each cell. */

/** Sums of gradients, hessians and weights of rows, a cell each. */
export interface CellSums {
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  readonly counts: Float64Array
}
export interface StepRules {
  readonly maxLeafNodes: number
  readonly minSamplesLeaf: number
}

/** Newton's answer; where hardly any curvature is left, a floor keeps it from running away. */
const leastHessian = 1e-3
const leafValue = (g: number, h: number): number => -g / Math.max(h, leastHessian)
const score = (g: number, h: number): number => (g * g) / Math.max(h, leastHessian)

/**
 * @param order cells as they lie beside one another
 * @param update shape (cells): receives the values; empty cells follow their neighbours
 */
export function growLine(sums: CellSums, order: Uint16Array, { maxLeafNodes, minSamplesLeaf }: StepRules, update: Float64Array): void {
  const { gradients, hessians, counts } = sums
  const leaves: { from: number; to: number; g: number; h: number; n: number }[] = []
  const total = (from: number, to: number) => {
    let [g, h, n] = [0, 0, 0]
    for (let i = from; i < to; i++) {
      const cell = order[i] as number
      g += gradients[cell] as number
      h += hessians[cell] as number
      n += counts[cell] as number
    }
    return { from, to, g, h, n }
  }
  leaves.push(total(0, order.length))
  while (leaves.length < maxLeafNodes) {
    let best = 1e-12
    let chosen = -1
    let cut = 0
    leaves.forEach(({ from, to, g, h, n }, at) => {
      let [lg, lh, ln] = [0, 0, 0]
      for (let i = from; i + 1 < to; i++) {
        const cell = order[i] as number
        lg += gradients[cell] as number
        lh += hessians[cell] as number
        ln += counts[cell] as number
        if (counts[cell] === 0 || ln < minSamplesLeaf || n - ln < minSamplesLeaf) continue
        const gain = score(lg, lh) + score(g - lg, h - lh) - score(g, h)
        if (gain > best) {
          best = gain
          chosen = at
          cut = i + 1
        }
      }
    })
    if (chosen < 0) break
    const { from, to } = leaves[chosen] as (typeof leaves)[number]
    leaves.splice(chosen, 1, total(from, cut), total(cut, to))
  }
  for (const { from, to, g, h } of leaves) {
    const value = leafValue(g, h)
    for (let i = from; i < to; i++) update[order[i] as number] = value
  }
}

/** The best cross cut of a grid, as FAST ranks pairs by (Lou et al. 2013, section 4): gain over no cut, and where. */
export function bestCross(sums: CellSums, rows: number, columns: number, minSamplesLeaf: number): { readonly gain: number; readonly row: number; readonly column: number } {
  const cumulative = (values: Float64Array): Float64Array => {
    const out = new Float64Array((rows + 1) * (columns + 1))
    for (let r = 0; r < rows; r++) {
      let line = 0
      for (let c = 0; c < columns; c++) {
        line += values[r * columns + c] as number
        out[(r + 1) * (columns + 1) + c + 1] = (out[r * (columns + 1) + c + 1] as number) + line
      }
    }
    return out
  }
  const [G, H, N] = [cumulative(sums.gradients), cumulative(sums.hessians), cumulative(sums.counts)] as [Float64Array, Float64Array, Float64Array]
  const at = (values: Float64Array, r: number, c: number): number => values[r * (columns + 1) + c] as number
  const quarters = (values: Float64Array, r: number, c: number): [number, number, number, number] => {
    const [a, b, d, all] = [at(values, r, c), at(values, r, columns), at(values, rows, c), at(values, rows, columns)]
    return [a, b - a, d - a, all - b - d + a]
  }
  const none = score(at(G, rows, columns), at(H, rows, columns))
  let best = { gain: 0, row: 0, column: 0 }
  for (let r = 1; r < rows; r++) {
    for (let c = 1; c < columns; c++) {
      const n = quarters(N, r, c)
      if (Math.min(...n) < minSamplesLeaf) continue
      const g = quarters(G, r, c)
      const h = quarters(H, r, c)
      const gain = score(g[0], h[0]) + score(g[1], h[1]) + score(g[2], h[2]) + score(g[3], h[3]) - none
      if (gain > best.gain) best = { gain, row: r, column: c }
    }
  }
  return best
}

/** A step of a pair: four quarters about the best cross. */
export function growCross(sums: CellSums, rows: number, columns: number, minSamplesLeaf: number, update: Float64Array): void {
  const { gain, row, column } = bestCross(sums, rows, columns, minSamplesLeaf)
  update.fill(0)
  if (!(gain > 0)) return
  const g = new Float64Array(4)
  const h = new Float64Array(4)
  const quarter = (r: number, c: number): number => (r < row ? 0 : 2) + (c < column ? 0 : 1)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const q = quarter(r, c)
      g[q] = (g[q] as number) + (sums.gradients[r * columns + c] as number)
      h[q] = (h[q] as number) + (sums.hessians[r * columns + c] as number)
    }
  }
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) update[r * columns + c] = leafValue(g[quarter(r, c)] as number, h[quarter(r, c)] as number)
}
