/**
 * A decision tree from left to right: where each box stands, what it says, and the same as rules. Boxes are wide and
 * low because questions are sentences; so a level costs a column, and a leaf a line.
 */
import type { TreeDrawing } from '../core/explain/explainer.ts'
import { type Chart, layout, line, nameOf, say, signed } from './figure.ts'
import type { Palette } from './palette.ts'

export interface TreeBox {
  /** Index into the drawing's nodes. */
  readonly index: number
  /** Index of the parent in the drawing's nodes; -1 for the root. */
  readonly parent: number
  /** Left top corner. */
  readonly x: number
  readonly y: number
  readonly level: number
  readonly side: 'left' | 'right' | 'root'
  /** The question, or what a leaf says. */
  readonly text: string
  readonly isLeaf: boolean
  /** What the model would say here; empty where inner nodes say nothing. */
  readonly answer: string
  readonly rows: number
  /** Of the rows at the root. */
  readonly share: number
  /** Shares of the classes, or none. */
  readonly shares: readonly number[]
  readonly onPath: boolean
  readonly isOpen: boolean
  /** It has children in the drawing, so it can be opened. */
  readonly canOpen: boolean
  /** Nodes below that are not shown. */
  readonly inside: number
}
export interface TreeScene {
  readonly boxes: readonly TreeBox[]
  readonly width: number
  readonly height: number
}

export const boxSize = { width: 190, height: 62, across: 62, between: 14 } as const

/** Below this level nothing is open at first, except the way of the row. */
export const firstLevels = 3
const firstNodes = 40

/** What is open at first: a small tree whole, a large one down to its third level and along the way. */
export function openAtFirst({ nodes, path }: Pick<TreeDrawing, 'nodes' | 'path'>): (index: number) => boolean {
  const way = new Set(path)
  return (index) => nodes.length <= firstNodes || (nodes[index]?.depth ?? 0) < firstLevels || way.has(index)
}

export function answerAt({ values, classes, nodes }: Pick<TreeDrawing, 'values' | 'classes' | 'nodes'>, index: number): string {
  const node = nodes[index] as TreeDrawing['nodes'][number]
  if (values === 'shares') {
    const top = node.values.reduce((best, share, k) => (share > (node.values[best] as number) ? k : best), 0)
    return `${nameOf(classes[top] ?? '', 20)} ${Math.round((node.values[top] as number) * 100)}%`
  }
  // Inner nodes of trees that add hold nothing of their own.
  if (values === 'adds') return node.question === undefined || node.hidden > 0 ? signed(node.values[0] as number) : ''
  return say(node.values[0])
}

export function treeScene(drawing: TreeDrawing, isOpen: (index: number) => boolean): TreeScene {
  const { nodes, path } = drawing
  const way = new Set(path)
  const children = nodes.map((): number[] => [])
  nodes.forEach(({ parent }, i) => parent >= 0 && children[parent]?.push(i))
  const below = nodes.map(({ hidden }) => hidden)
  for (let i = nodes.length - 1; i > 0; i--) {
    const parent = nodes[i]?.parent as number
    below[parent] = (below[parent] as number) + (below[i] as number) + 1
  }
  const middle = new Map<number, number>()
  const order: number[] = []
  let bottom = 0
  let deepest = 0
  const all = nodes[0]?.rows ?? 1
  // Parents before children when going down, children before parents when coming up.
  const stack = nodes.length > 0 ? [{ index: 0, isUp: false }] : []
  while (stack.length > 0) {
    const { index, isUp } = stack.pop() as (typeof stack)[number]
    const shown = isOpen(index) ? (children[index] as number[]) : []
    if (isUp) {
      const [first, last] = [middle.get(shown[0] as number) as number, middle.get(shown.at(-1) as number) as number]
      middle.set(index, (first + last) / 2)
      continue
    }
    order.push(index)
    deepest = Math.max(deepest, nodes[index]?.depth as number)
    if (shown.length === 0) {
      middle.set(index, bottom + boxSize.height / 2)
      bottom += boxSize.height + boxSize.between
      continue
    }
    stack.push({ index, isUp: true })
    for (const child of [...shown].reverse()) stack.push({ index: child, isUp: false })
  }
  const boxes = order.map((index): TreeBox => {
    const node = nodes[index] as TreeDrawing['nodes'][number]
    const canOpen = (children[index] as number[]).length > 0
    const answer = answerAt(drawing, index)
    return {
      index,
      parent: node.parent,
      x: node.depth * (boxSize.width + boxSize.across),
      y: (middle.get(index) as number) - boxSize.height / 2,
      level: node.depth,
      side: node.side,
      text: node.question ?? answer,
      isLeaf: node.question === undefined,
      answer,
      rows: node.rows,
      share: node.rows / all,
      shares: drawing.values === 'shares' ? node.values : [],
      onPath: way.has(index),
      isOpen: canOpen && isOpen(index),
      canOpen,
      inside: canOpen && isOpen(index) ? 0 : (below[index] as number),
    }
  })
  return { boxes, width: (deepest + 1) * (boxSize.width + boxSize.across) - boxSize.across, height: Math.max(0, bottom - boxSize.between) }
}

/** The conditions from the root to a node, in words. */
export function ruleOf({ nodes }: Pick<TreeDrawing, 'nodes'>, index: number): string {
  const conditions: string[] = []
  for (let at = index; at > 0; ) {
    const { parent, side } = nodes[at] as TreeDrawing['nodes'][number]
    const asked = nodes[parent] as TreeDrawing['nodes'][number]
    conditions.unshift((side === 'left' ? asked.question : asked.otherwise) ?? '')
    at = parent
  }
  return conditions.length === 0 ? 'always' : conditions.join(' and ')
}

/** @param input `isOpen`: which nodes show what is below them; by default as at first */
export function tree(input: TreeDrawing & { readonly isOpen?: (index: number) => boolean }, palette: Palette): Chart | undefined {
  const { nodes, path, values, output } = input
  if (nodes.length === 0) return undefined
  const scene = treeScene(input, input.isOpen ?? openAtFirst(input))
  const at = new Map(scene.boxes.map((box) => [box.index, box]))
  const links = scene.boxes.flatMap((box) => {
    const parent = at.get(box.parent)
    return parent ? [{ from: [parent.x + boxSize.width, parent.y + boxSize.height / 2], to: [box.x, box.y + boxSize.height / 2], onPath: box.onPath }] : []
  })
  const drawn = (which: typeof links) => ({ x: which.flatMap(({ from, to }) => [from[0] as number, to[0] as number, null]), y: which.flatMap(({ from, to }) => [from[1] as number, to[1] as number, null]) })
  const [quiet, loud] = [drawn(links.filter(({ onPath }) => !onPath)), drawn(links.filter(({ onPath }) => onPath))]
  const leaves = nodes.flatMap((node, i) => (node.question === undefined || node.hidden > 0 ? [i] : []))
  const leaf = path.at(-1)
  const where = input.trees > 1 ? `Tree ${input.tree} of ${input.trees}${input.averaged ? ', whose answers are averaged' : ', whose answers are added up'}. ` : ''
  const what = values === 'adds' ? `Leaves say what they add to the ${nameOf(output, 60)}` : values === 'shares' ? 'Boxes say the largest share of a class among their training rows' : `Boxes say the ${nameOf(output, 60)} of their training rows`
  return {
    title: input.trees > 1 ? `Tree ${input.tree}` : 'The tree',
    description: `${where}${what}. ${leaves.length} leaves, ${nodes.reduce((deepest, { depth }) => Math.max(deepest, depth), 0)} levels; the upper branch is yes.${leaf === undefined ? '' : ` The chosen row goes ${path.length - 1} ${path.length === 2 ? 'step' : 'steps'}, to ${answerAt(input, leaf)}.`}`,
    figure: {
      data: [
        line('Branches', quiet.x, quiet.y, { colour: palette.axis, width: 1.5, legend: false }),
        line('Way of the chosen row', loud.x, loud.y, { colour: palette.accent, width: 3, legend: false }),
        {
          type: 'scatter',
          mode: 'markers',
          name: 'Nodes',
          x: scene.boxes.map(({ x }) => x + boxSize.width / 2),
          y: scene.boxes.map(({ y }) => y + boxSize.height / 2),
          marker: { color: scene.boxes.map(({ onPath }) => (onPath ? palette.accent : palette.data)), size: 9 },
          customdata: scene.boxes.map(({ text, rows }) => [nameOf(text, 80), rows]),
          hovertemplate: '%{customdata[0]}<br>%{customdata[1]:,} rows<extra></extra>',
          showlegend: false,
        },
      ],
      layout: layout(palette, { x: { title: '' }, y: { title: '', range: [scene.height, 0] }, height: 520 }),
    },
    table: {
      columns: ['If', 'Training rows', values === 'adds' ? 'Adds' : 'Says', ...(values === 'shares' ? input.classes.slice(0, 12).map((name) => nameOf(name)) : [])],
      rows: leaves.map((i) => {
        const node = nodes[i] as TreeDrawing['nodes'][number]
        return [ruleOf(input, i), Math.round(node.rows), values === 'shares' ? answerAt(input, i) : (node.values[0] as number), ...(values === 'shares' ? node.values.slice(0, 12) : [])]
      }),
    },
  }
}
