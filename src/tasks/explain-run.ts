/** Runs an explainer on a part of the data; what it says of no chosen row is kept for the next time. */
import { StudioError } from '../core/errors.ts'
import { explainers } from '../core/explain/registry.ts'
import { canonicalJson, sha256 } from '../core/ids.ts'
import { checkParams } from '../core/params.ts'
import { sampleWeights } from '../core/run/sample-weight.ts'
import { runRecord, saveExplanation } from '../storage/runs.ts'
import { openRun, refuseSealed } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const explainRun: TaskHandler<'explain/run'> = async ({ runId, explainer: id, params, part, row, rowNumber, token }, host) => {
  const { store, context } = host
  const { run, projectId } = await runRecord(store, runId)
  refuseSealed(run, part)
  const explainer = explainers.get(id)
  const values = checkParams(explainer.id, explainer.params, params)
  const refusal = explainer.refuses({ task: run.spec.target.task, estimator: run.spec.estimator.id })
  if (refusal !== undefined) throw new StudioError({ code: 'unsupported', message: `unsupported explanation; ${refusal}` })

  const key = row ? undefined : await sha256(canonicalJson({ id, values, part, threshold: run.threshold, version: 2 }))
  const known = key === undefined ? undefined : await store.read(['explanations'], (tx) => tx.get('explanations', [runId, key]))
  if (known && known.explanation.kind !== 'fold-curve' && known.explanation.kind !== 'drift-report') return known.explanation

  const opened = await openRun(host, runId)
  const rows = opened.rowsOf(part)
  const explanation = await explainer.explain(
    {
      pipeline: opened.pipeline,
      dataset: opened.dataset,
      part,
      rows,
      trainRows: opened.rowsOf('train'),
      target: opened.targetAt(rows),
      ...(part === 'train' ? {} : { prediction: await opened.predictionsOn(part) }),
      ...(row ? { row: new Map(row.map(({ column, cell }) => [column, cell])) } : {}),
      ...(rowNumber === undefined ? {} : { rowNumber }),
      seed: run.spec.seed,
      threshold: run.threshold,
      settings: run.spec.estimator.params,
      weigh: (at) => sampleWeights(run.spec, opened.dataset, at),
    },
    values,
    context,
  )
  // What was broken off is not the answer for the next time.
  const isWhole = !('sampling' in explanation && explanation.sampling?.ended === 'stopped')
  if (key !== undefined && token !== undefined && isWhole) await saveExplanation(store, token, { runId, key, projectId, explanation })
  return explanation
}
