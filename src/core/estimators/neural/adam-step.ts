/**
 * One training step on tfjs. All weights live in one flat tensor, and so do Adam's moments: the step
 * then costs about ten optimiser kernels whatever the number of layers, and a checkpoint is three arrays.
 */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Tf } from './backend.ts'
import { layersOf, type Activation, type Sizes } from './dense.ts'

export interface AdamArrays {
  readonly theta: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
  /** Steps taken so far. */
  readonly steps: number
}
export interface StepOptions {
  readonly sizes: Sizes
  readonly activation: Activation
  readonly classes: number
  readonly learningRate: number
  /** L2 penalty of the weights (not the biases), as scikit-learn's MLP: alpha / (2 n) * sum of squares. */
  readonly alpha: number
}

/** Holds the tensors of one fit; `dispose` gives all of them back. */
export class AdamTrainer {
  readonly #tf: Tf
  readonly #options: StepOptions
  readonly #decay: Tensor1D
  #theta: Tensor1D
  #m: Tensor1D
  #v: Tensor1D
  #steps: number

  constructor(tf: Tf, options: StepOptions, start: AdamArrays) {
    this.#tf = tf
    this.#options = options
    this.#theta = tf.tensor1d(start.theta)
    this.#m = tf.tensor1d(start.m)
    this.#v = tf.tensor1d(start.v)
    this.#steps = start.steps
    const decay = new Float32Array(start.theta.length)
    for (const layer of layersOf(options.sizes)) decay.fill(options.alpha, layer.weights, layer.biases)
    this.#decay = tf.tensor1d(decay)
  }

  /**
   * Takes one step (Kingma & Ba 2015, algorithm 1; epsilon outside the bias correction, as in PyTorch).
   * @param inputs row-major (rows, features)
   * @param targets one-hot (rows, classes), or (rows, 1) standardised values where classes = 1
   * @returns the batch's mean loss before the step, without the penalty
   */
  step(inputs: Float32Array, targets: Float32Array, rows: number): Scalar {
    const tf = this.#tf
    const { sizes, classes, learningRate } = this.#options
    this.#steps++
    const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]
    const spread = Math.sqrt(1 - beta2 ** this.#steps)
    const rate = (learningRate * spread) / (1 - beta1 ** this.#steps)
    const [loss, theta, m, v] = tf.tidy(() => {
      const x = tf.tensor2d(inputs, [rows, sizes[0] as number])
      const y = tf.tensor2d(targets, [rows, classes])
      const { value, grad } = tf.valueAndGrad((flat) => this.#loss(flat as Tensor1D, x, y, rows))(this.#theta)
      const gradient = tf.add(grad, tf.mul(tf.div(this.#decay, rows), this.#theta))
      const nextM = tf.add(tf.mul(this.#m, beta1), tf.mul(gradient, 1 - beta1)) as Tensor1D
      const nextV = tf.add(tf.mul(this.#v, beta2), tf.mul(tf.square(gradient), 1 - beta2)) as Tensor1D
      const nextTheta = tf.sub(this.#theta, tf.mul(tf.div(nextM, tf.add(tf.sqrt(nextV), epsilon * spread)), rate)) as Tensor1D
      return [value as Scalar, nextTheta, nextM, nextV]
    })
    tf.dispose([this.#theta, this.#m, this.#v])
    this.#theta = theta
    this.#m = m
    this.#v = v
    return loss
  }

  #loss(flat: Tensor1D, x: Tensor2D, y: Tensor2D, rows: number): Scalar {
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

  /** Copies the weights and moments out: a checkpoint any backend can go on from. */
  async read(): Promise<AdamArrays> {
    const [theta, m, v] = await Promise.all([this.#theta.data(), this.#m.data(), this.#v.data()])
    return { theta: Float32Array.from(theta), m: Float32Array.from(m), v: Float32Array.from(v), steps: this.#steps }
  }

  dispose(): void {
    this.#tf.dispose([this.#theta, this.#m, this.#v, this.#decay])
  }
}
