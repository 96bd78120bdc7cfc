/** `glasshouse train`: one file, one model, its scores, and the bundle where one is wanted. */
import { mkdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { StudioError } from '../core/errors.ts'
import type { Estimator } from '../core/estimators/estimator.ts'
import { estimators, tableEstimators } from '../core/estimators/registry.ts'
import { freshId } from '../core/ids.ts'
import { metrics } from '../core/metrics/registry.ts'
import { crossValidate } from '../core/run/cross-validate.ts'
import { Keeper } from '../core/run/keeper.ts'
import { deployExport } from '../tasks/deploy-export.ts'
import { besideOthers } from '../tasks/fold.ts'
import { loadForRecipe } from '../tasks/load-pictures.ts'
import { checkpointOf } from '../tasks/record-run.ts'
import type { Host } from '../tasks/task.ts'
import { train as trainTask } from '../tasks/train.ts'
import { readWords, wholeNumber } from './arguments.ts'
import { CheckpointFolder } from './checkpoint.ts'
import { openEarlier } from './earlier.ts'
import { checkWritable, openFile, writeWhole } from './files.ts'
import { terminalContext, terminalHost } from './host.ts'
import { inPartNote } from './in-part-note.ts'
import type { Io } from './io.ts'
import { readDeclared } from './network.ts'
import { arePictures } from './open-picture.ts'
import { readParams } from './params.ts'
import { summaryText, type Summary } from './summary.ts'
import { scoresOf } from './scores.ts'
import { foldedRows, specFor, type Trained, trainFile, wordOf } from './train-file.ts'
import { type TrainedOnPictures, trainPictures } from './train-pictures.ts'
import { defaultEstimator, defaultPictureEstimator, defaultSeed, taskNames, type TaskName, UsageError } from './usage.ts'

const options = { '--target': 'value', '--task': 'value', '--estimator': 'value', '--param': 'list', '--weight': 'value', '--use': 'list', '--cv': 'value', '--seed': 'value', '--continue-from': 'value', '--checkpoint': 'value', '--network': 'value', '--declare': 'list', '--json': 'flag', '--out': 'value' } as const
const mostFolds = 1000
const mostSeed = 2 ** 32 - 1

export async function train(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['FILE'], options)
  const [path] = words.operands as [string]
  const target = words.value('--target')
  const pictured = await arePictures(path)
  if (target === undefined && !pictured) throw new UsageError('missing --target; the column to predict')
  const task = oneOf('--task', words.value('--task') ?? 'auto', taskNames)
  const from = words.value('--continue-from')
  if (pictured && from !== undefined) throw new UsageError(`unsupported --continue-from; networks and heads of pictures begin anew: ${from}`)
  const earlier = from === undefined ? undefined : await openEarlier(from)
  const estimator = estimatorNamed(words.value('--estimator') ?? earlier?.run.estimator.id ?? (pictured ? defaultPictureEstimator : defaultEstimator))
  if (earlier && estimator.id !== earlier.run.estimator.id) throw new UsageError(`invalid --estimator; training goes on with that of the bundle, ${earlier.run.estimator.id}: ${estimator.id}`)
  const params = readParams(estimator, words.list('--param'), earlier?.run.estimator.params)
  const weight = words.value('--weight') ?? earlier?.run.sampleWeight
  const seed = wholeNumber('--seed', words.value('--seed') ?? String(earlier?.run.seed ?? defaultSeed), 0, mostSeed)
  const cv = words.value('--cv')
  if (earlier && cv !== undefined) throw new UsageError(`unsupported --cv; the model that training goes on from has seen the rows of every fold: ${cv}`)
  const folds = cv === undefined ? undefined : wholeNumber('--cv', cv, 2, mostFolds)
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const kept = words.value('--checkpoint')
  if (earlier && kept !== undefined) throw new UsageError(`unsupported --checkpoint; training on top of a bundle's model begins anew each time: ${kept}`)
  if (kept !== undefined) await mkdir(kept, { recursive: true }).catch(() => Promise.reject(new UsageError(`invalid --checkpoint; there is no such folder, and it cannot be made: ${kept}`)))
  const checkpoint = kept === undefined ? undefined : new CheckpointFolder(kept, ({ reached: { unit, done, total } }) => io.progress.note(`note: goes on ${done === 0 ? `in ${unit} 1` : `after ${unit} ${done}`} of ${total}, kept in ${kept}`))

  if (pictured && weight !== undefined) throw new UsageError(`unsupported --weight; pictures have no column that could weigh them: ${weight}`)
  if (pictured && words.list('--use').length > 0) throw new UsageError(`unsupported --use; pictures have no columns: ${words.list('--use')[0]}`)
  if (pictured && task === 'regression') throw new UsageError('unsupported --task; pictures have classes: regression')

  const networkPath = words.value('--network')
  if (!pictured && networkPath !== undefined) throw new UsageError(`unsupported --network; it looks at pictures, and this is no folder and no zip of them: ${path}`)
  const declared = readDeclared(words.list('--declare'))
  if (networkPath === undefined && words.list('--declare').length > 0) throw new UsageError('missing --network; --declare says how its makers prepared pictures')
  const network = networkPath === undefined ? undefined : { path: networkPath, declared }

  const file = pictured ? undefined : await openFile(path)
  try {
    const begun = performance.now()
    const host: Host = { ...terminalHost(terminalContext(io.signal, (progress) => io.progress.report(progress))), ...(checkpoint && { openCheckpoint: (of) => checkpoint.open(of) }) }
    const trained = file ? await trainFile({ file, target: target as string, task, estimator, params, weight, use: words.list('--use'), seed, earlier, folds }, host) : await trainPictures({ path, target, estimator, params, seed, network }, host)
    noteOddities(trained, io)
    const unused = file ? trained.spec.recipe.excluded : []
    if (unused.length > 0 && !earlier) io.progress.note(`note: no features, since they only count or name the rows: ${unused.slice(0, 10).join(', ').slice(0, 300)}; --use COLUMN takes one in`)
    const cvScores = folds === undefined ? undefined : await crossValidated(trained, folds, host)
    const summary: Summary = { ...summaryOf(trained, (performance.now() - begun) / 1000), ...(cvScores && { cv: cvScores }) }
    if (out !== undefined) await exportBundle(trained, estimator, out, host, io)
    await checkpoint?.clear()
    io.progress.clear()
    io.out(words.flag('--json') ? `${JSON.stringify(summary)}\n` : summaryText(summary, trained, out))
  } finally {
    await file?.close()
  }
}

const oneOf = <T extends string>(name: string, text: string, allowed: readonly T[]): T => {
  const found = allowed.find((value) => value === text)
  if (found === undefined) throw new UsageError(`invalid ${name}; not one of ${allowed.join(', ')}: ${text}`)
  return found
}

function estimatorNamed(id: string): Estimator {
  if (estimators.has(id)) return estimators.get(id)
  throw new UsageError(`unknown estimator; not one of ${tableEstimators.map((entry) => entry.id).join(', ')}: ${id}`)
}

export function noteOddities({ dataset, run, ...rest }: Trained | TrainedOnPictures, io: Io): void {
  if ('skipped' in rest && rest.skipped[0]) io.progress.note(`note: ${rest.skippedCount} of ${rest.skippedCount + dataset.rowsCommitted} files are left out; the first is ${rest.skipped[0].file}: ${rest.skipped[0].reason}`)
  const inPart = 'inPart' in rest ? inPartNote(rest.inPart) : undefined
  if (inPart !== undefined) io.progress.note(inPart)
  const [first] = dataset.rejected
  if (first) io.progress.note(`note: ${dataset.rejectedCount} of ${dataset.rowsCommitted + dataset.rejectedCount} rows do not fit and are left out; the first on line ${first.line}: ${first.reason}`)
  const promised = scoresOf(run.spec.target.task).map(({ id }) => id)
  for (const { metric, value, reason } of run.evaluation?.scores ?? []) if (value === null && promised.includes(metric)) io.progress.note(`note: ${metrics.get(metric).label} is undefined: ${reason ?? 'it has no value'}`)
  for (const warning of run.warnings) io.progress.note(`note: ${warning}`)
}

export function summaryOf({ spec, run }: Trained, seconds: number): Summary {
  const { train: inTraining, valid, test } = run.rows ?? { train: 0, valid: 0, test: 0 }
  const values = new Map(run.evaluation?.scores.map((score) => [score.metric, score.value]))
  return {
    task: wordOf(spec.target.task),
    rows: inTraining + valid + test,
    features: new Set(run.features.map((feature) => feature.source)).size,
    estimator: spec.estimator.id,
    params: spec.estimator.params,
    seed: spec.seed,
    ...(spec.sampleWeight === undefined ? {} : { sampleWeight: spec.sampleWeight }),
    seconds: Number(seconds.toFixed(3)),
    metrics: Object.fromEntries(scoresOf(spec.target.task).map(({ id, name }) => [name, values.get(id) ?? null])),
  }
}

/**
 * Over every row with a target, as people cross-validate a file; the models that judge it are thrown away, so
 * the sealed test rows of the run stay unseen by the one that is kept.
 */
async function crossValidated({ spec, dataset }: Trained, folds: number, host: Host): Promise<Summary['cv']> {
  const data = await loadForRecipe(host, dataset.id, spec.recipe)
  const { rows, folding } = foldedRows(spec, data.columns, folds)
  const { openCheckpoint, context, environment } = host
  // Beside the run's own, and of the same form.
  const checkpoint = await openCheckpoint?.(await checkpointOf({ ...spec, folds }, data, environment.app))
  const { result } = await crossValidate(spec, data, rows, folding, besideOthers(host, dataset.id, data), checkpoint && new Keeper(checkpoint.port, context))
  const scores = new Map(result.scores.map((score) => [score.metric, score]))
  const named = scoresOf(spec.target.task).map(({ id, name }) => [name, { mean: scores.get(id)?.mean ?? null, sd: scores.get(id)?.sd ?? null }] as const)
  return { folds: result.folds, metrics: Object.fromEntries(named) }
}

/** As the page exports: beside a baseline on the same rows, and only once the graph was held against the studio. */
export async function exportBundle({ spec, run, dataset, token }: Trained, estimator: Estimator, out: string, host: Host, io: Pick<Io, 'progress'>): Promise<void> {
  const baseline = estimators.all.find((entry) => entry.tags.baseline && entry.tasks.includes(spec.target.task))
  if (baseline && !estimator.tags.baseline) {
    const plan = { dataset, projectId: spec.projectId, target: spec.target }
    await trainTask({ runId: freshId('run'), token, spec: specFor(baseline, {}, spec.seed, plan) }, host)
  }
  const name = basename(out).replace(/\.zip$/i, '')
  const { zip, certificate, leftOut } = await deployExport({ runId: run.id, name, intendedUse: '', limitations: '' }, host)
  if (!zip) {
    const [worst] = certificate.outputs
    throw new StudioError({ code: 'bug', message: `invalid graph; it must answer as the studio does, and differs by ${worst?.maxDifference} (allowed ${worst?.tolerance}) on ${certificate.rows} ${certificate.part}, so no bundle was written` })
  }
  await writeWhole(out, zip)
  for (const { path, reason } of leftOut) io.progress.note(`note: not in the bundle: ${path}: ${reason}`)
}
