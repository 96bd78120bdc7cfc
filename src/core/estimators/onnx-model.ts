/**
 * A model that was trained elsewhere and brought in as an ONNX file. It cannot be fitted here; it predicts through
 * ONNX Runtime, so whoever opens it gives a way to that. Column k of the matrix fills slot k of the graph's inputs: one
 * feature, or several that sum to it where the graph takes more than float32 (recipe/series.ts, `exactPartsOf`).
 */
import type { Feature, Matrix } from '../data/matrix.ts'
import type { Prediction, Task } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { exp } from '../math/elementary.ts'
import { interfaceOf, withOutput, type ForeignInput, type ForeignInterface } from '../onnx/read/interface.ts'
import { readOnnx } from '../onnx/read/model.ts'
import { checkGraph } from '../onnx/read/rules.ts'
import type { OnnxRunner, OnnxSession, TensorFeed } from '../onnx/runner.ts'
import { check, v } from '../schema.ts'
import type { Estimator, Model, ModelState, PredictContext } from './estimator.ts'

export const foreignId = 'onnx-model'

/** What the graph's numbers are. `positive`: one number, the probability of the second class; `margin`: its log odds. */
export const answerKinds = ['probabilities', 'logits', 'positive', 'margin', 'value'] as const
export type AnswerKind = (typeof answerKinds)[number]

const schema = v.looseObject({
  task: v.picklist(['binary', 'multiclass', 'regression']),
  answer: v.picklist(answerKinds),
  classes: v.array(v.string()),
  /** For each class, which of the graph's scores is its own. */
  order: v.array(v.pipe(v.number(), v.integer(), v.minValue(0))),
  fileName: v.string(),
})
export interface ForeignJson {
  readonly task: Task
  readonly answer: AnswerKind
  readonly classes: readonly string[]
  readonly order: readonly number[]
  readonly fileName: string
}

/** Rows at once: enough to keep the runtime busy, little enough to be stopped in between. */
const batchRows = 4096
/** Values that one tensor may hold while a graph is asked, where a row does not take up more: 64 MB. */
const valuesAtOnce = 2 ** 24

export const foreignState = (json: ForeignJson, file: Uint8Array): ModelState => ({ estimator: foreignId, version: 1, json: { ...json }, arrays: { file } })

/** Columns that the inputs take together; null where the one input leaves it open. */
export const slotsOf = ({ inputs }: ForeignInterface): number | null => (inputs.some(({ width }) => width === null) ? null : inputs.reduce((sum, { width }) => sum + (width as number), 0))

class ForeignModel implements Model {
  readonly estimator = foreignId
  readonly facts
  readonly task: Task
  readonly #json: ForeignJson
  readonly #file: Uint8Array
  readonly #interface: ForeignInterface
  readonly #open: (() => Promise<OnnxRunner>) | undefined
  #session: Promise<OnnxSession> | undefined

  constructor(json: ForeignJson, file: Uint8Array, graph: ForeignInterface, open?: () => Promise<OnnxRunner>) {
    this.#json = json
    this.#file = file
    this.#interface = graph
    this.#open = open
    this.task = json.task
    this.facts = { backend: 'onnxruntime', file: json.fileName, answer: json.answer }
  }
  state = (): ModelState => foreignState(this.#json, this.#file)
  withRunner = (open: () => Promise<OnnxRunner>): Model => new ForeignModel(this.#json, this.#file, this.#interface, open)

  async #opened(): Promise<OnnxSession> {
    const open = this.#open
    if (!open) throw new StudioError({ code: 'unsupported', message: 'missing ONNX Runtime; a model that was brought in predicts through it, and nothing here opens it' })
    const file = this.#file
    this.#session ??= open().then((runner) => runner.open(withOutput(file, readOnnx(file), this.#interface.output.name)))
    try {
      return await this.#session
    } catch (error) {
      this.#session = undefined
      throw error
    }
  }

  async predict(X: Matrix, context?: PredictContext): Promise<Prediction> {
    const { answer, classes, order, task, fileName } = this.#json
    const { scores, width } = await ask(await this.#opened(), this.#interface, X, context)
    const needed = answer === 'value' || answer === 'positive' || answer === 'margin' ? 1 : classes.length
    if (width !== needed) throw new StudioError({ code: 'bad-data', message: `invalid answer of ${fileName}; ${needed} ${needed === 1 ? 'number' : 'numbers'} a row are expected: ${width}` })
    if (task === 'regression') return { task, values: scores }
    const k = classes.length
    const probabilities = new Float64Array(X.rows * k)
    for (let row = 0; row < X.rows; row++) shares(answer, scores.subarray(row * width, (row + 1) * width), order).forEach((share, c) => (probabilities[row * k + c] = share))
    return { task, classes, probabilities }
  }
}

/** The graph's own numbers. @returns row-major, shape (X.rows, width) */
export async function ask(session: OnnxSession, { inputs, output, batch, widest }: ForeignInterface, X: Matrix, context?: PredictContext): Promise<{ readonly scores: Float64Array; readonly width: number }> {
  const bySource = new Map<string, Feature[]>()
  for (const feature of X.features) bySource.set(feature.source, [...(bySource.get(feature.source) ?? []), feature])
  const slots = [...bySource.values()]
  let scores = new Float64Array(0)
  let width = 0
  const step = batch ?? Math.min(batchRows, Math.max(1, Math.floor(valuesAtOnce / widest)))
  for (let from = 0; from < X.rows; from += step) {
    const wanted = Math.min(step, X.rows - from)
    // A graph of fixed rows gets its last row again where there are fewer.
    const rows = batch ?? wanted
    let slot = 0
    const feeds = new Map<string, TensorFeed>()
    for (const input of inputs) {
      const columns = input.width ?? slots.length
      feeds.set(input.name, feedOf(input, slots.slice(slot, slot + columns), { slot, width: columns, from, rows, last: X.rows - 1 }))
      slot += columns
    }
    const answered = (await session.run(feeds, rows)).get(output.name) as ArrayLike<number> | undefined
    if (!answered || answered.length === 0 || answered.length % rows !== 0) throw new StudioError({ code: 'bad-data', message: `invalid answer of the graph; ${rows} rows must get as many numbers each: ${answered?.length ?? 'none'}` })
    if (width === 0) {
      width = answered.length / rows
      scores = new Float64Array(X.rows * width)
    }
    for (let i = 0; i < wanted * width; i++) scores[from * width + i] = Number(answered[i])
    await context?.checkpoint()
  }
  return { scores, width }
}

function shares(answer: AnswerKind, scores: ArrayLike<number>, order: readonly number[]): number[] {
  if (answer === 'positive' || answer === 'margin') {
    const positive = answer === 'positive' ? (scores[0] as number) : 1 / (1 + exp(-(scores[0] as number)))
    const pair = [1 - positive, positive]
    return order.map((place) => pair[place] as number)
  }
  const own = order.map((place) => scores[place] as number)
  if (answer === 'probabilities') return own
  const top = Math.max(...own)
  const powers = own.map((score) => exp(score - top))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

interface Window {
  readonly slot: number
  readonly width: number
  readonly from: number
  readonly rows: number
  readonly last: number
}

/** A date without a value, as the studio's own graphs take it. */
const noMoment = -(2n ** 63n)
const wholeRange = { int64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER], int32: [-(2 ** 31), 2 ** 31 - 1], bool: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] } as const

/** @param columns for each slot of the input its features */
function feedOf(input: ForeignInput, columns: readonly (readonly Feature[])[], { slot, width, from, rows, last }: Window): TensorFeed {
  const dims = input.rank === 1 ? [rows] : [rows, width]
  if (columns.length !== width) throw new StudioError({ code: 'bug', message: `invalid matrix; input ${input.name} takes ${width} features from ${slot}: ${columns.length}` })
  const fill = <A extends { [index: number]: T }, T>(values: A, cell: (column: number, row: number) => T): A => {
    for (let row = 0; row < rows; row++) for (let column = 0; column < width; column++) values[row * width + column] = cell(column, Math.min(from + row, last))
    return values
  }
  const number = (column: number, row: number): number => (columns[column] as readonly Feature[]).reduce((sum, { values }) => sum + (values[row] as number), 0)
  const fail = (column: number, rule: string, value: number): StudioError =>
    new StudioError({ code: 'bad-data', message: `invalid ${columns[column]?.[0]?.source.slice(0, 80)}; input ${input.name.slice(0, 80)} takes ${rule}: ${Number.isNaN(value) ? 'missing' : value}` })
  const double = (column: number, row: number): number => {
    const value = number(column, row)
    if (Math.abs(value) === Number.POSITIVE_INFINITY) throw fail(column, 'numbers up to 3.4e38 here', value)
    return value
  }
  const whole = (column: number, row: number): number => {
    const value = number(column, row)
    if (!Number.isInteger(value)) throw fail(column, 'whole numbers', value)
    const [least, most] = wholeRange[input.type as keyof typeof wholeRange]
    // Beyond 2^53 a table's numbers stand for their neighbours too.
    if (value < least || value > most) throw fail(column, `whole numbers from ${least} to ${most}`, value)
    return value
  }
  const size = rows * width
  switch (input.type) {
    case 'float':
      return { type: 'float', values: fill(new Float32Array(size), number), dims }
    case 'double':
      return { type: 'double', values: fill(new Float64Array(size), double), dims }
    case 'int64':
      return { type: 'int64', values: fill(new BigInt64Array(size), (column, row) => (input.moment && Number.isNaN(number(column, row)) ? noMoment : BigInt(whole(column, row)))), dims }
    case 'int32':
      return { type: 'int32', values: fill(new Int32Array(size), whole), dims }
    case 'bool':
      return { type: 'bool', values: fill(new Uint8Array(size), (column, row) => Number(whole(column, row) !== 0)), dims }
    case 'string':
      return { type: 'string', values: fill(new Array<string>(size), (column, row) => columns[column]?.[0]?.categories?.[number(column, row)] ?? ''), dims }
  }
}

const notHere = (what: string): StudioError => new StudioError({ code: 'unsupported', message: `unsupported ${what}; this model was trained elsewhere and brought in as an ONNX file`, hint: 'Deploy the file itself: it is the model. To train or write it anew, go back to where it came from.' })

export const onnxModel: Estimator<Record<string, never>> = {
  id: foreignId,
  label: 'Model brought in',
  family: 'baseline',
  summary: 'An ONNX file that was trained elsewhere.',
  source: 'ONNX 1.12 and ONNX Runtime',
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: true, acceptsCategories: true, wantsScaled: false, ignoresWeights: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params: {},
  fit: () => Promise.reject(notHere('training')),
  revive(state) {
    const json = check(schema, state.json, 'model that was brought in')
    const { file } = state.arrays
    if (!(file instanceof Uint8Array)) throw new StudioError({ code: 'bundle-mismatch', message: 'missing ONNX file; the stored model has none' })
    const read = readOnnx(file)
    checkGraph(read)
    return new ForeignModel(json, file, interfaceOf(read))
  },
  toOnnx() {
    throw notHere('export')
  },
}
