/**
 * Collects an ONNX graph node by node. Steps and estimators add their own nodes through it; the
 * protobuf writer (proto.ts) turns the result into bytes. Pinned: IR 8, opset 17, ai.onnx.ml 3.
 */
import type { AssetName } from '../context.ts'
import { StudioError } from '../errors.ts'

export type TensorType = 'float' | 'double' | 'int64' | 'string' | 'bool' | 'uint8'
export type Dimension = number | string

export interface OnnxTensor {
  readonly type: TensorType
  readonly dims: readonly number[]
  /** int64 as bigint or whole numbers; bool as 0 and 1. */
  readonly values: Float32Array | Float64Array | BigInt64Array | Uint8Array | readonly string[]
}
export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: ArrayLike<number> | readonly bigint[] }
  | { readonly kind: 'floats'; readonly value: ArrayLike<number> }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }

export interface OnnxNode {
  readonly opType: string
  /** '' is ai.onnx, 'ai.onnx.ml' the classical-ML operators. */
  readonly domain: '' | 'ai.onnx.ml'
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
  /** Of another file's node, its kind and attributes as they stand there (fields 4 and 5 of NodeProto); `attributes` is then empty. */
  readonly raw?: Uint8Array
}
/** A tensor of another file, as it stands there but for its name. */
export interface RawTensor {
  readonly raw: Uint8Array
}
export interface OnnxValue {
  readonly name: string
  readonly type: TensorType
  readonly shape: readonly Dimension[]
}
export interface OnnxGraph {
  readonly name: string
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly { readonly name: string; readonly tensor: OnnxTensor | RawTensor }[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly metadata: Readonly<Record<string, string>>
}

/** Files that nodes are made from: those of the app, and networks that a person brought in, by the SHA-256 of their file. */
export type ResourceName = AssetName | `backbone:${string}`

export class GraphBuilder {
  #nodes: OnnxNode[] = []
  readonly #makers = new Map<string, OnnxNode>()
  readonly #initializers = new Map<string, OnnxTensor | RawTensor>()
  readonly #inputs = new Map<string, OnnxValue>()
  readonly #outputs: OnnxValue[] = []
  readonly #metadata = new Map<string, string>()
  readonly #shared = new Map<string, string>()
  readonly #resources: ReadonlyMap<ResourceName, Uint8Array>
  #counter = 0

  /** @param resources files that nodes are made from, such as a backbone's weights, by asset name */
  constructor(resources: ReadonlyMap<ResourceName, Uint8Array> = new Map()) {
    this.#resources = resources
  }

  /** @throws StudioError bug where the file was not handed over */
  resource(name: ResourceName): Uint8Array {
    const found = this.#resources.get(name)
    if (!found) throw new StudioError({ code: 'bug', message: `missing resource; the graph was begun without it: ${name}` })
    return found
  }
  /** A name no other value of this graph has; `hint` keeps it readable and is reduced to [A-Za-z0-9_]. */
  fresh(hint: string): string {
    for (;;) {
      const name = `${hint.replace(/[^A-Za-z0-9_]+/g, '_').slice(0, 40)}_${this.#counter++}`
      if (!this.#inputs.has(name)) return name
    }
  }
  /** A graph input under exactly this name, any text but the empty one. Add all inputs first: other names avoid theirs. */
  input(name: string, type: TensorType, shape: readonly Dimension[]): string {
    if (this.#inputs.has(name)) throw new StudioError({ code: 'bug', message: `invalid graph input; added twice: ${name}` })
    this.#inputs.set(name, { name, type, shape })
    return name
  }
  output(name: string, type: TensorType, shape: readonly Dimension[]): void {
    this.#outputs.push({ name, type, shape })
  }
  /** A constant tensor; equal small constants are shared. */
  constant(hint: string, tensor: OnnxTensor): string {
    const key = tensor.values.length <= 8 ? `${tensor.type}|${tensor.dims.join(',')}|${Array.from(tensor.values as ArrayLike<unknown>, (v) => (Object.is(v, -0) ? '-0' : String(v))).join('\u0000')}` : undefined
    const known = key === undefined ? undefined : this.#shared.get(key)
    if (known !== undefined) return known
    const name = this.fresh(hint)
    this.#initializers.set(name, tensor)
    if (key !== undefined) this.#shared.set(key, name)
    return name
  }
  /** A float constant; dims default to a vector of its length. */
  floats(hint: string, values: ArrayLike<number>, dims: readonly number[] = [values.length]): string {
    return this.constant(hint, { type: 'float', dims, values: Float32Array.from(values) })
  }
  doubles(hint: string, values: ArrayLike<number>, dims: readonly number[] = [values.length]): string {
    return this.constant(hint, { type: 'double', dims, values: Float64Array.from(values) })
  }
  ints(hint: string, values: ArrayLike<number | bigint>, dims: readonly number[] = [values.length]): string {
    return this.constant(hint, { type: 'int64', dims, values: BigInt64Array.from(Array.from(values, BigInt)) })
  }
  cast(value: string, to: 'float' | 'double'): string {
    return this.node('Cast', [value], { to: { kind: 'int', value: to === 'float' ? 1 : 11 } })
  }
  /** Adds a node with one output and returns that output's name. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}, domain: OnnxNode['domain'] = ''): string {
    return this.nodes(opType, inputs, 1, attributes, domain)[0] as string
  }
  /** Adds a node with several outputs. */
  nodes(opType: string, inputs: readonly string[], outputCount: number, attributes: Readonly<Record<string, OnnxAttribute>> = {}, domain: OnnxNode['domain'] = ''): readonly string[] {
    const outputs = Array.from({ length: outputCount }, () => this.fresh(opType.toLowerCase()))
    this.#add({ opType, domain, name: this.fresh(opType), inputs, outputs, attributes })
    return outputs
  }
  /** A node of another file (read/graft.ts). @param outputs which of its outputs are there */
  foreign(opType: string, inputs: readonly string[], outputs: readonly boolean[], raw: Uint8Array): readonly string[] {
    const names = outputs.map((there) => (there ? this.fresh(opType.toLowerCase()) : ''))
    this.#add({ opType, domain: '', name: this.fresh(opType), inputs, outputs: names, attributes: {}, raw })
    return names
  }
  foreignConstant(raw: Uint8Array): string {
    const name = this.fresh('weight')
    this.#initializers.set(name, { raw })
    return name
  }
  /** An Identity under a name that callers will see, such as "label". */
  nameAs(value: string, name: string): void {
    this.#add({ opType: 'Identity', domain: '', name: this.fresh('Identity'), inputs: [value], outputs: [name], attributes: {} })
  }
  #add(node: OnnxNode): void {
    this.#nodes.push(node)
    for (const output of node.outputs) this.#makers.set(output, node)
  }
  /** The node that a value comes out of. */
  maker(value: string): OnnxNode | undefined {
    return this.#makers.get(value)
  }
  constantNamed(value: string): OnnxTensor | RawTensor | undefined {
    return this.#initializers.get(value)
  }
  inputNamed(value: string): OnnxValue | undefined {
    return this.#inputs.get(value)
  }
  /** Forgets what was added and is not needed for this value. */
  keepOnly(value: string): void {
    const needed = new Set([value])
    // A Set is walked to its end, also where that moves.
    for (const name of needed) for (const input of this.#makers.get(name)?.inputs ?? []) needed.add(input)
    this.#nodes = this.#nodes.filter(({ outputs }) => outputs.some((name) => needed.has(name)))
    for (const name of this.#makers.keys()) if (!needed.has(name)) this.#makers.delete(name)
    for (const name of this.#initializers.keys()) if (!needed.has(name)) this.#initializers.delete(name)
    for (const [key, name] of this.#shared) if (!needed.has(name)) this.#shared.delete(key)
  }
  metadata(key: string, value: string): void {
    this.#metadata.set(key, value)
  }
  build(name: string): OnnxGraph {
    return {
      name,
      nodes: this.#nodes,
      initializers: Array.from(this.#initializers, ([name, tensor]) => ({ name, tensor })),
      inputs: [...this.#inputs.values()],
      outputs: this.#outputs,
      metadata: Object.fromEntries(this.#metadata),
    }
  }
}
