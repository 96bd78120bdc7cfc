/** Stored records that cannot be read: set aside, and here to be taken out, rebuilt or erased. */
import type { Damaged } from '../storage/checked-store.ts'
import type { Key, Store } from '../storage/port.ts'
import { damagedFile, eraseDamaged, rebuildProject } from '../storage/quarantine.ts'
import { notedProjects, sentinelStorage } from '../storage/sentinel.ts'
import type { JobsState } from './jobs.svelte.ts'

const sameRecord = (a: Damaged) => (b: Damaged): boolean => a.store === b.store && JSON.stringify(a.key) === JSON.stringify(b.key)

export class DamageState {
  readonly #store: Store
  readonly #jobs: JobsState
  #list = $state.raw<readonly Damaged[]>([])
  #checked = $state(false)

  constructor(store: Store, jobs: JobsState) {
    this.#store = store
    this.#jobs = jobs
  }

  /** What this visit came across, or the last check found. */
  get list(): readonly Damaged[] {
    return this.#list
  }
  /** True once everything was looked at. */
  get checked(): boolean {
    return this.#checked
  }
  /** The name a project had, noted outside the database. */
  nameOf(key: Key): string | undefined {
    return notedProjects(sentinelStorage()).find(({ id }) => id === key)?.name
  }

  note(damaged: Damaged): void {
    if (!this.#list.some(sameRecord(damaged))) this.#list = [...this.#list, damaged]
  }
  /** Looks at everything that is stored. @throws StudioError as tasks do */
  async check(): Promise<void> {
    const { damaged } = await this.#jobs.start('storage/check', {}, { label: 'Check what is stored' }).output
    this.#list = damaged as readonly Damaged[]
    this.#checked = true
  }
  file(): Promise<Uint8Array<ArrayBuffer>> {
    return damagedFile(this.#store, this.#list)
  }
  /** For good. @throws StudioError storage-full, storage-lost */
  async erase(): Promise<void> {
    const list = this.#list
    await eraseDamaged(this.#store, list)
    this.#list = this.#list.filter((damaged) => !list.includes(damaged))
  }
  /** @throws StudioError storage-full, storage-lost */
  async rebuild(damaged: Damaged): Promise<void> {
    await rebuildProject(this.#store, damaged.key as string, `${this.nameOf(damaged.key) ?? 'Project'} (rebuilt)`)
    this.#list = this.#list.filter((other) => other !== damaged)
  }
}
