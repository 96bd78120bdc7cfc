/**
 * A layers model of TensorFlow.js as an ONNX file: model.json with its weights, of layers that are on the list here.
 * Maps stand as [N, channels, height, width] inside. Sources: the layers of Keras 2 as tfjs-layers 4 reads them, ONNX 1.12.
 */
import { StudioError } from '../../errors.ts'
import { GraphBuilder, type OnnxAttribute } from '../../onnx/graph.ts'
import { encodeOnnx } from '../../onnx/proto.ts'
import { check, parseJson, v } from '../../schema.ts'
import { backboneLimits } from './limits.ts'

const most = { layers: 512, jsonCharacters: 16 * 2 ** 20, jsonDepth: 24 } as const

const layerSchema = v.looseObject({ class_name: v.string(), config: v.looseObject({ name: v.string() }), inbound_nodes: v.optional(v.array(v.unknown())) })
const reference = v.pipe(v.array(v.unknown()), v.minLength(1))
const modelSchema = v.looseObject({ class_name: v.string(), config: v.unknown() })
const functionalSchema = v.looseObject({ layers: v.pipe(v.array(layerSchema), v.minLength(1), v.maxLength(most.layers)), input_layers: v.array(reference), output_layers: v.array(reference) })
const sequentialSchema = v.looseObject({ layers: v.pipe(v.array(v.omit(layerSchema, ['inbound_nodes'])), v.minLength(1), v.maxLength(most.layers)) })
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 28))
const manifestSchema = v.array(
  v.looseObject({
    paths: v.array(v.string()),
    weights: v.array(v.looseObject({ name: v.string(), shape: v.pipe(v.array(size), v.maxLength(6)), dtype: v.string(), quantization: v.optional(v.looseObject({ dtype: v.picklist(['uint8', 'uint16', 'float16']), min: v.optional(v.number()), scale: v.optional(v.number()) })) })),
  }),
)
type Layer = v.InferOutput<typeof layerSchema>
type Config = Layer['config']

interface Weight {
  readonly shape: readonly number[]
  readonly values: Float32Array
}
/** What flows between layers: a list of numbers a picture, or maps. */
interface Value {
  readonly name: string
  readonly isMap: boolean
}

const refuse = (what: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid TensorFlow.js model; ${what}` })
const unsupported = (what: string, hint = 'Convert the model to ONNX (tf2onnx) and bring that in.'): StudioError => new StudioError({ code: 'unsupported', message: `unsupported TensorFlow.js model; ${what}`, hint })

const int = (value: number): OnnxAttribute => ({ kind: 'int', value })
const ints = (value: readonly number[]): OnnxAttribute => ({ kind: 'ints', value })

/** IEEE 754 binary16. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  return exponent === 31 ? (fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY) : sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

function weightsOf(manifest: v.InferOutput<typeof manifestSchema>, files: ReadonlyMap<string, Uint8Array>): Map<string, Weight> {
  const found = new Map<string, Weight>()
  let total = 0
  for (const { paths, weights } of manifest) {
    const parts = paths.map((path) => {
      const name = path.slice(path.lastIndexOf('/') + 1)
      const part = files.get(name)
      if (!part) throw new StudioError({ code: 'bad-data', message: `missing weights; model.json names a file that was not chosen with it: ${name.slice(0, 100)}`, hint: 'Choose model.json and its .bin files together, or a zip of them.' })
      return part
    })
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    total += size
    // A file may be named any number of times.
    if (total > backboneLimits.bytes) throw refuse(`its weights may have ${backboneLimits.bytes} bytes in all: ${total}`)
    const bytes = new Uint8Array(size)
    parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0)
    const view = new DataView(bytes.buffer)
    let at = 0
    for (const { name, shape, dtype, quantization } of weights) {
      const stored = quantization?.dtype ?? dtype
      const width = stored === 'float32' || stored === 'int32' ? 4 : stored === 'uint16' || stored === 'float16' ? 2 : stored === 'uint8' ? 1 : 0
      if (width === 0) throw unsupported(`weights of this type are not read: ${stored.slice(0, 40)} of ${name.slice(0, 80)}`)
      const count = shape.reduce((product, side) => product * side, 1)
      if (at + count * width > bytes.length) throw refuse(`its weights end too early, in ${name.slice(0, 80)}`)
      const { min = 0, scale = 1 } = quantization ?? {}
      const one = (place: number): number => (stored === 'float32' ? view.getFloat32(place, true) : stored === 'int32' ? view.getInt32(place, true) : stored === 'float16' ? half(view.getUint16(place, true)) : (width === 2 ? view.getUint16(place, true) : view.getUint8(place)) * scale + min)
      const values = new Float32Array(count)
      for (let i = 0; i < count; i++) values[i] = one(at + i * width)
      if (!values.every(Number.isFinite)) throw refuse(`a weight is no finite number, in ${name.slice(0, 80)}`)
      found.set(name.replace(/:0$/, ''), { shape, values })
      at += count * width
    }
    if (at !== bytes.length) throw refuse(`its weights are ${at} bytes and its files ${bytes.length}`)
  }
  return found
}

/** Adds one layer. @returns what it makes */
type Writer = (x: Value, config: Config, tools: { readonly graph: GraphBuilder; weight(name: string): Weight; readonly others: readonly Value[] }) => Value

const pair = (value: unknown, name: string): [number, number] => {
  const both = typeof value === 'number' ? [value, value] : value
  if (Array.isArray(both) && both.length === 2 && both.every((side) => Number.isInteger(side) && side >= 1 && side <= 64)) return both as [number, number]
  throw refuse(`${name} must be one or two whole numbers from 1 to 64: ${JSON.stringify(value)?.slice(0, 40)}`)
}
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise)
const mapOnly = (x: Value, what: string): void => {
  if (!x.isMap) throw refuse(`${what} needs maps, and gets a list of numbers`)
}
/** `same` is what ONNX calls SAME_UPPER. */
function windowOf(config: Config, name: 'kernel_size' | 'pool_size'): Record<string, OnnxAttribute> {
  if (config['data_format'] === 'channels_first') throw unsupported('colours must stand last (channels_last)')
  const kernel = pair(config[name] ?? 2, name)
  const padding = config['padding'] ?? 'valid'
  if (padding !== 'same' && padding !== 'valid') throw unsupported(`padding is same or valid: ${String(padding).slice(0, 40)}`)
  return { kernel_shape: ints(kernel), strides: ints(pair(config['strides'] ?? (name === 'pool_size' ? kernel : 1), 'strides')), auto_pad: { kind: 'string', value: padding === 'same' ? 'SAME_UPPER' : 'VALID' } }
}

function activated(graph: GraphBuilder, x: Value, kind: unknown): Value {
  const node = (type: string, inputs: readonly string[] = [], attributes: Record<string, OnnxAttribute> = {}): Value => ({ ...x, name: graph.node(type, [x.name, ...inputs], attributes) })
  switch (kind ?? 'linear') {
    case 'linear':
      return x
    case 'relu':
      return node('Relu')
    case 'relu6':
      return node('Clip', [graph.floats('low', [0], []), graph.floats('high', [6], [])])
    case 'sigmoid':
      return node('Sigmoid')
    case 'hard_sigmoid':
      return node('HardSigmoid', [], { alpha: { kind: 'float', value: 0.2 }, beta: { kind: 'float', value: 0.5 } })
    case 'tanh':
      return node('Tanh')
    case 'elu':
      return node('Elu')
    case 'selu':
      return node('Selu')
    case 'softplus':
      return node('Softplus')
    case 'softsign':
      return node('Softsign')
    case 'swish':
    case 'silu':
      return { ...x, name: graph.node('Mul', [x.name, graph.node('Sigmoid', [x.name])]) }
    case 'softmax':
      return node('Softmax', [], { axis: int(1) })
    default:
      throw unsupported(`its activation is not known here: ${String(kind).slice(0, 40)}`)
  }
}

/** From [kh, kw, a, b] to [b or a*b, ...] as ONNX has kernels. */
function convolution(x: Value, graph: GraphBuilder, kernel: Weight, config: Config, bias: Weight | undefined, depthwise: boolean): Value {
  mapOnly(x, 'a convolution')
  const [kh, kw, inputs, outputs] = kernel.shape as [number, number, number, number]
  if (kernel.shape.length !== 4) throw refuse('a kernel of a convolution must have four sides')
  const groups = number(config['groups'], 1)
  if (!depthwise && groups !== 1) throw unsupported(`convolutions in groups are not read: ${groups}`)
  const [channels, within] = depthwise ? [inputs * outputs, 1] : [outputs, inputs]
  const values = new Float32Array(kernel.values.length)
  for (let k = 0; k < kh * kw; k++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) values[depthwise ? (i * outputs + o) * kh * kw + k : (o * inputs + i) * kh * kw + k] = kernel.values[(k * inputs + i) * outputs + o] as number
    }
  }
  const made = graph.node('Conv', [x.name, graph.floats('kernel', values, [channels, within, kh, kw]), ...(bias ? [graph.floats('bias', bias.values)] : [])], {
    ...windowOf(config, 'kernel_size'),
    dilations: ints(pair(config['dilation_rate'] ?? 1, 'dilation_rate')),
    group: int(depthwise ? inputs : 1),
  })
  return activated(graph, { name: made, isMap: true }, config['activation'])
}
const biasOf = (config: Config, weight: (name: string) => Weight): Weight | undefined => (config['use_bias'] === false ? undefined : weight('bias'))

/** Keras counts a list out of maps colours last. */
const listed = (graph: GraphBuilder, x: Value): Value => (x.isMap ? { name: graph.node('Flatten', [graph.node('Transpose', [x.name], { perm: ints([0, 2, 3, 1]) })], { axis: int(1) }), isMap: false } : x)

const unchanged: Writer = (x) => x
const joining = (type: string): Writer => (x, _config, { graph, others }) => {
  if (others.some(({ isMap }) => isMap !== x.isMap)) throw refuse(`${type} joins maps with maps`)
  return { ...x, name: others.reduce((sum, other) => graph.node(type, [sum, other.name]), x.name) }
}
const pooling = (type: 'MaxPool' | 'AveragePool'): Writer => (x, config, { graph }) => {
  mapOnly(x, type)
  return { ...x, name: graph.node(type, [x.name], windowOf(config, 'pool_size')) }
}
const overall = (type: 'ReduceMean' | 'ReduceMax'): Writer => (x, config, { graph }) => {
  mapOnly(x, type)
  const kept = config['keepdims'] === true
  return { name: graph.node(type, [x.name], { axes: ints([2, 3]), keepdims: int(kept ? 1 : 0) }), isMap: kept }
}

const writers: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ...['Dropout', 'SpatialDropout2D', 'GaussianDropout', 'GaussianNoise', 'ActivityRegularization'].map((name) => [name, unchanged] as const),
  ['Conv2D', (x, config, { graph, weight }) => convolution(x, graph, weight('kernel'), config, biasOf(config, weight), false)],
  ['DepthwiseConv2D', (x, config, { graph, weight }) => convolution(x, graph, weight('depthwise_kernel'), config, biasOf(config, weight), true)],
  [
    'SeparableConv2D',
    (x, config, { graph, weight }) => {
      const deep = convolution(x, graph, weight('depthwise_kernel'), { ...config, activation: 'linear' }, undefined, true)
      return convolution(deep, graph, weight('pointwise_kernel'), { name: config.name, kernel_size: 1, activation: config['activation'] }, biasOf(config, weight), false)
    },
  ],
  [
    'Dense',
    (x, config, { graph, weight }) => {
      if (x.isMap) throw unsupported('a dense layer over maps is not read')
      const kernel = weight('kernel')
      const bias = biasOf(config, weight)
      const made = graph.node('Gemm', [x.name, graph.floats('kernel', kernel.values, kernel.shape), ...(bias ? [graph.floats('bias', bias.values)] : [])])
      return activated(graph, { name: made, isMap: false }, config['activation'])
    },
  ],
  [
    'BatchNormalization',
    (x, config, { graph, weight }) => {
      const axis = Array.isArray(config['axis']) ? (config['axis'][0] as unknown) : config['axis']
      if (x.isMap && axis !== undefined && axis !== 3 && axis !== -1) throw unsupported(`normalisation goes over colours, the last axis: ${String(axis).slice(0, 20)}`)
      const mean = weight('moving_mean')
      const filled = (name: string, on: unknown, value: number): ArrayLike<number> => (on === false ? new Float32Array(mean.values.length).fill(value) : weight(name).values)
      const parts = [filled('gamma', config['scale'], 1), filled('beta', config['center'], 0), mean.values, weight('moving_variance').values]
      return { ...x, name: graph.node('BatchNormalization', [x.name, ...parts.map((values) => graph.floats('norm', values))], { epsilon: { kind: 'float', value: number(config['epsilon'], 1e-3) } }) }
    },
  ],
  ['Activation', (x, config, { graph }) => activated(graph, x, config['activation'])],
  [
    'ReLU',
    (x, config, { graph }) => {
      if (number(config['negative_slope'], 0) !== 0 || number(config['threshold'], 0) !== 0) throw unsupported('a ReLU has no slope below and no threshold')
      const high = config['max_value']
      return { ...x, name: typeof high === 'number' ? graph.node('Clip', [x.name, graph.floats('low', [0], []), graph.floats('high', [high], [])]) : graph.node('Relu', [x.name]) }
    },
  ],
  ['LeakyReLU', (x, config, { graph }) => ({ ...x, name: graph.node('LeakyRelu', [x.name], { alpha: { kind: 'float', value: number(config['alpha'], 0.3) } }) })],
  ['Softmax', (x, _config, { graph }) => activated(graph, x, 'softmax')],
  [
    'ZeroPadding2D',
    (x, config, { graph }) => {
      mapOnly(x, 'padding')
      const sides = typeof config['padding'] === 'number' ? [[config['padding'], config['padding']], [config['padding'], config['padding']]] : (config['padding'] as unknown)
      const flat = Array.isArray(sides) ? sides.map((side) => (Array.isArray(side) ? side : [side, side])).flat() : []
      if (flat.length !== 4 || !flat.every((edge) => Number.isInteger(edge) && edge >= 0 && edge <= 256)) throw refuse('padding must be whole numbers from 0 to 256')
      const [top, bottom, left, right] = flat as [number, number, number, number]
      return { ...x, name: graph.node('Pad', [x.name, graph.ints('pads', [0, 0, top, left, 0, 0, bottom, right])]) }
    },
  ],
  ['MaxPooling2D', pooling('MaxPool')],
  ['AveragePooling2D', pooling('AveragePool')],
  ['GlobalAveragePooling2D', overall('ReduceMean')],
  ['GlobalMaxPooling2D', overall('ReduceMax')],
  ['Flatten', (x, _config, { graph }) => listed(graph, x)],
  [
    'Reshape',
    (x, config, { graph }) => {
      const wanted = config['target_shape']
      if (!Array.isArray(wanted) || (wanted.length !== 1 && wanted.length !== 3) || !wanted.every((side) => Number.isInteger(side) && side !== 0 && Math.abs(side) <= 2 ** 24)) throw unsupported(`maps and lists can be reshaped, to one or three sides: ${JSON.stringify(wanted)?.slice(0, 40)}`)
      const flat = listed(graph, x).name
      if (wanted.length === 1) return { name: graph.node('Reshape', [flat, graph.ints('shape', [0, -1])]), isMap: false }
      return { name: graph.node('Transpose', [graph.node('Reshape', [flat, graph.ints('shape', [-1, ...(wanted as number[])])])], { perm: ints([0, 3, 1, 2]) }), isMap: true }
    },
  ],
  [
    'Rescaling',
    (x, config, { graph }) => ({ ...x, name: graph.node('Add', [graph.node('Mul', [x.name, graph.floats('scale', [number(config['scale'], 1)])]), graph.floats('offset', [number(config['offset'], 0)])]) }),
  ],
  ['Add', joining('Add')],
  ['Multiply', joining('Mul')],
  ['Maximum', joining('Max')],
  ['Minimum', joining('Min')],
  [
    'Concatenate',
    (x, config, { graph, others }) => {
      const axis = number(config['axis'], -1)
      if (axis !== -1 && axis !== (x.isMap ? 3 : 1)) throw unsupported(`maps are joined over colours, the last axis: ${axis}`)
      return { ...x, name: graph.node('Concat', [x.name, ...others.map(({ name }) => name)], { axis: int(1) }) }
    },
  ],
])

/** The name of a layer in [name, node, tensor, ...]. */
function named(entry: unknown): string {
  if (Array.isArray(entry) && typeof entry[0] === 'string' && (entry[1] ?? 0) === 0 && (entry[2] ?? 0) === 0) return entry[0]
  throw unsupported('a layer is used twice, or has several outputs')
}

interface Plan {
  readonly layers: readonly Layer[]
  readonly inputsOf: ReadonlyMap<string, readonly string[]>
  readonly input: string
  readonly output: string
}

function planOf(topology: unknown): Plan {
  const outer = topology as { readonly model_config?: unknown }
  const { class_name: kind, config } = check(modelSchema, outer?.model_config ?? topology, 'TensorFlow.js model')
  if (kind === 'Sequential') {
    const { layers } = check(sequentialSchema, Array.isArray(config) ? { layers: config } : config, 'TensorFlow.js model')
    const names = layers.map((layer) => layer.config.name)
    return { layers, inputsOf: new Map(names.map((name, i) => [name, i === 0 ? [] : [names[i - 1] as string]])), input: names[0] as string, output: names.at(-1) as string }
  }
  if (kind !== 'Functional' && kind !== 'Model') throw unsupported(`a model is Sequential or Functional: ${kind.slice(0, 40)}`)
  const { layers, input_layers: inputs, output_layers: outputs } = check(functionalSchema, config, 'TensorFlow.js model')
  if (inputs.length !== 1 || outputs.length !== 1) throw unsupported(`it must have one input and one output: ${inputs.length} and ${outputs.length}`)
  const inputsOf = new Map(
    layers.map((layer): [string, readonly string[]] => {
      const calls = layer.inbound_nodes ?? []
      if (calls.length > 1) throw unsupported(`a layer is used twice: ${layer.config.name.slice(0, 80)}`)
      if (calls.length === 1 && !Array.isArray(calls[0])) throw unsupported('its layers are written as Keras 3 does')
      return [layer.config.name, ((calls[0] as readonly unknown[] | undefined) ?? []).map(named)]
    }),
  )
  return { layers, inputsOf, input: named(inputs[0]), output: named(outputs[0]) }
}

/**
 * @param json of model.json
 * @param files its weights by file name
 * @returns an ONNX file that takes [N, 3, height, width]
 * @throws StudioError bad-data, unsupported naming the layer
 */
export function onnxOfTfjs(json: string, files: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const whole = parseJson(json, 'TensorFlow.js model: model.json', { length: most.jsonCharacters, depth: most.jsonDepth }) as { readonly format?: unknown; readonly modelTopology?: unknown; readonly weightsManifest?: unknown } | null
  if (whole?.format === 'graph-model' || (whole?.modelTopology as { node?: unknown } | undefined)?.node !== undefined) throw unsupported('it is a graph model; layers models are read')
  if (whole?.modelTopology === undefined || whole.weightsManifest === undefined) throw refuse('model.json must hold modelTopology and weightsManifest')
  const { layers, inputsOf, input, output } = planOf(whole.modelTopology)
  const byName = new Map(layers.map((layer) => [layer.config.name, layer]))
  if (byName.size !== layers.length) throw refuse('two layers have one name')
  const strange = [...new Set(layers.map(({ class_name: kind }) => kind).filter((kind) => kind !== 'InputLayer' && !writers.has(kind)))]
  if (strange.length > 0) throw unsupported(`layers that are not known here: ${strange.slice(0, 8).map((kind) => kind.slice(0, 40)).join(', ')}`)
  const weights = weightsOf(check(manifestSchema, whole.weightsManifest, 'TensorFlow.js model: weightsManifest'), files)

  const graph = new GraphBuilder()
  const shape = byName.get(input)?.config['batch_input_shape'] ?? byName.get(input)?.config['batchInputShape']
  if (!Array.isArray(shape) || shape.length !== 4 || shape[3] !== 3) throw unsupported(`its input must be pictures, [null, height, width, 3]: ${JSON.stringify(shape)?.slice(0, 60) ?? 'not said'}`)
  const side = (value: unknown, name: string): number | string => (typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : name)
  const made = new Map<string, Value>()
  const first: Value = { name: graph.input('picture', 'float', ['N', 3, side(shape[1], 'height'), side(shape[2], 'width')]), isMap: true }
  const weightOf = (layer: string) => (part: string): Weight => {
    const found = weights.get(`${layer}/${part}`) ?? [...weights].find(([name]) => name.endsWith(`/${layer}/${part}`))?.[1]
    if (!found) throw refuse(`weights are missing: ${layer.slice(0, 60)}/${part}`)
    return found
  }
  const add = (layer: Layer): void => {
    const { name } = layer.config
    const inputs = (inputsOf.get(name) ?? []).map((from) => made.get(from) as Value)
    const x = name === input ? first : inputs[0]
    if (!x) throw refuse(`a layer gets nothing: ${name.slice(0, 80)}`)
    if (layer.class_name === 'InputLayer') made.set(name, x)
    else made.set(name, (writers.get(layer.class_name) as Writer)(x, layer.config, { graph, weight: weightOf(name), others: inputs.slice(1) }))
  }
  // Layers may stand in any order: each is added once all that it reads is there.
  let rest: readonly Layer[] = layers
  while (rest.length > 0) {
    const ready = rest.filter(({ config: { name } }) => (inputsOf.get(name) ?? []).every((from) => made.has(from)))
    if (ready.length === 0) throw refuse(`its layers read each other in a circle, or one that is not there: ${rest[0]?.config.name.slice(0, 80)}`)
    ready.forEach(add)
    rest = rest.filter((layer) => !ready.includes(layer))
  }
  const last = made.get(output)
  if (!last) throw refuse(`its output is no layer: ${output.slice(0, 80)}`)
  graph.nameAs(last.name, 'output')
  graph.output('output', 'float', last.isMap ? ['N', 'channels', 'rows', 'columns'] : ['N', 'size'])
  return encodeOnnx(graph.build('tfjs'))
}
