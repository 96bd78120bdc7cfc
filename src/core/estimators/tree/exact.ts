/**
 * Exact CART: every feature is sorted once, and a split keeps the order of both sides, so each level
 * costs one pass over rows and features.
 *
 * Ties: the lowest feature, then missing right before left, then the lowest threshold; gains that
 * differ by less than 1e-12 of themselves are equal. Nodes are numbered depth first, left before right.
 */
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import { thresholdBetween } from '../../../kernels/thresholds.ts'
import type { Criterion } from './criteria.ts'
import { createPacer } from './pacer.ts'
import { argsort } from '../../../kernels/sort.ts'
import { StudioError } from '../../errors.ts'
import type { FitState } from '../../savepoint.ts'
import { TreesBuilder, treesToState } from './tree.ts'
import type { Trees } from './tree.ts'

export interface ExactOptions {
  /** 0 = no limit. */
  readonly maxDepth: number
  readonly minSamplesSplit: number
  readonly minSamplesLeaf: number
  readonly minImpurityDecrease: number
}

interface Found {
  readonly feature: number
  readonly proxy: number
  readonly missingLeft: boolean
  readonly threshold: number
  /** Category codes on the left; absent for numbers. */
  readonly codes?: readonly number[]
  /** Category codes that the node's rows have. */
  readonly seen?: readonly number[]
}
interface Pending {
  readonly from: number
  readonly to: number
  readonly depth: number
  /** -1 for the root, and for left children, whose parent knows their number. */
  readonly rightOf: number
}

const sameGain = 1e-12
/**
 * What each category lowers by chance alone, in impurities of the node: of categories in order of their means the best
 * cut of K keeps (sum of |z|)^2 / K of K normal draws z, which is 2 K / pi. A threshold of a number has its luck, too, so
 * that the first four are free. Without it 400 categories of noise beat every feature that matters.
 */
export const chanceOfCategory = 2 / Math.PI
export const freeCategories = 4
/** scikit-learn's EPSILON: the double's. */
const epsilon = 2 ** -52

export async function growExact(X: Matrix, criterion: Criterion, options: ExactOptions, context: Context): Promise<Trees> {
  const pacer = createPacer(context)
  const builder = new TreesBuilder(criterion.width, criterion.width)
  const orders: Uint32Array[] = []
  for (const feature of X.features) {
    orders.push(orderWithMissingLast(feature.values))
    await pacer()
  }
  const rowsOf = orders[0] as Uint32Array
  const goesLeft = new Uint8Array(X.rows)
  const scratch = new Uint32Array(X.rows)
  let totalWeight = 0
  let resolved = 0
  const stack: Pending[] = [{ from: 0, to: X.rows, depth: 0, rightOf: -1 }]
  const left = context.savepoint?.left.at(-1)
  if (left) {
    const place = readPlace(left, X.rows)
    builder.goOn(place.trees)
    stack.splice(0, 1, ...place.stack)
    ;({ totalWeight, resolved } = place)
    for (const order of orders) {
      regroup(order, place)
      await pacer()
    }
  }
  while (stack.length > 0) {
    if (context.savepoint?.due()) await context.savepoint.save({ unit: 'row', done: resolved, total: X.rows }, placeState({ trees: builder.underWay(), stack, rowsOf, totalWeight, resolved }), 'replace')
    const { from, to, depth, rightOf } = stack.pop() as Pending
    const count = to - from
    criterion.enter(rowsOf, from, to)
    if (depth === 0) totalWeight = criterion.weight
    await pacer()
    const node = builder.addNode(count, criterion.values())
    if (rightOf >= 0) builder.setRight(rightOf, node)
    const mayGrow = (options.maxDepth === 0 || depth < options.maxDepth) && count >= options.minSamplesSplit && count >= 2 * options.minSamplesLeaf && !criterion.isPure()
    let best: Found | undefined
    if (mayGrow) {
      for (let f = 0; f < X.features.length; f++) {
        best = bestOfFeature(X, f, orders[f] as Uint32Array, from, to, criterion, options.minSamplesLeaf, best) ?? best
        await pacer()
      }
    }
    let leftCount = 0
    let gain = 0
    if (best) {
      const { values } = X.features[best.feature] as Matrix['features'][number]
      const left = best.codes ? new Set(best.codes) : undefined
      criterion.reset()
      for (let i = from; i < to; i++) {
        const row = rowsOf[i] as number
        const x = values[row] as number
        const goes = x !== x ? best.missingLeft : left ? left.has(x) : x <= best.threshold
        goesLeft[row] = goes ? 1 : 0
        if (goes) {
          leftCount++
          criterion.move(row)
        }
      }
      await pacer()
      gain = Math.max(0, (criterion.weight * criterion.impurity() - criterion.sidesImpurity()) / totalWeight)
    }
    if (!best || gain + epsilon < options.minImpurityDecrease) {
      resolved += count
      context.report({ kind: 'step', phase: 'growing', done: resolved, total: X.rows })
      continue
    }
    const sawMissing = hasMissing(X.features[best.feature] as Matrix['features'][number], orders[best.feature] as Uint32Array, to)
    const missingLeft = sawMissing ? best.missingLeft : leftCount >= count - leftCount
    if (best.codes) {
      // A category that no row of this node has goes where missing goes.
      const seen = new Set(best.seen)
      const all = (X.features[best.feature] as Matrix['features'][number]).categories as readonly string[]
      const codes = missingLeft ? [...best.codes, ...Array.from(all.keys()).filter((code) => !seen.has(code))] : best.codes
      builder.split(node, { feature: best.feature, codes, missingLeft, gain }, node + 1, 0)
    } else builder.split(node, { feature: best.feature, threshold: best.threshold, missingLeft, gain }, node + 1, 0)
    for (const order of orders) {
      partition(order, from, to, goesLeft, scratch)
      await pacer()
    }
    stack.push({ from: from + leftCount, to, depth: depth + 1, rightOf: node })
    stack.push({ from, to: from + leftCount, depth: depth + 1, rightOf: -1 })
  }
  builder.endTree()
  return builder.build()
}

/** What a tree under way is: its nodes, and which rows wait where. Their order by each feature follows from that. */
interface Place {
  readonly trees: Trees
  readonly stack: readonly Pending[]
  /** Shape (rows); only where pending nodes are it matters. */
  readonly rowsOf: Uint32Array
  readonly totalWeight: number
  readonly resolved: number
}
function placeState({ trees, stack, rowsOf, totalWeight, resolved }: Place): FitState {
  const { json, arrays } = treesToState(trees)
  return { json: { trees: json, resolved, totalWeight }, arrays: { ...arrays, 'pending': Int32Array.from(stack.flatMap(({ from, to, depth, rightOf }) => [from, to, depth, rightOf])), 'rows': rowsOf.slice() } }
}
/** @throws StudioError bundle-mismatch for a state that is not one of this many rows */
function readPlace({ json, arrays }: FitState, rows: number): Place {
  const { pending, rows: rowsOf } = arrays
  if (!(pending instanceof Int32Array) || !(rowsOf instanceof Uint32Array) || rowsOf.length !== rows || !(arrays['feature'] instanceof Int32Array)) throw new StudioError({ code: 'bundle-mismatch', message: 'invalid checkpoint of decision-tree; it must hold the rows that wait' })
  const stack = Array.from({ length: pending.length / 4 }, (_, i): Pending => {
    const [from, to, depth, rightOf] = pending.subarray(4 * i) as unknown as [number, number, number, number]
    return { from, to, depth, rightOf }
  })
  // Nodes whose children are still to come have none, so this is no tree that could be opened.
  return { trees: { ...(json['trees'] as object), ...arrays } as unknown as Trees, stack, rowsOf, totalWeight: Number(json['totalWeight']), resolved: Number(json['resolved']) }
}
/** From the order of all rows to that within each node that waits: splits keep it, so it is the same one, taken apart. */
function regroup(order: Uint32Array, { stack, rowsOf }: Place): void {
  const nodeOf = new Int32Array(order.length).fill(-1)
  stack.forEach(({ from, to }, node) => {
    for (let i = from; i < to; i++) nodeOf[rowsOf[i] as number] = node
  })
  const next = stack.map(({ from }) => from)
  for (const row of order.slice()) {
    const node = nodeOf[row] as number
    if (node < 0) continue
    order[next[node] as number] = row
    next[node] = (next[node] as number) + 1
  }
}

/** Rows by ascending value, those without a value at the end in their own order. */
function orderWithMissingLast(values: Float32Array): Uint32Array {
  const present = new Uint32Array(values.length)
  const missing: number[] = []
  let n = 0
  for (let row = 0; row < values.length; row++) {
    if (values[row] === values[row]) present[n++] = row
    else missing.push(row)
  }
  const held = new Float32Array(n)
  for (let i = 0; i < n; i++) held[i] = values[present[i] as number] as number
  const order = new Uint32Array(values.length)
  argsort(held).forEach((position, i) => (order[i] = present[position] as number))
  order.set(missing, n)
  return order
}

function hasMissing(feature: { readonly values: Float32Array }, order: Uint32Array, to: number): boolean {
  const last = feature.values[order[to - 1] as number] as number
  return last !== last
}

/** Stable: rows that go left first, in their order, then the others. */
function partition(order: Uint32Array, from: number, to: number, goesLeft: Uint8Array, scratch: Uint32Array): void {
  let left = from
  let right = 0
  for (let i = from; i < to; i++) {
    const row = order[i] as number
    if (goesLeft[row] === 1) order[left++] = row
    else scratch[right++] = row
  }
  order.set(scratch.subarray(0, right), left)
}

function bestOfFeature(X: Matrix, f: number, order: Uint32Array, from: number, to: number, criterion: Criterion, minRows: number, best: Found | undefined): Found | undefined {
  const feature = X.features[f] as Matrix['features'][number]
  let present = to
  while (present > from && feature.values[order[present - 1] as number] !== feature.values[order[present - 1] as number]) present--
  return feature.categories
    ? bestCategories(f, feature.values, order, from, present, to, criterion, minRows, best)
    : bestThreshold(f, feature.values, order, from, present, to, criterion, minRows, best)
}

const beats = (proxy: number, best: Found | undefined): boolean => !best || proxy > best.proxy + sameGain * Math.abs(best.proxy)

function bestThreshold(f: number, values: Float32Array, order: Uint32Array, from: number, present: number, to: number, criterion: Criterion, minRows: number, known: Found | undefined): Found | undefined {
  const missing = to - present
  let found: Found | undefined
  for (const missingLeft of missing > 0 ? [false, true] : [false]) {
    criterion.reset()
    if (missingLeft) for (let i = present; i < to; i++) criterion.move(order[i] as number)
    for (let i = from; i < present; i++) {
      criterion.move(order[i] as number)
      const leftRows = i + 1 - from + (missingLeft ? missing : 0)
      const rightRows = to - from - leftRows
      if (leftRows < minRows) continue
      if (rightRows < minRows || rightRows === 0) break
      const a = values[order[i] as number] as number
      const b = i + 1 < present ? (values[order[i + 1] as number] as number) : Number.POSITIVE_INFINITY
      if (a === b && i + 1 < present) continue
      const proxy = criterion.proxy()
      if (!beats(proxy, found ?? known)) continue
      found = { feature: f, proxy, missingLeft, threshold: i + 1 < present ? thresholdBetween(a, b) : Number.POSITIVE_INFINITY }
    }
  }
  return found
}

/** Categories in order of their mean, or of their share of one class; missing is one of them. Their proxy is less what chance gives to so many. */
function bestCategories(f: number, values: Float32Array, order: Uint32Array, from: number, present: number, to: number, criterion: Criterion, minRows: number, known: Found | undefined): Found | undefined {
  const groups: { code: number; from: number; to: number; level: number }[] = []
  for (let i = from; i < present; ) {
    const code = values[order[i] as number] as number
    let end = i + 1
    while (end < present && values[order[end] as number] === code) end++
    groups.push({ code, from: i, to: end, level: 0 })
    i = end
  }
  const seen = groups.map((group) => group.code)
  if (present < to) groups.push({ code: -1, from: present, to, level: 0 })
  const chance = groups.length > freeCategories ? (chanceOfCategory * (groups.length - freeCategories) * criterion.impurity() * criterion.weight) / (to - from) : 0
  let found: Found | undefined
  for (let ordering = 0; ordering < criterion.orderings(); ordering++) {
    for (const group of groups) group.level = criterion.levelOf(order, group.from, group.to, ordering)
    const ordered = [...groups].sort((a, b) => a.level - b.level || a.code - b.code)
    criterion.reset()
    let leftRows = 0
    for (let g = 0; g + 1 < ordered.length; g++) {
      const group = ordered[g] as (typeof ordered)[number]
      for (let i = group.from; i < group.to; i++) criterion.move(order[i] as number)
      leftRows += group.to - group.from
      if (leftRows < minRows || to - from - leftRows < minRows) continue
      const proxy = criterion.proxy() - chance
      if (!beats(proxy, found ?? known)) continue
      const codes = ordered.slice(0, g + 1).map((one) => one.code)
      found = { feature: f, proxy, missingLeft: codes.includes(-1), threshold: Number.NaN, codes: codes.filter((code) => code >= 0), seen }
    }
  }
  return found
}
