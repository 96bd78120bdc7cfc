/** Runs of one experiment against each other, on the rows that judged them and over the folds they share. */
import { columnNamed } from '../core/data/dataset.ts'
import { encodeTarget } from '../core/data/encode-target.ts'
import { labelsOf, type Prediction } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import { comparePairs, sharedRanksOfRows, type Contender } from '../core/evaluate/compare.ts'
import { differencesOf, foldScoreOf, sameFolds, scoreOf } from '../core/evaluate/experiments.ts'
import { metrics } from '../core/metrics/registry.ts'
import { Sample } from '../core/metrics/sample.ts'
import type { Run } from '../core/run/run.ts'
import { loadDataset } from '../storage/datasets.ts'
import type { Store } from '../storage/port.ts'
import { readRun } from '../storage/runs.ts'
import type { TaskHandler } from './task.ts'

/** Pairs grow with the square. */
const mostRuns = 12

export const evaluateCompare: TaskHandler<'evaluate/compare'> = async ({ runIds, metric: id }, { store, context }) => {
  if (runIds.length < 2 || runIds.length > mostRuns) throw new StudioError({ code: 'bad-param', message: `invalid comparison; not 2 to ${mostRuns} runs: ${runIds.length}` })
  const runs = await Promise.all(runIds.map((runId) => readRun(store, runId)))
  const metric = metrics.get(id)
  const folds = sameFolds(runs, id)
  const samples = await samplesOf(store, runs)
  const contenders = samples.map((sample, i): Contender => {
    const values = folds && (foldScoreOf(runs[i] as Run, id)?.values as readonly number[] | undefined)
    const right = rightOf(sample, (runs[i] as Run).threshold)
    return { sample, ...(right && { right }), ...(values && { folds: values }) }
  })
  const pairs = await comparePairs(contenders, metric, { heldToTrained: folds?.heldToTrained ?? 0, seed: 1 }, context)
  return { metric: id, n: samples[0]?.rows ?? 0, ...(folds && { folds: { folds: folds.folds, rows: folds.rows } }), pairs }
}

export const evaluateRanks: TaskHandler<'evaluate/ranks'> = async ({ runIds, metric: id }, { store, context }) => {
  const runs = await Promise.all(runIds.map((runId) => readRun(store, runId)))
  const scored = runs.flatMap((run) => {
    const value = scoreOf(run.evaluation, id)?.value
    return value === null || value === undefined ? [] : [{ run, value }]
  })
  const samples = await samplesOf(store, scored.map(({ run }) => run))
  const ranks = await sharedRanksOfRows(samples, scored.map(({ value }) => value), metrics.get(id), 1, context)
  const byRun = new Map(scored.map(({ run }, i) => [run.id, ranks[i] as number]))
  return { n: samples[0]?.rows ?? 0, ranks: runIds.map((runId) => byRun.get(runId) ?? null) }
}

/** What each run said of its validation rows. @throws StudioError unsupported where the runs answer different questions */
async function samplesOf(store: Store, runs: readonly Run[]): Promise<readonly Sample[]> {
  const [first, ...others] = runs
  if (!first) return []
  for (const other of others) {
    const differ = differencesOf(first, other)
    if (differ.length === 0) continue
    throw new StudioError({ code: 'unsupported', message: `unsupported comparison; runs must share data, target and split, and ${differ.join(' and ')} differ: ${first.name.slice(0, 80)} and ${other.name.slice(0, 80)}`, hint: 'Compare runs of one experiment.' })
  }
  const { target } = first.spec
  const column = columnNamed(await loadDataset(store, first.spec.datasetId, [target.column]), target.column)
  return Promise.all(
    runs.map(async (run) => {
      const stored = await store.read(['predictions'], (tx) => tx.get('predictions', [run.id, 'valid']))
      if (!stored) throw new StudioError({ code: 'bad-data', message: `missing predictions; the run did not finish: ${run.name.slice(0, 80)}` })
      const classes = run.evaluation?.classes ?? []
      const prediction: Prediction = target.task === 'regression' ? { task: 'regression', values: stored.values } : { task: target.task, classes, probabilities: stored.values }
      return new Sample({ target: encodeTarget(column, target, stored.rows, classes), prediction, threshold: run.threshold })
    }),
  )
}

function rightOf(sample: Sample, threshold: number): Uint8Array | undefined {
  const { target, prediction } = sample.input
  if (prediction.task === 'regression' || target.task === 'regression') return undefined
  const { codes } = target
  return Uint8Array.from(labelsOf(prediction, threshold), (label, i) => (label === codes[i] ? 1 : 0))
}
