/** Naive Bayes for yes-or-no features: how often each is on in each class. */
import { log } from '../math/elementary.ts'
import type { ParamTable } from '../params.ts'
import { addProducts, bayesFromState, bayesModel, checkBayes, classSums, classTotals, productsToOnnx, type BayesState } from './bayes/shared.ts'
import type { Estimator, Model } from './estimator.ts'
import { classWeightParam } from './weights.ts'

const params = {
  alpha: { kind: 'number', default: 1, min: 1e-10, max: 1e6, scale: 'log', label: 'Smoothing (alpha)', help: 'Added to every count, so that what was never seen in a class does not rule the class out.' },
  binarize: { kind: 'number', default: 0, min: -1e9, max: 1e9, label: 'On above', help: 'A number above this counts as on, all others as off.' },
  fitPrior: { kind: 'boolean', default: true, label: 'Learn class shares', help: 'Off: all classes are equally likely beforehand.', advanced: true },
  classWeight: classWeightParam,
} as const satisfies ParamTable

const id = 'bernoulli-nb'

/** log odds of on against off (classes, features), and what a row with everything off says of each class. */
function linearParts({ tables, logPrior }: BayesState): { readonly odds: Float64Array; readonly bias: Float64Array } {
  const on = tables['logOn'] as Float64Array
  const off = tables['logOff'] as Float64Array
  const p = on.length / logPrior.length
  return { odds: on.map((value, at) => value - (off[at] as number)), bias: logPrior.map((prior, c) => off.subarray(c * p, c * p + p).reduce((sum, value) => sum + value, prior)) }
}

function modelOf(state: BayesState): Model {
  const k = state.classes.length
  const threshold = Math.fround(state.numbers['binarize'] as number)
  const { odds, bias } = linearParts(state)
  return bayesModel(id, state, (X, out) => {
    for (let row = 0; row < X.rows; row++) out.set(bias, row * k)
    addProducts(X, odds, k, (value) => (value > threshold ? 1 : 0), out)
  })
}

export const bernoulliNb: Estimator<typeof params> = {
  id,
  label: 'Bernoulli naive Bayes',
  family: 'bayes',
  summary: 'Compares which features are on in a row with how often they are on in each class; for yes-or-no columns.',
  source: "scikit-learn's BernoulliNB; Manning, Raghavan & Schütze 2008, section 13.3.",
  tasks: ['binary', 'multiclass'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  async fit(X, y, { params: { alpha, binarize, fitPrior, classWeight }, weights: given }, context) {
    checkBayes(id, X, y)
    await context.checkpoint()
    const { weights, totals, logPrior } = classTotals(id, y, classWeight, given, fitPrior)
    const p = X.features.length
    // The studio compares at float32, as the graph does.
    const threshold = Math.fround(binarize)
    const counts = await classSums(X, y, weights, (value) => (value > threshold ? 1 : 0), context, 'fit')
    const whole = (at: number): number => (totals[Math.floor(at / p)] as number) + 2 * alpha
    const logOn = counts.map((count, at) => log(count + alpha) - log(whole(at)))
    const logOff = counts.map((count, at) => log((totals[Math.floor(at / p)] as number) - count + alpha) - log(whole(at)))
    return modelOf({ classes: y.classes, logPrior, tables: { logOn, logOff }, numbers: { binarize } })
  },
  revive: (state) => modelOf(bayesFromState(id, state, ['logOn', 'logOff'], ['binarize'])),
  toOnnx(state, input, graph) {
    const bayes = bayesFromState(id, state, ['logOn', 'logOff'], ['binarize'])
    const { odds, bias } = linearParts(bayes)
    const on = graph.node('Greater', [input, graph.floats('threshold', [bayes.numbers['binarize'] as number])])
    return productsToOnnx(graph.cast(on, 'double'), odds, bias, graph)
  },
}
