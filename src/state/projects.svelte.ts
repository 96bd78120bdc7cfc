/** The projects on this device: made, renamed, copied, put into the bin, taken out of it, erased. */
import { asStudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import type { Store } from '../storage/port.ts'
import type { ProjectRecord } from '../storage/records.ts'
import type { JobsState } from './jobs.svelte.ts'
import type { Notices } from './notices.svelte.ts'

/** Whatever stays longer in the bin is erased when the studio starts. */
const binLife = 7 * 24 * 3600 * 1000

/** What storage/projects does with everything that belongs to a project. */
export interface ProjectShelf {
  erase(id: string): Promise<void>
  /** Bytes kept for the project, roughly. */
  size(id: string): Promise<number>
}

export class ProjectsState {
  readonly #store: Store
  readonly #shelf: ProjectShelf
  readonly #jobs: JobsState
  readonly #notices: Notices
  #all = $state.raw<readonly ProjectRecord[]>([])
  #sizes = $state.raw<ReadonlyMap<string, number>>(new Map())
  #loaded = $state.raw(false)

  constructor(store: Store, shelf: ProjectShelf, jobs: JobsState, notices: Notices) {
    this.#store = store
    this.#shelf = shelf
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

  async refresh(): Promise<void> {
    const all = await this.#store.read(['projects'], (tx) => tx.getAll('projects'))
    this.#all = [...all].sort((a, b) => b.changedAt - a.changedAt)
    this.#loaded = true
    const sizes = new Map<string, number>()
    for (const project of all) sizes.set(project.id, await this.#shelf.size(project.id))
    this.#sizes = sizes
  }

  /** Erases what has been in the bin for a week. */
  async emptyOldBin(): Promise<void> {
    await this.refresh()
    for (const project of this.bin) if (Date.now() - (project.deletedAt ?? 0) > binLife) await this.erase(project.id)
  }

  async create(name: string): Promise<ProjectRecord> {
    const now = Date.now()
    const project: ProjectRecord = {
      id: freshId('project'),
      version: 1,
      name: name.trim().slice(0, 200) || 'Untitled project',
      createdAt: now,
      changedAt: now,
      deletedAt: null,
      token: 0,
      plan: { datasetId: null, target: null, split: null, recipe: null },
      slices: [],
      nextRun: 1,
    }
    await this.#store.write(['projects'], (tx) => tx.put('projects', project))
    await this.refresh()
    return project
  }

  rename(id: string, name: string): Promise<boolean> {
    const tidy = name.trim().slice(0, 200)
    if (!tidy) return Promise.resolve(false)
    return this.#edit(id, (project) => ({ ...project, name: tidy, changedAt: Date.now() }))
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
    const gone = await this.#edit(project.id, (record) => ({ ...record, deletedAt: Date.now() }))
    if (gone) this.#notices.say(`“${project.name.slice(0, 80)}” is in the bin`, { action: { label: 'Undo', run: () => void this.restore(project.id) } })
  }
  restore(id: string): Promise<boolean> {
    return this.#edit(id, (project) => ({ ...project, deletedAt: null }))
  }
  /** For good: the data, the runs, the models, everything. */
  async erase(id: string): Promise<void> {
    try {
      await this.#shelf.erase(id)
      await this.refresh()
    } catch (error) {
      this.#say(error, 'Not erased')
    }
  }

  async #edit(id: string, edit: (project: ProjectRecord) => ProjectRecord): Promise<boolean> {
    try {
      await this.#store.write(['projects'], async (tx) => {
        const project = await tx.get('projects', id)
        if (project) await tx.put('projects', edit(project))
      })
      await this.refresh()
      return true
    } catch (error) {
      this.#say(error, 'Not saved')
      return false
    }
  }

  #say(error: unknown, what: string): void {
    const known = asStudioError(error)
    if (known.code !== 'cancelled') this.#notices.say(`${what}: ${known.message}${known.hint ? ` ${known.hint}` : ''}`, { life: 20_000 })
  }
}
