/** One version of one model, ready to answer: its bundle, its threads, and what is counted of it. */
import { goldenProblem } from '../../core/bundle/compare-golden.ts'
import { encodeRows } from '../../core/bundle/encode.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import { BundleError } from './bundle.ts'
import type { Bundle } from './bundle.ts'
import { DriftWindow } from './drift.ts'
import { InferencePool } from './pool.ts'
import type { PoolOptions, WorkerRequest } from './pool.ts'

export type PoolSettings = Pick<PoolOptions, 'threads' | 'queueLimit' | 'timeoutMs' | 'batchRows'>

export class ServedVersion {
  readonly model: string
  readonly version: string
  readonly bundle: Bundle
  readonly drift: DriftWindow | undefined
  /** What may wait at most. */
  readonly queueLimit: number
  readonly #pool: InferencePool
  #running = 0

  private constructor(model: string, version: string, bundle: Bundle, pool: InferencePool, queueLimit: number) {
    this.model = model
    this.version = version
    this.bundle = bundle
    this.#pool = pool
    this.queueLimit = queueLimit
    this.drift = bundle.reference && new DriftWindow(bundle.reference)
  }

  /** Opens its threads and asks the golden rows. @throws BundleError where it does not answer as it did at export */
  static async open(model: string, version: string, bundle: Bundle, script: URL, settings: PoolSettings, onBatch: PoolOptions['onBatch']): Promise<ServedVersion> {
    const { signature, golden } = bundle
    const pool = new InferencePool(script, { ...settings, model: bundle.model, signature, ...(onBatch ? { onBatch } : {}) })
    try {
      await pool.open()
    } catch (cause) {
      await pool.close()
      throw new BundleError(`invalid model.onnx; ONNX Runtime refused it: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
    if (golden.rows.length > 0) {
      const feeds = encodeRows(signature, golden.rows.length, (row, input) => golden.rows[row]?.[input])
      const problem = goldenProblem(signature, golden, await pool.run({ feeds, rows: golden.rows.length }))
      if (problem) {
        await pool.close()
        throw new BundleError(`invalid bundle; it no longer answers as it did when it was exported: ${problem}`)
      }
    }
    return new ServedVersion(model, version, bundle, pool, settings.queueLimit)
  }

  get signature(): Signature {
    return this.bundle.signature
  }
  /** Requests, or pictures, that wait. */
  get waiting(): number {
    return this.#pool.waiting
  }
  get ready(): boolean {
    return this.#pool.ready
  }

  /** @throws Overloaded, or Error where inference failed */
  async run(request: WorkerRequest): Promise<ServedAnswer> {
    this.#running++
    try {
      return await this.#pool.run(request)
    } finally {
      this.#running--
    }
  }

  /** Ends when what it was asked is answered. */
  async close(): Promise<void> {
    while (this.#running > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    await this.#pool.close()
  }
}
