/** Addresses of screens, as hashes: every screen can be linked to and lives through a reload. */

export interface Place {
  /** null on the start page. */
  readonly project: string | null
  readonly page: string
  /** What follows the page, decoded: a run's id, say. */
  readonly rest: readonly string[]
}

/** `#/p/project-1/evaluate/run-2` for linkTo('project-1', 'evaluate', 'run-2'); `#/` without a project. */
export function linkTo(project: string | null, page = 'start', ...rest: readonly string[]): string {
  if (project === null) return page === 'start' ? '#/' : `#/${[page, ...rest].map(encodeURIComponent).join('/')}`
  return `#/${['p', project, page, ...rest].map(encodeURIComponent).join('/')}`
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The place a hash names; anything that is not a project's page is the start page. */
export function placeOf(hash: string): Place {
  const parts = hash.replace(/^#?\/?/, '').split('/').filter(Boolean).map(decode)
  if (parts[0] === 'p' && parts[1]) return { project: parts[1], page: parts[2] ?? 'data', rest: parts.slice(3) }
  return { project: null, page: parts[0] ?? 'start', rest: parts.slice(1) }
}

/** Goes to a place; `replace` leaves no step in the browser's history. */
export function goTo(link: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) location.replace(link)
  else location.hash = link
}
