/**
 * Logistic loss over one flat vector: for each output p coefficients, then its intercept. Every pass
 * walks the rows in blocks that stay in the cache, and does there all that is asked of them.
 */
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { ClassTarget } from '../../data/target.ts'
import { addColumns, columnDots } from '../../math/columns.ts'
import { exp, log } from '../../math/elementary.ts'

const blockRows = 1024
/** Multiplications between two checkpoints: some milliseconds. */
const workPerCheckpoint = 5e6

export class LogisticObjective {
  /** 1 for two classes, else one a class. */
  readonly outputs: number
  readonly size: number
  readonly rows: number
  readonly #columns: readonly Float32Array[]
  readonly #codes: Int32Array
  readonly #weights: Float64Array
  /** Strength of the squared penalty; intercepts are free. */
  readonly #l2: number
  readonly #context: Context
  /** Probabilities at the last `loss`, a plane of `rows` an output; binary: of class 1. */
  readonly #shares: Float64Array
  /** Of the smooth part (loss and squared penalty) at the last `loss`. */
  readonly gradient: Float64Array
  readonly #block: Float64Array

  constructor(X: Matrix, y: ClassTarget, weights: Float64Array, l2: number, context: Context) {
    this.#columns = X.features.map(({ values }) => values)
    this.#codes = y.codes
    this.#weights = weights
    this.#l2 = l2
    this.#context = context
    this.rows = X.rows
    this.outputs = y.classes.length === 2 ? 1 : y.classes.length
    this.size = this.outputs * (X.features.length + 1)
    this.#shares = new Float64Array(X.rows * this.outputs)
    this.gradient = new Float64Array(this.size)
    this.#block = new Float64Array(this.outputs * blockRows)
  }

  /** Runs `atBlock` over all rows, with the scores X w of the block in #block, a plane of blockRows an output; then adds X' #block to `out`. */
  async #pass(w: Float64Array, out: Float64Array, atBlock: (from: number, count: number) => void): Promise<void> {
    const p = this.#columns.length
    const block = this.#block
    out.fill(0)
    const blocksPerCheckpoint = Math.max(1, Math.floor(workPerCheckpoint / (blockRows * this.size)))
    for (let from = 0, blocks = 1; from < this.rows; from += blockRows, blocks++) {
      const count = Math.min(blockRows, this.rows - from)
      for (let o = 0; o < this.outputs; o++) {
        const at = o * blockRows
        block.fill(w[o * (p + 1) + p] as number, at, at + count)
        addColumns(this.#columns, from, count, w, o * (p + 1), block, at)
      }
      atBlock(from, count)
      for (let o = 0; o < this.outputs; o++) {
        const at = o * blockRows
        columnDots(this.#columns, from, count, block, at, out, o * (p + 1))
        let sum = 0
        for (let i = 0; i < count; i++) sum += block[at + i] as number
        out[o * (p + 1) + p] = (out[o * (p + 1) + p] as number) + sum
      }
      if (blocks % blocksPerCheckpoint === 0) await this.#context.checkpoint()
    }
    for (let o = 0; o < this.outputs; o++) {
      for (let j = o * (p + 1), end = j + p; j < end; j++) out[j] = (out[j] as number) + this.#l2 * (w[j] as number)
    }
    await this.#context.checkpoint()
  }

  /** Loss and squared penalty at w; keeps the gradient there, and what `curvature` needs. */
  async loss(w: Float64Array): Promise<number> {
    const p = this.#columns.length
    let loss = 0
    await this.#pass(w, this.gradient, (from, count) => {
      loss += this.outputs === 1 ? this.#binaryResiduals(from, count) : this.#softmaxResiduals(from, count)
    })
    let squares = 0
    for (let o = 0; o < this.outputs; o++) for (let j = 0; j < p; j++) squares += (w[o * (p + 1) + j] as number) ** 2
    return loss + (this.#l2 / 2) * squares
  }

  #binaryResiduals(from: number, count: number): number {
    const block = this.#block
    let loss = 0
    // Rows of one weight share a logarithm: each makes their product at most twice as large.
    let product = 1
    let sharedWeight = 0
    for (let i = 0, row = from; i < count; i++, row++) {
      const z = block[i] as number
      const weight = this.#weights[row] as number
      if (weight !== sharedWeight || product > 1e300) {
        loss += sharedWeight * log(product)
        product = 1
        sharedWeight = weight
      }
      const e = exp(-Math.abs(z))
      const share = z >= 0 ? 1 / (1 + e) : e / (1 + e)
      const yes = this.#codes[row] === 1
      // A tiny e is its own log1p, and would be lost beside the 1.
      if (e > 1e-5) product *= 1 + e
      loss += weight * ((e > 1e-5 ? 0 : e) + (yes === z < 0 ? Math.abs(z) : 0))
      this.#shares[row] = share
      block[i] = (yes ? share - 1 : share) * weight
    }
    return loss + sharedWeight * log(product)
  }

  #softmaxResiduals(from: number, count: number): number {
    const { outputs, rows } = this
    const block = this.#block
    let loss = 0
    for (let i = 0, row = from; i < count; i++, row++) {
      const weight = this.#weights[row] as number
      const code = this.#codes[row] as number
      let largest = Number.NEGATIVE_INFINITY
      for (let o = 0; o < outputs; o++) largest = Math.max(largest, block[o * blockRows + i] as number)
      const own = (block[code * blockRows + i] as number) - largest
      let sum = 0
      for (let o = 0; o < outputs; o++) sum += block[o * blockRows + i] = exp((block[o * blockRows + i] as number) - largest)
      for (let o = 0; o < outputs; o++) {
        const share = (block[o * blockRows + i] as number) / sum
        this.#shares[o * rows + row] = share
        block[o * blockRows + i] = (o === code ? share - 1 : share) * weight
      }
      loss += weight * (log(sum) - own)
    }
    return loss
  }

  /** Hessian of the smooth part at the last `loss`, times v. */
  async curvature(v: Float64Array): Promise<Float64Array> {
    const { outputs, rows } = this
    const block = this.#block
    const out = new Float64Array(this.size)
    await this.#pass(v, out, (from, count) => {
      for (let i = 0, row = from; i < count; i++, row++) {
        const weight = this.#weights[row] as number
        if (outputs === 1) {
          const share = this.#shares[row] as number
          block[i] = (block[i] as number) * share * (1 - share) * weight
          continue
        }
        let mean = 0
        for (let o = 0; o < outputs; o++) mean += (block[o * blockRows + i] as number) * (this.#shares[o * rows + row] as number)
        for (let o = 0; o < outputs; o++) block[o * blockRows + i] = ((block[o * blockRows + i] as number) - mean) * (this.#shares[o * rows + row] as number) * weight
      }
    })
    return out
  }

  /** The Hessian of the smooth part at the last `loss`, whole: as many passes as coefficients. Row-major, shape (size, size). */
  async hessian(): Promise<Float64Array> {
    const H = new Float64Array(this.size * this.size)
    const unit = new Float64Array(this.size)
    for (let j = 0; j < this.size; j++) {
      unit[j] = 1
      H.set(await this.curvature(unit), j * this.size)
      unit[j] = 0
    }
    return H
  }
}
