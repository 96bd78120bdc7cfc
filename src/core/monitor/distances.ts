/** How far apart two distributions are. None of these has a p: a fixed limit says what matters, however many rows there are. */
import { log } from '../math/elementary.ts'

/** Area between two cumulative shares, in the values' unit. @param a, b rising; 0 where either is empty */
export function wasserstein(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length === 0 || b.length === 0) return 0
  let [i, j, area] = [0, 0, 0]
  let at = Math.min(a[0] as number, b[0] as number)
  while (i < a.length || j < b.length) {
    const next = Math.min(i < a.length ? (a[i] as number) : Number.POSITIVE_INFINITY, j < b.length ? (b[j] as number) : Number.POSITIVE_INFINITY)
    area += Math.abs(i / a.length - j / b.length) * (next - at)
    at = next
    while (i < a.length && (a[i] as number) <= at) i++
    while (j < b.length && (b[j] as number) <= at) j++
  }
  return area
}

/** Keeps a column that never varied from dividing by nothing. */
const leastSpread = 0.001

/** Wasserstein distance in standard deviations of the reference (population's, at least 0.001). */
export const wassersteinNormed = (reference: ArrayLike<number>, current: ArrayLike<number>): number => wasserstein(reference, current) / Math.max(spreadOf(reference), leastSpread)

/** Population standard deviation; 0 of nothing. */
export function spreadOf(values: ArrayLike<number>): number {
  const n = values.length
  if (n === 0) return 0
  let mean = 0
  for (let i = 0; i < n; i++) mean += (values[i] as number) / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += ((values[i] as number) - mean) ** 2
  return Math.sqrt(squares / n)
}

export function sharesOf(counts: ArrayLike<number>): Float64Array {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i] as number
  return Float64Array.from(counts, (count) => (total === 0 ? 0 : count / total))
}

/** Root of the Jensen-Shannon divergence in nats: 0 is equal, sqrt(ln 2) = 0.83 has nothing in common. @param p, q shares; 0 where either is empty */
export function jensenShannon(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let divergence = 0
  let [massP, massQ] = [0, 0]
  for (let i = 0; i < p.length; i++) {
    const [a, b] = [p[i] as number, q[i] as number]
    const middle = (a + b) / 2
    if (a > 0) divergence += a * log(a / middle)
    if (b > 0) divergence += b * log(b / middle)
    massP += a
    massQ += b
  }
  return massP === 0 || massQ === 0 ? 0 : Math.sqrt(Math.max(0, divergence / 2))
}

/** Population stability index over shares: sum of (p - q) ln(p / q). An empty bin counts as 0.0001, or a millionth of the smallest share where that is smaller. */
export function populationStability(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const [a, b] = [filled(p), filled(q)]
  let index = 0
  for (let i = 0; i < a.length; i++) index += ((a[i] as number) - (b[i] as number)) * log((a[i] as number) / (b[i] as number))
  return index
}
function filled(shares: ArrayLike<number>): Float64Array {
  const least = Array.from(shares).reduce((min, share) => (share > 0 ? Math.min(min, share) : min), 1)
  const fill = least <= 0.0001 ? least / 1e6 : 0.0001
  return Float64Array.from(shares, (share) => (share === 0 ? fill : share))
}

/** Share of the rows that would have to change sides: half the sum of differences, in [0, 1]. */
export function totalVariation(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += Math.abs((p[i] as number) - (q[i] as number))
  return sum / 2
}

/** Edges over both samples by Sturges' rule, as numpy's histogram_bin_edges. @param low, high ends of all values @param n how many */
export function sturgesEdges(low: number, high: number, n: number): Float64Array {
  if (n === 0 || !(high > low)) return Float64Array.of((n === 0 ? 0 : low) - 0.5, (n === 0 ? 1 : low) + 0.5)
  const bins = Math.ceil((high - low) / ((high - low) / (Math.log2(n) + 1)))
  const step = (high - low) / bins
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => low + i * step)
  edges[bins] = high
  return edges
}

/** Counts between edges, the last bin with its upper end. @param sorted rising */
export function countBetween(sorted: ArrayLike<number>, edges: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(edges.length - 1)
  let bin = 0
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i] as number
    while (bin < counts.length - 1 && value >= (edges[bin + 1] as number)) bin++
    counts[bin] = (counts[bin] as number) + 1
  }
  return counts
}
