/** Searches for parameters and what they found; storage keeps them, this shows them. */
import { canonicalJson, freshId } from '../core/ids.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import type { FitCost } from '../core/tune/forecast.ts'
import type { TuneResult, TuneSpec } from '../core/tune/tune.ts'
import type { TaskMap } from '../jobs/protocol.ts'
import type { Store } from '../storage/port.ts'
import { listSearches, searchQuestion } from '../storage/searches.ts'
import type { JobsState } from './jobs.svelte.ts'
import type { Keeping } from './queue.svelte.ts'

export interface Search {
  readonly id: string
  readonly question: string
  readonly wanted: TuneSpec
  readonly result: TuneResult
  /** What it searched for: a search that broke off goes on with this. */
  readonly spec: RunSpec
}

export interface SearchStart {
  readonly spec: RunSpec
  readonly wanted: TuneSpec
  readonly label: string
  /** A search that broke off: its finished trials count, and the rest is as if it had not. */
  readonly goOn?: Search | undefined
  /** Milliseconds, where known. */
  readonly forecast?: number | undefined
  /** Of one that waited before. */
  readonly id?: string
}

export class Searches {
  readonly #store: Store
  readonly #costs = new Map<string, FitCost | null>()
  /** Oldest first. */
  #found = $state.raw<readonly Search[]>([])

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * What its trainings take, measured once for each question and space; null where even one on few rows takes too long.
   * @throws StudioError as the trainings do; cancelled
   */
  async costOf(jobs: JobsState, spec: RunSpec, wanted: TuneSpec, signal: AbortSignal): Promise<FitCost | null> {
    const { timeLimit: _, outerFolds: __, ...search } = wanted
    const key = canonicalJson({ spec, search })
    const known = this.#costs.get(key)
    if (known !== undefined) return known
    const cost = await jobs.ask('tune/forecast', { spec, search }, signal)
    this.#costs.set(key, cost)
    return cost
  }

  /** The newest for these data, target, split, recipe and estimator. */
  of(spec: RunSpec): Search | undefined {
    const question = searchQuestion(spec)
    return this.#found.findLast((search) => search.question === question)
  }
  /** Reads what is kept of a project. */
  async load(projectId: string): Promise<void> {
    const stored = await listSearches(this.#store, projectId)
    const ids = new Set(stored.map(({ id }) => id))
    // A search that could not be saved is still shown while the tab is open.
    this.#found = [...this.#found.filter(({ id }) => !ids.has(id)), ...stored]
  }
  /**
   * @param keep makes what keeps it while it waits in the queue
   * @throws StudioError as the search does; a cancelled one leaves the trials that were saved
   */
  async start(jobs: JobsState, token: () => number, { spec, wanted, label, goOn, forecast, id = goOn?.id ?? freshId('search') }: SearchStart, keep: (what: { id: string; spec: RunSpec; search: TuneSpec }) => Keeping): Promise<void> {
    try {
      const input = (): TaskMap['tune']['input'] => ({ spec, search: wanted, keep: { id, token: token() }, askedAt: Date.now(), ...(goOn ? { done: goOn.result.trials, ...(goOn.result.nested && { nested: goOn.result.nested }) } : {}) })
      const result = await jobs.start('tune', input, { label, subject: spec.projectId, canStop: true, spec, forecast, ...(goOn ? {} : { keeping: keep({ id, spec, search: wanted }) }) }).output
      this.#found = [...this.#found.filter((search) => search.id !== id), { id, question: searchQuestion(spec), spec, wanted, result }]
    } catch (error) {
      await this.load(spec.projectId).catch(() => {})
      throw error
    }
  }
}
