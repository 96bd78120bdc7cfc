/**
 * A convolutional network as a table that people write: its rows checked by name, with the shape and the
 * number of parameters after each, and the layers that our kernels train. The last dense layer, one output
 * a class, is not in the table.
 */
import type { PictureShape } from '../../data/matrix.ts'
import { StudioError } from '../../errors.ts'
import type { Rng } from '../../math/rng.ts'
import { checkParams, type ParamTable, type ParamValues } from '../../params.ts'
import type { Activation } from './dense.ts'
import { averagePoolLayer, globalAverageLayer } from './layers/average-pool.ts'
import { batchNormLayer } from './layers/batch-norm.ts'
import { conv2dLayer } from './layers/conv2d.ts'
import { denseLayer, padded } from './layers/dense.ts'
import { depthwiseLayer } from './layers/depthwise.ts'
import { dropoutLayer } from './layers/dropout.ts'
import type { Padding } from './layers/frame.ts'
import type { Layer, Shape } from './layers/layer.ts'
import { maxPoolLayer } from './layers/max-pool.ts'
import type { Network } from './network.ts'

export const layerTypes = ['conv', 'depthwise', 'max-pool', 'average-pool', 'global-average', 'batch-norm', 'dropout', 'dense'] as const
export type LayerType = (typeof layerTypes)[number]
/** JSON: the type and the values of its parameter table. */
export type LayerSpec = { readonly type: LayerType } & ParamValues

const activation = (value: string) =>
  ({
    kind: 'choice',
    default: value,
    options: [
      { value: 'none', label: 'None' },
      { value: 'relu', label: 'ReLU' },
      { value: 'tanh', label: 'tanh' },
      { value: 'logistic', label: 'Logistic' },
    ],
    label: 'Activation',
    help: 'The bend behind the layer; none where batch normalisation follows, which has its own.',
  }) as const
const padding = {
  kind: 'choice',
  default: 'same',
  options: [
    { value: 'same', label: 'Same size' },
    { value: 'valid', label: 'Inside only' },
  ],
  label: 'Padding',
  help: 'Same size surrounds the picture with zeros; inside only makes it smaller by the kernel less one.',
} as const
const size = { kind: 'integer', default: 3, min: 1, max: 11, label: 'Kernel', unit: 'pixels', help: 'Height and width of what a neuron sees.' } as const

export interface LayerKind {
  readonly label: string
  readonly help: string
  readonly params: ParamTable
}
export const layerKinds: Readonly<Record<LayerType, LayerKind>> = {
  conv: {
    label: 'Convolution',
    help: 'Looks for small patterns everywhere in the picture.',
    params: { filters: { kind: 'integer', default: 16, min: 1, max: 512, label: 'Filters', help: 'How many patterns it looks for.' }, size, padding, activation: activation('relu') },
  },
  depthwise: { label: 'Depthwise convolution', help: 'One pattern a channel: far cheaper; a convolution with a kernel of 1 behind it mixes the channels.', params: { size, padding, activation: activation('relu') } },
  'max-pool': { label: 'Max pooling', help: 'Keeps the largest of each 2 x 2 block: half the height and width.', params: {} },
  'average-pool': { label: 'Average pooling', help: 'Keeps the mean of each 2 x 2 block: half the height and width.', params: {} },
  'global-average': { label: 'Global average', help: 'One mean a channel over the whole picture: few weights behind it, any position.', params: {} },
  'batch-norm': { label: 'Batch normalisation', help: 'Centres and scales each channel over the batch: deeper networks learn faster.', params: { activation: activation('relu') } },
  dropout: { label: 'Dropout', help: 'Leaves out a share of the numbers while learning, so that none is relied on alone.', params: { rate: { kind: 'number', default: 0.25, min: 0, max: 0.9, label: 'Share left out', help: 'Share of the numbers, in training only.' } } },
  dense: {
    label: 'Dense',
    help: 'Joins every number with every other.',
    params: { units: { kind: 'integer', default: 64, min: 1, max: 4096, label: 'Neurons', help: 'How many sums it makes.' }, activation: activation('relu') },
  },
}

const conv = (filters: number, kernel: number, bend: string): LayerSpec => ({ type: 'conv', filters, size: kernel, padding: 'same', activation: bend })
const [maxPool, norm, deep]: readonly [LayerSpec, LayerSpec, LayerSpec] = [{ type: 'max-pool' }, { type: 'batch-norm', activation: 'relu' }, { type: 'depthwise', size: 3, padding: 'same', activation: 'relu' }]

/** Tables by name, for small pictures. */
export const presets = {
  small: [conv(16, 3, 'relu'), maxPool, conv(32, 3, 'relu'), maxPool, { type: 'dropout', rate: 0.25 }, { type: 'dense', units: 64, activation: 'relu' }],
  medium: [conv(16, 3, 'none'), norm, maxPool, deep, conv(32, 1, 'none'), norm, maxPool, deep, conv(64, 1, 'none'), norm, deep, conv(96, 1, 'none'), norm, { type: 'global-average' }, { type: 'dropout', rate: 0.25 }],
} as const satisfies Readonly<Record<string, readonly LayerSpec[]>>
export type PresetName = keyof typeof presets
export const isPreset = (text: string): text is PresetName => Object.hasOwn(presets, text)

const bad = (message: string, parameter = 'layers'): StudioError => new StudioError({ code: 'bad-param', message, details: { owner: 'cnn', parameter } })
/** As in "layer 2 (convolution)". */
const nameOf = (index: number, type: LayerType): string => `layer ${index + 1} (${layerKinds[type].label.toLowerCase()})`

/**
 * @param text the name of a preset, or the table as JSON
 * @throws StudioError bad-param naming the layer, the rule and the value
 */
export function parseLayers(text: string): readonly LayerSpec[] {
  if (isPreset(text)) return presets[text]
  let table: unknown
  try {
    table = JSON.parse(text)
  } catch {
    throw bad(`invalid layers of cnn; neither ${Object.keys(presets).join(', ')} nor a list in JSON: ${text.slice(0, 60)}`)
  }
  if (!Array.isArray(table) || table.length > 40) throw bad(`invalid layers of cnn; not a list of at most 40 layers: ${Array.isArray(table) ? table.length : typeof table}`)
  return table.map((row: unknown, index) => checkLayer(row, index))
}

/** One row with its defaults. @throws StudioError bad-param naming the layer */
export function checkLayer(row: unknown, index: number): LayerSpec {
  const { type, ...values } = (typeof row === 'object' && row !== null ? row : {}) as { readonly type?: unknown } & ParamValues
  const known = layerTypes.find((name) => name === type)
  if (!known) throw bad(`unknown type of layer ${index + 1}; not one of ${layerTypes.join(', ')}: ${String(type)}`)
  return { ...checkParams(nameOf(index, known), layerKinds[known].params, values), type: known }
}

/** Weights of a network that a browser trains while one waits. */
const mostParameters = 20_000_000

/** Whether the biases of layer `index` do nothing: batch normalisation takes them away. */
export const hasStillBiases = (specs: readonly LayerSpec[], index: number): boolean => specs[index]?.['activation'] === 'none' && specs[index + 1]?.type === 'batch-norm'

function layerOf(spec: LayerSpec, input: Shape, stillBiases: boolean): Layer {
  const bend = spec['activation'] === 'none' ? undefined : (spec['activation'] as Activation | undefined)
  switch (spec.type) {
    case 'conv':
      return conv2dLayer(input, spec['filters'] as number, spec['size'] as number, bend, spec['padding'] as Padding, stillBiases)
    case 'depthwise':
      return depthwiseLayer(input, spec['size'] as number, bend, spec['padding'] as Padding, stillBiases)
    case 'max-pool':
      return maxPoolLayer(input)
    case 'average-pool':
      return averagePoolLayer(input)
    case 'global-average':
      return globalAverageLayer(input)
    case 'batch-norm':
      return batchNormLayer(input, bend)
    case 'dropout':
      return dropoutLayer(input, spec['rate'] as number)
    case 'dense':
      return denseLayer(input, spec['units'] as number, bend)
  }
}

/** Why a layer cannot take a picture of this size, or undefined where it can. */
function obstacle(spec: LayerSpec, { height, width }: Shape): string | undefined {
  const side = Math.min(height, width)
  if ((spec.type === 'max-pool' || spec.type === 'average-pool') && side < 2) return `it halves a picture that is ${height} x ${width} by now`
  if ((spec.type === 'conv' || spec.type === 'depthwise') && spec['padding'] === 'valid' && (spec['size'] as number) > side) return `its kernel of ${String(spec['size'])} is larger than the picture, ${height} x ${width} by now`
  return undefined
}

export interface LayerRow {
  readonly spec: LayerSpec
  /** After the layer: height, width, channels. */
  readonly output: PictureShape
  /** Weights and biases that are learnt. */
  readonly parameters: number
}
export interface Plan {
  /** Up to the first that does not fit. */
  readonly rows: readonly LayerRow[]
  readonly network: Network
  readonly parameters: number
  /** Why the table cannot be trained, naming the layer. */
  readonly problem?: string
}

/**
 * What becomes of a picture, layer by layer.
 * @param classes neurons of the last dense layer, which is added
 * @param pixelSlopes lays pixels out so that slopes by them can be asked for (padded channels)
 */
export function planNetwork(specs: readonly LayerSpec[], [height, width, channels]: PictureShape, classes: number, pixelSlopes = false): Plan {
  // Convolution and dense layers read pixels as they come; the others work on whole vectors of channels.
  const packed = !pixelSlopes && (specs.length === 0 || specs[0]?.type === 'conv' || specs[0]?.type === 'dense')
  const input: Shape = { height, width, channels, depth: packed ? channels : padded(channels) }
  const layers: Layer[] = []
  const rows: LayerRow[] = []
  let shape = input
  let parameters = 0
  for (const [index, spec] of specs.entries()) {
    const problem = obstacle(spec, shape)
    if (problem) return { rows, network: { input, layers }, parameters, problem: `invalid ${nameOf(index, spec.type)}; ${problem}` }
    const layer = layerOf(spec, shape, hasStillBiases(specs, index))
    // Running mean and variance are not learnt.
    const own = spec.type === 'batch-norm' ? layer.flatWeights / 2 : layer.flatWeights
    layers.push(layer)
    shape = layer.output
    parameters += own
    rows.push({ spec, output: [shape.height, shape.width, shape.channels], parameters: own })
  }
  const head = denseLayer(shape, classes)
  layers.push(head)
  parameters += head.flatWeights
  const plan = { rows, network: { input, layers }, parameters }
  return parameters <= mostParameters ? plan : { ...plan, problem: `invalid layers; at most ${mostParameters.toLocaleString('en')} parameters: ${parameters.toLocaleString('en')}` }
}

/** The plan of a table that can be trained. @throws StudioError bad-param with the plan's problem */
export function trainable(specs: readonly LayerSpec[], shape: PictureShape, classes: number, pixelSlopes = false): Plan {
  const plan = planNetwork(specs, shape, classes, pixelSlopes)
  if (plan.problem !== undefined) throw bad(plan.problem)
  return plan
}

/** He's normal start (He et al. 2015) by the inputs of a neuron; biases 0, scales and running variances 1. */
export function startWeights(specs: readonly LayerSpec[], { network, rows }: Plan, [height, width, channels]: PictureShape, rng: Rng): Float32Array {
  const theta = new Float32Array(network.layers.reduce((sum, layer) => sum + layer.flatWeights, 0))
  let from = 0
  let before: PictureShape = [height, width, channels]
  for (const [index, layer] of network.layers.entries()) {
    const spec = specs[index]
    const after = rows[index]?.output
    if (spec?.type === 'batch-norm') {
      const count = layer.flatWeights / 4
      theta.fill(1, from, from + count)
      theta.fill(1, from + 3 * count, from + 4 * count)
    } else if (layer.flatWeights > 0) {
      const outputs = spec?.type === 'depthwise' ? before[2] : layer.output.channels
      const inputs = spec?.type === 'depthwise' ? (spec['size'] as number) ** 2 : layer.flatWeights / outputs - 1
      const spread = Math.sqrt(2 / inputs)
      for (let i = from; i < from + layer.flatWeights - outputs; i++) theta[i] = rng.normal() * spread
    }
    from += layer.flatWeights
    if (after) before = after
  }
  return theta
}
