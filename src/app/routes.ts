/**
 * The pages of a project in the order of its life. A page that is not available is not in the rail, and
 * its address says what is missing. Adding a page is one folder in pages/ and one line here.
 */
import ListChecks from '@lucide/svelte/icons/list-checks'
import Sprout from '@lucide/svelte/icons/sprout'
import Table2 from '@lucide/svelte/icons/table-2'
import type { Component } from 'svelte'
import type { PageProps } from '../state/context.ts'
import type { ProjectState } from '../state/project.svelte.ts'

export interface Route {
  /** The word in the address. */
  readonly id: string
  readonly label: string
  readonly icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>
  load(): Promise<{ default: Component<PageProps> }>
  /** What is missing, as a sentence, and the page that mends it; undefined where the page can be opened. */
  missing(project: ProjectState): { readonly text: string; readonly page: string; readonly step: string } | undefined
}

const needsData = (project: ProjectState) =>
  project.dataset?.state === 'complete' ? undefined : { text: 'This project has no data yet.', page: 'data', step: 'Add data' }
const needsTarget = (project: ProjectState) =>
  needsData(project) ?? (project.plan.target ? undefined : { text: 'Nothing to predict has been chosen yet.', page: 'prepare', step: 'Choose a target' })

export const routes: readonly Route[] = [
  { id: 'data', label: 'Data', icon: Table2, load: () => import('../pages/data/DataPage.svelte'), missing: () => undefined },
  { id: 'prepare', label: 'Prepare', icon: ListChecks, load: () => import('../pages/prepare/PreparePage.svelte'), missing: needsData },
  { id: 'train', label: 'Train', icon: Sprout, load: () => import('../pages/train/TrainPage.svelte'), missing: needsTarget },
]

/** Old and shorter words for pages: a run is shown by the evaluate page. */
const aliases: Readonly<Record<string, string>> = { run: 'evaluate' }

export const routeOf = (id: string): Route | undefined => {
  const known = Object.hasOwn(aliases, id) ? aliases[id] : id
  return routes.find((route) => route.id === known)
}
