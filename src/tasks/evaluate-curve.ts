/** Learning and validation curves of a run's spec; the last one of each sort is kept with the run. */
import { columnNamed } from '../core/data/dataset.ts'
import { classesOf, withPositive } from '../core/data/encode-target.ts'
import { usedRows } from '../core/data/split.ts'
import { asOneTraining } from '../core/run/continue-from.ts'
import { splitOf } from '../core/run/split-of.ts'
import { foldCurve, type FoldCurve } from '../core/run/fold-curve.ts'
import { defaultFolds, foldsOfRun, unsealedRows } from '../core/run/cross-validate.ts'
import { recordsOfRun } from '../storage/keys.ts'
import { runRecord, saveExplanation } from '../storage/runs.ts'
import { besideOthers } from './fold.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

const keyOf = ({ over, metric }: Pick<FoldCurve, 'over' | 'metric'>): string => `curve ${metric} ${over.by === 'rows' ? 'rows' : `parameter ${over.name}`}`

export const evaluateCurve: TaskHandler<'evaluate/curve'> = async ({ runId, over, metric, token }, host) => {
  const { store, context } = host
  const { run, projectId } = await runRecord(store, runId)
  context.report({ kind: 'step', phase: 'load', done: 0, total: 1 })
  const dataset = await loadForRecipe(host, run.spec.datasetId, run.spec.recipe)
  context.report({ kind: 'step', phase: 'load', done: 1, total: 1 })
  const own = asOneTraining(run)
  const split = splitOf(own, dataset)
  const rows = unsealedRows(split)
  const classes = own.target.task === 'regression' ? [] : classesOf(columnNamed(dataset, own.target.column), own.target, usedRows(split))
  const spec = { ...own, target: withPositive(own.target, classes) }
  const curve = await foldCurve(spec, dataset, rows, over, metric, foldsOfRun(spec, rows.length, defaultFolds), besideOthers(host, run.spec.datasetId, dataset))
  if (token !== undefined) await saveExplanation(store, token, { runId, key: keyOf(curve), projectId, explanation: curve })
  return curve
}

export const evaluateCurves: TaskHandler<'evaluate/curves'> = async ({ runId }, { store }) => {
  const kept = await store.read(['explanations'], (tx) => tx.getAll('explanations', recordsOfRun(runId)))
  return kept.flatMap(({ explanation }) => (explanation.kind === 'fold-curve' ? [explanation] : []))
}
