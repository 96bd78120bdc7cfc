/** One tree as data for drawing: questions in words, counts, values and a place for every node. */
import { codesOfSet } from './tree.ts'
import type { Trees } from './tree.ts'

export interface TreeViewFeature {
  readonly name: string
  readonly categories?: readonly string[]
}
export interface TreeViewNode {
  readonly node: number
  /** Index into the view's nodes; -1 for the root. */
  readonly parent: number
  readonly side: 'left' | 'right' | 'root'
  readonly depth: number
  /** In [0, 1]: leaves are evenly spread, parents stand above the middle of their children. */
  readonly x: number
  /** What rows on the left answer with yes; absent for leaves. */
  readonly question?: string
  /** What is true of those on the right. */
  readonly otherwise?: string
  /** Training rows that reached it. */
  readonly rows: number
  readonly gain: number
  /** Mean, class shares, or what a boosted leaf adds. */
  readonly values: readonly number[]
  /** Nodes below that the depth limit hides. */
  readonly hidden: number
}

const shownCategories = 4

/** What is true on the left, and on the right. */
function sidesOf(trees: Trees, node: number, feature: TreeViewFeature): { readonly question: string; readonly otherwise: string } {
  const { name } = feature
  const missing = trees.missingLeft[node] === 1
  const set = trees.set[node] as number
  if (set >= 0) {
    const names = codesOfSet(trees, set).map((code) => feature.categories?.[code] ?? String(code))
    if (names.length === 0) return { question: `${name} is missing`, otherwise: `${name} is not missing` }
    const more = names.length > shownCategories ? ` and ${names.length - shownCategories} more` : ''
    const some = `${names.slice(0, shownCategories).join(', ')}${more}${missing ? ' or missing' : ''}`
    return { question: `${name} is ${some}`, otherwise: `${name} is not ${some}` }
  }
  const threshold = trees.threshold[node] as number
  if (threshold === Number.POSITIVE_INFINITY) return { question: `${name} is not missing`, otherwise: `${name} is missing` }
  const number = Number(threshold.toPrecision(6))
  return { question: `${name} ≤ ${number}${missing ? ' or missing' : ''}`, otherwise: `${name} > ${number}` }
}

/**
 * @param tree number of the tree; @param maxDepth levels to show below the root; @param along nodes that are shown with their children however deep
 * @returns nodes, parents before children, left before right
 */
export function treeView(trees: Trees, tree: number, features: readonly TreeViewFeature[], maxDepth = 64, along: ReadonlySet<number> = new Set()): readonly TreeViewNode[] {
  type Draft = { -readonly [K in keyof TreeViewNode]: TreeViewNode[K] }
  const drafts: Draft[] = []
  const sizeBelow = (node: number): number => {
    let size = 0
    const stack = [node]
    while (stack.length > 0) {
      const at = stack.pop() as number
      if ((trees.feature[at] as number) < 0) continue
      size += 2
      stack.push(trees.left[at] as number, trees.right[at] as number)
    }
    return size
  }
  const stack: { node: number; parent: number; side: TreeViewNode['side']; depth: number }[] = [{ node: trees.start[tree] as number, parent: -1, side: 'root', depth: 0 }]
  while (stack.length > 0) {
    const { node, parent, side, depth } = stack.pop() as (typeof stack)[number]
    const f = trees.feature[node] as number
    const open = f >= 0 && (depth < maxDepth || along.has(node))
    const index = drafts.length
    const feature = features[f] ?? { name: `feature ${f}` }
    drafts.push({
      node, parent, side, depth, x: 0,
      rows: trees.cover[node] as number,
      gain: trees.gain[node] as number,
      values: Array.from(trees.value.subarray(node * trees.width, (node + 1) * trees.width)),
      hidden: open ? 0 : sizeBelow(node),
      ...(f >= 0 ? sidesOf(trees, node, feature) : {}),
    })
    if (!open) continue
    stack.push({ node: trees.right[node] as number, parent: index, side: 'right', depth: depth + 1 })
    stack.push({ node: trees.left[node] as number, parent: index, side: 'left', depth: depth + 1 })
  }
  place(drafts)
  return drafts
}

function place(drafts: { parent: number; x: number }[]): void {
  const children = drafts.map(() => [] as number[])
  drafts.forEach((draft, index) => draft.parent >= 0 && children[draft.parent]?.push(index))
  const leaves = children.filter((below) => below.length === 0).length
  let placed = 0
  drafts.forEach((draft, index) => {
    if (children[index]?.length === 0) draft.x = (placed++ + 0.5) / leaves
  })
  for (let index = drafts.length - 1; index >= 0; index--) {
    const [left, right] = children[index] as number[]
    if (left !== undefined && right !== undefined) (drafts[index] as { x: number }).x = ((drafts[left] as { x: number }).x + (drafts[right] as { x: number }).x) / 2
  }
}
