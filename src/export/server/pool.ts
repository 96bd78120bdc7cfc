/**
 * Inference beside the event loop, so that health checks answer while a batch is computed. One session a
 * thread, for the life of the process; a bounded queue; a thread that fails or hangs is replaced.
 */
import { Worker } from 'node:worker_threads'
import type { Feed } from '../../core/bundle/encode.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'

export interface PoolOptions {
  readonly model: Uint8Array
  readonly signature: Signature
  readonly threads: number
  readonly queueLimit: number
  readonly timeoutMs: number
}
export interface WorkerRequest {
  readonly feeds: readonly Feed[]
  readonly rows: number
}
export type WorkerReply = { readonly ready: true } | { readonly answer: ServedAnswer } | { readonly failure: string }

export class Overloaded extends Error {
  override readonly name = 'Overloaded'
}

interface Job {
  readonly request: WorkerRequest
  readonly resolve: (answer: ServedAnswer) => void
  readonly reject: (error: Error) => void
}
interface Thread {
  readonly worker: Worker
  ready: boolean
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
  /** Gives the thread up, with its job. */
  lose: (reason: string) => void
}

export class InferencePool {
  readonly #options: PoolOptions
  readonly #script: URL
  readonly #threads = new Set<Thread>()
  readonly #queue: Job[] = []
  #closed = false

  constructor(script: URL, options: PoolOptions) {
    this.#script = script
    this.#options = options
  }

  /** Resolves when every thread holds its session. */
  async open(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.threads }, () => this.#start()))
  }

  #start(): Promise<void> {
    const { model, signature } = this.#options
    const thread: Thread = { worker: new Worker(this.#script, { workerData: { model, signature } }), ready: false, job: undefined, timer: undefined, lose: () => undefined }
    this.#threads.add(thread)
    return new Promise((resolve, reject) => {
      thread.lose = (reason) => {
        if (!this.#threads.delete(thread)) return
        clearTimeout(thread.timer)
        thread.job?.reject(new Error(reason))
        if (!thread.ready) reject(new Error(reason))
        else if (!this.#closed) this.#start().catch(() => undefined)
        void thread.worker.terminate()
      }
      thread.worker.on('message', (reply: WorkerReply) => {
        if ('ready' in reply) {
          thread.ready = true
          resolve()
        } else {
          clearTimeout(thread.timer)
          const job = thread.job
          thread.job = undefined
          if ('answer' in reply) job?.resolve(reply.answer)
          else if (job) job.reject(new Error(reply.failure))
          else return thread.lose(reply.failure)
        }
        this.#next(thread)
      })
      thread.worker.on('error', (error) => thread.lose(error.message))
      thread.worker.on('exit', () => thread.lose('the inference thread ended'))
    })
  }

  #next(thread: Thread): void {
    if (thread.job || !thread.ready) return
    const job = this.#queue.shift()
    if (!job) return
    thread.job = job
    thread.timer = setTimeout(() => thread.lose(`inference took longer than ${this.#options.timeoutMs} ms`), this.#options.timeoutMs)
    thread.worker.postMessage(job.request)
  }

  /** @throws Overloaded at once where the queue is full; Error where inference failed */
  run(request: WorkerRequest): Promise<ServedAnswer> {
    if (this.#closed || this.#queue.length >= this.#options.queueLimit) return Promise.reject(new Overloaded())
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject })
      for (const thread of this.#threads) this.#next(thread)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const thread of this.#threads) {
      clearTimeout(thread.timer)
      thread.ready = true
      await thread.worker.terminate()
    }
  }
}
