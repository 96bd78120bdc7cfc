/** The queue beyond this tab: what waits is kept, and what an earlier tab left waiting is offered again. */
import type { Store } from '../storage/port.ts'
import type { WaitingRecord } from '../storage/records.ts'
import { dropWaiting, listWaiting, saveWaiting } from '../storage/waiting.ts'
import type { Notices } from './notices.svelte.ts'
import type { ProjectState } from './project.svelte.ts'
import type { Keeping } from './queue.svelte.ts'

export type Waiting = WaitingRecord

export class WaitingList {
  readonly #store: Store
  readonly #notices: Notices
  #stored = $state.raw<readonly Waiting[]>([])
  /** Put into the queue by this tab. */
  #own = $state.raw<ReadonlySet<string>>(new Set())

  constructor(store: Store, notices: Notices) {
    this.#store = store
    this.#notices = notices
  }

  /** Waited when an earlier tab was closed, in order. */
  left(projectId: string): readonly Waiting[] {
    return this.#stored.filter((entry) => entry.projectId === projectId && !this.#own.has(entry.id))
  }
  async load(projectId: string): Promise<void> {
    this.#stored = await listWaiting(this.#store, projectId)
  }
  async discard(project: ProjectState): Promise<void> {
    const ids = this.left(project.id).map(({ id }) => id)
    await dropWaiting(this.#store, project.id, project.token, ids)
    await this.load(project.id)
  }
  /** What the queue does to keep this one. The last wish is the one that counts, so writes keep their order. */
  keeping(project: ProjectState, what: Omit<Waiting, 'projectId' | 'version' | 'place'>): Keeping {
    let isKept = this.#stored.some(({ id }) => id === what.id)
    let last = Promise.resolve()
    const write = (body: () => Promise<void>): void => {
      last = last.then(body).catch(() => void this.#notices.say('The queue could not be saved. It goes on, and is lost if the tab is closed.'))
    }
    this.#own = new Set(this.#own).add(what.id)
    return {
      place: (place) => {
        if (project.readOnly) return
        isKept = true
        write(() => saveWaiting(this.#store, project.id, project.token, [{ ...what, projectId: project.id, version: 1, place }]))
      },
      drop: () => {
        if (!isKept || project.readOnly) return
        isKept = false
        write(() => dropWaiting(this.#store, project.id, project.token, [what.id]))
      },
    }
  }
}
