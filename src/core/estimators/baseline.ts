/** The answer a sensible person gives without looking at the row: the mean, or how often each class occurs. */
import { StudioError } from '../errors.ts'
import type { Prediction } from '../data/target.ts'
import type { Estimator, Model, ModelState } from './estimator.ts'
import { rowWeights } from './weights.ts'

const params = {} as const

function modelOf(state: ModelState): Model {
  const { task, classes } = state.json
  const answer = state.arrays['answer']
  if (state.estimator !== 'baseline' || state.version !== 1 || !(answer instanceof Float64Array) || !answer.every(Number.isFinite) || !Array.isArray(classes)) {
    throw new StudioError({ code: 'bundle-mismatch', message: 'invalid state of baseline; not a finite answer of version 1' })
  }
  const names = classes as readonly string[]
  return {
    estimator: 'baseline',
    task: task as Model['task'],
    facts: {},
    async predict(X): Promise<Prediction> {
      if (task === 'regression') return { task, values: new Float64Array(X.rows).fill(answer[0] as number) }
      const probabilities = new Float64Array(X.rows * names.length)
      for (let row = 0; row < X.rows; row++) probabilities.set(answer, row * names.length)
      return { task: task as 'binary' | 'multiclass', classes: names, probabilities }
    },
    state: () => state,
  }
}

export const baseline: Estimator<typeof params> = {
  id: 'baseline',
  label: 'Baseline',
  family: 'baseline',
  summary: 'Always gives the mean, or the share of each class; a model that does not beat it has learnt nothing.',
  source: "scikit-learn's DummyRegressor(strategy='mean') and DummyClassifier(strategy='prior')",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: true, acceptsCategories: true, wantsScaled: false, randomised: false, deterministic: true, iterative: false, baseline: true },
  params,
  async fit(_X, y, options) {
    const rows = y.task === 'regression' ? y.values.length : y.codes.length
    if (rows === 0) throw new StudioError({ code: 'bad-data', message: 'missing rows; baseline needs at least one: 0' })
    const weights = rowWeights('baseline', rows, options.weights)
    const weight = (row: number) => weights[row] as number
    let total = 0
    for (let row = 0; row < rows; row++) total += weight(row)
    const answer = new Float64Array(y.task === 'regression' ? 1 : y.classes.length)
    for (let row = 0; row < rows; row++) {
      if (y.task === 'regression') answer[0] = (answer[0] as number) + ((y.values[row] as number) * weight(row)) / total
      else answer[y.codes[row] as number] = (answer[y.codes[row] as number] as number) + weight(row)
    }
    // Divided once at the end, so that shares of small counts are as exact as they can be.
    if (y.task !== 'regression') for (let c = 0; c < answer.length; c++) answer[c] = (answer[c] as number) / total
    return modelOf({ estimator: 'baseline', version: 1, json: { task: y.task, classes: y.task === 'regression' ? [] : [...y.classes] }, arrays: { answer } })
  },
  revive: modelOf,
  toOnnx(state, input, graph) {
    const answer = state.arrays['answer'] as Float64Array
    // The batch size comes from the input: [N, answers] of constants.
    const rows = graph.node('Slice', [graph.node('Shape', [input]), graph.ints('from', [0]), graph.ints('to', [1])])
    const shape = graph.node('Concat', [rows, graph.ints('width', [answer.length])], { axis: { kind: 'int', value: 0 } })
    const type = state.json['task'] === 'regression' ? 'double' : 'float'
    const answers = type === 'double' ? graph.doubles('answer', answer, [1, answer.length]) : graph.floats('answer', answer, [1, answer.length])
    return { tensor: graph.node('Expand', [answers, shape]), type }
  },
}
