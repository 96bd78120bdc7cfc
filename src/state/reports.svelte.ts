/** Looks at new rows: reports of the monitor, and the file of each for as long as the tab is open. */
import type { IngestChoices } from '../core/ingest/options.ts'
import type { MonitorOptions } from '../core/monitor/report.ts'
import type { IngestSource } from '../jobs/protocol.ts'
import type { Store } from '../storage/port.ts'
import { deleteReport, listReports, type KeptReport } from '../storage/reports.ts'
import type { Job } from './job.svelte.ts'
import type { JobsState } from './jobs.svelte.ts'
import type { ProjectState } from './project.svelte.ts'

export type { KeptReport }

/** The rows that a report is about, so that they can be looked at in another way or learnt from. */
export interface NewRows {
  readonly source: IngestSource
  readonly choices: IngestChoices
}

/** Begins the key of a report that could not be written. */
const unkept = 'unkept-'
const isUnkept = (key: string): boolean => key.startsWith(unkept)

export class Reports {
  readonly #store: Store
  readonly #files = new Map<string, NewRows>()
  /** Of the run that was loaded last, newest first. */
  #found = $state.raw<{ readonly runId: string; readonly reports: readonly KeptReport[] }>({ runId: '', reports: [] })

  constructor(store: Store) {
    this.#store = store
  }

  /** Empty until they are loaded. */
  of(runId: string): readonly KeptReport[] {
    const { runId: known, reports } = this.#found
    return known === runId ? reports : []
  }
  async load(runId: string): Promise<void> {
    const reports = await listReports(this.#store, runId)
    const unkept = this.of(runId).filter(({ key }) => isUnkept(key))
    this.#found = { runId, reports: [...unkept, ...reports] }
  }
  /** The file of a report; undefined after a reload. */
  rowsOf(key: string): NewRows | undefined {
    return this.#files.get(key)
  }
  /**
   * Where nothing can be written, the report is shown and not kept.
   * @throws StudioError as the task does
   */
  look(jobs: JobsState, project: ProjectState, runId: string, rows: NewRows, options: MonitorOptions, name: string): { readonly job: Job; readonly done: Promise<KeptReport> } {
    const { job, output } = jobs.start('monitor/run', { runId, ...(project.readOnly ? {} : { token: project.token }), ...rows, options }, { label: `Compare ${name}`, subject: runId })
    const done = output.then(({ key, report }) => {
      const kept: KeptReport = { key: key ?? `${unkept}${Date.now()}`, runId, madeAt: Date.now(), report }
      this.#files.set(kept.key, rows)
      this.#found = { runId, reports: [kept, ...this.of(runId).filter((other) => other.key !== kept.key)] }
      return kept
    })
    return { job, done }
  }
  async remove(project: ProjectState, { key, runId }: KeptReport): Promise<void> {
    if (!isUnkept(key)) await deleteReport(this.#store, runId, project.token, key)
    this.#found = { runId, reports: this.of(runId).filter((report) => report.key !== key) }
  }
}
