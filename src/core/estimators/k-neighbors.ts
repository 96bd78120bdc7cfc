/** k nearest neighbours for classes and numbers. The model is the training rows themselves. */
import { StudioError } from '../errors.ts'
import type { Prediction, Task } from '../data/target.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, Model, ModelState } from './estimator.ts'
import { checkNumbers } from './linear.ts'
import { nearestRows } from './neighbours-search.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'

const params = {
  nNeighbors: { kind: 'integer', default: 5, min: 1, max: 1000, scale: 'log', unit: 'rows', label: 'Neighbours', help: 'How many of the most similar training rows answer; few follow detail, many smooth.' },
  weights: {
    kind: 'choice',
    default: 'uniform',
    options: [
      { value: 'uniform', label: 'All alike' },
      { value: 'distance', label: 'The nearer, the more' },
    ],
    label: 'Say of a neighbour',
    help: 'Whether a near neighbour counts more than a far one, by 1 / distance.',
  },
  classWeight: { ...classWeightParam, advanced: true },
} as const satisfies ParamTable

const id = 'k-neighbors'
/** Numbers of a model of this many still fit a bundle and a tab's memory. */
const cellLimit = 100_000_000

interface Fitted {
  readonly task: Task
  readonly classes: readonly string[]
  readonly k: number
  readonly byDistance: boolean
  readonly features: number
  /** Row-major, shape (rows, features). */
  readonly points: Float32Array
  /** Shape (rows): class index or value. */
  readonly answers: Float64Array
  /** Shape (rows). */
  readonly votes: Float64Array
}

function fromState(state: ModelState): Fitted {
  const { task, classes, k, byDistance, features } = state.json
  const { points, answers, votes } = state.arrays
  const whole =
    state.estimator === id &&
    state.version === 1 &&
    (task === 'binary' || task === 'multiclass' || task === 'regression') &&
    Array.isArray(classes) &&
    typeof k === 'number' &&
    typeof features === 'number' &&
    points instanceof Float32Array &&
    answers instanceof Float64Array &&
    votes instanceof Float64Array &&
    points.length === answers.length * features &&
    votes.length === answers.length &&
    k >= 1 &&
    k <= answers.length
  if (!whole) throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${id}; not rows of version 1` })
  return { task, classes: classes as readonly string[], k, byDistance: byDistance === true, features, points, answers, votes }
}

function modelOf(fitted: Fitted): Model {
  const { task, classes, k, byDistance, features, points, answers, votes } = fitted
  return {
    estimator: id,
    task,
    facts: { rowsKept: answers.length },
    async predict(X, context): Promise<Prediction> {
      if (X.features.length !== features) throw new StudioError({ code: 'bad-data', message: `invalid features; the model was fitted on ${features}: ${X.features.length}` })
      const { indices } = await nearestRows(points, answers.length, X, k, context)
      const say = new Float64Array(k)
      const width = task === 'regression' ? 1 : classes.length
      const out = new Float64Array(X.rows * width)
      for (let row = 0; row < X.rows; row++) {
        weigh(X.features.map(({ values }) => values[row] as number), indices.subarray(row * k, row * k + k), say)
        let total = 0
        for (let i = 0; i < k; i++) {
          const neighbour = indices[row * k + i] as number
          const weight = say[i] as number
          total += weight
          if (task === 'regression') out[row] = (out[row] as number) + weight * (answers[neighbour] as number)
          else out[row * width + (answers[neighbour] as number)] = (out[row * width + (answers[neighbour] as number)] as number) + weight
        }
        for (let c = 0; c < width; c++) out[row * width + c] = (out[row * width + c] as number) / total
      }
      return task === 'regression' ? { task, values: out } : { task, classes, probabilities: out }
    },
    state: () => ({ estimator: id, version: 1, json: { task, classes: [...classes], k, byDistance, features }, arrays: { points, answers, votes } }),
  }

  /** Votes of the neighbours; where some are at no distance, they alone have a say. */
  function weigh(query: readonly number[], neighbours: Uint32Array, say: Float64Array): void {
    for (let i = 0; i < k; i++) say[i] = votes[neighbours[i] as number] as number
    if (!byDistance) return
    let same = false
    const distances = Array.from(neighbours, (neighbour) => {
      let sum = 0
      for (let j = 0; j < features; j++) sum += ((points[neighbour * features + j] as number) - (query[j] as number)) ** 2
      if (sum === 0) same = true
      return Math.sqrt(sum)
    })
    for (let i = 0; i < k; i++) say[i] = (say[i] as number) * (same ? (distances[i] === 0 ? 1 : 0) : 1 / (distances[i] as number))
  }
}

export const kNeighbors: Estimator<typeof params> = {
  id,
  label: 'Nearest neighbours',
  family: 'neighbours',
  summary: 'Answers as the most similar training rows did; nothing is learnt, so the model and its export hold those rows.',
  source: "scikit-learn's KNeighborsClassifier and KNeighborsRegressor, Euclidean distance, exact search. Distances compare at float32, as the served graph does; of equal ones the earlier row is nearer. Weights of rows and of classes multiply votes.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false, keepsRows: true },
  params,
  memory: (_, { rows, features }) => rows * (4 * features + 40),
  async fit(X, y, { params: { nNeighbors, weights: by, classWeight }, weights }, context) {
    const rows = y.task === 'regression' ? y.values.length : y.codes.length
    checkNumbers(id, X, rows)
    const votes = y.task === 'regression' ? rowWeights(id, rows, weights) : classRowWeights(id, y, classWeight, weights)
    // A row without weight is no neighbour.
    const kept = Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => (votes[row] as number) > 0)
    const p = X.features.length
    if (nNeighbors > kept.length) throw new StudioError({ code: 'bad-data', message: `invalid nNeighbors of ${id}; not more than the rows of training, ${kept.length}: ${nNeighbors}`, hint: 'Ask for fewer neighbours.' })
    if (kept.length * p > cellLimit) throw new StudioError({ code: 'unsupported', message: `unsupported size; ${id} keeps rows x features, at most ${cellLimit}: ${kept.length * p}`, hint: 'Use fewer rows or columns.' })
    const points = new Float32Array(kept.length * p)
    for (let j = 0; j < p; j++) {
      const { values } = X.features[j] as (typeof X.features)[number]
      for (let i = 0; i < kept.length; i++) points[i * p + j] = values[kept[i] as number] as number
      context.report({ kind: 'step', phase: 'fit', done: j + 1, total: p })
      await context.checkpoint()
    }
    const answers = Float64Array.from(kept, (row) => (y.task === 'regression' ? y.values[row] : y.codes[row]) as number)
    return modelOf({ task: y.task, classes: y.task === 'regression' ? [] : y.classes, k: nNeighbors, byDistance: by === 'distance', features: p, points, answers, votes: Float64Array.from(kept, (row) => votes[row] as number) })
  },
  revive: (state) => modelOf(fromState(state)),
  toOnnx(state, input, graph) {
    const { task, classes, k, byDistance, features, points, answers, votes } = fromState(state)
    const int = (value: number) => ({ kind: 'int', value }) as const
    const rows = answers.length
    const query = graph.cast(input, 'double')
    const known = graph.cast(graph.floats('points', points, [rows, features]), 'double')
    // |x|^2 - 2 x q + |q|^2 in double finds the nearest; they are told apart at float32, as the studio does.
    const lengths = graph.doubles('lengths', Float64Array.from(answers, (_, i) => points.subarray(i * features, i * features + features).reduce((sum, x) => sum + x * x, 0)))
    const products = graph.node('MatMul', [query, graph.node('Transpose', [known], { perm: { kind: 'ints', value: [1, 0] } })])
    const own = graph.node('ReduceSum', [graph.node('Mul', [query, query]), graph.ints('features', [1])], { keepdims: int(1) })
    const far = graph.node('Add', [graph.node('Sub', [lengths, graph.node('Mul', [products, graph.doubles('two', [2])])]), own])
    const bounded = graph.node('Min', [graph.node('Max', [far, graph.doubles('none', [0])]), graph.doubles('largest', [3.4028234663852886e38])])
    const [, nearest] = graph.nodes('TopK', [graph.cast(bounded, 'float'), graph.ints('k', [k])], 2, { axis: int(1), largest: int(0), sorted: int(1) }) as [string, string]
    let say = graph.node('Gather', [graph.doubles('votes', votes), nearest])
    if (byDistance) {
      const away = graph.node('Sub', [graph.node('Gather', [known, nearest]), graph.node('Unsqueeze', [query, graph.ints('middle', [1])])])
      const distance = graph.node('Sqrt', [graph.node('ReduceSum', [graph.node('Mul', [away, away]), graph.ints('last', [2])], { keepdims: int(0) })])
      const zero = graph.cast(graph.node('Equal', [distance, graph.doubles('nothing', [0])]), 'double')
      const same = graph.node('ReduceMax', [zero], { axes: { kind: 'ints', value: [1] }, keepdims: int(1) })
      // Where some are at no distance: 1 for them, 0 for the others; elsewhere 1 / distance.
      const inverse = graph.node('Div', [graph.doubles('one', [1]), graph.node('Add', [distance, zero])])
      const closeness = graph.node('Add', [graph.node('Mul', [same, zero]), graph.node('Mul', [graph.node('Sub', [graph.doubles('one', [1]), same]), inverse])])
      say = graph.node('Mul', [say, closeness])
    }
    const total = graph.node('ReduceSum', [say, graph.ints('neighbours', [1])], { keepdims: int(1) })
    if (task === 'regression') {
      const sum = graph.node('ReduceSum', [graph.node('Mul', [say, graph.node('Gather', [graph.doubles('answers', answers), nearest])]), graph.ints('neighbours', [1])], { keepdims: int(1) })
      return { tensor: graph.node('Div', [sum, total]), type: 'double' }
    }
    const oneHot = new Float64Array(rows * classes.length)
    answers.forEach((code, i) => (oneHot[i * classes.length + code] = 1))
    const votesOf = graph.node('Mul', [graph.node('Gather', [graph.doubles('answers', oneHot, [rows, classes.length]), nearest]), graph.node('Unsqueeze', [say, graph.ints('last', [2])])])
    const shares = graph.node('ReduceSum', [votesOf, graph.ints('neighbours', [1])], { keepdims: int(0) })
    return { tensor: graph.cast(graph.node('Div', [shares, total]), 'float') }
  },
}
