/**
 * Ways to explain a run, each a tab. A view says by itself which runs it is for, asking explainers and what the data
 * are, never which estimator it is. Add one: its component, and its line here.
 */
import type { Component } from 'svelte'
import type { ColumnInfo } from '../../core/data/dataset.ts'
import type { Run } from '../../core/run/run.ts'
import { seesPictures } from '../../core/run/sees-pictures.ts'
import type { ProjectState } from '../../state/project.svelte.ts'
import { hasCells } from './has-cells.ts'
import Importance from './Importance.svelte'
import { drawingsOf } from './model/drawings.ts'
import ModelShape from './model/ModelShape.svelte'
import PictureView from './pictures/PictureView.svelte'
import PictureWhatIf from './pictures/PictureWhatIf.svelte'
import WhatIf from './WhatIf.svelte'

export interface ViewProps {
  readonly project: ProjectState
  readonly run: Run
  /** The chosen row, from 0. */
  readonly row: number | undefined
}
export interface View {
  /** The word in the address. */
  readonly id: string
  readonly label: string
  readonly component: Component<ViewProps>
  /** @param columns of the data that the run was trained on */
  isFor(run: Run, columns: readonly ColumnInfo[]): boolean
}

export const views: readonly View[] = [
  { id: 'picture', label: 'Picture', component: PictureView, isFor: (run) => seesPictures(run.spec) },
  { id: 'picture-what-if', label: 'What if', component: PictureWhatIf, isFor: (run) => seesPictures(run.spec) },
  { id: 'what-if', label: 'What if', component: WhatIf, isFor: (run, columns) => hasCells(run.features, columns) },
  { id: 'importance', label: 'What it leans on', component: Importance, isFor: (run) => !seesPictures(run.spec) },
  { id: 'model', label: 'The model itself', component: ModelShape, isFor: (run) => drawingsOf(run).length > 0 },
]
