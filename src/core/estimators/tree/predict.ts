/**
 * Scores of whole batches, a block of rows at a time through the prediction kernel (scorer.ts); rows of a block
 * with infinite values are walked one by one. Both ways reach the same leaves and add in the same order.
 */
import type { Matrix } from '../../data/matrix.ts'
import type { PredictContext } from '../estimator.ts'
import { blockRows, scorerOf } from './scorer.ts'
import { goesLeft, treeCount } from './tree.ts'
import type { Trees } from './tree.ts'

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

/** Adds the leaves of rows [from, from + count) to scores that hold the base already. */
function addRowByRow(trees: Trees, matrix: Matrix, from: number, count: number, scores: Float64Array): void {
  const { outputs, width, value } = trees
  const rows = gatherRows(matrix, from, count, new Float32Array(count * matrix.features.length))
  for (let i = 0; i < count; i++) {
    for (let tree = 0; tree < treeCount(trees); tree++) {
      const leaf = leafOf(trees, tree, rows, i * matrix.features.length)
      const at = (from + i) * outputs + (trees.target[tree] as number)
      for (let w = 0; w < width; w++) scores[at + w] = (scores[at + w] as number) + (value[leaf * width + w] as number)
    }
  }
}

/** Blocks after which cancel gets a chance. */
const blocksPerCheckpoint = 64

/**
 * Sums of leaf values, in the order of trees, on top of `base`.
 * @param head base: shape (outputs); categoryCounts: shape (features), 0 for numbers
 * @param context the compiled kernel and cancel; the plain kernel, without a pause, where it is not given
 * @returns shape (rows, outputs), row-major
 */
export async function scoresOf(trees: Trees, matrix: Matrix, head: { readonly base: readonly number[]; readonly categoryCounts: readonly number[] }, context?: PredictContext): Promise<Float64Array> {
  const { outputs } = trees
  const scorer = await scorerOf(trees, head.categoryCounts, context)
  const scores = new Float64Array(matrix.rows * outputs)
  for (let from = 0, block = 1; from < matrix.rows; from += blockRows, block++) {
    const count = Math.min(blockRows, matrix.rows - from)
    if (scorer.gather(matrix, from, count)) scores.set(scorer.score(count, head.base), from * outputs)
    else {
      for (let i = 0; i < count * outputs; i++) scores[from * outputs + i] = head.base[i % outputs] as number
      addRowByRow(trees, matrix, from, count, scores)
    }
    if (block % blocksPerCheckpoint === 0) await context?.checkpoint()
  }
  return scores
}
