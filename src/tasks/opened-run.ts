/**
 * A finished run, ready to answer: its data, split and pipeline. The interactive worker keeps the last
 * one, so that every edit of a what-if costs one prediction and no reading.
 */
import type { Dataset } from '../core/data/dataset.ts'
import { columnNamed } from '../core/data/dataset.ts'
import { encodeTarget } from '../core/data/encode-target.ts'
import type { JudgedPart } from '../core/data/split.ts'
import type { Prediction, Target } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import { seenInTraining } from '../core/explain/point.ts'
import type { Seen } from '../core/explain/point.ts'
import { openPipeline } from '../core/run/open-pipeline.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import type { Run } from '../core/run/run.ts'
import { recordsOfRun } from '../storage/keys.ts'
import type { Store } from '../storage/port.ts'
import { readRun } from '../storage/runs.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { Host } from './task.ts'
import { webRunner } from './web-runner.ts'

export interface OpenedRun {
  readonly runId: string
  readonly dataset: Dataset
  readonly pipeline: Pipeline
  /** @throws StudioError bad-data for folds of a run that kept none */
  rowsOf(part: JudgedPart): Uint32Array
  /** Truth at some rows. */
  targetAt(rows: ArrayLike<number>): Target
  /** The pipeline's predictions on a part, computed once. */
  predictionsOn(part: JudgedPart): Promise<Prediction>
  /** What training saw of each input, computed once. */
  seen(): ReadonlyMap<string, Seen>
}

const lastOpened = new WeakMap<Store, { readonly runId: string; readonly opened: Promise<OpenedRun> }>()

/** @throws StudioError bad-data where the run, its model or its data are gone, or it did not finish */
export function openRun(host: Host, runId: string): Promise<OpenedRun> {
  const { store } = host
  const last = lastOpened.get(store)
  if (last?.runId === runId) return last.opened
  const opened = open(host, runId)
  const entry = { runId, opened }
  lastOpened.set(store, entry)
  // A failure must not stick: storage may answer the next time.
  opened.catch(() => lastOpened.get(store) === entry && lastOpened.delete(store))
  return opened
}

async function open(host: Host, runId: string): Promise<OpenedRun> {
  const { store, context, openRunner = webRunner } = host
  const run = await readRun(store, runId)
  const { model, split, stored } = await store.read(['models', 'splits', 'predictions'], async (tx) => ({
    model: await tx.get('models', runId),
    split: await tx.get('splits', runId),
    stored: await tx.getAll('predictions', recordsOfRun(runId)),
  }))
  if (!model || !split) {
    throw new StudioError({ code: 'bad-data', message: `missing model; the run did not finish: it is ${run.status}`, hint: 'Train it again: its settings are kept.' })
  }
  const dataset = await loadForRecipe(host, run.spec.datasetId, run.spec.recipe)
  const pipeline = openPipeline(model, () => openRunner(context))
  const target = columnNamed(dataset, model.target.column)
  const predictions = new Map<JudgedPart, Promise<Prediction>>()
  for (const { part, values } of stored) {
    predictions.set(
      part,
      Promise.resolve(model.target.task === 'regression' ? { task: 'regression', values } : { task: model.target.task, classes: model.classes, probabilities: values }),
    )
  }
  const rowsOf = (part: JudgedPart): Uint32Array => {
    if (part !== 'folds') return split[part]
    const held = stored.find((record) => record.part === 'folds')?.rows
    if (held) return held
    throw new StudioError({ code: 'bad-data', message: 'missing out-of-fold predictions; the run was not cross-validated, or before they were kept', hint: 'Train it again with cross-validation.' })
  }
  let seen: ReadonlyMap<string, Seen> | undefined
  return {
    runId,
    dataset,
    pipeline,
    rowsOf,
    targetAt: (rows) => encodeTarget(target, model.target, rows, model.classes),
    predictionsOn(part) {
      const known = predictions.get(part)
      if (known) return known
      const made = pipeline.predict(dataset.columns, rowsOf(part), { asset: (name) => context.asset(name), checkpoint: async () => {} })
      predictions.set(part, made)
      return made
    },
    seen: () => (seen ??= seenInTraining(pipeline, dataset, split.train)),
  }
}

/** @throws StudioError bad-data for the test part of a run whose seal was never opened */
export function refuseSealed(run: Run, part: JudgedPart): void {
  if (part !== 'test' || run.testOpenings > 0) return
  throw new StudioError({ code: 'bad-data', message: 'missing test figures; the test part of this run is sealed until it is opened: 0 openings', hint: 'Open the test part on the Evaluate page first.' })
}
