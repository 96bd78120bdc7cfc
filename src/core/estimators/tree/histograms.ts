/**
 * The histograms of nodes that may still be split: a limited number of slots in the kernels' buffer, filled from rows
 * or as a parent's minus a sibling's, several nodes side by side. Rows of a large node are summed in parts (lanes) and
 * its features are settled in ranges, so that all threads have work; the sums are whole numbers, so that changes no bit.
 */
import { binsPerFeature, cellBytes, histogramBytes } from '../../../kernels/boosting.ts'
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import type { Call } from '../../../kernels/crew.ts'
import { fewRows, partsFor } from './grower-layout.ts'
import type { GrowerLayout } from './grower-layout.ts'
import type { Pacer } from './pacer.ts'
import { runPaced } from './run-paced.ts'
import type { Steps } from './run-paced.ts'

/** Rows [start, start + count) of the row list, whose histogram goes into a slot. */
export interface Fill {
  readonly start: number
  readonly count: number
  readonly slot: number
}
/** What is done for a node: fill, then large = large - small, then search. */
export interface HistogramTask {
  readonly fills: readonly Fill[]
  readonly subtract?: { readonly large: number; readonly small: number }
  /** @param range the how-manieth, of as many as `work` returns */
  readonly search: (from: number, to: number, range: number, ranges: number) => readonly Call[]
}

/** Rows whose cells a kernel call may touch before cancel gets a chance: some tens of milliseconds. */
const cellsPerCall = 2 ** 24
/** Fewer features than these are not worth sharing. */
const fewFeatures = 4
const featureBytes = binsPerFeature * cellBytes

export class Histograms {
  readonly #kernels: BoostingKernels
  readonly #at: GrowerLayout
  readonly #features: number
  readonly #free: number[] = []

  constructor(kernels: BoostingKernels, at: GrowerLayout, features: number) {
    this.#kernels = kernels
    this.#at = at
    this.#features = features
  }

  get free(): number {
    return this.#free.length
  }
  /** Gives all slots up. */
  reset(): void {
    this.#free.length = 0
    for (let slot = this.#at.slots - 1; slot >= 0; slot--) this.#free.push(slot)
  }
  /** The caller knows that one is free. */
  take(): number {
    return this.#free.pop() as number
  }
  release(slot: number): void {
    if (slot >= 0) this.#free.push(slot)
  }
  /** Where a slot begins, in bytes. */
  place(slot: number): number {
    return this.#at.histograms + slot * histogramBytes(this.#at.stride)
  }

  /** @returns into how many ranges of features the searches fell */
  async work(tasks: readonly HistogramTask[], pacer: Pacer): Promise<number> {
    const parts = partsFor(this.#kernels.threads)
    const rowsOf = (task: HistogramTask): number => task.fills.reduce((sum, fill) => sum + fill.count, 0)
    const share = Math.max(fewRows, tasks.reduce((sum, task) => sum + rowsOf(task), 0) / parts)
    const ranges = Math.max(1, Math.min(Math.ceil(parts / tasks.length), Math.floor(this.#features / fewFeatures)))
    const filling: Steps[] = []
    const settling: Steps[] = []
    let lanes = 0
    // The last ones begin first: the largest, so that no thread is left alone with one at the end.
    for (const task of [...tasks].sort((a, b) => rowsOf(a) - rowsOf(b))) {
      const plans = task.fills.map((fill) => {
        const spans = Math.max(1, Math.min(Math.round(fill.count / share), 1 + this.#at.laneCount - lanes))
        lanes += spans - 1
        return { fill, spans, lane: lanes - spans + 1 }
      })
      const settle = (range: number): Call[] => {
        const from = Math.floor((this.#features * range) / ranges)
        const to = Math.floor((this.#features * (range + 1)) / ranges)
        // Padded features go with the last ones.
        const bytes = ((range + 1 === ranges ? this.#at.stride : to) - from) * featureBytes
        const place = (base: number): number => base + from * featureBytes
        const calls: Call[] = plans.flatMap(({ fill, spans, lane }) => Array.from({ length: spans - 1 }, (_, k): Call => ['add', place(this.#laneAt(lane + k)), place(this.place(fill.slot)), bytes]))
        if (task.subtract) {
          const large = place(this.place(task.subtract.large))
          calls.push(['subtract', large, place(this.place(task.subtract.small)), large, bytes])
        }
        return [...calls, ...task.search(from, to, range, ranges)]
      }
      if (ranges === 1 && plans.every(({ spans }) => spans === 1)) {
        const steps = plans.flatMap(({ fill }) => this.#steps(fill.start, fill.count, this.place(fill.slot)))
        settling.push([...steps.slice(0, -1), [...(steps.at(-1) ?? []), ...settle(0)]])
        continue
      }
      for (const { fill, spans, lane } of plans) {
        const end = (k: number): number => fill.start + Math.floor((fill.count * k) / spans)
        for (let k = 0; k < spans; k++) filling.push(this.#steps(end(k), end(k + 1) - end(k), k === 0 ? this.place(fill.slot) : this.#laneAt(lane + k - 1)))
      }
      for (let range = 0; range < ranges; range++) settling.push([settle(range)])
    }
    await runPaced(this.#kernels, filling, pacer)
    await runPaced(this.#kernels, settling, pacer)
    return ranges
  }

  #laneAt(lane: number): number {
    return this.#at.lanes + lane * histogramBytes(this.#at.stride)
  }

  #steps(start: number, count: number, into: number): Call[][] {
    const { stride, rows, rowMajor, packed } = this.#at
    const most = Math.max(1024, Math.floor(cellsPerCall / stride))
    const steps: Call[][] = []
    for (let from = 0; from < count; from += most) steps.push([['histogram', rowMajor, stride, rows + (start + from) * 4, Math.min(most, count - from), packed, into]])
    steps[0]?.unshift(['clear', into, stride * featureBytes])
    return steps
  }
}
