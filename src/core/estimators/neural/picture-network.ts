/** A trained network for pictures, and what one can ask it: probabilities, what its layers see, and slopes. */
import { Layout } from '../../../kernels/layout.ts'
import type { PictureShape } from '../../data/matrix.ts'
import { noAugmentation } from '../../images/augment.ts'
import type { PredictContext } from '../estimator.ts'
import { breather } from './breather.ts'
import { trainable, type LayerSpec } from './layer-table.ts'
import { floatsOf, type Shape } from './layers/layer.ts'
import { NetworkRun, openEngine, placeNetwork } from './network.ts'
import { filler } from './picture-source.ts'

export interface PictureNetworkParts {
  readonly shape: PictureShape
  readonly layers: readonly LayerSpec[]
  readonly classes: number
  /** Of the training pixels, one a channel: taken away, and divided by. */
  readonly means: readonly number[]
  readonly deviations: readonly number[]
  readonly theta: Float32Array
}
/** Numbers a layer left for one picture, without padding: height x width x channels. */
export interface FeatureMaps {
  readonly layer: number
  readonly shape: PictureShape
  readonly values: Float32Array
}

const batch = 32

/** Takes the padding behind each pixel's channels out. */
function unpadded(values: Float32Array, { channels, depth }: Shape): Float32Array {
  if (channels === depth) return values.slice()
  const out = new Float32Array((values.length / depth) * channels)
  for (let p = 0; p * depth < values.length; p++) out.set(values.subarray(p * depth, p * depth + channels), p * channels)
  return out
}

async function open(parts: PictureNetworkParts, rows: number, pixelSlopes: boolean, context: PredictContext | undefined) {
  const { network } = trainable(parts.layers, parts.shape, parts.classes, pixelSlopes)
  const layout = new Layout()
  const places = placeNetwork(network, rows, layout, pixelSlopes)
  // Without a context there are no bytes; the plain kernels give the same bits.
  const run = new NetworkRun(await openEngine(layout.bytes, 0, context ?? { asset: () => Promise.reject(new Error('missing asset; no context')) }), network, places)
  run.write(places.theta, parts.theta)
  const pause = context ? breather(context) : () => undefined
  const pass = { training: false }
  async function forward(pixels: Float32Array, row: number, count: number): Promise<void> {
    const fill = filler({ pixels, shape: parts.shape, means: parts.means, deviations: parts.deviations }, noAugmentation, 0)
    fill(Uint32Array.from({ length: count }, (_, i) => row + i), run.floats(places.activations[0] as number, count * floatsOf(network.input)), network.input.depth, undefined)
    await run.do(run.forwardWork(count, pass), count, pause)
  }
  return { run, network, places, pause, pass, forward }
}

/** The raw outputs before softmax. @param pixels shape (rows, height x width x channels) @returns shape (rows, classes) */
export async function networkScores(parts: PictureNetworkParts, pixels: Float32Array, context?: PredictContext): Promise<Float32Array> {
  const [height, width, channels] = parts.shape
  const rows = pixels.length / (height * width * channels)
  const scores = new Float32Array(rows * parts.classes)
  if (rows === 0) return scores
  const { run, network, places, forward } = await open(parts, Math.min(rows, batch), false, context)
  const { output } = network.layers.at(-1) as { readonly output: Shape }
  for (let row = 0; row < rows; row += batch) {
    const count = Math.min(batch, rows - row)
    await forward(pixels, row, count)
    scores.set(unpadded(run.floats(places.activations.at(-1) as number, count * output.depth), output), row * parts.classes)
  }
  return scores
}

/** What the last layer of the table makes of pictures: the numbers that the classes are told apart by. @returns shape (rows, width) */
export async function networkFeatures(parts: PictureNetworkParts, pixels: Float32Array, context?: PredictContext): Promise<{ readonly values: Float32Array; readonly width: number }> {
  const [height, width, channels] = parts.shape
  const rows = pixels.length / (height * width * channels)
  const { run, network, places, forward } = await open(parts, Math.min(Math.max(rows, 1), batch), false, context)
  const at = network.layers.length > 1 ? (network.layers.at(-2) as { readonly output: Shape }).output : network.input
  const size = at.height * at.width * at.channels
  const values = new Float32Array(rows * size)
  for (let row = 0; row < rows; row += batch) {
    const count = Math.min(batch, rows - row)
    await forward(pixels, row, count)
    values.set(unpadded(run.floats(places.activations.at(-2) as number, count * floatsOf(at)), at), row * size)
  }
  return { values, width: size }
}

/** What every layer made of one picture. */
export async function networkMaps(parts: PictureNetworkParts, pixels: Float32Array, context?: PredictContext): Promise<readonly FeatureMaps[]> {
  const { run, network, places, forward } = await open(parts, 1, false, context)
  await forward(pixels, 0, 1)
  return parts.layers.map((_, layer) => {
    const { output } = network.layers[layer] as { readonly output: Shape }
    return { layer, shape: [output.height, output.width, output.channels], values: unpadded(run.floats(places.activations[layer + 1] as number, floatsOf(output)), output) }
  })
}

/**
 * Slopes of one class's score (before softmax) by what layer `layer` made, or by the pixels as they came in.
 * @param layer index into the table, or "pixels"
 * @returns for each picture the values there and the slopes, without padding
 */
export async function networkSlopes(parts: PictureNetworkParts, pixels: Float32Array, target: number, layer: number | 'pixels', context?: PredictContext): Promise<{ readonly shape: PictureShape; readonly values: Float32Array; readonly slopes: Float32Array }> {
  const [height, width, channels] = parts.shape
  const rows = pixels.length / (height * width * channels)
  const { run, network, places, pause, pass, forward } = await open(parts, Math.min(rows, batch), true, context)
  const at = layer === 'pixels' ? network.input : (network.layers[layer] as { readonly output: Shape }).output
  const size = at.height * at.width * at.channels
  const [values, slopes] = [new Float32Array(rows * size), new Float32Array(rows * size)]
  const { depth } = (network.layers.at(-1) as { readonly output: Shape }).output
  for (let row = 0; row < rows; row += batch) {
    const count = Math.min(batch, rows - row)
    await forward(pixels, row, count)
    const outputs = run.floats(places.activations.at(-1) as number, count * depth)
    outputs.fill(0)
    for (let i = 0; i < count; i++) outputs[i * depth + target] = 1
    const from = layer === 'pixels' ? 0 : layer + 1
    run.turn()
    await run.do(run.backwardWork(count, pass, from, true), count, pause)
    values.set(unpadded(run.floats(places.activations[from] as number, count * floatsOf(at)), at), row * size)
    slopes.set(unpadded(run.floats(places.deltas[from] as number, count * floatsOf(at)), at), row * size)
  }
  // The network sees (pixel - mean) / deviation.
  if (layer === 'pixels') for (let i = 0; i < slopes.length; i++) slopes[i] = (slopes[i] as number) / (parts.deviations[i % channels] as number)
  return { shape: [at.height, at.width, at.channels], values: layer === 'pixels' ? pixels : values, slopes }
}
