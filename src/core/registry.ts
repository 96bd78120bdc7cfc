import { StudioError } from './errors.ts'

/** Things that are found by id and listed in order of registration. */
export interface Registry<T extends { readonly id: string }> {
  readonly noun: string
  readonly all: readonly T[]
  has(id: string): boolean
  /** @throws StudioError unsupported, naming the ids that exist */
  get(id: string): T
}

/**
 * @param unlisted found by id, but not among `all`: what nobody chooses from a list
 * @throws StudioError bug when two entries share an id
 */
export function createRegistry<T extends { readonly id: string }>(noun: string, entries: readonly T[], unlisted: readonly T[] = []): Registry<T> {
  const byId = new Map<string, T>()
  for (const entry of [...entries, ...unlisted]) {
    if (byId.has(entry.id)) throw new StudioError({ code: 'bug', message: `invalid ${noun} id; registered twice: ${entry.id}` })
    byId.set(entry.id, entry)
  }
  return {
    noun,
    all: entries,
    has: (id) => byId.has(id),
    get(id) {
      const entry = byId.get(id)
      if (entry) return entry
      throw new StudioError({ code: 'unsupported', message: `unknown ${noun}; not one of ${entries.map((known) => known.id).join(', ')}: ${id}` })
    },
  }
}
