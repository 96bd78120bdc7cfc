/**
 * How large a stranger's graph can make its tensors. Nothing is run: each value gets an upper bound of how many of the largest tensor
 * that goes in it may hold, and whoever goes past a million is refused. Sizes that the graph computes are followed as far as honest
 * exporters go (constants, and the shape of another tensor, cut and joined); a size that is read off the data is refused.
 */
import type { ReadModel, ReadNode, ReadTensor } from './model.ts'
import { refuse } from './wire.ts'

/** Forty tensors each joined with itself are a million million. */
const mostJoined = 1_000_000
/** Categories of one OneHot: as many as a table may have columns. */
const mostDepth = 20_000

/** A list of whole numbers that says sizes: the product of those that the file holds, and how often it reads the size of a tensor, of what bound. */
interface Sizes {
  readonly product: number
  readonly reads: number
  readonly bound: number
}
const constant = (ints: readonly bigint[]): Sizes => ({ product: ints.reduce((product, size) => product * Math.max(1, Number(size)), 1), reads: 0, bound: 1 })
const elements = ({ dims }: ReadTensor): number => dims.reduce((product, size) => product * size, 1)

function sizesOf({ opType, inputs, attributes }: ReadNode, known: ReadonlyMap<string, Sizes>, bound: (name: string) => number, counts: ReadonlyMap<string, number>): Sizes | undefined {
  const [first = '', second = ''] = inputs
  const own = known.get(first)
  if (opType === 'Shape') return { product: 1, reads: 1, bound: bound(first) }
  if (opType === 'Constant') {
    const ints = attributes.get('value')?.tensor?.ints ?? (attributes.has('value_ints') ? attributes.get('value_ints')?.ints : undefined)
    const int = attributes.get('value_int')?.int
    return ints ? constant(ints) : int === undefined ? undefined : constant([int])
  }
  if (['Slice', 'Squeeze', 'Unsqueeze', 'Identity', 'Cast', 'Reshape'].includes(opType)) return own
  if (opType === 'Gather') {
    // What is taken twice counts twice.
    const times = counts.get(second)
    return own && times !== undefined ? { product: own.product ** times, reads: own.reads * times, bound: own.bound } : undefined
  }
  if (opType !== 'Concat') return undefined
  const parts = inputs.map((name) => known.get(name))
  if (parts.includes(undefined)) return undefined
  return (parts as Sizes[]).reduce((sum, part) => ({ product: sum.product * part.product, reads: sum.reads + part.reads, bound: Math.max(sum.bound, part.bound) }))
}

/** @throws StudioError bad-data */
export function checkGrowth({ nodes, initializers }: ReadModel): void {
  const bounds = new Map<string, number>()
  const bound = (name: string): number => bounds.get(name) ?? 1
  const sizes = new Map<string, Sizes>()
  const counts = new Map<string, number>()
  for (const tensor of initializers) {
    counts.set(tensor.name, elements(tensor))
    if (tensor.ints) sizes.set(tensor.name, constant(tensor.ints))
  }
  for (const node of nodes) {
    const { opType, inputs, outputs } = node
    const own = inputs.map(bound)
    let grown = own.reduce((most, count) => Math.max(most, count), 1)
    if (opType === 'Concat' || opType === 'FeatureVectorizer') grown = own.reduce((sum, count) => sum + count, 0)
    else if (opType === 'OneHot') {
      const depth = sizes.get(inputs[1] ?? '')
      if (!depth || depth.reads > 0) throw refuse('OneHot must have a number of categories that the file itself says')
      if (depth.product > mostDepth) throw refuse(`OneHot may have at most ${mostDepth.toLocaleString('en')} categories: ${depth.product}`)
      grown *= depth.product
    } else if (opType === 'Expand') {
      const shape = sizes.get(inputs[1] ?? '')
      if (!shape || shape.reads > 1) throw refuse('Expand must take its size from the file itself and from the rows, not from data')
      grown = Math.max(grown, shape.bound) * shape.product * (counts.get(inputs[0] ?? '') ?? 1)
    }
    if (grown > mostJoined) throw refuse(opType === 'OneHot' || opType === 'Expand' ? `${opType} makes more than ${mostJoined.toLocaleString('en')} values out of one` : `${opType} joins more than ${mostJoined.toLocaleString('en')} values, by joining what was joined before`)
    const made = sizesOf(node, sizes, bound, counts)
    const tensor = opType === 'Constant' ? node.attributes.get('value')?.tensor : undefined
    for (const name of outputs) {
      bounds.set(name, grown)
      if (made) sizes.set(name, made)
      if (tensor) counts.set(name, elements(tensor))
    }
  }
}
