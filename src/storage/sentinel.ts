/**
 * A list of project names kept outside the database, so that a browser that threw the database away is
 * noticed: an empty start page must never look as if there had been nothing.
 */
export interface SentinelStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}
export interface SentinelEntry {
  readonly id: string
  readonly name: string
}
const key = 'glasshouse-projects'
const most = 1000

function isEntry(value: unknown): value is SentinelEntry {
  const entry = value as { id?: unknown; name?: unknown } | null
  return typeof entry === 'object' && entry !== null && typeof entry.id === 'string' && typeof entry.name === 'string'
}

/** What was noted last; empty where nothing was, or where it cannot be read. */
export function notedProjects(storage: SentinelStorage): SentinelEntry[] {
  try {
    const noted: unknown = JSON.parse(storage.getItem(key) ?? '[]')
    return Array.isArray(noted) ? noted.filter(isEntry).slice(0, most) : []
  } catch {
    return []
  }
}

/** Notes the projects that exist; a browser that refuses costs the warning, not the work. */
export function noteProjects(storage: SentinelStorage, projects: readonly SentinelEntry[]): void {
  try {
    if (projects.length === 0) storage.removeItem(key)
    else storage.setItem(key, JSON.stringify(projects.slice(0, most).map(({ id, name }) => ({ id, name: name.slice(0, 100) }))))
  } catch {
    // Nothing depends on it.
  }
}

/** Projects that were noted and are gone, although nobody erased them. */
export function lostProjects(storage: SentinelStorage, present: readonly { readonly id: string }[]): SentinelEntry[] {
  const known = new Set(present.map((project) => project.id))
  return notedProjects(storage).filter((entry) => !known.has(entry.id))
}

/** The browser's own, or one that keeps nothing where it is refused. */
export function sentinelStorage(): SentinelStorage {
  try {
    const own = (globalThis as { localStorage?: SentinelStorage }).localStorage
    if (own) return own
  } catch {
    // Refused by the browser's settings.
  }
  return { getItem: () => null, setItem: () => {}, removeItem: () => {} }
}
