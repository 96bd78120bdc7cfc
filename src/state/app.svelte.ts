/** Everything on screen that outlives a page, built once in app/main.ts and passed by context. */
import { asStudioError, type StudioError } from '../core/errors.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { PictureSource } from '../core/images/header.ts'
import type { IngestSource, PictureFile } from '../jobs/protocol.ts'
import type { Store } from '../storage/port.ts'
import { DamageState } from './damage.svelte.ts'
import { type JobRunner, JobsState } from './jobs.svelte.ts'
import { Latest } from './latest.ts'
import { Notices } from './notices.svelte.ts'
import { OfflineState } from './offline.svelte.ts'
import { PicturesState } from './pictures.svelte.ts'
import type { Preferences } from './preferences.svelte.ts'
import { type OpenWriter, ProjectState } from './project.svelte.ts'
import { ProjectsState } from './projects.svelte.ts'
import { Reports } from './reports.svelte.ts'
import { Searches } from './searches.svelte.ts'
import { WaitingList } from './waiting.svelte.ts'

export interface AppParts {
  readonly store: Store
  readonly runner: JobRunner
  readonly openWriter: OpenWriter
  readonly preferences: Preferences
  /** The page's own, where it outlives this. */
  readonly offline?: OfflineState
  /** Opens the studio anew over memory, with this source in it; absent where it runs in memory already. */
  readonly continueInMemory?: (incoming: Incoming) => Promise<void>
}
/** Data chosen before the project that will hold it is on screen. */
export interface Incoming {
  readonly name: string
  readonly source: IngestSource
  /** As decided before; absent where the person is still to look at how it is read. */
  readonly choices?: IngestChoices
}

export class AppState {
  readonly store: Store
  readonly jobs: JobsState
  readonly notices = new Notices()
  readonly preferences: Preferences
  readonly searches: Searches
  readonly waiting: WaitingList
  readonly reports: Reports
  readonly offline: OfflineState
  readonly continueInMemory: AppParts['continueInMemory']
  readonly projects: ProjectsState
  readonly damage: DamageState
  readonly #openWriter: OpenWriter
  readonly #opening = new Latest()
  /** Left while a job was under way: closing them would take the job's right to write. */
  readonly #kept = new Map<string, ProjectState>()
  /** A source chosen on the start page for a project that is about to be opened. */
  #incoming: { readonly projectId: string; readonly source: IngestSource; readonly choices?: IngestChoices } | undefined
  #incomingPictures: { readonly projectId: string; readonly files: readonly PictureFile[]; readonly source: PictureSource } | undefined
  readonly #pictures = new WeakMap<ProjectState, PicturesState>()
  #project = $state.raw<ProjectState | null>(null)
  #openError = $state.raw<StudioError | undefined>(undefined)

  constructor(parts: AppParts) {
    this.store = parts.store
    this.#openWriter = parts.openWriter
    this.offline = parts.offline ?? new OfflineState()
    this.preferences = parts.preferences
    this.continueInMemory = parts.continueInMemory
    this.jobs = new JobsState(parts.runner)
    this.projects = new ProjectsState(parts.store, this.jobs, this.notices)
    this.searches = new Searches(parts.store)
    this.waiting = new WaitingList(parts.store, this.notices)
    this.reports = new Reports(parts.store)
    this.damage = new DamageState(parts.store, this.jobs)
  }

  /** False in memory-only mode. */
  get persistent(): boolean {
    return this.store.persistent
  }
  get project(): ProjectState | null {
    return this.#project
  }
  get openError(): StudioError | undefined {
    return this.#openError
  }

  /** Makes a project for a source and remembers it; the data page takes it from there. */
  async begin(name: string, source: IngestSource, choices?: IngestChoices): Promise<string> {
    const project = await this.projects.create(name)
    this.#incoming = { projectId: project.id, source, ...(choices ? { choices } : {}) }
    return project.id
  }
  /** The source chosen for this project, once. */
  takeIncoming(projectId: string): { readonly source: IngestSource; readonly choices?: IngestChoices } | undefined {
    const incoming = this.#incoming
    if (incoming?.projectId !== projectId) return undefined
    this.#incoming = undefined
    return incoming
  }

  /** The same for pictures: an empty project of pictures, and the files that are to go into it. */
  async beginPictures(name: string, files: readonly PictureFile[], source: PictureSource = 'file'): Promise<string> {
    const project = await this.projects.create(name, { classes: [] })
    this.bringPictures(project.id, files, source)
    return project.id
  }
  bringPictures(projectId: string, files: readonly PictureFile[], source: PictureSource = 'file'): void {
    this.#incomingPictures = { projectId, files, source }
  }
  takeIncomingPictures(projectId: string): { readonly files: readonly PictureFile[]; readonly source: PictureSource } | undefined {
    const incoming = this.#incomingPictures
    if (incoming?.projectId !== projectId) return undefined
    this.#incomingPictures = undefined
    return incoming
  }
  /** One for each open project, so that undo outlives a look at another page. */
  picturesOf(project: ProjectState): PicturesState {
    const pictures = this.#pictures.get(project)
    if (pictures) return pictures
    // It outlives the page that first asked for it, and so must what it derives.
    let made!: PicturesState
    $effect.root(() => {
      made = new PicturesState(project, this.store, this.jobs, this.notices)
    })
    this.#pictures.set(project, made)
    return made
  }

  /** Opens a project, or none; the one before gives its right to write back. */
  async open(id: string | null): Promise<void> {
    if (id === (this.#project?.id ?? null) && this.#openError === undefined) return
    this.#leave()
    this.#openError = undefined
    this.#opening.stop()
    const kept = id === null ? undefined : this.#kept.get(id)
    if (kept) {
      this.#project = kept
      await kept.refresh()
    }
    if (id === null || kept) return
    try {
      const project = await this.#opening.ask(async (signal) => {
        const opened = await ProjectState.open(id, this.store, this.#openWriter, this.notices)
        if (signal.aborted) opened.close()
        return opened
      })
      if (project) this.#project = project
    } catch (error) {
      this.#openError = asStudioError(error)
    }
  }

  #leave(): void {
    if (this.#project) this.#kept.set(this.#project.id, this.#project)
    this.#project = null
    if (this.jobs.active.length > 0) return
    for (const project of this.#kept.values()) project.close()
    this.#kept.clear()
  }
}
