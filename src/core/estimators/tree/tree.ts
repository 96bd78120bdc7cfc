/**
 * Decision trees as flat arrays, one entry a node, all trees of a model end to end. A node sends a row
 * left where `value <= threshold` in float32, where its category is in the node's set, or, for a
 * missing value, where `missingLeft` says so. This is the form that is stored, drawn and exported.
 */
import { StudioError } from '../../errors.ts'
import type { Json } from '../../recipe/step.ts'
import type { TypedArray } from '../estimator.ts'

export interface Trees {
  /** Scores a row gets: one for values and log-odds, one a class otherwise. */
  readonly outputs: number
  /** Values a leaf holds: `outputs`, or 1 where each tree adds to one output only. */
  readonly width: number
  /** Shape (trees + 1): nodes of tree t are start[t] .. start[t + 1] - 1, its root first. */
  readonly start: Int32Array
  /** Shape (trees): the output that a tree of width 1 adds to. */
  readonly target: Int32Array
  /** Shape (nodes): feature number, -1 for a leaf. */
  readonly feature: Int32Array
  /** Shape (nodes): NaN for leaves and category splits. */
  readonly threshold: Float32Array
  /** Shape (nodes): node numbers, 0 for leaves. */
  readonly left: Int32Array
  readonly right: Int32Array
  readonly missingLeft: Uint8Array
  /** Shape (nodes): number of the category set that goes left, -1 for number splits and leaves. */
  readonly set: Int32Array
  /** Shape (sets + 1): words of set s are setBits[setStart[s] .. setStart[s + 1]). */
  readonly setStart: Int32Array
  /** Bit c & 31 of word c >> 5 is category code c. */
  readonly setBits: Uint32Array
  /** Shape (nodes, width), inner nodes included where the algorithm has values for them. */
  readonly value: Float64Array
  /** Shape (nodes): training rows that reached the node. */
  readonly cover: Float64Array
  /** Shape (nodes): how much the split lowered the loss (or impurity, weighted by rows); 0 for leaves. */
  readonly gain: Float64Array
}

export const treeCount = (trees: Trees): number => trees.start.length - 1

/** Which side of a split a value takes. */
export function goesLeft(trees: Trees, node: number, x: number): boolean {
  if (x <= (trees.threshold[node] as number)) return true
  if (x !== x) return trees.missingLeft[node] === 1
  const set = trees.set[node] as number
  if (set < 0) return false
  const word = (trees.setStart[set] as number) + (x >> 5)
  return word < (trees.setStart[set + 1] as number) && (((trees.setBits[word] as number) >>> (x & 31)) & 1) === 1
}

/** Category codes of a set, ascending. */
export function codesOfSet(trees: Trees, set: number): number[] {
  const from = trees.setStart[set] as number
  const codes: number[] = []
  for (let word = from; word < (trees.setStart[set + 1] as number); word++) {
    for (let bit = 0; bit < 32; bit++) if (((trees.setBits[word] as number) >>> bit) & 1) codes.push((word - from) * 32 + bit)
  }
  return codes
}

export interface NumberSplit {
  readonly feature: number
  readonly threshold: number
  readonly missingLeft: boolean
  readonly gain: number
}
export interface CategorySplit {
  readonly feature: number
  /** Codes that go left. */
  readonly codes: readonly number[]
  readonly missingLeft: boolean
  readonly gain: number
}

/** Arrays of nodes with room to grow. */
function nodeArrays(room: number, width: number) {
  return {
    feature: new Int32Array(room),
    threshold: new Float32Array(room),
    left: new Int32Array(room),
    right: new Int32Array(room),
    missingLeft: new Uint8Array(room),
    set: new Int32Array(room),
    value: new Float64Array(room * width),
    cover: new Float64Array(room),
    gain: new Float64Array(room),
  }
}

/** Grows the arrays node by node. */
export class TreesBuilder {
  readonly #outputs: number
  readonly #width: number
  readonly #start = [0]
  readonly #target: number[] = []
  readonly #setStart = [0]
  /** Sets that the trees before each tree have. */
  readonly #setsBefore = [0]
  readonly #setBits: number[] = []
  #nodes: ReturnType<typeof nodeArrays>
  #count = 0

  constructor(outputs: number, width: number) {
    this.#outputs = outputs
    this.#width = width
    this.#nodes = nodeArrays(1024, width)
  }
  get trees(): number {
    return this.#target.length
  }
  #grow(): void {
    const old = this.#nodes
    this.#nodes = nodeArrays(old.feature.length * 2, this.#width)
    for (const name of Object.keys(old) as (keyof typeof old)[]) this.#nodes[name].set(old[name])
  }
  /** Adds a leaf and returns its number; `values` has one entry a width. */
  addNode(cover: number, values: ArrayLike<number>): number {
    if (this.#count === this.#nodes.feature.length) this.#grow()
    const node = this.#count++
    const { feature, threshold, set, cover: covers, value } = this.#nodes
    feature[node] = -1
    threshold[node] = Number.NaN
    set[node] = -1
    covers[node] = cover
    for (let i = 0; i < this.#width; i++) value[node * this.#width + i] = values[i] ?? 0
    return node
  }
  setValue(node: number, value: number): void {
    this.#nodes.value[node * this.#width] = value
  }
  valueOf(node: number): number {
    return this.#nodes.value[node * this.#width] as number
  }
  /** Turns a leaf into an inner node. */
  split(node: number, split: NumberSplit | CategorySplit, left: number, right: number): void {
    const nodes = this.#nodes
    nodes.feature[node] = split.feature
    nodes.missingLeft[node] = split.missingLeft ? 1 : 0
    nodes.gain[node] = split.gain
    nodes.left[node] = left
    nodes.right[node] = right
    if ('threshold' in split) {
      nodes.threshold[node] = split.threshold
      return
    }
    const words = new Uint32Array((split.codes.reduce((most, code) => Math.max(most, code), 0) >> 5) + 1)
    for (const code of split.codes) words[code >> 5] = (words[code >> 5] as number) | (1 << (code & 31))
    nodes.set[node] = this.#setStart.length - 1
    for (const word of words) this.#setBits.push(word)
    this.#setStart.push(this.#setBits.length)
  }
  /** The right child of a node whose left subtree had to be numbered first. */
  setRight(node: number, right: number): void {
    this.#nodes.right[node] = right
  }
  endTree(target = 0): void {
    this.#target.push(target)
    this.#start.push(this.#count)
    this.#setsBefore.push(this.#setStart.length - 1)
  }
  /** The tree under way, as if it ended here. */
  underWay(): Trees {
    this.endTree()
    const trees = this.build(this.trees - 1)
    this.#reopen()
    return trees
  }
  /** Goes on with a tree that was under way. */
  goOn(trees: Trees): void {
    this.add(trees)
    this.#reopen()
  }
  #reopen(): void {
    for (const ends of [this.#target, this.#start, this.#setsBefore]) ends.pop()
  }
  /** Adds trees that were built before, as they are. */
  add(trees: Trees): void {
    for (let tree = 0; tree < treeCount(trees); tree++) {
      const [first, end] = [trees.start[tree] as number, trees.start[tree + 1] as number]
      const base = this.#count - first
      const setBase = this.#setStart.length - 1
      // Sets are numbered as splits were made, which is not the order of nodes.
      const sets = trees.set.subarray(first, end).filter((set) => set >= 0).sort()
      for (const set of sets) {
        this.#setBits.push(...trees.setBits.subarray(trees.setStart[set], trees.setStart[set + 1]))
        this.#setStart.push(this.#setBits.length)
      }
      for (let node = first; node < end; node++) {
        const added = this.addNode(trees.cover[node] as number, trees.value.subarray(node * trees.width, (node + 1) * trees.width))
        const feature = trees.feature[node] as number
        if (feature < 0) continue
        this.split(added, { feature, threshold: trees.threshold[node] as number, missingLeft: trees.missingLeft[node] === 1, gain: trees.gain[node] as number }, (trees.left[node] as number) + base, (trees.right[node] as number) + base)
        const set = trees.set[node] as number
        if (set >= 0) this.#nodes.set[added] = setBase + set - (sets[0] as number)
      }
      this.endTree(trees.target[tree] as number)
    }
  }
  /** The trees from number `from` up to, but not including, number `to`. */
  build(from = 0, to = this.trees): Trees {
    const first = this.#start[from] as number
    const end = this.#start[to] as number
    const firstSet = this.#setsBefore[from] as number
    const sets = this.#setsBefore[to] as number
    const firstWord = this.#setStart[firstSet] as number
    const nodes = this.#nodes
    const shifted = (numbers: Int32Array, by: number, none: number): Int32Array => {
      const out = numbers.slice(first, end)
      for (let i = 0; by > 0 && i < out.length; i++) if (out[i] !== none) out[i] = (out[i] as number) - by
      return out
    }
    return {
      outputs: this.#outputs,
      width: this.#width,
      start: Int32Array.from(this.#start.slice(from, to + 1), (node) => node - first),
      target: Int32Array.from(this.#target.slice(from, to)),
      feature: nodes.feature.slice(first, end),
      threshold: nodes.threshold.slice(first, end),
      left: shifted(nodes.left, first, 0),
      right: shifted(nodes.right, first, 0),
      missingLeft: nodes.missingLeft.slice(first, end),
      set: shifted(nodes.set, firstSet, -1),
      setStart: Int32Array.from(this.#setStart.slice(firstSet, sets + 1), (word) => word - firstWord),
      setBits: Uint32Array.from(this.#setBits.slice(firstWord, this.#setStart[sets])),
      value: nodes.value.slice(first * this.#width, end * this.#width),
      cover: nodes.cover.slice(first, end),
      gain: nodes.gain.slice(first, end),
    }
  }
}

/** Shares of the total gain by feature, summing to 1; zeros where no tree splits. */
export function gainImportance(trees: Trees, features: number): Float64Array {
  const shares = new Float64Array(features)
  let total = 0
  for (let node = 0; node < trees.feature.length; node++) {
    const feature = trees.feature[node] as number
    if (feature < 0) continue
    shares[feature] = (shares[feature] as number) + (trees.gain[node] as number)
    total += trees.gain[node] as number
  }
  return total > 0 ? shares.map((share) => share / total) : shares
}

const fields = {
  start: Int32Array, target: Int32Array, feature: Int32Array, threshold: Float32Array, left: Int32Array, right: Int32Array, missingLeft: Uint8Array,
  set: Int32Array, setStart: Int32Array, setBits: Uint32Array, value: Float64Array, cover: Float64Array, gain: Float64Array,
} as const

export function treesToState(trees: Trees): { json: { outputs: number; width: number }; arrays: Record<string, TypedArray> } {
  return {
    json: { outputs: trees.outputs, width: trees.width },
    arrays: Object.fromEntries(Object.keys(fields).map((name) => [name, trees[name as keyof typeof fields]])),
  }
}

/** @throws StudioError bundle-mismatch where the arrays do not describe trees: every child lies after its parent, within its tree */
export function treesFromState(owner: string, json: { readonly [key: string]: Json }, arrays: Readonly<Record<string, TypedArray>>): Trees {
  const refuse = (what: string): never => {
    throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${owner}; ${what}` })
  }
  const { outputs, width } = json
  if (typeof outputs !== 'number' || typeof width !== 'number' || !(outputs >= 1) || (width !== 1 && width !== outputs)) refuse(`outputs and width do not fit: ${String(outputs)}, ${String(width)}`)
  for (const [name, type] of Object.entries(fields)) if (!(arrays[name] instanceof type)) refuse(`missing or mistyped array: ${name}`)
  const trees = { outputs, width, ...arrays } as unknown as Trees
  const nodes = trees.feature.length
  for (const name of ['threshold', 'left', 'right', 'missingLeft', 'set', 'cover', 'gain'] as const) if (trees[name].length !== nodes) refuse(`array of ${trees[name].length} instead of ${nodes}: ${name}`)
  if (trees.value.length !== nodes * trees.width) refuse(`array of ${trees.value.length} instead of ${nodes * trees.width}: value`)
  if (trees.start.length < 2 || trees.target.length !== treeCount(trees) || trees.start[0] !== 0 || trees.start[treeCount(trees)] !== nodes) refuse('trees do not cover the nodes')
  for (let tree = 0; tree < treeCount(trees); tree++) {
    const target = trees.target[tree] as number
    const end = trees.start[tree + 1] as number
    if (!(target >= 0 && target < trees.outputs) || end <= (trees.start[tree] as number)) refuse(`tree out of range: ${tree}`)
    for (let node = trees.start[tree] as number; node < end; node++) {
      if ((trees.feature[node] as number) < 0) continue
      const inside = (child: number): boolean => child > node && child < end
      if (!inside(trees.left[node] as number) || !inside(trees.right[node] as number)) refuse(`child out of range at node ${node}`)
      if ((trees.set[node] as number) >= trees.setStart.length - 1) refuse(`category set out of range at node ${node}`)
    }
  }
  return trees
}
