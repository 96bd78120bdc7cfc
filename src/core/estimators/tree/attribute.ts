/**
 * Exact path-dependent TreeSHAP: what each feature gives to a row's score, where features that are not known take
 * both ways of a split in the shares of the training rows.
 *
 * Source: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees",
 * and Yang 2021, "Fast TreeSHAP" (v2): a leaf's shares depend only on which of its path's features the row answers
 * as the path does, so they are tabulated for each such pattern once, and a row costs a look-up a leaf. Leaves with
 * long paths, for which tables would not fit, are computed for each row.
 */
import { compiledTreeKernels, plainTreeKernels, treeBytes } from '../../../kernels/trees.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { PredictContext } from '../estimator.ts'
import { gatherRows } from './predict.ts'
import { blockRows, layOut } from './scorer.ts'
import type { Scorer } from './scorer.ts'
import { goesLeft, treeCount } from './tree.ts'
import type { Trees } from './tree.ts'

export interface Attributions {
  /** Shape (outputs): the mean score of the training rows, as the trees know it. */
  readonly base: Float64Array
  /** Shape (rows, outputs, features): with the base they add up to the row's scores. */
  readonly values: Float64Array
}

/** Where the tables of all leaves together would need more, rows are computed one by one. */
const tableBudget = 192 * 2 ** 20
const longestPath = 24

/** The unique features of a path, and the share of rows that would follow it if that feature alone were unknown. */
interface Path {
  readonly features: readonly number[]
  readonly shares: readonly number[]
}

function step(trees: Trees, node: number, child: number, path: Path): Path {
  const feature = trees.feature[node] as number
  const share = (trees.cover[child] as number) / (trees.cover[node] as number)
  const known = path.features.indexOf(feature)
  if (known < 0) return { features: [...path.features, feature], shares: [...path.shares, share] }
  return { features: path.features, shares: path.shares.map((value, i) => (i === known ? value * share : value)) }
}

/** s! (d - 1 - s)! / d! */
function orderingWeights(d: number): Float64Array {
  const weights = new Float64Array(d)
  if (d > 0) weights[0] = 1 / d
  for (let s = 1; s < d; s++) weights[s] = ((weights[s - 1] as number) * s) / (d - s)
  return weights
}

/**
 * Shapley shares of a leaf of value 1. Coefficient s of the product of (share + answered x) over the path counts the
 * coalitions of s answering features; leaving one feature out is a division.
 * @param answers whether the row answers the path's feature k as the path does
 */
function sharesOf({ shares }: Path, answers: (k: number) => boolean, weights: Float64Array, out: Float64Array, at: number): void {
  const d = shares.length
  const product = new Float64Array(d + 1)
  product[0] = 1
  let degree = 0
  for (let j = 0; j < d; j++) {
    const share = shares[j] as number
    if (answers(j)) {
      product[++degree] = 0
      for (let i = degree; i > 0; i--) product[i] = (product[i] as number) * share + (product[i - 1] as number)
    } else for (let i = 1; i <= degree; i++) product[i] = (product[i] as number) * share
    product[0] = (product[0] as number) * share
  }
  // Features that answer otherwise lose the same: their own share times what is left without them is the product.
  let lost = 0
  for (let s = 0; s <= degree && s < d; s++) lost += (product[s] as number) * (weights[s] as number)
  for (let k = 0; k < d; k++) {
    if (!answers(k)) {
      out[at + k] = -lost
      continue
    }
    const share = shares[k] as number
    let rest = product[degree] as number
    let sum = rest * (weights[degree - 1] as number)
    for (let s = degree - 1; s > 0; s--) {
      rest = (product[s] as number) - share * rest
      sum += rest * (weights[s - 1] as number)
    }
    out[at + k] = (1 - share) * sum
  }
}

/** Calls back for each leaf with its path. */
function eachLeaf(trees: Trees, tree: number, visit: (leaf: number, path: Path) => void): void {
  const stack = [{ node: trees.start[tree] as number, path: { features: [], shares: [] } as Path }]
  while (stack.length > 0) {
    const { node, path } = stack.pop() as (typeof stack)[number]
    if ((trees.feature[node] as number) < 0) {
      visit(node, path)
      continue
    }
    for (const child of [trees.right[node] as number, trees.left[node] as number]) stack.push({ node: child, path: step(trees, node, child, path) })
  }
}

const headerBytes = (d: number): number => Math.ceil((8 + 4 * d) / 8) * 8
const tableBytes = (d: number): number => 2 ** d * d * 8

interface Attributor {
  readonly scorer: Scorer
  readonly trees: number
  readonly masks: number
  readonly out: number
}
interface Plan {
  readonly base: Float64Array
  /** Undefined where tables do not fit, or the memory for them was refused. */
  readonly attributor: Promise<Attributor | undefined> | undefined
}
const plans = new WeakMap<Trees, Plan>()

function planOf(trees: Trees, categoryCounts: readonly number[], context: PredictContext | undefined): Plan {
  const known = plans.get(trees)
  if (known) return known
  const base = new Float64Array(trees.outputs)
  let bytes = 0
  for (let tree = 0; tree < treeCount(trees); tree++) {
    eachLeaf(trees, tree, (leaf, { features, shares }) => {
      bytes += features.length > longestPath ? Number.POSITIVE_INFINITY : headerBytes(features.length) + tableBytes(features.length)
      const reached = shares.reduce((product, share) => product * share, 1)
      for (let w = 0; w < trees.width; w++) base[(trees.target[tree] as number) + w] = (base[(trees.target[tree] as number) + w] as number) + reached * (trees.value[leaf * trees.width + w] as number)
    })
  }
  const plan = { base, attributor: bytes <= tableBudget ? tabulate(trees, categoryCounts, bytes, context).catch(() => undefined) : undefined }
  plans.set(trees, plan)
  return plan
}

async function tabulate(trees: Trees, categoryCounts: readonly number[], leafBytes: number, context: PredictContext | undefined): Promise<Attributor> {
  const count = treeCount(trees)
  let largest = 0
  for (let tree = 0; tree < count; tree++) largest = Math.max(largest, (trees.start[tree + 1] as number) - (trees.start[tree] as number))
  const maskBytes = Math.ceil((largest * 4) / 64) * 64
  const treesBytes = Math.ceil((count * treeBytes) / 64) * 64
  const outBytes = blockRows * trees.outputs * categoryCounts.length * 8
  let wasm: ArrayBuffer | undefined
  try {
    wasm = await context?.asset('trees.wasm')
  } catch {
    // A host without the compiled kernel gets the same numbers from the plain one, later.
  }
  const open = async (bytes: number) => (wasm ? compiledTreeKernels(wasm, bytes) : plainTreeKernels(bytes))
  const scorer = await layOut(trees, categoryCounts, open, treesBytes + maskBytes + outBytes + leafBytes + 64)
  const at = { trees: scorer.at.extra, masks: scorer.at.extra + treesBytes, out: scorer.at.extra + treesBytes + maskBytes }
  const u32 = new Uint32Array(scorer.kernels.buffer)
  const f64 = new Float64Array(scorer.kernels.buffer)
  let leafAt = Math.ceil((at.out + outBytes) / 8) * 8
  for (let tree = 0; tree < count; tree++) {
    const start = trees.start[tree] as number
    const root = scorer.at.nodes + start * 32
    u32.set([root, (trees.start[tree + 1] as number) - start, trees.target[tree] as number, 0], (at.trees >>> 2) + tree * 4)
    const stack = [{ address: root, path: { features: [], shares: [] } as Path }]
    while (stack.length > 0) {
      const { address, path } = stack.pop() as (typeof stack)[number]
      const word = address >>> 2
      const node = ((u32[word + 5] as number) - scorer.at.values) / (8 * trees.width)
      const feature = trees.feature[node] as number
      if (feature >= 0) {
        const left = u32[word + 2] as number
        const steps = [trees.left[node] as number, trees.right[node] as number].map((child) => step(trees, node, child, path))
        u32[word + 6] = (1 << (steps[0] as Path).features.indexOf(feature)) >>> 0
        stack.push({ address: left + 32, path: steps[1] as Path }, { address: left, path: steps[0] as Path })
        continue
      }
      const d = path.features.length
      u32[word + 6] = leafAt
      u32.set([d, headerBytes(d), ...path.features], leafAt >>> 2)
      const weights = orderingWeights(d)
      for (let mask = 0; mask < 2 ** d; mask++) sharesOf(path, (k) => ((mask >>> k) & 1) === 1, weights, f64, ((leafAt + headerBytes(d)) >>> 3) + mask * d)
      leafAt += headerBytes(d) + tableBytes(d)
    }
    await context?.checkpoint()
  }
  return { scorer, ...at }
}

/** Adds one row's attributions, leaf by leaf. */
function attributeRow(trees: Trees, row: Float32Array, values: Float64Array, at: number): void {
  const features = row.length
  for (let tree = 0; tree < treeCount(trees); tree++) {
    const target = trees.target[tree] as number
    const stack = [{ node: trees.start[tree] as number, path: { features: [], shares: [] } as Path, otherwise: [] as readonly number[] }]
    while (stack.length > 0) {
      const { node, path, otherwise } = stack.pop() as (typeof stack)[number]
      const feature = trees.feature[node] as number
      if (feature >= 0) {
        const side = goesLeft(trees, node, row[feature] as number) ? (trees.left[node] as number) : (trees.right[node] as number)
        for (const child of [trees.right[node] as number, trees.left[node] as number]) {
          stack.push({ node: child, path: step(trees, node, child, path), otherwise: child === side ? otherwise : [...otherwise, feature] })
        }
        continue
      }
      const d = path.features.length
      const shares = new Float64Array(d)
      sharesOf(path, (k) => !otherwise.includes(path.features[k] as number), orderingWeights(d), shares, 0)
      path.features.forEach((f, k) => {
        for (let w = 0; w < trees.width; w++) {
          const place = at + (target + w) * features + f
          values[place] = (values[place] as number) + (shares[k] as number) * (trees.value[node * trees.width + w] as number)
        }
      })
    }
  }
}

/** @param head as of scoresOf; base scores are part of the base */
export async function attributionsOf(trees: Trees, X: Matrix, head: { readonly base: readonly number[]; readonly categoryCounts: readonly number[] }, context?: PredictContext): Promise<Attributions> {
  const features = head.categoryCounts.length
  const { outputs } = trees
  const plan = planOf(trees, head.categoryCounts, context)
  const attributor = await plan.attributor
  const values = new Float64Array(X.rows * outputs * features)
  for (let from = 0; from < X.rows; from += blockRows) {
    const count = Math.min(blockRows, X.rows - from)
    if (attributor?.scorer.gather(X, from, count)) {
      const { scorer, out } = attributor
      const block = new Float64Array(scorer.kernels.buffer, out, count * outputs * features)
      block.fill(0)
      scorer.kernels.attribute(attributor.trees, treeCount(trees), scorer.at.block, scorer.stride, count, attributor.masks, out, outputs * features * 8, features * 8, trees.width)
      values.set(block, from * outputs * features)
    } else {
      for (let i = 0; i < count; i++) {
        const row = gatherRows(X, from + i, 1, new Float32Array(features))
        attributeRow(trees, row, values, (from + i) * outputs * features)
        await context?.checkpoint()
      }
    }
    await context?.checkpoint()
  }
  return { base: plan.base.map((value, output) => value + (head.base[output] as number)), values }
}
