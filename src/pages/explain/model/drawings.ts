/** What of a model itself can be drawn: each by the explainer it needs. Add one: its component, and its line here. */
import type { Component } from 'svelte'
import { explainers } from '../../../core/explain/registry.ts'
import type { Cell } from '../../../core/data/column.ts'
import type { Run } from '../../../core/run/run.ts'
import CoefficientPathView from './CoefficientPathView.svelte'
import CoefficientsView from './CoefficientsView.svelte'
import ShapesView from './ShapesView.svelte'
import TreeView from './TreeView.svelte'

export interface DrawingProps {
  readonly run: Run
  /** Cells of the chosen row; undefined until it is read, or where none is chosen. */
  readonly cells: readonly { readonly column: string; readonly cell: Cell }[] | undefined
  /** Lets an answer about no row be kept. */
  readonly writing: { readonly token?: number }
}
interface Drawing {
  readonly explainer: string
  readonly title: string
  /** A chosen row is marked in it. */
  readonly hasRow: boolean
  readonly component: Component<DrawingProps>
}

const drawings: readonly Drawing[] = [
  { explainer: 'tree-view', title: 'Drawn', hasRow: true, component: TreeView },
  { explainer: 'coefficients', title: 'Coefficients', hasRow: false, component: CoefficientsView },
  { explainer: 'coefficient-path', title: 'Under other penalties', hasRow: false, component: CoefficientPathView },
  { explainer: 'shapes', title: 'Its curves', hasRow: true, component: ShapesView },
]

export const drawingsOf = (run: Run): readonly Drawing[] => drawings.filter(({ explainer }) => explainers.get(explainer).refuses({ task: run.spec.target.task, estimator: run.spec.estimator.id }) === undefined)
