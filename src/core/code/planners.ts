/** How each estimator's model becomes a program: one line an estimator; whoever has none is refused by name. */
import type { Model } from '../estimators/estimator.ts'
import type { AdditiveModel } from '../estimators/explainable-boosting.ts'
import type { LinearModel } from '../estimators/linear.ts'
import type { Activation } from '../estimators/neural/dense.ts'
import { coefficientsOfPairs } from '../estimators/svm.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import { treeCount } from '../estimators/tree/tree.ts'
import { curvesPart } from './parts/curves.ts'
import { linearPart, squaresPart, switchPart } from './parts/linear.ts'
import { networkPart } from './parts/network.ts'
import { kernelPart, neighboursPart } from './parts/rows.ts'
import { treesPart } from './parts/trees.ts'
import type { CodePlan, Link } from './plan.ts'

type Planner = (model: Model, features: number) => Omit<CodePlan, 'features'>

const zeros = (count: number): number[] => new Array<number>(count).fill(0)
/** What scores of one or several outputs become. */
const linkOf = (task: Model['task'], outputs: number): Link => (task === 'regression' ? 'value' : outputs === 1 ? 'sigmoid' : 'softmax')
const stateOf = (model: Model) => {
  const { json, arrays } = model.state()
  return { json, arrays, classes: (json['classes'] ?? []) as readonly string[] }
}
const floats = (value: unknown): Float64Array => value as Float64Array

const linear: Planner = (model, p) => {
  const { coefficients, intercepts, classes } = (model as LinearModel).linear
  return { classes, base: [...intercepts], parts: [linearPart(coefficients, p)], link: linkOf(model.task, intercepts.length) }
}
const linearMargin: Planner = (model, p) => {
  const plan = linear(model, p)
  if (model.task === 'regression') return plan
  const { sigmoids, temperature } = stateOf(model).json
  if (typeof temperature !== 'number') return { ...plan, link: 'platt', sigmoids: sigmoids as unknown as [number, number][] }
  const { coefficients, intercepts } = (model as LinearModel).linear
  const times = (values: Float64Array): Float64Array => values.map((value) => value * temperature)
  return { ...plan, base: [...times(intercepts)], parts: [linearPart(times(coefficients), p)] }
}
const trees =
  (shares: boolean): Planner =>
  (model) => {
    const { trees: grown, head, scale = 1 } = model as TreeModel
    const scaled = scale === 1 ? grown : { ...grown, value: grown.value.map((value) => value / treeCount(grown)) }
    const link: Link = head.link === 'log' ? 'exp' : shares && model.task !== 'regression' ? 'shares' : linkOf(model.task, head.base.length)
    return { classes: head.classes, base: head.base, parts: [treesPart(scaled)], link }
  }
const additive: Planner = (model) => {
  const { head, shapes } = model as AdditiveModel
  return { classes: head.classes, base: head.base, parts: [curvesPart(shapes, head.base.length)], link: linkOf(model.task, head.base.length) }
}
const kernel: Planner = (model, p) => {
  const { json, arrays, classes } = stateOf(model)
  const rho = floats(arrays['rho'])
  const inPairs = json['vectorsOfClass'] as readonly number[] | undefined
  const coefficients = inPairs ? coefficientsOfPairs(floats(arrays['coefficients']), inPairs) : floats(arrays['coefficients'])
  const machine = { kind: json['kernel'] as 'rbf' | 'linear', gamma: json['gamma'] as number, vectors: arrays['vectors'] as Float32Array, features: p, coefficients, outputs: rho.length }
  const plan = { classes, base: Array.from(rho, (value) => -value), parts: [kernelPart(machine)], holdsRows: true }
  return model.task === 'regression' ? { ...plan, link: 'value' } : { ...plan, link: inPairs ? 'coupled' : 'platt', sigmoids: json['sigmoids'] as unknown as [number, number][] }
}
const neighbours: Planner = (model, p) => {
  const { json, arrays, classes } = stateOf(model)
  const part = neighboursPart({ k: json['k'] as number, byDistance: json['byDistance'] === true, features: p, points: arrays['points'] as Float32Array, answers: floats(arrays['answers']), votes: floats(arrays['votes']), classes: classes.length })
  return { classes, base: zeros(Math.max(1, classes.length)), parts: [part], link: classes.length === 0 ? 'value' : 'shares', holdsRows: true }
}
const gaussian: Planner = (model, p) => {
  const { arrays, classes } = stateOf(model)
  const [means, variances] = [floats(arrays['means']), floats(arrays['variances'])]
  const base = Array.from(floats(arrays['logPrior']), (prior, c) => variances.subarray(c * p, c * p + p).reduce((sum, variance) => sum - 0.5 * Math.log(2 * Math.PI * variance), prior))
  return { classes, base, parts: [squaresPart(means, variances.map((variance) => -0.5 / variance), p)], link: 'softmax' }
}
const multinomial: Planner = (model, p) => {
  const { arrays, classes } = stateOf(model)
  return { classes, base: [...floats(arrays['logPrior'])], parts: [linearPart(floats(arrays['logShares']), p)], link: 'softmax' }
}
const bernoulli: Planner = (model, p) => {
  const { json, arrays, classes } = stateOf(model)
  const [on, off] = [floats(arrays['logOn']), floats(arrays['logOff'])]
  const base = Array.from(floats(arrays['logPrior']), (prior, c) => off.subarray(c * p, c * p + p).reduce((sum, value) => sum + value, prior))
  return { classes, base, parts: [switchPart(on.map((value, at) => value - (off[at] as number)), p, Math.fround(json['binarize'] as number))], link: 'softmax' }
}
const network: Planner = (model) => {
  const { json, arrays, classes } = stateOf(model)
  const sizes = json['sizes'] as readonly number[]
  const part = networkPart(arrays['theta'] as Float32Array, sizes, json['activation'] as Activation, json['scale'] as number, json['center'] as number)
  return { classes, base: zeros(sizes.at(-1) as number), parts: [part], link: model.task === 'regression' ? 'value' : 'softmax' }
}
const constant: Planner = (model) => {
  const { arrays, classes } = stateOf(model)
  return { classes, base: [...floats(arrays['answer'])], parts: [], link: model.task === 'regression' ? 'value' : 'shares' }
}

export const planners: ReadonlyMap<string, Planner> = new Map([
  ['baseline', constant],
  ['linear-regression', linear],
  ['ridge', linear],
  ['lasso', linear],
  ['elastic-net', linear],
  ['logistic-regression', linear],
  ['linear-svm', linearMargin],
  ['decision-tree', trees(true)],
  ['random-forest', trees(true)],
  ['extra-trees', trees(true)],
  ['hist-gradient-boosting', trees(false)],
  ['explainable-boosting', additive],
  ['svm', kernel],
  ['k-neighbors', neighbours],
  ['gaussian-nb', gaussian],
  ['multinomial-nb', multinomial],
  ['bernoulli-nb', bernoulli],
  ['mlp', network],
])
