/** The lasso: least squares with a penalty on the sizes of coefficients, by coordinate descent. */
import type { Estimator } from './estimator.ts'
import { fitSparse, sparseParams, sparsePath } from './linear-parts/sparse.ts'
import { linearFromState, linearToOnnx, regressionModel } from './linear.ts'

const id = 'lasso'

export const lasso: Estimator<typeof sparseParams> = {
  id,
  label: 'Lasso',
  family: 'linear',
  summary: 'A weighted sum that drops features which help little: their weights become exactly zero.',
  source: "Tibshirani 1996; scikit-learn's Lasso, the same objective and duality gap. No intervals: after a selection the classical ones would be wrong.",
  tasks: ['regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params: sparseParams,
  shows: ['coefficients'],
  fit: (X, y, { params, weights }, context) => fitSparse(id, X, y, { ...params, l1Ratio: 1 }, weights, context),
  path: (X, y, { params, weights }, points, context) => sparsePath(id, X, y, { ...params, l1Ratio: 1 }, weights, points, context),
  revive: (state) => regressionModel(id, linearFromState(id, state), {}),
  toOnnx: (state, input, graph) => ({ tensor: linearToOnnx(linearFromState(id, state), input, graph, 'double'), type: 'double' }),
}
