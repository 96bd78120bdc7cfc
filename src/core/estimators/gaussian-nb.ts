/** Naive Bayes with a normal curve for each feature in each class. */
import type { Matrix } from '../data/matrix.ts'
import { log } from '../math/elementary.ts'
import type { ParamTable } from '../params.ts'
import { bayesFromState, bayesModel, checkBayes, classTotals, type BayesState } from './bayes/shared.ts'
import type { Estimator, Model } from './estimator.ts'
import { featureScales } from './linear.ts'
import { classWeightParam } from './weights.ts'

const params = {
  varSmoothing: { kind: 'number', default: 1e-9, min: 0, max: 1, label: 'Smoothing of variances', help: 'This share of the largest variance is added to all, so that a constant feature does no harm.', advanced: true },
  classWeight: classWeightParam,
} as const satisfies ParamTable

const id = 'gaussian-nb'
/** Where every feature is constant there is no variance to take a share of. */
const smallestVariance = 1e-30

/** Constant part of the log density, shape (classes). */
function constants({ logPrior, tables }: BayesState): Float64Array {
  const variances = tables['variances'] as Float64Array
  const p = variances.length / logPrior.length
  return logPrior.map((prior, c) => {
    let sum = prior
    for (let j = 0; j < p; j++) sum -= 0.5 * log(2 * Math.PI * (variances[c * p + j] as number))
    return sum
  })
}

function modelOf(state: BayesState): Model {
  const k = state.classes.length
  const { means, variances } = state.tables as { means: Float64Array; variances: Float64Array }
  const start = constants(state)
  return bayesModel(id, state, (X, out) => {
    const p = X.features.length
    for (let row = 0; row < X.rows; row++) out.set(start, row * k)
    X.features.forEach(({ values }, j) => {
      for (let c = 0; c < k; c++) {
        const mean = means[c * p + j] as number
        const variance = variances[c * p + j] as number
        for (let row = 0; row < X.rows; row++) out[row * k + c] = (out[row * k + c] as number) - (0.5 * ((values[row] as number) - mean) ** 2) / variance
      }
    })
  })
}

export const gaussianNb: Estimator<typeof params> = {
  id,
  label: 'Gaussian naive Bayes',
  family: 'bayes',
  summary: 'Compares a row with the average and spread of each class, one feature at a time; instant, and good with few rows.',
  source: "scikit-learn's GaussianNB; Zhang 2004.",
  tasks: ['binary', 'multiclass'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: false, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  async fit(X, y, { params: { varSmoothing, classWeight }, weights: given }, context) {
    checkBayes(id, X, y)
    await context.checkpoint()
    const { weights, totals, logPrior } = classTotals(id, y, classWeight, given, true)
    const p = X.features.length
    const k = y.classes.length
    const means = new Float64Array(k * p)
    const spread = new Float64Array(k * p)
    const perClass = (sums: Float64Array, empty: number): Float64Array => sums.map((sum, code) => ((totals[code] as number) > 0 ? sum / (totals[code] as number) : empty))
    for (let j = 0; j < p; j++) {
      const { values } = X.features[j] as Matrix['features'][number]
      const sums = new Float64Array(k)
      for (let row = 0; row < X.rows; row++) sums[y.codes[row] as number] = (sums[y.codes[row] as number] as number) + (weights[row] as number) * (values[row] as number)
      const centres = perClass(sums, 0)
      const squares = new Float64Array(k)
      for (let row = 0; row < X.rows; row++) {
        const code = y.codes[row] as number
        const away = (values[row] as number) - (centres[code] as number)
        squares[code] = (squares[code] as number) + (weights[row] as number) * away * away
      }
      const widths = perClass(squares, 1)
      for (let code = 0; code < k; code++) {
        means[code * p + j] = centres[code] as number
        spread[code * p + j] = widths[code] as number
      }
      context.report({ kind: 'step', phase: 'classes', done: j + 1, total: p })
      await context.checkpoint()
    }
    const largest = featureScales(X).reduce((max, scale) => Math.max(max, scale * scale), 0)
    const variances = spread.map((value) => Math.max(smallestVariance, value + varSmoothing * largest))
    return modelOf({ classes: y.classes, logPrior, tables: { means, variances }, numbers: {} })
  },
  revive: (state) => modelOf(bayesFromState(id, state, ['means', 'variances'])),
  toOnnx(state, input, graph) {
    const bayes = bayesFromState(id, state, ['means', 'variances'])
    const { means, variances } = bayes.tables as { means: Float64Array; variances: Float64Array }
    const k = bayes.classes.length
    const p = means.length / k
    // [N, 1, features] against [classes, features]: differences first, so that far means cost no digits.
    const rows = graph.node('Unsqueeze', [graph.cast(input, 'double'), graph.ints('axis', [1])])
    const from = graph.node('Sub', [rows, graph.doubles('means', means, [k, p])])
    const squares = graph.node('Mul', [graph.node('Mul', [from, from]), graph.doubles('precisions', variances.map((value) => -0.5 / value), [k, p])])
    const sums = graph.node('ReduceSum', [squares, graph.ints('features', [2])], { keepdims: { kind: 'int', value: 0 } })
    const joint = graph.node('Add', [sums, graph.doubles('constants', constants(bayes))])
    return { tensor: graph.cast(graph.node('Softmax', [joint], { axis: { kind: 'int', value: 1 } }), 'float') }
  },
}
