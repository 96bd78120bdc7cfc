/** Naive Bayes for counts: how often each feature occurs in each class. */
import { StudioError } from '../errors.ts'
import { log } from '../math/elementary.ts'
import type { ParamTable } from '../params.ts'
import { addProducts, bayesFromState, bayesModel, checkBayes, classSums, classTotals, productsToOnnx, type BayesState } from './bayes/shared.ts'
import type { Estimator, Model } from './estimator.ts'
import { classWeightParam } from './weights.ts'

const params = {
  alpha: { kind: 'number', default: 1, min: 1e-10, max: 1e6, scale: 'log', label: 'Smoothing (alpha)', help: 'Added to every count, so that a feature never seen in a class does not rule the class out.' },
  fitPrior: { kind: 'boolean', default: true, label: 'Learn class shares', help: 'Off: all classes are equally likely beforehand.', advanced: true },
  classWeight: classWeightParam,
} as const satisfies ParamTable

const id = 'multinomial-nb'

function modelOf(state: BayesState): Model {
  return bayesModel(id, state, (X, out) => addProducts(X, state.tables['logShares'] as Float64Array, state.classes.length, (value) => value, out))
}

export const multinomialNb: Estimator<typeof params> = {
  id,
  label: 'Multinomial naive Bayes',
  family: 'bayes',
  summary: 'Compares the counts in a row with those of each class, one feature at a time; for counts and amounts, never negative.',
  source: "scikit-learn's MultinomialNB; Manning, Raghavan & Schütze 2008, section 13.2.",
  tasks: ['binary', 'multiclass'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: false, wantsNonNegative: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  async fit(X, y, { params: { alpha, fitPrior, classWeight }, weights: given }, context) {
    checkBayes(id, X, y)
    const negative = X.features.find(({ values }) => values.some((value) => value < 0))
    if (negative) {
      throw new StudioError({
        code: 'bad-data',
        message: `invalid feature; ${id} takes counts or amounts of at least 0: ${negative.name.slice(0, 200)}`,
        hint: 'Scale this column to [0, 1] (method min-max), or use Gaussian naive Bayes.',
        details: { column: negative.name.slice(0, 200) },
      })
    }
    await context.checkpoint()
    const { weights, logPrior } = classTotals(id, y, classWeight, given, fitPrior)
    const p = X.features.length
    const counts = (await classSums(X, y, weights, (value) => value, context, 'fit')).map((count) => count + alpha)
    const totals = logPrior.map((_, c) => counts.subarray(c * p, c * p + p).reduce((sum, count) => sum + count, 0))
    const logShares = counts.map((count, at) => log(count) - log(totals[Math.floor(at / p)] as number))
    return modelOf({ classes: y.classes, logPrior, tables: { logShares }, numbers: {} })
  },
  revive: (state) => modelOf(bayesFromState(id, state, ['logShares'])),
  toOnnx(state, input, graph) {
    const { tables, logPrior } = bayesFromState(id, state, ['logShares'])
    return productsToOnnx(graph.cast(input, 'double'), tables['logShares'] as Float64Array, logPrior, graph)
  },
}
