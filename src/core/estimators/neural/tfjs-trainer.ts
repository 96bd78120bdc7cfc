/**
 * Training steps on tfjs. All weights live in one flat tensor, and so do Adam's moments: the step
 * then costs about ten optimiser kernels whatever the number of layers, and a checkpoint is three arrays.
 */
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { softmaxRows } from './dense.ts'
import { tfjsNetwork, type Tf, type TfjsNetwork } from './tfjs-network.ts'
import { adamRate, chancesOf, type AdamArrays, type StepOptions, type Trainer, type TrainingData, type Verdict } from './trainer.ts'

export type { Tf } from './tfjs-network.ts'

const pick = (source: Float32Array, width: number, rows: Uint32Array): Float32Array => {
  const out = new Float32Array(rows.length * width)
  rows.forEach((row, i) => out.set(source.subarray(row * width, (row + 1) * width), i * width))
  return out
}

/** Holds the tensors of one fit; `dispose` gives all of them back. */
export class TfjsTrainer implements Trainer {
  readonly #tf: Tf
  readonly #network: TfjsNetwork
  readonly #data: TrainingData
  readonly #options: StepOptions
  readonly #decay: Tensor1D
  #theta: Tensor1D
  #m: Tensor1D
  #v: Tensor1D
  #steps: number

  constructor(tf: Tf, data: TrainingData, options: StepOptions, start: AdamArrays) {
    this.#tf = tf
    this.#network = tfjsNetwork(tf, options)
    this.#data = data
    this.#options = options
    this.#theta = tf.tensor1d(start.theta)
    this.#m = tf.tensor1d(start.m)
    this.#v = tf.tensor1d(start.v)
    this.#steps = start.steps
    this.#decay = tf.tensor1d(this.#network.decayed.map((isDecayed) => isDecayed * options.alpha))
  }

  #inputs(rows: Uint32Array, step: number | undefined): Float32Array {
    const [height, width, channels] = this.#options.shape
    const size = height * width * channels
    if (!this.#data.fill) return pick(this.#data.inputs, size, rows)
    const into = new Float32Array(rows.length * size)
    this.#data.fill(rows, into, channels, step)
    return into
  }
  #pictures(rows: Uint32Array, inputs: Float32Array): Tensor4D {
    return this.#tf.tensor4d(inputs, [rows.length, ...this.#options.shape])
  }

  async learn(rows: Uint32Array): Promise<Verdict> {
    const tf = this.#tf
    const { classes, learningRate, seed = 0 } = this.#options
    this.#steps++
    const { rate, epsilon } = adamRate(learningRate, this.#steps)
    const chances = chancesOf(seed, this.#steps, this.#network.layers)
    const count = rows.length
    const inputs = this.#inputs(rows, this.#steps)
    const truth = pick(this.#data.targets, classes, rows)
    let scores: Tensor2D | undefined
    const moves: Tensor1D[] = []
    const [theta, m, v] = tf.tidy(() => {
      const x = this.#pictures(rows, inputs)
      const y = tf.tensor2d(truth, [count, classes])
      const { grad } = tf.valueAndGrad((flat) => {
        scores = tf.keep(this.#network.scores(flat as Tensor1D, x, { chances, moved: (change) => moves.push(change) }))
        return this.#batchLoss(scores, y, rows)
      })(this.#theta)
      const gradient = tf.add(grad, tf.mul(tf.div(this.#decay, count), this.#theta))
      const nextM = tf.add(tf.mul(this.#m, 0.9), tf.mul(gradient, 0.1)) as Tensor1D
      const nextV = tf.add(tf.mul(this.#v, 0.999), tf.mul(tf.square(gradient), 0.001)) as Tensor1D
      const nextTheta = tf.sub(this.#theta, tf.mul(tf.div(nextM, tf.add(tf.sqrt(nextV), epsilon)), rate)) as Tensor1D
      return [moves.reduce((sum, change) => tf.add(sum, change), nextTheta), nextM, nextV]
    })
    tf.dispose([this.#theta, this.#m, this.#v, ...moves])
    this.#theta = theta
    this.#m = m
    this.#v = v
    const { loss, right } = this.#verdict(rows, Float32Array.from(await (scores as Tensor2D).data()), truth)
    tf.dispose(scores as Tensor2D)
    return { loss: loss / count, right }
  }

  #batchLoss(scores: Tensor2D, y: Tensor2D, rows: Uint32Array): Scalar {
    const tf = this.#tf
    const { weights } = this.#data
    const weighed = (each: Tensor2D): Tensor2D => (weights ? tf.mul(each, tf.tensor2d(pick(weights, 1, rows), [rows.length, 1])) : each)
    if (this.#options.classes === 1) return tf.div(tf.sum(weighed(tf.squaredDifference(scores, y))), 2 * rows.length) as Scalar
    return tf.div(tf.neg(tf.sum(weighed(tf.mul(y, tf.logSoftmax(scores))))), rows.length) as Scalar
  }

  /** From the raw outputs, unclipped: a network that is surely wrong must look as bad as it is. @returns sums over the rows */
  #verdict(rows: Uint32Array, scores: Float32Array, truth: Float32Array): Verdict {
    const { classes } = this.#options
    const { weights } = this.#data
    const weightOf = (i: number): number => weights?.[rows[i] as number] ?? 1
    let [loss, right] = [0, 0]
    if (classes === 1) for (let i = 0; i < truth.length; i++) loss += weightOf(i) * (((scores[i] as number) - (truth[i] as number)) ** 2 / 2)
    else {
      for (let start = 0; start < scores.length; start += classes) {
        const weight = weightOf(start / classes)
        if (weight === 0) continue
        const own = scores.subarray(start, start + classes)
        const largest = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
        const total = own.reduce((sum, score) => sum + Math.exp(score - largest), 0)
        const label = truth.subarray(start, start + classes).indexOf(1)
        loss += weight * (Math.log(total) + largest - (own[label] as number))
        if (own.indexOf(largest) === label) right++
      }
    }
    return { loss, right }
  }

  async judge(rows: Uint32Array, each?: (row: number, probabilities: Float32Array) => void): Promise<Verdict> {
    const tf = this.#tf
    const { classes, batchSize } = this.#options
    let [loss, right] = [0, 0]
    for (let from = 0; from < rows.length; from += batchSize) {
      const block = rows.subarray(from, from + batchSize)
      const inputs = this.#inputs(block, undefined)
      const tensor = tf.tidy(() => this.#network.scores(this.#theta, this.#pictures(block, inputs), {}))
      const scores = Float32Array.from(await tensor.data())
      tensor.dispose()
      const verdict = this.#verdict(block, scores, pick(this.#data.targets, classes, block))
      loss += verdict.loss
      right += verdict.right
      if (!each || classes === 1) continue
      const probabilities = softmaxRows(scores, classes)
      block.forEach((row, i) => each(row, Float32Array.from(probabilities.subarray(i * classes, (i + 1) * classes))))
    }
    return { loss: loss / rows.length, right }
  }

  async read(): Promise<AdamArrays> {
    const [theta, m, v] = await Promise.all([this.#theta.data(), this.#m.data(), this.#v.data()])
    return { theta: Float32Array.from(theta), m: Float32Array.from(m), v: Float32Array.from(v), steps: this.#steps }
  }

  dispose(): void {
    this.#tf.dispose([this.#theta, this.#m, this.#v, this.#decay])
  }
}
