/**
 * Columns that are prepared alike are prepared side by side. A step adds nodes for one column at a time; where an operator
 * works on each number by itself, what it makes of joined columns is, to the bit, what it makes of each, joined:
 * Concat(f(x, a), f(y, b)) = f(Concat(x, y), [a, b]). 3,000 scaled columns are then five nodes in the place of 12,000: opening
 * a graph takes time that grows faster than their number, and every row walks through all of them.
 */
import type { GraphBuilder, OnnxNode, OnnxTensor } from './graph.ts'

/** Operators of one output that take each number by itself. */
const alone: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Mod', 'Cast', 'IsNaN', 'Equal', 'Less', 'Greater', 'Where'])
const columns = { axis: { kind: 'int', value: 1 } } as const

/**
 * Forgets every node that the result does not need.
 * @param tensors float tensors [N, 1] of a graph that holds nothing else yet, at least one
 * @returns a tensor [N, tensors], in their order
 */
export function sideBySide(tensors: readonly string[], graph: GraphBuilder): string {
  if (tensors.length === 1) return tensors[0] as string
  const [formOf, join] = [forms(graph), joiner(graph)]
  const groups = new Map<string, { readonly names: string[]; readonly places: number[] }>()
  tensors.forEach((name, place) => {
    // A column that nothing is done to is best joined where it stands.
    const form = graph.maker(name) ? formOf(name) : name
    const group = groups.get(form) ?? { names: [], places: [] }
    groups.set(form, group)
    group.names.push(name)
    group.places.push(place)
  })
  const pieces = [...groups.values()].map(({ names }) => join(names))
  const order = [...groups.values()].flatMap(({ places }) => places)
  const joined = pieces.length === 1 ? (pieces[0] as string) : graph.node('Concat', pieces, columns)
  const at = new Float64Array(order.length)
  order.forEach((place, i) => (at[place] = i))
  const result = order.every((place, i) => place === i) ? joined : graph.node('Gather', [joined, graph.ints('order', at)], columns)
  graph.keepOnly(result)
  return result
}

/** Which form a value is of: those of one form are made by the same operators, of columns and of numbers of the same types. */
function forms(graph: GraphBuilder): (name: string) => string {
  const known = new Map<string, string>()
  const numbers = new Map<string, string>()
  const formOf = (name: string): string => {
    const found = known.get(name)
    if (found !== undefined) return found
    const told = described(name)
    // A number in the place of the words: those of a date's parts would grow without end.
    const form = numbers.get(told) ?? `form ${numbers.size}`
    numbers.set(told, form)
    known.set(name, form)
    return form
  }
  const described = (name: string): string => {
    const node = graph.maker(name)
    if (node?.opType === 'Split') return `part of ${node.name}`
    if (node && works(node)) return [node.opType, ...Object.entries(node.attributes).map(([key, { value }]) => `${key}=${String(value)}`), ...node.inputs.map(formOf)].join()
    const constant = single(graph, name)
    const input = graph.inputNamed(name)
    return constant ? `a ${constant.type}` : input?.shape.join() === 'N,1' ? `a column of ${input.type}` : `itself ${name}`
  }
  const works = ({ opType, raw, inputs }: OnnxNode): boolean => alone.has(opType) && !raw && inputs.some((input) => !graph.constantNamed(input))
  return formOf
}

/** A constant of one number, which may become one of several. */
function single(graph: GraphBuilder, name: string): OnnxTensor | undefined {
  const constant = graph.constantNamed(name)
  return constant && !('raw' in constant) && (constant.type === 'float' || constant.type === 'int64') && constant.dims.join() === '1' ? constant : undefined
}

/** Joins values of one form, each list once. */
function joiner(graph: GraphBuilder): (names: readonly string[]) => string {
  const made = new Map<string, string>()
  const join = (names: readonly string[]): string => {
    const [first] = names as [string]
    if (names.length === 1) return first
    const key = names.join('\0')
    const value = made.get(key) ?? joined(names, first)
    made.set(key, value)
    return value
  }
  const joined = (names: readonly string[], first: string): string => {
    if (graph.constantNamed(first)) return names.every((name) => name === first) ? first : constants(names, first)
    const nodes = names.map((name) => graph.maker(name))
    const [node] = nodes
    if (node?.opType === 'Split') {
      // All that was parted, in its order, is what it was before.
      return node.outputs.join('\0') === names.join('\0') ? (node.inputs[0] as string) : graph.node('Concat', names, columns)
    }
    if (!node) return graph.node('Concat', names, columns)
    return graph.node(node.opType, node.inputs.map((_, i) => join(nodes.map((own) => own?.inputs[i] as string))), node.attributes)
  }
  const constants = (names: readonly string[], first: string): string => {
    const values = names.map((name) => single(graph, name)?.values[0] as number | bigint)
    const hint = first.replace(/_\d+$/, '')
    return typeof values[0] === 'bigint' ? graph.ints(hint, values) : graph.floats(hint, values as number[])
  }
  return join
}
