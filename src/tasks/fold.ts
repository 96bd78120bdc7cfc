/** Folds side by side, from both ends: the worker that has the job, and those that help it. */
import type { Context } from '../core/context.ts'
import type { Dataset } from '../core/data/dataset.ts'
import { canonicalJson } from '../core/ids.ts'
import { doFold } from '../core/run/fold.ts'
import type { Store } from '../storage/port.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { Host, TaskHandler } from './task.ts'

const lastRead = new WeakMap<Store, { readonly key: string; readonly dataset: Promise<Dataset> }>()

/** A helper serves one job, whose folds are all of one dataset. */
export const fold: TaskHandler<'fold'> = async ({ datasetId, task }, host) => {
  const { recipe, estimator } = task.spec
  const key = canonicalJson({ datasetId, recipe, estimator: estimator.id })
  let read = lastRead.get(host.store)
  if (read?.key !== key) {
    read = { key, dataset: loadForRecipe(host, datasetId, recipe, estimator.id) }
    lastRead.set(host.store, read)
    // A fold that was given up while it read must not stop the next.
    read.dataset.catch(() => lastRead.delete(host.store))
  }
  return doFold(task, await read.dataset, host.context)
}

/** The job's context, with helpers for its folds where there are any. Side by side, each fold has one thread. */
export function besideOthers(host: Host, datasetId: string, dataset: Dataset): Context {
  const { context } = host
  const pool = host.openPool?.(datasetId, (task, { crew: _, ...alone }) => doFold(task, dataset, alone))
  return pool ? { ...context, pool } : context
}
