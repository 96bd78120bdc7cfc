/**
 * Multi-layer perceptron: dense layers trained by Adam (backend.ts says where), predicted by plain float32 arithmetic.
 * Names and defaults follow scikit-learn's MLPClassifier and MLPRegressor; different: batches of 128
 * rather than 200, early stopping on by default, the regression target standardised inside.
 */
import { StudioError } from '../../errors.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { Prediction, Target, Task } from '../../data/target.ts'
import type { ParamTable, ValuesOf } from '../../params.ts'
import type { Estimator, Model, ModelState } from '../estimator.ts'
import { classRowWeights, classWeightParam, meanOne, rowWeights } from '../weights.ts'
import { backendParam, type BackendName } from './backend.ts'
import { countWeights, forward, initialWeights, layersOf, softmaxRows, type Activation } from './dense.ts'
import { factsOf, fitNetwork } from './fit-network.ts'
import { denseTable } from './trainer.ts'

const params = {
  hiddenLayerSizes: { kind: 'text', default: '64, 32', maxLength: 60, label: 'Hidden layers', help: 'Neurons of each hidden layer, such as "64, 32"; more learn finer patterns and overfit sooner.' },
  activation: {
    kind: 'choice',
    default: 'relu',
    options: [
      { value: 'relu', label: 'ReLU' },
      { value: 'tanh', label: 'tanh' },
      { value: 'logistic', label: 'Logistic' },
    ],
    label: 'Activation',
    help: 'The bend in each neuron; without one the network would be a straight line.',
  },
  learningRateInit: { kind: 'number', default: 0.001, min: 1e-6, max: 1e9, scale: 'log', label: 'Learning rate', help: 'How far each step moves the weights; too large and the loss explodes.' },
  alpha: { kind: 'number', default: 0.0001, min: 0, max: 100, scale: 'log', label: 'L2 penalty', help: 'Pulls weights towards zero, which smooths the model.' },
  batchSize: { kind: 'integer', default: 128, min: 1, max: 65536, scale: 'log', label: 'Batch size', unit: 'rows', help: 'Rows looked at before each step.', advanced: true },
  maxIter: { kind: 'integer', default: 100, min: 1, max: 10000, scale: 'log', label: 'Epochs at most', unit: 'epochs', help: 'How often all training rows are gone through, at most.' },
  earlyStopping: { kind: 'boolean', default: true, label: 'Stop early', help: 'Keeps a share of the training rows aside and stops when their loss no longer falls.' },
  validationFraction: { kind: 'number', default: 0.1, min: 0.01, max: 0.5, label: 'Share kept aside', help: 'Share of the training rows that judges when to stop.', advanced: true, when: { param: 'earlyStopping', is: [true] } },
  nIterNoChange: { kind: 'integer', default: 10, min: 1, max: 1000, label: 'Patience', unit: 'epochs', help: 'Epochs without progress before it stops.', advanced: true },
  tol: { kind: 'number', default: 0.0001, min: 0, max: 1, label: 'Smallest progress', help: 'A loss that falls by less than this counts as no progress.', advanced: true },
  classWeight: { ...classWeightParam, advanced: true },
  backend: backendParam,
} as const satisfies ParamTable

/** @throws StudioError bad-param unless it is one to five whole numbers from 1 to 2048 */
export function hiddenSizes(text: string): number[] {
  const sizes = text.split(',').map((part) => Number(part.trim() === '' ? Number.NaN : part))
  if (sizes.length <= 5 && sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 2048)) return sizes
  throw new StudioError({
    code: 'bad-param',
    message: `invalid hiddenLayerSizes of mlp; not one to five whole numbers in [1, 2048] with commas between: ${text}`,
    details: { owner: 'mlp', parameter: 'hiddenLayerSizes' },
  })
}

function inputsOf(X: Matrix): Float32Array {
  const width = X.features.length
  const out = new Float32Array(X.rows * width)
  X.features.forEach((feature, j) => {
    for (let row = 0; row < X.rows; row++) out[row * width + j] = feature.values[row] as number
  })
  return out
}

function targetsOf(y: Target, center: number, scale: number): Float32Array {
  if (y.task === 'regression') return Float32Array.from(y.values, (value) => (value - center) / scale)
  const k = y.classes.length
  const out = new Float32Array(y.codes.length * k)
  y.codes.forEach((code, row) => (out[row * k + code] = 1))
  return out
}

interface Learnt {
  readonly task: Task
  readonly classes: readonly string[]
  readonly sizes: readonly number[]
  readonly activation: Activation
  readonly center: number
  readonly scale: number
  readonly facts: Model['facts']
}

function modelOf(learnt: Learnt, theta: Float32Array): Model {
  const { task, classes, sizes, activation, center, scale } = learnt
  return {
    estimator: 'mlp',
    task,
    facts: learnt.facts,
    async predict(X): Promise<Prediction> {
      if (X.features.length !== sizes[0]) {
        throw new StudioError({ code: 'bad-data', message: `invalid features; the network takes ${sizes[0]}: ${X.features.length}` })
      }
      const out = forward(theta, sizes, activation, inputsOf(X), X.rows)
      if (task === 'regression') return { task, values: Float64Array.from(out, (value) => value * scale + center) }
      return { task, classes, probabilities: softmaxRows(out, classes.length) }
    },
    state: () => ({
      estimator: 'mlp',
      version: 1,
      json: { task, classes: [...classes], sizes: [...sizes], activation, center, scale, facts: learnt.facts },
      arrays: { theta },
    }),
  }
}

function learntOf(state: ModelState): { learnt: Learnt; theta: Float32Array } {
  const json = state.json as unknown as Learnt
  const theta = state.arrays['theta']
  const whole = state.estimator === 'mlp' && state.version === 1 && Array.isArray(json.sizes) && theta instanceof Float32Array && theta.length === countWeights(json.sizes)
  if (!whole || !theta.every(Number.isFinite)) {
    throw new StudioError({ code: 'bundle-mismatch', message: 'invalid model state; not a multi-layer perceptron of version 1 with finite weights' })
  }
  return { learnt: json, theta }
}

export const mlp: Estimator<typeof params> = {
  id: 'mlp',
  label: 'Neural network (MLP)',
  family: 'neural',
  summary: 'Layers of neurons trained step by step; bends to any smooth pattern, needs scaled features and more rows.',
  source: 'Rumelhart, Hinton & Williams 1986; Adam: Kingma & Ba 2015; reference: scikit-learn MLPClassifier and MLPRegressor',
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: true, deterministic: false, iterative: true, baseline: false },
  params,
  memory({ hiddenLayerSizes }, { rows, features, classes }) {
    const sizes = [features, ...hiddenSizes(hiddenLayerSizes), classes]
    // Rows here and in the kernels' memory; weights, both moments, gradient, best and those of the last checkpoint.
    return rows * (10 * features + 8 * classes + 12) + 32 * countWeights(sizes)
  },
  async fit(X, y, options, context) {
    const values: ValuesOf<typeof params> = options.params
    const hidden = hiddenSizes(values.hiddenLayerSizes)
    if (X.rows < 2) throw new StudioError({ code: 'bad-data', message: `invalid training rows; a neural network needs at least 2: ${X.rows}` })
    for (const feature of X.features) {
      if (!feature.values.every(Number.isFinite)) {
        throw new StudioError({ code: 'bad-data', message: `invalid feature; a neural network takes no missing or infinite values: ${feature.name}`, hint: 'Add an impute step for this column.', details: { column: feature.name } })
      }
    }
    const weights = meanOne(y.task === 'regression' ? rowWeights('mlp', X.rows, options.weights) : classRowWeights('mlp', y, values.classWeight, options.weights))
    let center = 0
    let scale = 1
    if (y.task === 'regression') {
      const weightOf = (row: number): number => weights?.[row] ?? 1
      center = y.values.reduce((sum, value, row) => sum + value * weightOf(row), 0) / y.values.length
      scale = Math.sqrt(y.values.reduce((sum, value, row) => sum + (value - center) ** 2 * weightOf(row), 0) / y.values.length) || 1
    }
    const outputs = y.task === 'regression' ? 1 : y.classes.length
    const sizes = [X.features.length, ...hidden, outputs]
    const activation = values.activation as Activation
    const result = await fitNetwork(
      { inputs: inputsOf(X), targets: targetsOf(y, center, scale), rows: X.rows, ...(weights && { weights }) },
      {
        ...denseTable(sizes, activation),
        theta: initialWeights(sizes, activation, options.seed),
        learningRate: values.learningRateInit,
        alpha: values.alpha,
        backend: values.backend as BackendName | 'auto',
        batchSize: values.batchSize,
        maxIter: values.maxIter,
        earlyStopping: values.earlyStopping,
        validationFraction: values.validationFraction,
        nIterNoChange: values.nIterNoChange,
        tol: values.tol,
        seed: options.seed,
      },
      context,
    )
    const facts = { ...factsOf(result), weights: result.theta.length }
    return modelOf({ task: y.task, classes: y.task === 'regression' ? [] : y.classes, sizes, activation, center, scale, facts }, result.theta)
  },
  revive(state) {
    const { learnt, theta } = learntOf(state)
    return modelOf(learnt, theta)
  },
  toLayers(state) {
    const { learnt, theta } = learntOf(state)
    const slices = layersOf(learnt.sizes)
    const bend = { relu: 'relu', tanh: 'tanh', logistic: 'sigmoid' }[learnt.activation]
    const regression = learnt.task === 'regression'
    const layers = slices.map(({ inputs, outputs, weights, biases }, depth) => {
      const last = depth + 1 === slices.length
      // The target's own scale is a line, so it goes into the last layer.
      const scale = last && regression ? learnt.scale : 1
      const center = last && regression ? learnt.center : 0
      return {
        className: 'Dense',
        config: { units: outputs, use_bias: true, activation: last ? (regression ? 'linear' : 'softmax') : bend },
        weights: [
          { name: 'kernel', shape: [inputs, outputs], values: theta.slice(weights, biases).map((value) => value * scale) },
          { name: 'bias', shape: [outputs], values: theta.slice(biases, biases + outputs).map((value) => value * scale + center) },
        ],
      }
    })
    return { inputShape: [learnt.sizes[0] as number], layers }
  },
  toOnnx(state, input, graph) {
    const { learnt, theta } = learntOf(state)
    const layers = layersOf(learnt.sizes)
    const operator = { relu: 'Relu', tanh: 'Tanh', logistic: 'Sigmoid' }[learnt.activation]
    let current = input
    layers.forEach((layer, depth) => {
      const weights = graph.floats('weights', theta.subarray(layer.weights, layer.biases), [layer.inputs, layer.outputs])
      const biases = graph.floats('biases', theta.subarray(layer.biases, layer.biases + layer.outputs))
      current = graph.node('Gemm', [current, weights, biases])
      if (depth + 1 < layers.length) current = graph.node(operator, [current])
    })
    if (learnt.task !== 'regression') return { tensor: graph.node('Softmax', [current], { axis: { kind: 'int', value: 1 } }) }
    const scaled = graph.node('Mul', [graph.cast(current, 'double'), graph.doubles('scale', [learnt.scale])])
    return { tensor: graph.node('Add', [scaled, graph.doubles('center', [learnt.center])]), type: 'double' }
  },
}
