/**
 * What a forest says of training rows by those of its trees that did not see them (Breiman 2001, section 3.1):
 * accuracy for classes, R2 for values, over the rows that some tree left out.
 */
import type { Matrix } from '../../data/matrix.ts'
import type { Target } from '../../data/target.ts'
import type { Trees } from './tree.ts'

export class OutOfBag {
  readonly #X: Matrix
  readonly #y: Target
  readonly #outputs: number
  readonly #sums: Float64Array
  readonly #trees: Uint32Array

  constructor(X: Matrix, y: Target) {
    this.#X = X
    this.#y = y
    this.#outputs = y.task === 'regression' ? 1 : y.classes.length
    this.#sums = new Float64Array(X.rows * this.#outputs)
    this.#trees = new Uint32Array(X.rows)
  }

  /** @param tree one tree; @param counts shape (rows): how often each row was drawn */
  add(tree: Trees, counts: Float64Array): void {
    const columns = this.#X.features.map((feature) => feature.values)
    const { feature, threshold, left, right, value } = tree
    const width = this.#outputs
    for (let row = 0; row < counts.length; row++) {
      if ((counts[row] as number) > 0) continue
      let node = 0
      for (let f = feature[0] as number; f >= 0; f = feature[node] as number) {
        const x = (columns[f] as Float32Array)[row] as number
        node = x <= (threshold[node] as number) ? (left[node] as number) : (right[node] as number)
      }
      for (let w = 0; w < width; w++) this.#sums[row * width + w] = (this.#sums[row * width + w] as number) + (value[node * width + w] as number)
      this.#trees[row] = (this.#trees[row] as number) + 1
    }
  }

  /** Rows that some tree left out, and their score; undefined where there is none, or nothing to explain. */
  score(): { readonly rows: number; readonly score: number } | undefined {
    return this.#y.task === 'regression' ? this.#r2(this.#y.values) : this.#accuracy(this.#y.codes)
  }

  #accuracy(codes: Int32Array): { rows: number; score: number } | undefined {
    let [rows, right] = [0, 0]
    const width = this.#outputs
    for (let row = 0; row < codes.length; row++) {
      if (this.#trees[row] === 0) continue
      let top = 0
      for (let k = 1; k < width; k++) if ((this.#sums[row * width + k] as number) > (this.#sums[row * width + top] as number)) top = k
      rows++
      if (top === codes[row]) right++
    }
    return rows > 0 ? { rows, score: right / rows } : undefined
  }

  #r2(values: Float64Array): { rows: number; score: number } | undefined {
    let [rows, mean] = [0, 0]
    for (let row = 0; row < values.length; row++) if (this.#trees[row] !== 0) mean += ((values[row] as number) - mean) / ++rows
    let [residual, total] = [0, 0]
    for (let row = 0; row < values.length; row++) {
      const trees = this.#trees[row] as number
      if (trees === 0) continue
      residual += ((values[row] as number) - (this.#sums[row] as number) / trees) ** 2
      total += ((values[row] as number) - mean) ** 2
    }
    return total > 0 ? { rows, score: 1 - residual / total } : undefined
  }
}
