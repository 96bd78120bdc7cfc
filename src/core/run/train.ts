/**
 * The one pipeline function: from a spec and a dataset to a judged model. Read this first.
 *
 *   split -> target -> recipe fitted on training rows -> fit -> predict validation rows -> evaluate
 *   -> where wanted, the same again on folds of the training and validation rows
 *
 * Validation rows rank runs. Test rows stay untouched: only opening them, which is counted, predicts them.
 */
import type { Context, MissedRow, Progress } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf, encodeTarget, withPositive } from '../data/encode-target.ts'
import { usedRows, type Split } from '../data/split.ts'
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { checkAccepts } from '../estimators/accepts.ts'
import type { Model, ModelFacts, ModelState } from '../estimators/estimator.ts'
import { estimators } from '../estimators/registry.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import { checkParams } from '../params.ts'
import { fromSavepoint, type Savepoint } from '../savepoint.ts'
import { checkContinues, continuedWords, type EarlierRun, preparedFor } from './continue-from.ts'
import { crossValidate, type CrossValidation, foldsOfRun, inClasses, type OutOfFold, unsealedRows } from './cross-validate.ts'
import type { Keeper } from './keeper.ts'
import { pipelineOf } from './open-pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import type { CurveSeries, Timings } from './run.ts'
import type { RunSpec } from './run-spec.ts'
import { sampleWeights, weightWords } from './sample-weight.ts'
import { splitOf } from './split-of.ts'

export interface TrainResult {
  readonly split: Split
  readonly pipeline: Pipeline
  readonly evaluation: Evaluation
  readonly crossValidation?: CrossValidation
  /** With its folds. */
  readonly outOfFold?: OutOfFold
  readonly foldEvaluation?: Evaluation
  /** On validation rows. */
  readonly prediction: Prediction
  readonly threshold: number
  readonly history: readonly CurveSeries[]
  readonly timings: Timings
  readonly warnings: readonly string[]
}

/** Where a class becomes positive until a person chooses otherwise. */
const defaultThreshold = 0.5

/**
 * @param keeper keeps how far it comes, and has what an interrupted run of the same spec on the same data left: then it
 * goes on from there, to the same bits
 * @param earlier the run that spec.continueFrom names
 * @throws StudioError bad-data, bad-param, unsupported, diverged, cancelled
 */
export async function train(spec: RunSpec, dataset: Dataset, context: Context, keeper?: Keeper, earlier?: EarlierRun): Promise<TrainResult> {
  const estimator = estimators.get(spec.estimator.id)
  if (!estimator.tasks.includes(spec.target.task)) {
    throw new StudioError({ code: 'unsupported', message: `unsupported task; ${estimator.label} does ${estimator.tasks.join(', ')}: ${spec.target.task}` })
  }
  const params = checkParams(estimator.id, estimator.params, spec.estimator.params)
  const begun = context.now()

  const targetColumn = columnNamed(dataset, spec.target.column)
  const split = splitOf(spec, dataset)
  const classes = spec.target.task === 'regression' ? [] : classesOf(targetColumn, spec.target, usedRows(split))
  const y = encodeTarget(targetColumn, spec.target, split.train, classes)
  const truth = encodeTarget(targetColumn, spec.target, split.valid, classes)
  if (y.task !== 'regression' && new Set(y.codes).size < 2) {
    throw new StudioError({ code: 'bad-data', message: `invalid training part; it holds one class only: ${classes[y.codes[0] as number]}`, hint: 'Use a stratified split, or more rows.' })
  }
  if (earlier) checkContinues(spec, estimator, classes, earlier)
  await context.checkpoint()
  const weights = sampleWeights(spec, dataset, split.train)
  const { state, train: X } = preparedFor(spec, dataset, split.train, earlier)
  checkAccepts(estimator, X)
  const prepared = context.now()

  const { watched, history, forget } = keepCurves(context, keeper, (entry) => ({ ...entry, row: split.train[entry.row] as number, label: classes[entry.guess] as string }))
  const warnings: string[] = []
  const fit = (savepoint?: Savepoint): Promise<Model> => estimator.fit(X, y, { params, seed: spec.seed, ...(weights && { weights }), ...(earlier && { earlier: earlier.model }) }, { ...watched, ...(savepoint && { savepoint }) })
  const model = keeper ? await fitOrGoOn(fit, spec, keeper, warnings, forget) : await fit()
  const fitted = context.now()

  const pipeline = pipelineOf({ target: spec.target, classes, recipe: state, model })
  const prediction = await pipeline.predict(dataset.columns, split.valid, context)
  checkFinite(prediction, estimator.label)
  const evaluation = await evaluate({ part: 'valid', rows: split.valid, target: truth, prediction, threshold: defaultThreshold, seed: spec.seed }, context)
  warnings.push(...split.leftOut.map(({ reason, rows }) => `${rows.length.toLocaleString('en')} rows are in no part: ${reason}.`))
  if (spec.sampleWeight !== undefined) warnings.push(weightWords(spec.sampleWeight))
  if (earlier) warnings.push(...continuedWords(earlier))
  const folded = await overFolds({ ...spec, target: withPositive(spec.target, classes) }, dataset, split, warnings, context, keeper)
  const held = folded?.outOfFold
  const outOfFold = held && { rows: held.rows, prediction: inClasses(held.prediction, classes) }
  const foldEvaluation =
    outOfFold && (await evaluate({ part: 'folds', ...outOfFold, target: encodeTarget(targetColumn, spec.target, outOfFold.rows, classes), threshold: defaultThreshold, seed: spec.seed }, context))
  const judged = context.now()
  return {
    split,
    pipeline,
    evaluation,
    ...(folded && outOfFold && foldEvaluation && { crossValidation: folded.result, outOfFold, foldEvaluation }),
    prediction,
    threshold: defaultThreshold,
    history: history(),
    timings: { load: 0, prepare: prepared - begun, fit: fitted - prepared + (keeper?.left?.spent ?? 0), evaluate: judged - fitted },
    warnings,
  }
}

/** The model that was done before, or the fit gone on with, or from the beginning where what was left cannot be read. */
async function fitOrGoOn(fit: (savepoint: Savepoint) => Promise<Model>, spec: RunSpec, keeper: Keeper, warnings: string[], forget: () => void): Promise<Model> {
  const stage = 'fit'
  const done = keeper.finished(stage)
  if (done) {
    const { version, facts, ...json } = done.json as ModelState['json'] & { readonly version: number; readonly facts: ModelFacts }
    return { ...estimators.get(spec.estimator.id).revive({ estimator: spec.estimator.id, version, json: json['state'] as ModelState['json'], arrays: done.arrays }), facts }
  }
  const model = await fromSavepoint(keeper.savepoint(stage), fit, (why) => {
    forget()
    warnings.push(`Trained from the beginning: ${why}.`)
  })
  if (spec.folds !== undefined) {
    const { version, json, arrays } = model.state()
    await keeper.finish(stage, { unit: 'fold', done: 0, total: spec.folds * (spec.repeats ?? 1) }, { json: { version, facts: model.facts, state: json }, arrays })
  }
  return model
}

/** The model stands without its folds, so rows that allow none cost a warning, not the run. */
async function overFolds(spec: RunSpec, dataset: Dataset, split: Split, warnings: string[], context: Context, keeper: Keeper | undefined): Promise<{ readonly result: CrossValidation; readonly outOfFold: OutOfFold } | undefined> {
  if (spec.folds === undefined || context.stopping()) return undefined
  try {
    const rows = unsealedRows(split)
    return await crossValidate(spec, dataset, rows, foldsOfRun(spec, rows.length, spec.folds, spec.repeats), context, keeper)
  } catch (error) {
    if (!(error instanceof StudioError) || error.code === 'cancelled' || error.code === 'bug') throw error
    warnings.push(`Not cross-validated: ${error.message}.`)
    return undefined
  }
}

/** A context that also keeps the curves it reports, for the run record; those of an interrupted run come first. */
function keepCurves(context: Context, keeper: Keeper | undefined, named: (entry: MissedRow) => MissedRow): { readonly watched: Context; readonly history: () => readonly CurveSeries[]; readonly forget: () => void } {
  const curves = new Map<string, { x: number[]; y: number[] }>()
  const report = (progress: Progress): void => {
    if (progress.kind === 'curve') {
      const curve = curves.get(progress.series) ?? { x: [], y: [] }
      curve.x.push(progress.x)
      curve.y.push(progress.y)
      curves.set(progress.series, curve)
    }
    context.report(progress.kind === 'missed' ? { ...progress, rows: progress.rows.map(named) } : progress)
  }
  const watched: Context = { ...context, report, signal: context.signal, now: () => context.now(), checkpoint: () => context.checkpoint(), stopping: () => context.stopping(), held: () => context.held?.() ?? false, asset: (name) => context.asset(name), assetUrl: (name) => context.assetUrl(name) }
  const history = (): readonly CurveSeries[] => [...curves].map(([name, { x, y }]) => ({ name, x: [...x], y: [...y] }))
  for (const { name: series, x, y } of keeper?.left?.history ?? []) x.forEach((at, i) => report({ kind: 'curve', series, x: at, y: y[i] as number }))
  if (keeper) keeper.history = history
  return { watched, history, forget: () => curves.clear() }
}

function checkFinite(prediction: Prediction, label: string): void {
  const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  const bad = numbers.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  throw new StudioError({ code: 'diverged', message: `invalid prediction; ${label} answered ${numbers[bad]}`, hint: 'Look for values far beyond the rest and clip them; otherwise lower the learning rate or the freedom of the model, and scale the features.' })
}
