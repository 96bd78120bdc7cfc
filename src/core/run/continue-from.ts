/** Training that goes on from an earlier model: whether it may, and the features as that model knows them. */
import type { Dataset } from '../data/dataset.ts'
import type { Matrix } from '../data/matrix.ts'
import type { TrainRows } from '../data/split.ts'
import type { TargetSpec } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { Estimator, ModelState } from '../estimators/estimator.ts'
import { estimators } from '../estimators/registry.ts'
import { canonicalJson } from '../ids.ts'
import { checkParams } from '../params.ts'
import { applyRecipe, fitRecipe } from '../recipe/recipe.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { RunSpec } from './run-spec.ts'

/** A run's pipeline, as it is stored. */
export interface EarlierRun {
  readonly target: TargetSpec
  readonly classes: readonly string[]
  readonly recipe: FittedRecipeState
  readonly model: ModelState
  /** Trained on the same data, dealt alike: none of its training rows judges. */
  readonly sameRows: boolean
}

export const continuing = (): readonly string[] => estimators.all.filter(({ tags }) => tags.continues).map(({ id }) => id)

/** What the run must share with the earlier one, and with its kind of training. @throws StudioError unsupported, bad-data */
export function checkContinues(spec: RunSpec, estimator: Estimator, classes: readonly string[], earlier: EarlierRun): void {
  const { id, label, tags } = estimator
  if (!tags.continues) throw new StudioError({ code: 'unsupported', message: `unsupported earlier model; ${label} begins anew each time, those that go on are ${continuing().join(', ')}: ${id}` })
  if (spec.folds !== undefined) {
    throw new StudioError({ code: 'unsupported', message: `unsupported folds; the earlier model has seen the rows of each of them: ${spec.folds}`, hint: 'Go on without cross-validation, or train all rounds anew.' })
  }
  const shared: readonly (readonly [what: string, now: string, then: string])[] = [
    ['estimator', id, earlier.model.estimator],
    ['target', canonicalJson(spec.target), canonicalJson(earlier.target)],
    ['classes', classes.join(', '), earlier.classes.join(', ')],
    ['recipe', canonicalJson(spec.recipe), canonicalJson(earlier.recipe.spec)],
  ]
  for (const [what, now, then] of shared) {
    if (now === then) continue
    throw new StudioError({ code: 'bad-data', message: `invalid earlier model; its ${what} must be that of this run, ${now.slice(0, 200)}: ${then.slice(0, 200)}` })
  }
}

/** The recipe on the training rows; on other data than the earlier model's, what its recipe learnt there is kept. */
export function preparedFor(spec: RunSpec, dataset: Dataset, rows: TrainRows, earlier: EarlierRun | undefined): { readonly state: FittedRecipeState; readonly train: Matrix } {
  const own = fitRecipe(dataset.columns, rows, spec.recipe, { target: spec.target.column, sampleWeight: spec.sampleWeight })
  if (!earlier || canonicalJson(own.state) === canonicalJson(earlier.recipe)) return own
  return { state: earlier.recipe, train: applyRecipe(earlier.recipe, dataset.columns, rows) }
}

/** The run as one training from the start, for whoever lacks the earlier model: as many rounds as both had. */
export function asOneTraining(run: { readonly spec: RunSpec; readonly facts: Readonly<Record<string, unknown>> }): RunSpec {
  const { continueFrom, ...spec } = run.spec
  const before = run.facts['roundsBefore']
  if (continueFrom === undefined || typeof before !== 'number') return run.spec
  const { id, params } = spec.estimator
  const { tags, params: table } = estimators.get(id)
  const rounds = tags.continues
  if (rounds === undefined) return run.spec
  return { ...spec, estimator: { id, params: { ...params, [rounds]: before + Number(checkParams(id, table, params)[rounds]) } } }
}

export const continuedElsewhere = 'The earlier model was trained on other rows, or the same ones dealt otherwise: where some that it learnt from are among those that judge here, every figure flatters it.'
export const continuedWords = (earlier: EarlierRun): readonly string[] => (earlier.sameRows ? [] : [continuedElsewhere])
