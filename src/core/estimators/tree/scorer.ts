/**
 * Trees laid out for the prediction kernel: breadth first, siblings side by side. A row's values lie twice in a
 * block, first as they are, then with infinity for missing, so that a node finds missing values on its own side
 * by reading one or the other. Categories lie there as whole numbers.
 */
import { abreast, compiledTreeKernels, nodeBytes, plainTreeKernels, treeBytes } from '../../../kernels/trees.ts'
import type { TreeKernels } from '../../../kernels/trees.ts'
import { Layout } from '../../../kernels/layout.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { PredictContext } from '../estimator.ts'
import { treeCount } from './tree.ts'
import type { Trees } from './tree.ts'

/** Small enough that a block stays in the first cache. */
export const blockRows = 128
const largestFloat = 3.4028234663852886e38

export interface Scorer {
  readonly kernels: TreeKernels
  /** Addresses of the nodes, the leaf values, the block, and of what was asked for beyond them. */
  readonly at: { readonly nodes: number; readonly values: number; readonly block: number; readonly extra: number }
  /** Bytes of a row of the block. */
  readonly stride: number
  /** Gathers rows into the block. @returns false where a value is infinite: the layout has no place for it */
  gather(X: Matrix, from: number, count: number): boolean
  /** Scores of the gathered rows, shape (count, outputs), on top of `base`: a view that the next call overwrites. */
  score(count: number, base: ArrayLike<number>): Float64Array
}

const scorers = new WeakMap<Trees, Map<'compiled' | 'plain', Promise<Scorer>>>()

/**
 * Made once for each ensemble and kind of kernel.
 * @param categoryCounts shape (features): number of categories, 0 for numbers
 * @param assets where the compiled kernel is asked for; the plain one serves without it
 */
export async function scorerOf(trees: Trees, categoryCounts: readonly number[], assets?: Pick<PredictContext, 'asset'>): Promise<Scorer> {
  const known = scorers.get(trees) ?? new Map<'compiled' | 'plain', Promise<Scorer>>()
  scorers.set(trees, known)
  if (assets && !known.has('compiled')) {
    try {
      const wasm = await assets.asset('trees.wasm')
      known.set('compiled', layOut(trees, categoryCounts, (bytes) => compiledTreeKernels(wasm, bytes)))
    } catch {
      // A host without the compiled kernel gets the same numbers from the plain one, later.
    }
  }
  const made = known.get('compiled') ?? known.get('plain') ?? layOut(trees, categoryCounts, async (bytes) => plainTreeKernels(bytes))
  if (!known.has('compiled')) known.set('plain', made)
  return made
}

/** @param extraBytes of memory for the caller; @throws RangeError where memory is refused */
export async function layOut(trees: Trees, given: readonly number[], open: (bytes: number) => Promise<TreeKernels>, extraBytes = 0): Promise<Scorer> {
  const features = given.length
  const { outputs, width } = trees
  // Forests split codes of categories as the numbers they are.
  const bySet = new Set(trees.feature.filter((_, node) => (trees.set[node] as number) >= 0))
  const categoryCounts = given.map((count, feature) => (bySet.has(feature) ? count : 0))
  const nodes = trees.feature.length
  const count = treeCount(trees)
  const stride = 2 * features * 4
  const sets = setWords(trees, categoryCounts)
  const layout = new Layout()
  const at = {
    nodes: layout.take(nodes * nodeBytes),
    trees: layout.take(count * treeBytes),
    sets: layout.take(sets.words.length * 4),
    values: layout.take(nodes * width * 8),
    block: layout.take(blockRows * stride),
    scores: layout.take(blockRows * outputs * 8),
    extra: layout.take(extraBytes),
  }
  const kernels = await open(layout.bytes)
  const u32 = new Uint32Array(kernels.buffer)
  const f32 = new Float32Array(kernels.buffer)
  u32.set(sets.words, at.sets >>> 2)
  new Float64Array(kernels.buffer, at.values, nodes * width).set(trees.value)
  for (let tree = 0; tree < count; tree++) {
    const { depth, hasSets } = layOutTree(trees, tree, features, at, sets, u32, f32)
    u32.set([at.nodes + (trees.start[tree] as number) * nodeBytes, depth, trees.target[tree] as number, hasSets ? 1 : 0], (at.trees >>> 2) + tree * 4)
  }
  const block = f32.subarray(at.block >>> 2, (at.block + blockRows * stride) >>> 2)
  const codes = u32.subarray(at.block >>> 2, (at.block + blockRows * stride) >>> 2)
  const scores = new Float64Array(kernels.buffer, at.scores, blockRows * outputs)
  return {
    kernels,
    at,
    stride,
    gather(X, from, rows) {
      let infinite = false
      for (let f = 0; f < features; f++) {
        const { values } = X.features[f] as Matrix['features'][number]
        const known = categoryCounts[f] as number
        if (known > 0) {
          const unknown = Math.ceil(known / 32) * 32
          for (let i = 0, to = f; i < rows; i++, to += 2 * features) {
            const code = values[from + i] as number
            codes[to] = codes[to + features] = code !== code ? unknown + 32 : code >= 0 && code < unknown ? code : unknown
          }
          continue
        }
        for (let i = 0, to = f; i < rows; i++, to += 2 * features) {
          const x = values[from + i] as number
          block[to] = x
          block[to + features] = x !== x ? Number.POSITIVE_INFINITY : x
          if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) infinite = true
        }
      }
      return !infinite
    },
    score(rows, base) {
      for (let o = 0; o < outputs; o++) for (let i = o; i < rows * outputs; i += outputs) scores[i] = base[o] as number
      kernels.score(at.trees, count, at.block, stride, Math.ceil(rows / abreast) * abreast, at.scores, outputs, width)
      return scores.subarray(0, rows * outputs)
    },
  }
}

interface Sets {
  /** One full word, then the words of every set. */
  readonly words: Uint32Array
  /** Shape (nodes): first word of the node's set; 0 for the full word of number splits. */
  readonly start: Uint32Array
}

/** Each category split gets a set of its own: a word for 32 codes, one for codes beyond them, one for missing. */
function setWords(trees: Trees, categoryCounts: readonly number[]): Sets {
  const start = new Uint32Array(trees.feature.length)
  let words = 1
  for (let node = 0; node < start.length; node++) {
    if ((trees.set[node] as number) < 0) continue
    start[node] = words
    words += Math.ceil((categoryCounts[trees.feature[node] as number] as number) / 32) + 2
  }
  const out = new Uint32Array(words)
  out[0] = 0xffffffff
  for (let node = 0; node < start.length; node++) {
    const set = trees.set[node] as number
    if (set < 0) continue
    const codeWords = Math.ceil((categoryCounts[trees.feature[node] as number] as number) / 32)
    const from = trees.setStart[set] as number
    out.set(trees.setBits.subarray(from, Math.min(trees.setStart[set + 1] as number, from + codeWords)), start[node] as number)
    out[(start[node] as number) + codeWords + 1] = trees.missingLeft[node] === 1 ? 0xffffffff : 0
  }
  return { words: out, start }
}

/** Breadth first, so that children get neighbouring places. */
function layOutTree(trees: Trees, tree: number, features: number, at: { nodes: number; sets: number; values: number }, sets: Sets, u32: Uint32Array, f32: Float32Array): { depth: number; hasSets: boolean } {
  const start = trees.start[tree] as number
  const end = trees.start[tree + 1] as number
  const nodeAt = new Int32Array(end - start)
  const depth = new Uint16Array(end - start)
  nodeAt[0] = start
  let used = 1
  let hasSets = false
  for (let place = 0; place < end - start; place++) {
    const node = nodeAt[place] as number
    const feature = trees.feature[node] as number
    const address = at.nodes + (start + place) * nodeBytes
    const word = address >>> 2
    const isSet = feature >= 0 && (trees.set[node] as number) >= 0
    const missingLeft = trees.missingLeft[node] === 1
    u32[word] = feature < 0 ? 0 : (missingLeft ? feature : feature + features) * 4
    f32[word + 1] = feature < 0 ? Number.POSITIVE_INFINITY : isSet ? largestFloat : Math.min(trees.threshold[node] as number, largestFloat)
    u32[word + 2] = feature < 0 ? address : at.nodes + (start + used) * nodeBytes
    u32[word + 3] = at.sets + (isSet ? (sets.start[node] as number) * 4 : 0)
    u32[word + 4] = isSet ? 0xffffffff : 0
    u32[word + 5] = at.values + node * trees.width * 8
    if (feature < 0) continue
    if (isSet) hasSets = true
    nodeAt[used] = trees.left[node] as number
    nodeAt[used + 1] = trees.right[node] as number
    depth[used] = depth[used + 1] = (depth[place] as number) + 1
    used += 2
  }
  return { depth: depth[end - start - 1] as number, hasSets }
}
