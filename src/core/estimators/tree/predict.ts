/**
 * Scores of whole batches. Rows are gathered a block at a time, so that a tree's nodes stay in cache,
 * and walk four abreast without a branch (walk.ts); trees with category sets, and blocks with infinite
 * values, are walked row by row. Both ways reach the same leaves.
 */
import type { Matrix } from '../../data/matrix.ts'
import { goesLeft, treeCount } from './tree.ts'
import type { Trees } from './tree.ts'
import { walkFour, walksOf } from './walk.ts'

const blockRows = 512

/** Row-major copy of some rows. @returns shape (count, features), float32 */
export function gatherRows(matrix: Matrix, from: number, count: number, into: Float32Array): Float32Array {
  const width = matrix.features.length
  matrix.features.forEach((feature, f) => {
    for (let i = 0; i < count; i++) into[i * width + f] = feature.values[from + i] as number
  })
  return into
}

/** The leaf that a row reaches. @param base where the row's features begin in `rows` */
export function leafOf(trees: Trees, tree: number, rows: Float32Array, base: number): number {
  const { feature, threshold, left, right } = trees
  let node = trees.start[tree] as number
  for (let f = feature[node] as number; f >= 0; f = feature[node] as number) {
    const x = rows[base + f] as number
    node = x <= (threshold[node] as number) || goesLeft(trees, node, x) ? (left[node] as number) : (right[node] as number)
  }
  return node
}

/**
 * Gathers rows as they are, followed by the same with infinity for missing, so that a node finds
 * missing values on its own side by reading one or the other. @returns whether a value is infinite
 */
function gatherTwice(matrix: Matrix, from: number, count: number, into: Float32Array): boolean {
  const width = matrix.features.length
  let infinite = false
  for (let f = 0; f < width; f++) {
    const { values } = matrix.features[f] as Matrix['features'][number]
    for (let i = 0; i < count; i++) {
      const x = values[from + i] as number
      const at = i * 2 * width + f
      into[at] = x
      into[at + width] = x !== x ? Number.POSITIVE_INFINITY : x
      if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) infinite = true
    }
  }
  return infinite
}

/**
 * Sums of leaf values, in the order of trees, on top of `base`.
 * @param base shape (outputs)
 * @returns shape (rows, outputs), row-major
 */
export function scoresOf(trees: Trees, matrix: Matrix, base: ArrayLike<number>): Float64Array {
  const { outputs, width, value } = trees
  const stride = 2 * matrix.features.length
  const scores = new Float64Array(matrix.rows * outputs)
  const padded = Math.ceil(Math.min(blockRows, matrix.rows) / 4) * 4
  const block = new Float32Array(padded * stride)
  const leaves = new Int32Array(padded)
  const walks = walksOf(trees, matrix.features.length)
  for (let from = 0; from < matrix.rows; from += blockRows) {
    const count = Math.min(blockRows, matrix.rows - from)
    const infinite = gatherTwice(matrix, from, count, block)
    for (let i = 0; i < count * outputs; i++) scores[from * outputs + i] = base[i % outputs] as number
    for (let tree = 0; tree < treeCount(trees); tree++) {
      const target = trees.target[tree] as number
      if (infinite || walks.depth[tree] === 0) for (let i = 0; i < count; i++) leaves[i] = leafOf(trees, tree, block, i * stride)
      else walkFour(walks, tree, block, stride, count, leaves)
      for (let i = 0; i < count; i++) {
        const leaf = leaves[i] as number
        const at = (from + i) * outputs + target
        for (let w = 0; w < width; w++) scores[at + w] = (scores[at + w] as number) + (value[leaf * width + w] as number)
      }
    }
  }
  return scores
}
