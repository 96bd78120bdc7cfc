/** Naive Bayes with a normal curve for each feature in each class. */
import type { Matrix } from '../data/matrix.ts'
import { log } from '../math/elementary.ts'
import type { ParamTable } from '../params.ts'
import { bayesFromState, bayesModel, checkBayes, classTotals, type BayesState } from './bayes/shared.ts'
import type { Estimator, Model } from './estimator.ts'
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

/** Weighted mean and variance of a feature in each class, and its variance over all rows, each of them once. */
function curvesOf(values: Float32Array, codes: Int32Array, weights: Float64Array, totals: Float64Array): { readonly centres: Float64Array; readonly widths: Float64Array; readonly width: number } {
  const centres = new Float64Array(totals.length)
  let sum = 0
  for (let row = 0; row < values.length; row++) {
    const x = values[row] as number
    const code = codes[row] as number
    centres[code] = (centres[code] as number) + (weights[row] as number) * x
    sum += x
  }
  totals.forEach((total, code) => (centres[code] = total > 0 ? (centres[code] as number) / total : 0))
  const mean = sum / values.length
  const widths = new Float64Array(totals.length)
  let squares = 0
  for (let row = 0; row < values.length; row++) {
    const x = values[row] as number
    const code = codes[row] as number
    const away = x - (centres[code] as number)
    widths[code] = (widths[code] as number) + (weights[row] as number) * away * away
    squares += (x - mean) * (x - mean)
  }
  totals.forEach((total, code) => (widths[code] = total > 0 ? (widths[code] as number) / total : 1))
  return { centres, widths, width: squares / values.length }
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
    let largest = 0
    for (let j = 0; j < p; j++) {
      const { centres, widths, width } = curvesOf((X.features[j] as Matrix['features'][number]).values, y.codes, weights, totals)
      for (let code = 0; code < k; code++) {
        means[code * p + j] = centres[code] as number
        spread[code * p + j] = widths[code] as number
      }
      largest = Math.max(largest, width)
      context.report({ kind: 'step', phase: 'classes', done: j + 1, total: p })
      await context.checkpoint()
    }
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
