/**
 * Where the bins of a number end: at most maxBins of them, each with about as many values. A value that alone
 * would fill a bin gets one to itself, the others share the rest evenly.
 *
 * Source: Ke et al. 2017 (LightGBM), section 2, and its greedy bin finder.
 */

/** A float32 t with a <= t < b, halfway where that exists. */
export function thresholdBetween(a: number, b: number): number {
  const middle = Math.fround(a / 2 + b / 2)
  return middle >= a && middle < b ? middle : a
}

/** @param ordered ascending, without NaN; @param maxBins in [2, 255]. @returns ascending, float32; one fewer than there are bins */
export function thresholdsOf(ordered: Float32Array, maxBins: number): Float32Array {
  const n = ordered.length
  // Groups of equal values: group k is ordered[starts[k] .. starts[k + 1]).
  const starts = new Uint32Array(n + 1)
  let groups = 0
  for (let i = 0; i < n; i++) if (i === 0 || ordered[i] !== ordered[i - 1]) starts[groups++] = i
  starts[groups] = n
  const edges = groups <= maxBins ? Uint32Array.from({ length: Math.max(0, groups - 1) }, (_, group) => group) : evenEdges(starts, groups, n, maxBins)
  return Float32Array.from(edges, (group) => thresholdBetween(ordered[starts[group] as number] as number, ordered[starts[group + 1] as number] as number))
}

/** The groups after which a bin ends, for more groups than bins. */
function evenEdges(starts: Uint32Array, groups: number, n: number, maxBins: number): number[] {
  const heavyRows = n / maxBins
  let lightBins = maxBins
  let lightRows = n
  for (let group = 0; group < groups; group++) {
    const size = (starts[group + 1] as number) - (starts[group] as number)
    if (size < heavyRows) continue
    lightBins--
    lightRows -= size
  }
  let share = lightRows / Math.max(1, lightBins)
  const edges: number[] = []
  let inBin = 0
  for (let group = 0; group + 1 < groups && edges.length < maxBins - 1; group++) {
    const size = (starts[group + 1] as number) - (starts[group] as number)
    const heavy = size >= heavyRows
    const nextHeavy = (starts[group + 2] as number) - (starts[group + 1] as number) >= heavyRows
    inBin += size
    if (!heavy) lightRows -= size
    if (!heavy && inBin < share && !(nextHeavy && inBin >= share / 2)) continue
    edges.push(group)
    inBin = 0
    if (heavy) continue
    // What rounding gave to this bin is taken from the ones that follow.
    lightBins--
    share = lightRows / Math.max(1, lightBins)
  }
  return edges
}
