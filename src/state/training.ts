/** Starts trainings: the baseline always stands beside what a person trains, on the same rows. */
import type { SplitSpec } from '../core/data/split.ts'
import { asStudioError, type StudioError } from '../core/errors.ts'
import { canonicalJson, freshId } from '../core/ids.ts'
import { estimators } from '../core/estimators/registry.ts'
import type { ParamValues } from '../core/params.ts'
import { asOneTraining } from '../core/run/continue-from.ts'
import { defaultFolds, fewRows } from '../core/run/cross-validate.ts'
import { defaultRecipe } from '../core/recipe/default-recipe.ts'
import { ownEmbedding } from '../core/recipe/own-embedding.ts'
import type { Run } from '../core/run/run.ts'
import type { ForeignMapping } from '../core/run/adopt-model.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { lowerFirst } from '../core/words.ts'
import type { AppState } from './app.svelte.ts'
import type { Started } from './jobs.svelte.ts'
import type { ProjectState } from './project.svelte.ts'
import type { SearchStart } from './searches.svelte.ts'

/** By then a cancelled worker has recorded the end of its run, or is gone. */
const graceMs = 2000

export interface Wanted {
  readonly estimator: string
  readonly params: ParamValues
  readonly seed: number
  /** 0 = not cross-validated. */
  readonly folds: number
  /** How often the rows are dealt to folds; default once. */
  readonly repeats?: number | undefined
  /** Training rows to learn from; default all. */
  readonly sampleRows?: number | undefined
  /** Of an earlier run, to train the same again; default the project's, or the estimator's own. */
  readonly recipe?: RunSpec['recipe'] | undefined
  /** Column that weighs training rows. */
  readonly sampleWeight?: string | undefined
}

/** The same once more: estimator, settings, seed, folds and recipe of an earlier run; of one that went on from another, the rounds of both. */
export function wantedOf(run: Run): Wanted {
  const { estimator, seed, folds = 0, repeats, sampleRows, sampleWeight, recipe } = asOneTraining(run)
  return { estimator: estimator.id, params: estimator.params, seed, folds, repeats, sampleRows, sampleWeight, recipe }
}

/** The spec of a run on what the project's plan says now; undefined where the plan is not complete. */
export function specOf(project: ProjectState, wanted: Wanted): RunSpec | undefined {
  const { dataset, plan } = project
  if (!dataset || !plan.target || !plan.split) return undefined
  const { tags } = estimators.get(wanted.estimator)
  // Who reads the pixels needs no other network to look through.
  const own = tags.takesPictures && plan.recipe?.steps.some(({ step }) => step === ownEmbedding.id) ? null : plan.recipe
  return {
    version: 1,
    projectId: project.id,
    datasetId: dataset.id,
    target: plan.target,
    split: plan.split,
    recipe: wanted.recipe ?? own ?? defaultRecipe(tags, dataset.columns, plan.target.column, project.profile && { columns: project.profile.columns.filter(({ name }) => name !== wanted.sampleWeight) }),
    estimator: { id: wanted.estimator, params: wanted.params },
    seed: wanted.seed,
    ...(wanted.folds > 0 ? { folds: wanted.folds } : {}),
    ...(wanted.folds > 0 && (wanted.repeats ?? 1) > 1 && plan.split.strategy.kind !== 'time' ? { repeats: wanted.repeats as number } : {}),
    ...(wanted.sampleRows === undefined ? {} : { sampleRows: wanted.sampleRows }),
    ...(wanted.sampleWeight === undefined ? {} : { sampleWeight: wanted.sampleWeight }),
  }
}

/** A single validation part of little data says little, so there the folds are on until a person turns them off. */
export const defaultFoldsFor = (project: ProjectState): number => (project.dataset && project.dataset.rowsCommitted < fewRows ? defaultFolds : 0)

type Question = { readonly datasetId: string; readonly target: RunSpec['target']; readonly split: SplitSpec }
/** Runs that share data, target and split compare; others do not. */
export const experimentOf = (spec: Question): string => canonicalJson({ datasetId: spec.datasetId, target: spec.target, split: spec.split })

/** Whether nobody has guessed yet at what this run is to predict, or is about to. */
export function needsBaseline(app: AppState, project: ProjectState, spec: RunSpec): boolean {
  const standing = project.runs.filter(({ status }) => status === 'succeeded' || status === 'running').map((run) => run.spec)
  const coming = app.jobs.active.flatMap((job) => (job.task === 'train' && job.spec ? [job.spec] : []))
  return ![...standing, ...coming].some((other) => estimators.has(other.estimator.id) && estimators.get(other.estimator.id).tags.baseline && experimentOf(other) === experimentOf(spec))
}

/** Milliseconds that the newest run of this estimator on these data took, with its folds. */
function forecastOf(project: ProjectState, spec: RunSpec): number | undefined {
  const like = project.runs.findLast((run) => run.timings && run.spec.estimator.id === spec.estimator.id && run.spec.datasetId === spec.datasetId && run.spec.folds === spec.folds)?.timings
  return like && like.load + like.prepare + like.fit + like.evaluate
}

/** @returns the run's id */
function launch(app: AppState, project: ProjectState, spec: RunSpec, runId = freshId('run')): string {
  const estimator = estimators.get(spec.estimator.id)
  const started = app.jobs.start(
    'train',
    () => ({ runId, token: project.token, spec }),
    { label: `Train ${lowerFirst(estimator.label)}`, subject: runId, canStop: estimator.tags.iterative, spec, forecast: forecastOf(project, spec), keeping: app.waiting.keeping(project, { id: runId, spec }) },
  )
  void followed(app, project, runId, started)
  return runId
}

/** Whether a run that was broken off has something to go on from. */
export const canGoOn = (run: Run): boolean => run.reached !== undefined && (run.status === 'interrupted' || run.status === 'failed')

/** Goes on with a run from where it was kept last: it ends as if nothing had happened. @throws StudioError read-only */
export function goOn(app: AppState, project: ProjectState, { id: runId, spec }: Run): void {
  const estimator = estimators.get(spec.estimator.id)
  const started = app.jobs.start('train', () => ({ runId, token: project.token, spec, resume: true }), { label: `Train ${lowerFirst(estimator.label)}`, subject: runId, canStop: estimator.tags.iterative, spec })
  void followed(app, project, runId, started)
}

/** The parameter that counts the rounds of an estimator that goes on from an earlier model; '' of any other. */
export const roundsOf = (estimator: string): string => (estimators.has(estimator) ? (estimators.get(estimator).tags.continues ?? '') : '')

/** Whether more rounds can come on top of a run's model: models from elsewhere keep their own record. */
export const canTrainMore = ({ status, spec, facts }: Run): boolean =>
  status === 'succeeded' && roundsOf(spec.estimator.id) !== '' && typeof facts['rounds'] === 'number' && facts['trainedElsewhere'] === undefined

/** A run of more rounds on top of this one's model, else as it was; folds would have been seen. @throws StudioError read-only */
export function trainMore(app: AppState, project: ProjectState, { id, spec: { folds: _, repeats: __, ...spec } }: Run, rounds: number): string {
  return launch(app, project, { ...spec, estimator: { ...spec.estimator, params: { ...spec.estimator.params, [roundsOf(spec.estimator.id)]: rounds } }, continueFrom: id })
}

/** Shows a run as it begins and as it ends, however it ends; never rejects. */
function followed(app: AppState, project: ProjectState, runId: string, { job, output }: Started<'train' | 'model/bring' | 'model/bring-own'>): Promise<void> {
  // The worker records the run as running when it starts; show that, sooner or later on a busy machine, and how it ended.
  let shown: readonly ReturnType<typeof setTimeout>[] = []
  void job.begun.then(() => (shown = [400, 2000, 8000].map((ms) => setTimeout(() => void project.refresh(), ms))))
  const settle = async (error: StudioError): Promise<void> => {
    // It may be under way again by now.
    if (app.jobs.of(runId) !== job) return
    await project.settleRun(runId, error)
    // One that ended before its first record shows nowhere else.
    if (error.code !== 'cancelled' && !project.runs.some((run) => run.id === runId)) app.notices.say(`Not trained: ${error.message}${error.hint ? ` ${error.hint}` : ''}`, { life: 20_000 })
  }
  return output
    .then(
      () => {},
      (error: unknown) => {
        // A worker that was ended had no chance to record it.
        setTimeout(() => void settle(asStudioError(error)), graceMs)
      },
    )
    .then(() => {
      for (const timer of shown) clearTimeout(timer)
      return project.refresh()
    })
}

/** A run of a model from a file, beside the baseline as any other. How it ends is in its record. @returns its id */
export function bringModel(app: AppState, project: ProjectState, spec: RunSpec, file: File, mapping: ForeignMapping): string {
  const runId = freshId('run')
  const started = app.jobs.start('model/bring', { runId, token: project.token, spec, file, mapping }, { label: `Bring in ${mapping.fileName.slice(0, 60)}`, subject: runId })
  void followed(app, project, runId, started)
  const baseline = baselineFor(app, project, spec)
  if (baseline) launch(app, project, baseline)
  return runId
}

/** A run of a file that says itself what goes where: a bundle, its pipeline.json, or what a job for a cluster answered. @returns its id */
export function bringOwn(app: AppState, project: ProjectState, question: RunSpec, file: File): string {
  const runId = freshId('run')
  const started = app.jobs.start('model/bring-own', { runId, token: project.token, question, file }, { label: `Bring in ${file.name.slice(0, 60)}`, subject: runId })
  void followed(app, project, runId, started)
  return runId
}

/** The baseline's spec where it is still missing beside this one; unweighted, as the scores are, so that it is the best guess by them. */
function baselineFor(app: AppState, project: ProjectState, spec: RunSpec): RunSpec | undefined {
  const baseline = estimators.all.find((entry) => entry.tags.baseline && entry.tasks.includes(spec.target.task))
  if (!baseline || baseline.id === spec.estimator.id || !needsBaseline(app, project, spec)) return undefined
  return specOf(project, { estimator: baseline.id, params: {}, seed: spec.seed, folds: spec.folds ?? 0, repeats: spec.repeats ?? 1, sampleRows: spec.sampleRows })
}

/**
 * Trains what is wanted when its turn comes, after the baseline where there is none yet for this data, target and split.
 * How a run ends is in its record and its job; this never rejects for that.
 * @throws StudioError read-only
 */
export function startTraining(app: AppState, project: ProjectState, wanted: Wanted): string | undefined {
  const spec = specOf(project, wanted)
  if (!spec) return undefined
  const baseline = baselineFor(app, project, spec)
  if (baseline) launch(app, project, baseline)
  return launch(app, project, spec)
}

/** Searches for settings of an estimator. How it ends is in its record. @throws StudioError as the search does */
export const startSearch = (app: AppState, project: ProjectState, start: SearchStart): Promise<void> =>
  app.searches.start(app.jobs, () => project.token, start, (what) => app.waiting.keeping(project, what))

export const searchLabel = (spec: RunSpec): string => `Search settings of ${lowerFirst(estimators.get(spec.estimator.id).label)}`

/** Puts what an earlier tab left waiting into the queue again, in its order. @throws StudioError read-only */
export function queueAgain(app: AppState, project: ProjectState): void {
  for (const { id, spec, search } of app.waiting.left(project.id)) {
    if (search) startSearch(app, project, { id, spec, wanted: search, label: searchLabel(spec) }).catch((error: unknown) => app.notices.say(`The search could not go on: ${asStudioError(error).message}`))
    else launch(app, project, spec, id)
  }
}
