/** Searches for parameters and what they found, kept while the tab is open. */
import type { RunSpec } from '../core/run/run-spec.ts'
import { canonicalJson } from '../core/ids.ts'
import type { TuneResult, TuneSpec } from '../core/tune/tune.ts'
import type { JobsState } from './jobs.svelte.ts'

export interface Search {
  readonly wanted: TuneSpec
  readonly result: TuneResult
}
/** What was found for one set of data, target, split and recipe says nothing about another. */
const keyOf = ({ projectId, datasetId, target, split, recipe, estimator }: RunSpec): string => canonicalJson({ projectId, datasetId, target, split, recipe, estimator: estimator.id })

export class Searches {
  #found = $state.raw<ReadonlyMap<string, Search>>(new Map())

  of(spec: RunSpec): Search | undefined {
    return this.#found.get(keyOf(spec))
  }
  /** @throws StudioError as the search does; a cancelled one leaves what was found before */
  async start(jobs: JobsState, spec: RunSpec, wanted: TuneSpec, label: string): Promise<void> {
    const result = await jobs.start('tune', { spec, search: wanted }, { label, subject: spec.projectId, canStop: true }).output
    this.#found = new Map(this.#found).set(keyOf(spec), { wanted, result })
  }
}
