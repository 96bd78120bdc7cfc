/**
 * Training steps on tfjs. All weights live in one flat tensor, and so do Adam's moments: the step
 * then costs about ten optimiser kernels whatever the number of layers, and a checkpoint is three arrays.
 */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { forward, layersOf } from './dense.ts'
import { adamRate, type AdamArrays, type MlpData, type StepOptions, type Trainer } from './trainer.ts'

export type Tf = typeof import('@tensorflow/tfjs-core')

/** Rows of a forward pass at a time. */
const lossBlock = 2048

const pick = (source: Float32Array, width: number, rows: Uint32Array): Float32Array => {
  const out = new Float32Array(rows.length * width)
  rows.forEach((row, i) => out.set(source.subarray(row * width, (row + 1) * width), i * width))
  return out
}

/** Holds the tensors of one fit; `dispose` gives all of them back. */
export class TfjsTrainer implements Trainer {
  readonly #tf: Tf
  readonly #data: MlpData
  readonly #options: StepOptions
  readonly #decay: Tensor1D
  #theta: Tensor1D
  #m: Tensor1D
  #v: Tensor1D
  #steps: number

  constructor(tf: Tf, data: MlpData, options: StepOptions, start: AdamArrays) {
    this.#tf = tf
    this.#data = data
    this.#options = options
    this.#theta = tf.tensor1d(start.theta)
    this.#m = tf.tensor1d(start.m)
    this.#v = tf.tensor1d(start.v)
    this.#steps = start.steps
    const decay = new Float32Array(start.theta.length)
    for (const layer of layersOf(options.sizes)) decay.fill(options.alpha, layer.weights, layer.biases)
    this.#decay = tf.tensor1d(decay)
  }

  async step(rows: Uint32Array): Promise<number> {
    const tf = this.#tf
    const { sizes, classes, learningRate } = this.#options
    this.#steps++
    const { rate, epsilon } = adamRate(learningRate, this.#steps)
    const count = rows.length
    const [loss, theta, m, v] = tf.tidy(() => {
      const x = tf.tensor2d(pick(this.#data.inputs, sizes[0] as number, rows), [count, sizes[0] as number])
      const y = tf.tensor2d(pick(this.#data.targets, classes, rows), [count, classes])
      const { value, grad } = tf.valueAndGrad((flat) => this.#batchLoss(flat as Tensor1D, x, y, count))(this.#theta)
      const gradient = tf.add(grad, tf.mul(tf.div(this.#decay, count), this.#theta))
      const nextM = tf.add(tf.mul(this.#m, 0.9), tf.mul(gradient, 0.1)) as Tensor1D
      const nextV = tf.add(tf.mul(this.#v, 0.999), tf.mul(tf.square(gradient), 0.001)) as Tensor1D
      const nextTheta = tf.sub(this.#theta, tf.mul(tf.div(nextM, tf.add(tf.sqrt(nextV), epsilon)), rate)) as Tensor1D
      return [value as Scalar, nextTheta, nextM, nextV]
    })
    tf.dispose([this.#theta, this.#m, this.#v])
    this.#theta = theta
    this.#m = m
    this.#v = v
    const [value] = await loss.data()
    loss.dispose()
    return value as number
  }

  #batchLoss(flat: Tensor1D, x: Tensor2D, y: Tensor2D, rows: number): Scalar {
    const tf = this.#tf
    const { sizes, activation, classes } = this.#options
    const layers = layersOf(sizes)
    let current = x
    layers.forEach((layer, depth) => {
      const weights = tf.reshape(tf.slice1d(flat, layer.weights, layer.inputs * layer.outputs), [layer.inputs, layer.outputs]) as Tensor2D
      const biases = tf.slice1d(flat, layer.biases, layer.outputs)
      const sums = tf.add(tf.matMul(current, weights), biases) as Tensor2D
      const squash = activation === 'relu' ? tf.relu : activation === 'tanh' ? tf.tanh : tf.sigmoid
      current = depth + 1 < layers.length ? squash(sums) : sums
    })
    if (classes === 1) return tf.div(tf.sum(tf.squaredDifference(current, y)), 2 * rows) as Scalar
    return tf.div(tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(current)))), rows) as Scalar
  }

  /** By the plain forward pass, from the logits, unclipped: a network that is surely wrong must look as bad as it is. */
  async loss(rows: Uint32Array): Promise<number> {
    const { sizes, activation, classes } = this.#options
    const theta = Float32Array.from(await this.#theta.data())
    let sum = 0
    for (let from = 0; from < rows.length; from += lossBlock) {
      const block = rows.subarray(from, from + lossBlock)
      const out = forward(theta, sizes, activation, pick(this.#data.inputs, sizes[0] as number, block), block.length)
      const truth = pick(this.#data.targets, classes, block)
      if (classes === 1) for (let i = 0; i < truth.length; i++) sum += ((out[i] as number) - (truth[i] as number)) ** 2 / 2
      else {
        for (let start = 0; start < out.length; start += classes) {
          const logits = out.subarray(start, start + classes)
          const largest = logits.reduce((a, b) => Math.max(a, b))
          const total = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0)
          sum += Math.log(total) + largest - (logits[truth.subarray(start, start + classes).indexOf(1)] as number)
        }
      }
    }
    return sum / rows.length
  }

  async read(): Promise<AdamArrays> {
    const [theta, m, v] = await Promise.all([this.#theta.data(), this.#m.data(), this.#v.data()])
    return { theta: Float32Array.from(theta), m: Float32Array.from(m), v: Float32Array.from(v), steps: this.#steps }
  }

  dispose(): void {
    this.#tf.dispose([this.#theta, this.#m, this.#v, this.#decay])
  }
}
