/**
 * Inference beside the event loop, so that health checks answer while a batch is computed. One session a
 * thread, for the life of the process; a bounded queue; a thread that fails or hangs is replaced. What
 * waits while a thread is busy is answered together: batches grow with the load and nobody waits for one to fill.
 * Pictures are answered one by one, with a sign of life after each: the time limit is that of one picture, and they
 * count in the queue by their number and size.
 */
import { Worker } from 'node:worker_threads'
import type { Feed } from '../../core/bundle/encode.ts'
import { hasPictures } from '../../core/bundle/pictures.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import { StudioError } from '../../core/errors.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import { joinRequests, splitAnswer } from './batch.ts'

export interface PoolOptions {
  readonly model: Uint8Array
  readonly signature: Signature
  readonly threads: number
  /** Requests that may wait, or pictures (a large one counts as several). */
  readonly queueLimit: number
  /** For one run of the graph. */
  readonly timeoutMs: number
  /** Rows that are answered together at most; a larger request goes alone. */
  readonly batchRows: number
  /** Told of every run: its rows, its requests, its seconds in the thread. */
  readonly onBatch?: (rows: number, requests: number, seconds: number) => void
}
export interface WorkerRequest {
  readonly feeds: readonly Feed[]
  readonly rows: number
}
export type WorkerReply = { readonly ready: true } | { readonly alive: true } | { readonly answer: ServedAnswer } | { readonly failure: string; /** The fault is the request's. */ readonly asked: boolean }

export class Overloaded extends Error {
  override readonly name: string = 'Overloaded'
}
/** The graph did not answer in time. */
export class TooSlow extends Overloaded {
  override readonly name = 'TooSlow'
}

/** A file in base64 of this length waits as one picture more. */
const longFile = 1_000_000

interface Job {
  readonly request: WorkerRequest
  readonly resolve: (answer: ServedAnswer) => void
  readonly reject: (error: Error) => void
  /** What it counts in the queue. */
  readonly weight: number
  /** Not together with others: it was in a batch that failed. */
  readonly alone?: boolean
}
interface Thread {
  readonly worker: Worker
  ready: boolean
  /** What it is computing; undefined while idle. */
  jobs: readonly Job[] | undefined
  started: number
  timer: NodeJS.Timeout | undefined
  /** Gives the thread up, with its job. */
  lose: (reason: Error) => void
}

export class InferencePool {
  readonly #options: PoolOptions
  readonly #script: URL
  readonly #threads = new Set<Thread>()
  readonly #queue: Job[] = []
  readonly #pictures: boolean
  #weight = 0
  #closed = false

  constructor(script: URL, options: PoolOptions) {
    this.#script = script
    this.#options = options
    this.#pictures = hasPictures(options.signature)
  }

  /** Resolves when every thread holds its session. */
  async open(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.threads }, () => this.#start()))
  }

  #start(): Promise<void> {
    const { model, signature } = this.#options
    const thread: Thread = { worker: new Worker(this.#script, { workerData: { model, signature } }), ready: false, jobs: undefined, started: 0, timer: undefined, lose: () => undefined }
    this.#threads.add(thread)
    return new Promise((resolve, reject) => {
      thread.lose = (reason) => {
        if (!this.#threads.delete(thread)) return
        clearTimeout(thread.timer)
        const jobs = thread.jobs ?? []
        if (jobs.length > 1) this.#again(jobs)
        else jobs[0]?.reject(reason)
        if (!thread.ready) reject(reason)
        else if (!this.#closed) void this.#replace()
        void thread.worker.terminate()
      }
      thread.worker.on('message', (reply: WorkerReply) => {
        if ('ready' in reply) {
          thread.ready = true
          resolve()
        } else if ('alive' in reply) {
          if (this.#threads.has(thread)) thread.timer?.refresh()
          return
        } else {
          clearTimeout(thread.timer)
          const { jobs } = thread
          thread.jobs = undefined
          if (!jobs) return thread.lose(new Error('failure' in reply ? reply.failure : 'an answer to no question'))
          this.#settle(jobs, reply, (performance.now() - thread.started) / 1000)
        }
        this.#next(thread)
      })
      thread.worker.on('error', (error) => thread.lose(error))
      thread.worker.on('exit', () => thread.lose(new Error('the inference thread ended')))
    })
  }

  /** One in the place of a lost one, tried until it starts. Where none is left, nobody waits for it. */
  async #replace(): Promise<void> {
    while (!this.#closed) {
      try {
        return await this.#start()
      } catch {
        if (this.#threads.size === 0) for (const job of this.#queue.splice(0)) this.#leave(job).reject(new Overloaded())
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
  }

  #next(thread: Thread): void {
    if (thread.jobs || !thread.ready) return
    const jobs = this.#takeBatch()
    if (jobs.length === 0) return
    thread.jobs = jobs
    thread.started = performance.now()
    thread.timer = setTimeout(() => thread.lose(new TooSlow(`inference took longer than ${this.#options.timeoutMs} ms`)), this.#options.timeoutMs)
    thread.worker.postMessage(joinRequests(jobs.map(({ request }) => request)))
  }

  #takeBatch(): Job[] {
    const jobs: Job[] = []
    let rows = 0
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const alone = next.alone === true
      if (jobs.length > 0 && (alone || this.#pictures || rows + next.request.rows > this.#options.batchRows)) break
      this.#queue.shift()
      jobs.push(this.#leave(next))
      rows += next.request.rows
      if (alone) break
    }
    return jobs
  }

  #settle(jobs: readonly Job[], reply: Exclude<WorkerReply, { ready: true } | { alive: true }>, seconds: number): void {
    const rows = jobs.map(({ request }) => request.rows)
    if ('answer' in reply) {
      this.#options.onBatch?.(rows.reduce((sum, count) => sum + count, 0), jobs.length, seconds)
      splitAnswer(reply.answer, rows).forEach((answer, i) => jobs[i]?.resolve(answer))
    } else if (jobs.length === 1) jobs[0]?.reject(reply.asked ? new StudioError({ code: 'bad-data', message: reply.failure }) : new Error(reply.failure))
    // One of them spoilt it: each is asked again by itself, before whoever came later.
    else this.#again(jobs)
  }

  #again(jobs: readonly Job[]): void {
    this.#queue.unshift(...jobs.map((job): Job => ({ ...job, alone: true })))
    for (const { weight } of jobs) this.#weight += weight
  }
  #leave(job: Job): Job {
    this.#weight -= job.weight
    return job
  }

  /** A picture model's requests by pictures and their size, others as one each. */
  #weightOf({ feeds, rows }: WorkerRequest): number {
    if (!this.#pictures) return 1
    const characters = feeds.reduce((sum, { type, values }) => (type === 'string' ? values.reduce((inner, text) => inner + text.length, sum) : sum), 0)
    return rows + Math.floor(characters / longFile)
  }

  /** Whether a thread is there to answer. */
  get ready(): boolean {
    for (const { ready } of this.#threads) if (ready) return true
    return false
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** @throws Overloaded at once where the queue is full; Error where inference failed */
  run(request: WorkerRequest): Promise<ServedAnswer> {
    const weight = this.#weightOf(request)
    // Whoever finds an empty queue is let in, however large.
    if (this.#closed || (this.#weight > 0 && this.#weight + weight > this.#options.queueLimit)) return Promise.reject(new Overloaded())
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject, weight })
      this.#weight += weight
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
