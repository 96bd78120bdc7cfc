/**
 * Absolute error of a node and of both sides while rows move from right to left: each side keeps its weights and
 * weighted values in Fenwick trees over the node's ranks, so a median and its deviations cost log(rows).
 *
 * Source: scikit-learn's tree/_criterion.pyx (MAE) for the weighted median: where exactly half the weight lies
 * on each side, the mean of both neighbours.
 */
import type { Criterion } from './criteria.ts'

/** Weights and weighted values of one side, by rank. */
class Side {
  readonly #weights: Float64Array
  readonly #sums: Float64Array
  readonly #values: Float64Array
  #size = 0
  #top = 1
  #weight = 0
  #sum = 0

  /** @param values shape (rows): value of each rank, ascending */
  constructor(values: Float64Array) {
    this.#values = values
    this.#weights = new Float64Array(values.length + 1)
    this.#sums = new Float64Array(values.length + 1)
  }
  get weight(): number {
    return this.#weight
  }
  get size(): number {
    return this.#size
  }
  clear(size: number): void {
    this.#size = size
    this.#top = 1
    while (this.#top * 2 <= size) this.#top *= 2
    this.#weights.fill(0, 0, size + 1)
    this.#sums.fill(0, 0, size + 1)
    this.#weight = this.#sum = 0
  }
  /** Becomes a copy of another side of the same node. */
  copy(other: Side): void {
    this.#size = other.#size
    this.#top = other.#top
    this.#weights.set(other.#weights.subarray(0, other.#size + 1))
    this.#sums.set(other.#sums.subarray(0, other.#size + 1))
    this.#weight = other.#weight
    this.#sum = other.#sum
  }
  add(rank: number, weight: number): void {
    const amount = weight * (this.#values[rank] as number)
    for (let at = rank + 1; at <= this.#size; at += at & -at) {
      this.#weights[at] = (this.#weights[at] as number) + weight
      this.#sums[at] = (this.#sums[at] as number) + amount
    }
    this.#weight += weight
    this.#sum += amount
  }
  /** The first rank up to which the weight exceeds `limit`, or reaches it. */
  #rankAt(limit: number, orEqual: boolean): { rank: number; weight: number; sum: number } {
    let [at, weight, sum] = [0, 0, 0]
    for (let step = this.#top; step > 0; step >>= 1) {
      const next = at + step
      if (next > this.#size) continue
      const reached = weight + (this.#weights[next] as number)
      if (orEqual ? reached >= limit : reached > limit) continue
      at = next
      weight = reached
      sum += this.#sums[next] as number
    }
    return { rank: Math.min(at, this.#size - 1), weight, sum }
  }
  median(): number {
    // What rounding leaves of sums must not decide whether exactly half was reached.
    const slack = this.#weight * 1e-12
    const low = this.#values[this.#rankAt(this.#weight / 2 - slack, true).rank] as number
    const high = this.#values[this.#rankAt(this.#weight / 2 + slack, false).rank] as number
    return (low + high) / 2
  }
  /** Sum of weighted distances from the median. */
  deviation(): number {
    if (!(this.#weight > 0)) return 0
    const { rank, weight, sum } = this.#rankAt(this.#weight / 2 - this.#weight * 1e-12, true)
    const middle = this.#values[rank] as number
    // Below lie `weight` and `sum`; the rest is at or above, and adds nothing where it equals the middle.
    return middle * weight - sum + (this.#sum - sum) - middle * (this.#weight - weight)
  }
}

export function absoluteError(values: Float64Array, weights: Float64Array | undefined): Criterion {
  let centre = 0
  for (let i = 0; i < values.length; i++) centre += ((values[i] as number) - centre) / (i + 1)
  const weightOf = (row: number): number => (weights ? (weights[row] as number) : 1)
  /** Shape (rows): where a row stands among those of the node, by value. */
  const rankOf = new Uint32Array(values.length)
  const ascending = new Float64Array(values.length)
  const [whole, left, right] = [new Side(ascending), new Side(ascending), new Side(ascending)]
  let pure = true
  return {
    width: 1,
    enter(rows, from, to) {
      const order = rows.slice(from, to).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
      order.forEach((row, rank) => {
        rankOf[row] = rank
        ascending[rank] = (values[row] as number) - centre
      })
      whole.clear(order.length)
      left.clear(order.length)
      order.forEach((row, rank) => whole.add(rank, weightOf(row)))
      right.copy(whole)
      pure = ascending[0] === ascending[order.length - 1]
    },
    reset() {
      left.clear(whole.size)
      right.copy(whole)
    },
    move(row) {
      const rank = rankOf[row] as number
      left.add(rank, weightOf(row))
      right.add(rank, -weightOf(row))
    },
    proxy: () => -(left.deviation() + right.deviation()),
    get weight() {
      return whole.weight
    },
    impurity: () => whole.deviation() / whole.weight,
    sidesImpurity: () => left.deviation() + right.deviation(),
    isPure: () => pure,
    values: () => [whole.weight > 0 ? centre + whole.median() : centre],
    orderings: () => 1,
    // Categories are ordered by their mean, which for a median is a good order, not always the best.
    levelOf(rows, from, to) {
      let [w, s] = [0, 0]
      for (let i = from; i < to; i++) {
        const row = rows[i] as number
        w += weightOf(row)
        s += weightOf(row) * ((values[row] as number) - centre)
      }
      return w > 0 ? s / w : 0
    },
  }
}
