/** The projects on this device: made, renamed, copied, put into the bin, taken out of it, erased. */
import { asStudioError } from '../core/errors.ts'
import { eraseEach } from '../storage/erase-each.ts'
import type { Key, Store } from '../storage/port.ts'
import { binLife, binProject, createProject, eraseProject, listProjects, renameProject, restoreProject } from '../storage/projects.ts'
import { lostProjects, notedProjects, noteProjects, sentinelStorage } from '../storage/sentinel.ts'
import type { ProjectPlan, ProjectRecord } from '../storage/records.ts'
import type { JobsState } from './jobs.svelte.ts'
import type { Notices } from './notices.svelte.ts'

export class ProjectsState {
  readonly #store: Store
  readonly #jobs: JobsState
  readonly #notices: Notices
  #all = $state.raw<readonly ProjectRecord[]>([])
  #sizes = $state.raw<ReadonlyMap<string, number>>(new Map())
  #loaded = $state.raw(false)

  constructor(store: Store, jobs: JobsState, notices: Notices) {
    this.#store = store
    this.#jobs = jobs
    this.#notices = notices
  }

  /** False until the first answer: an empty list is not yet "no projects". */
  get loaded(): boolean {
    return this.#loaded
  }
  /** Newest change first. */
  get list(): readonly ProjectRecord[] {
    return this.#all.filter((project) => project.deletedAt === null)
  }
  get bin(): readonly ProjectRecord[] {
    return this.#all.filter((project) => project.deletedAt !== null)
  }
  /** Bytes, or undefined while being counted. */
  sizeOf(id: string): number | undefined {
    return this.#sizes.get(id)
  }

  /** @param lookForLoss say which projects are gone although nobody erased them; by default at the first look only */
  async refresh(lookForLoss = !this.#loaded): Promise<void> {
    const listed = await listProjects(this.#store)
    if (this.#store.persistent) this.#noticeLoss(lookForLoss, listed.map((entry) => entry.project), await this.#store.read(['projects'], (tx) => tx.keys('projects')))
    this.#all = listed.map((entry) => entry.project)
    this.#sizes = new Map(listed.map((entry) => [entry.project.id, entry.bytes]))
    this.#loaded = true
  }

  /** An empty list must not look as if there had been nothing: the names are also noted outside the database. */
  #noticeLoss(look: boolean, present: readonly ProjectRecord[], keys: readonly Key[]): void {
    const storage = sentinelStorage()
    const kept = new Set(keys)
    // A record that is there and cannot be read is damaged, not lost, and its name is still needed.
    const damaged = notedProjects(storage).filter(({ id }) => kept.has(id) && !present.some((project) => project.id === id))
    const lost = look ? lostProjects(storage, [...present, ...damaged]) : []
    if (lost.length > 0) {
      const names = lost.slice(0, 5).map((entry) => `“${entry.name.slice(0, 60)}”`).join(', ')
      this.#notices.say(`The browser no longer has ${names}${lost.length > 5 ? ` and ${lost.length - 5} more` : ''}. A project file that you downloaded brings a project back.`, { life: 120_000 })
    }
    noteProjects(storage, [...present, ...damaged])
  }

  /** Erases what has been in the bin for a week. */
  async emptyOldBin(): Promise<void> {
    await this.refresh()
    const old = this.bin.filter((project) => Date.now() - (project.deletedAt ?? 0) > binLife)
    if (old.length > 0) await this.erase(...old.map(({ id }) => id))
  }

  /** @throws StudioError storage-full, storage-lost */
  async create(name: string, pictures?: ProjectPlan['pictures']): Promise<ProjectRecord> {
    const project = await createProject(this.#store, name, undefined, pictures ? { pictures } : {})
    await this.refresh()
    return project
  }

  rename(id: string, name: string): Promise<boolean> {
    return this.#try('Not renamed', () => renameProject(this.#store, id, name))
  }

  async copy(project: ProjectRecord): Promise<void> {
    const name = `${project.name.slice(0, 180)} (copy)`
    try {
      await this.#jobs.start('project/copy', { projectId: project.id, name }, { label: `Copy ${project.name.slice(0, 60)}` }).output
      await this.refresh()
    } catch (error) {
      this.#say(error, 'Not copied')
    }
  }

  /** Into the bin, with a way back. */
  async remove(project: ProjectRecord): Promise<void> {
    const gone = await this.#try('Not deleted', () => binProject(this.#store, project.id))
    if (gone) this.#notices.say(`“${project.name.slice(0, 80)}” is in the bin`, { action: { label: 'Undo', run: () => void this.restore(project.id) } })
  }
  restore(id: string): Promise<boolean> {
    return this.#try('Not restored', () => restoreProject(this.#store, id))
  }
  /** For good: the data, the runs, the models, everything. */
  erase(...ids: string[]): Promise<boolean> {
    // Those that are gone go from the list even where one is left.
    return this.#try('Not erased', () => eraseEach(ids, (id) => eraseProject(this.#store, id)).finally(() => this.refresh()))
  }

  async #try(failure: string, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write()
      await this.refresh()
      return true
    } catch (error) {
      this.#say(error, failure)
      return false
    }
  }

  #say(error: unknown, what: string): void {
    const known = asStudioError(error)
    if (known.code !== 'cancelled') this.#notices.say(`${what}: ${known.message}${known.hint ? ` ${known.hint}` : ''}`, { life: 20_000 })
  }
}
