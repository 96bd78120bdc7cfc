/** How pages reach the one AppState, and what every page of a project is given. */
import { createContext } from 'svelte'
import type { AppState } from './app.svelte.ts'
import type { ProjectState } from './project.svelte.ts'

export const [useApp, provideApp] = createContext<AppState>()

export interface PageProps {
  readonly project: ProjectState
  /** What follows the page in the address: a run's id, say. */
  readonly rest: readonly string[]
}
