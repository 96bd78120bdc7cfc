/** The elastic net: least squares with a penalty on sizes and squares of coefficients, by coordinate descent. */
import type { ParamTable } from '../params.ts'
import type { Estimator } from './estimator.ts'
import { fitSparse, sparseParams, sparsePath } from './linear-parts/sparse.ts'
import { linearFromState, linearToOnnx, regressionModel } from './linear.ts'

const { alpha, ...others } = sparseParams
const params = {
  alpha,
  l1Ratio: { kind: 'number', default: 0.5, min: 0, max: 1, label: 'Share of L1', help: '1 is the lasso, which drops features; 0 is ridge, which only shrinks them.' },
  ...others,
} as const satisfies ParamTable

const id = 'elastic-net'

export const elasticNet: Estimator<typeof params> = {
  id,
  label: 'Elastic net',
  family: 'linear',
  summary: 'Between lasso and ridge: drops features that help little, and shares weight among those that go together.',
  source: "Zou & Hastie 2005; scikit-learn's ElasticNet, the same objective and duality gap. No intervals: after a selection the classical ones would be wrong.",
  tasks: ['regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  shows: ['coefficients'],
  fit: (X, y, options, context) => fitSparse(id, X, y, options.params, options.weights, context),
  path: (X, y, { params: given, weights }, points, context) => sparsePath(id, X, y, given, weights, points, context),
  revive: (state) => regressionModel(id, linearFromState(id, state), {}),
  toOnnx: (state, input, graph) => ({ tensor: linearToOnnx(linearFromState(id, state), input, graph, 'double'), type: 'double' }),
}
