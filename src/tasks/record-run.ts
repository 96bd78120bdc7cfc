/** A run from its first record to its last, whichever way it ends. */
import type { Dataset } from '../core/data/dataset.ts'
import type { Prediction } from '../core/data/target.ts'
import { asStudioError } from '../core/errors.ts'
import { canonicalJson, sha256 } from '../core/ids.ts'
import { type CheckpointOf, checkpointVersion, Keeper } from '../core/run/keeper.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { runSpecSchema } from '../core/run/spec-schema.ts'
import { check } from '../core/schema.ts'
import type { TrainResult } from '../core/run/train.ts'
import { openCheckpoint } from '../storage/checkpoints.ts'
import { createRun, failRun, finishRun, resumeRun } from '../storage/runs.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { Host } from './task.ts'

const numbersOf = (prediction: Prediction): Float64Array => (prediction.task === 'regression' ? prediction.values : prediction.probabilities)

export interface RunStart {
  readonly runId: string
  readonly token: number
  readonly spec: RunSpec
  readonly name: string
  /** Goes on with a run that was broken off. */
  readonly resume?: boolean
}

/** Of a run in whichever project, on the same data read anew. */
export const checkpointOf = async ({ projectId: _, datasetId: __, ...spec }: RunSpec, dataset: Dataset, app: string): Promise<CheckpointOf> => ({ version: checkpointVersion, app, spec: await sha256(canonicalJson(spec)), data: dataset.id })

/** @param make what the run does with its data. @throws StudioError bad-data for settings of another form, before anything is on record */
export async function recordRun({ runId, token, spec, name, resume }: RunStart, host: Host, make: (dataset: Dataset, keeper: Keeper | undefined) => Promise<TrainResult>): Promise<{ readonly runId: string }> {
  const { store, context, environment } = host
  // A program may hand over anything; a record that cannot be read again would be lost.
  check(runSpecSchema, spec, 'run')
  const begun = context.now()
  const { app, userAgent, threads } = environment
  context.report({ kind: 'step', phase: 'load', done: 0, total: 1 })
  const dataset = await loadForRecipe(host, spec.datasetId, spec.recipe, spec.estimator.id)
  const load = context.now() - begun
  context.report({ kind: 'step', phase: 'load', done: 1, total: 1 })
  const begins = { app, userAgent, threads, backend: 'typescript' }
  if (resume) await resumeRun(store, runId, token, begins)
  else await createRun(store, { id: runId, name, token, spec, dataHash: dataset.id, environment: begins })
  try {
    // What a store without a disk keeps is gone with the tab, yet not with the worker.
    const checkpoint = host.openCheckpoint
      ? await host.openCheckpoint(await checkpointOf(spec, dataset, app))
      : store.persistent || host.outlived
        ? await openCheckpoint(store, runId, spec.projectId, token, { version: checkpointVersion, app, spec: await sha256(canonicalJson(spec)), data: dataset.id })
        : undefined
    const result = await make(dataset, checkpoint && new Keeper(checkpoint.port, context))
    const { split, pipeline, prediction, evaluation, crossValidation, outOfFold, foldEvaluation, timings, history, threshold } = result
    const warnings = checkpoint?.refused === undefined ? result.warnings : [`Trained from the beginning: ${checkpoint.refused}.`, ...result.warnings]
    const { model, recipe, classes, target } = pipeline
    const { backend, kernels } = model.facts
    const ran = typeof backend === 'string' ? backend : kernels === 'compiled' ? 'wasm' : 'typescript'
    await finishRun(
      store,
      runId,
      token,
      {
        rows: { train: split.train.length, valid: split.valid.length, test: split.test.length, leftOut: split.leftOut.reduce((sum, { rows }) => sum + rows.length, 0) },
        history,
        facts: model.facts,
        features: recipe.features.map(({ name, source }) => ({ name, source })),
        leftOut: recipe.leftOut,
        evaluation,
        ...(crossValidation && { crossValidation }),
        ...(foldEvaluation && { foldEvaluation }),
        timings: { ...timings, load },
        environment: { app, userAgent, threads, backend: ran },
        warnings,
        threshold,
      },
      {
        model: { target, classes, recipe, model: model.state() },
        split: { train: split.train, valid: split.valid, test: split.test },
        predictions: [
          { part: 'valid', rows: split.valid, values: numbersOf(prediction) },
          ...(outOfFold ? [{ part: 'folds' as const, rows: outOfFold.rows, values: numbersOf(outOfFold.prediction) }] : []),
        ],
      },
    )
    return { runId }
  } catch (thrown) {
    const error = asStudioError(thrown)
    // A run that cannot even be recorded as failed is found as interrupted at the next start.
    await failRun(store, runId, token, error).catch(() => {})
    throw error
  }
}
