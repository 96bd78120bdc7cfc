/**
 * The pages of a project in the order of its life. A page that is not available is not in the rail, and
 * its address says what is missing. Adding a page is one folder in pages/ and one line here.
 */
import Activity from '@lucide/svelte/icons/activity'
import ChartSpline from '@lucide/svelte/icons/chart-spline'
import ListChecks from '@lucide/svelte/icons/list-checks'
import PackageOpen from '@lucide/svelte/icons/package-open'
import Search from '@lucide/svelte/icons/search'
import Sprout from '@lucide/svelte/icons/sprout'
import Table2 from '@lucide/svelte/icons/table-2'
import type { Component } from 'svelte'
import type { PageProps } from '../state/context.ts'
import type { ProjectState } from '../state/project.svelte.ts'

export interface Route {
  /** The word in the address. */
  readonly id: string
  readonly label: string
  /** The page of the rail that it is reached from, where it has no place of its own there. */
  readonly within?: string
  readonly icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>
  load(): Promise<{ default: Component<PageProps> }>
  /** What is missing, as a sentence, and the page that mends it; undefined where the page can be opened. */
  missing(project: ProjectState): { readonly text: string; readonly page: string; readonly step: string } | undefined
}

const needsData = (project: ProjectState) =>
  project.dataset?.state === 'complete' ? undefined : { text: 'This project has no data yet.', page: 'data', step: 'Add data' }
const needsTarget = (project: ProjectState) =>
  needsData(project) ?? (project.plan.target ? undefined : { text: 'Nothing to predict has been chosen yet.', page: 'prepare', step: 'Choose a target' })
const needsModel = (project: ProjectState) =>
  project.hasModel ? undefined : (needsTarget(project) ?? { text: 'No model has been trained yet.', page: 'train', step: 'Train a model' })

export const routes: readonly Route[] = [
  { id: 'data', label: 'Data', icon: Table2, load: () => import('../pages/data/DataPage.svelte'), missing: () => undefined },
  { id: 'prepare', label: 'Prepare', icon: ListChecks, load: () => import('../pages/prepare/PreparePage.svelte'), missing: needsData },
  { id: 'train', label: 'Train', icon: Sprout, load: () => import('../pages/train/TrainPage.svelte'), missing: needsTarget },
  { id: 'evaluate', label: 'Evaluate', icon: ChartSpline, load: () => import('../pages/evaluate/EvaluatePage.svelte'), missing: needsModel },
  { id: 'compare', label: 'Compare', within: 'evaluate', icon: ChartSpline, load: () => import('../pages/evaluate/compare/ComparePage.svelte'), missing: needsModel },
  { id: 'explain', label: 'Explain', icon: Search, load: () => import('../pages/explain/ExplainPage.svelte'), missing: needsModel },
  { id: 'deploy', label: 'Deploy', icon: PackageOpen, load: () => import('../pages/deploy/DeployPage.svelte'), missing: needsModel },
  { id: 'monitor', label: 'Monitor', icon: Activity, load: () => import('../pages/monitor/MonitorPage.svelte'), missing: needsModel },
]

/** Old and shorter words for pages: a run is shown by the evaluate page. */
const aliases: Readonly<Record<string, string>> = { run: 'evaluate' }

export const routeOf = (id: string): Route | undefined => {
  const known = Object.hasOwn(aliases, id) ? aliases[id] : id
  return routes.find((route) => route.id === known)
}
