/** What was built of one run on the Deploy page: it outlives the tab that shows it, and goes with the run or the page. */
import { asStudioError } from '../../core/errors.ts'
import type { Run } from '../../core/run/run.ts'
import type { TaskMap } from '../../jobs/protocol.ts'
import { saveBytes } from '../../ui/save-file.ts'
import { shorten } from '../../ui/format.ts'
import type { Job } from '../../state/job.svelte.ts'
import type { JobsState } from '../../state/jobs.svelte.ts'

type Input = TaskMap['deploy/export']['input']

export class BundleExport {
  /** As it was typed. */
  name = $state('')
  job = $state.raw<Job | undefined>(undefined)
  made = $state.raw<TaskMap['deploy/export']['output'] | undefined>(undefined)
  /** What the bundle says of itself, to tell when the form has moved on. */
  madeOf = $state('')
  problem = $state.raw<unknown>(undefined)
  /** The same server as one file, made when asked for: it holds a whole runtime. */
  single = $state.raw<Job | undefined>(undefined)
  readonly #jobs: JobsState

  constructor(jobs: JobsState) {
    this.#jobs = jobs
  }

  /** @param wanted what the form says, kept beside what is made of it. @returns whether there is something to show */
  async build(run: Run, input: Omit<Input, 'runId'>, wanted: string, canStop: boolean): Promise<boolean> {
    this.problem = undefined
    try {
      const started = this.#jobs.start('deploy/export', { runId: run.id, ...input }, { label: `Export ${shorten(run.name, 40)}`, subject: run.id, canStop })
      this.job = started.job
      this.made = await started.output
      this.madeOf = wanted
      return true
    } catch (error) {
      if (asStudioError(error).code !== 'cancelled') this.problem = error
      return false
    } finally {
      this.job = undefined
    }
  }

  save(): void {
    if (this.made?.zip) saveBytes(this.made.zip, this.made.fileName, 'application/zip')
  }

  /** The card alone, as it lies in the zip: it opens by itself, from the disk. */
  async saveCard(): Promise<void> {
    if (!this.made?.zip) return
    const { zip, fileName } = this.made
    try {
      const { bytesOf, openZip } = await import('../../core/zip.ts')
      saveBytes(await (await openZip(bytesOf(zip))).read('MODEL_CARD.html'), fileName.replace(/\.zip$/, '-card.html'), 'text/html')
    } catch (error) {
      this.problem = error
    }
  }

  async saveSingle(run: Run): Promise<void> {
    if (!this.made?.zip) return
    const { zip, fileName } = this.made
    try {
      const started = this.#jobs.start('deploy/single', { zip }, { label: `One file of ${shorten(fileName, 40)}`, subject: run.id })
      this.single = started.job
      saveBytes((await started.output).mjs, fileName.replace(/\.zip$/, '.mjs'), 'text/javascript')
    } catch (error) {
      if (asStudioError(error).code !== 'cancelled') this.problem = error
    } finally {
      this.single = undefined
    }
  }
}
