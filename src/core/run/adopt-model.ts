/**
 * A run of a model that was trained elsewhere: the same split, target and evaluation as for our own, with no
 * training in it. What of the data it was trained on is not known here, and the run says so.
 */
import { type Column, isValid } from '../data/column.ts'
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf } from '../data/encode-target.ts'
import { makeSplit } from '../data/make-split.ts'
import { usedRows } from '../data/split.ts'
import { StudioError } from '../errors.ts'
import { type AnswerKind, ask, foreignState, onnxModel, slotsOf } from '../estimators/onnx-model.ts'
import { countCategories } from '../recipe/categories.ts'
import { applyRecipe } from '../recipe/recipe.ts'
import { seriesOf } from '../recipe/series.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import { type ForeignInterface, interfaceOf, type SlotType, withOutput } from '../onnx/read/interface.ts'
import { type ReadModel, type ReadNode, readOnnx } from '../onnx/read/model.ts'
import { checkGraph } from '../onnx/read/rules.ts'
import type { OnnxRunner } from '../onnx/runner.ts'
import { judge } from './judge.ts'
import { pipelineOf } from './open-pipeline.ts'
import type { RunSpec } from './run-spec.ts'
import type { TrainResult } from './train.ts'

export interface ForeignMapping {
  readonly fileName: string
  /** The dataset column of each slot of the graph's inputs, in order. */
  readonly columns: readonly string[]
  /** The target's class of each of the graph's scores, in order; empty for regression. For one score: of 0 and of 1. */
  readonly classes: readonly string[]
  /** What its numbers are; absent = seen from what it answers. */
  readonly answer?: AnswerKind
}

function checked(file: Uint8Array): ReadModel {
  const model = readOnnx(file)
  checkGraph(model)
  return model
}

/** Opens and checks a file. @throws StudioError bad-data, unsupported */
export function foreignInterface(file: Uint8Array): ForeignInterface {
  return interfaceOf(checked(file))
}

/** What a file asks for, what there is to give it, and a first guess. */
export interface ForeignOffer {
  readonly graph: ForeignInterface
  /** One for each column that the graph takes, in order; as many as there are candidates where it leaves the number open. */
  readonly slots: readonly { readonly label: string; readonly takes: 'numbers' | 'whole' | 'texts' }[]
  /** Columns that can fill a slot of numbers, of whole numbers (dates are UTC seconds), and of text. */
  readonly candidates: Readonly<Record<'numbers' | 'whole' | 'texts', readonly string[]>>
  /** Columns with empty cells, and in how many rows. */
  readonly empty: readonly { readonly column: string; readonly rows: number }[]
  /** Whether anything in the graph is there for missing numbers. */
  readonly saysEmpty: boolean
  /** The target's classes; empty for regression. */
  readonly classes: readonly string[]
  /** What each score is called in the file. */
  readonly scores: readonly string[]
  /** '' where nothing is guessed. */
  readonly guess: { readonly columns: readonly string[]; readonly classes: readonly string[] }
}

/** Whether an operator is there for numbers that are missing. */
const takesEmpty = ({ opType, attributes }: ReadNode): boolean => opType === 'IsNaN' || opType === 'Imputer' || (attributes.get('nodes_missing_value_tracks_true')?.ints.some((way) => way !== 0n) ?? false)

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')

/** @throws StudioError bad-data, unsupported */
export function offerFor(file: Uint8Array, dataset: Dataset, { target, split }: Pick<RunSpec, 'target' | 'split'>): ForeignOffer {
  const model = checked(file)
  const graph = interfaceOf(model)
  const usable = dataset.columns.filter(({ name }) => name !== target.column)
  const of = (type: SlotType): readonly string[] => usable.filter(({ kind }) => kindsFor(type).includes(kind)).map(({ name }) => name)
  const candidates = { numbers: of('float'), whole: of('int64'), texts: of('string') }
  const slots = graph.inputs.flatMap(({ name, type, width, column = name }) => {
    const takes = type === 'string' ? 'texts' : type === 'int64' ? 'whole' : 'numbers'
    const count = width ?? candidates[takes].length
    return Array.from({ length: count }, (_, i) => ({ label: count === 1 ? column : `${column} [${i}]`, takes }) as const)
  })
  const classes = target.task === 'regression' ? [] : classesOf(columnNamed(dataset, target.column), target, usedRows(makeSplit(dataset.columns, target.column, split)))
  const scores = target.task === 'regression' ? [] : (graph.output.classes ?? Array.from({ length: graph.output.width === 1 ? 2 : (graph.output.width ?? classes.length) }, (_, i) => String(i)))
  const inOrder = (text: boolean): readonly string[] => {
    const own = text ? candidates.texts : candidates.numbers
    return slots.filter(({ takes }) => (takes === 'texts') === text).length === own.length ? own : []
  }
  const next = { text: 0, number: 0 }
  const columns = slots.map(({ label, takes }) => {
    const text = takes === 'texts'
    const place = text ? next.text++ : next.number++
    const own = candidates[takes]
    return own.find((name) => name === label) ?? own.find((name) => plain(name) === plain(label)) ?? inOrder(text)[place] ?? ''
  })
  const byName = scores.map((score) => classes.find((name) => plain(name) === plain(score)) ?? '')
  // Label encoders number the classes in their alphabetical order.
  const numbered = [...classes].sort((a, b) => (a < b ? -1 : 1))
  const empty = usable.flatMap((column) => {
    let rows = 0
    for (let row = 0; row < dataset.rows; row++) if (!isValid(column, row)) rows++
    return rows > 0 ? [{ column: column.name, rows }] : []
  })
  return { graph, slots, candidates, empty, saysEmpty: model.nodes.some(takesEmpty), classes, scores, guess: { columns, classes: byName.every((name) => name !== '') ? byName : scores.map((_, i) => numbered[i] ?? '') } }
}

/** @throws StudioError bad-data or unsupported where file, columns or classes do not fit together */
export async function adoptModel(spec: RunSpec, dataset: Dataset, file: Uint8Array, mapping: ForeignMapping, openRunner: () => Promise<OnnxRunner>, context: Context): Promise<TrainResult> {
  const begun = context.now()
  const graph = foreignInterface(file)
  const { task } = spec.target
  const targetColumn = columnNamed(dataset, spec.target.column)
  const split = makeSplit(dataset.columns, spec.target.column, spec.split)
  const classes = task === 'regression' ? [] : classesOf(targetColumn, spec.target, usedRows(split))
  const recipe = recipeOf(dataset.columns, mapping.columns, graph, spec)

  const order = classes.map((name) => {
    const place = mapping.classes.indexOf(name)
    if (place < 0 || mapping.classes.lastIndexOf(name) !== place) throw new StudioError({ code: 'bad-data', message: `invalid classes; each class of the target must be the meaning of one score, and this one is of ${place < 0 ? 'none' : 'several'}: ${name.slice(0, 80)}` })
    return place
  })
  if (task !== 'regression' && mapping.classes.length !== classes.length) throw new StudioError({ code: 'bad-data', message: `invalid classes; the target has ${classes.length} and the model ${mapping.classes.length}` })
  const session = await (await openRunner()).open(withOutput(file, readOnnx(file), graph.output.name))
  let answer: AnswerKind
  try {
    const { scores, width } = await ask(session, graph, applyRecipe(recipe, dataset.columns, split.valid.subarray(0, 1000)), context)
    answer = mapping.answer ?? answerOf(scores, width, task === 'regression' ? 0 : classes.length)
  } finally {
    await session.close()
  }
  const state = foreignState({ task, answer, classes, order, fileName: mapping.fileName }, file)
  const model = onnxModel.revive(state)
  const pipeline = pipelineOf({ target: spec.target, classes, recipe, model: model.withRunner?.(openRunner) ?? model })
  const warnings = [`${mapping.fileName} was trained elsewhere: where these rows were among its training rows, every figure here flatters it.`]
  return judge({ pipeline, dataset, split, threshold: 0.5, seed: spec.seed, warnings, begun }, context)
}

/** Kinds of columns that a slot takes. */
const kindsFor = (type: SlotType): readonly Column['kind'][] => (type === 'string' ? ['categorical'] : type === 'int64' ? ['numeric', 'boolean', 'datetime'] : ['numeric', 'boolean'])
const kindWords = (type: SlotType): string => (type === 'string' ? 'text, so a categorical column' : type === 'int64' ? 'whole numbers, so a numeric, yes/no or date column' : 'numbers, so a numeric or yes/no column')

/** Columns as they are, in the order of the slots; categories keep their text, all of the data's. */
function recipeOf(columns: readonly Column[], names: readonly string[], graph: ForeignInterface, spec: RunSpec): FittedRecipeState {
  const slots = slotsOf(graph)
  if (names.length === 0 || (slots !== null && slots !== names.length)) throw new StudioError({ code: 'bad-data', message: `invalid columns; the model takes ${slots ?? 'at least 1'}: ${names.length}` })
  const types = graph.inputs.flatMap(({ type, width }) => Array.from({ length: width ?? names.length }, () => type))
  const inputs: { name: string; kind: Column['kind']; exact?: true }[] = []
  const categories: { name: string; state: { names: string[]; bucket: boolean } }[] = []
  for (const [slot, name] of names.entries()) {
    const column = columnNamed({ columns }, name)
    const type = types[slot] as SlotType
    const fail = (rule: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid column for input ${slot + 1}; ${rule}: ${name.slice(0, 80)}` })
    if (name === spec.target.column) throw fail('the target cannot be an input')
    if (inputs.some((input) => input.name === name)) throw fail('a column fills one input only')
    if (!kindsFor(type).includes(column.kind)) throw fail(`the model takes ${kindWords(type)}, and this is ${column.kind}`)
    // Float32 is enough for what the graph itself takes in float32, and for text.
    inputs.push({ name, kind: column.kind, ...(type !== 'float' && type !== 'string' && type !== 'bool' && { exact: true as const }) })
    const series = column.kind === 'categorical' ? seriesOf(column) : undefined
    if (series?.kind === 'categorical') categories.push({ name, state: { names: [...countCategories(series).names], bucket: false } })
  }
  const steps = categories.length === 0 ? [] : [{ id: 'step-1', step: 'ordinal', columns: { by: 'kind', kinds: ['categorical'] }, params: { order: 'alphabetical', unseen: 'missing' } } as const]
  const recipe = { version: 1, spec: { version: 1, steps, excluded: [] }, inputs, learnt: steps.map(({ id, step }) => ({ id, step, series: categories })) } as const
  return {
    ...recipe,
    features: applyRecipe({ ...recipe, features: [], leftOut: [] }, columns, []).features.map(({ name, source, categories: own }) => (own ? { name, source, categories: own } : { name, source })),
    leftOut: columns.filter(({ name }) => name !== spec.target.column && !names.includes(name)).map(({ name }) => ({ column: name, reason: 'the model that was brought in does not read it' })),
  }
}

/** Probabilities lie in [0, 1] and sum to 1; what does not is log odds. */
function answerOf(scores: Float64Array, width: number, classes: number): AnswerKind {
  if (classes === 0) return 'value'
  const within = scores.every((score) => score >= 0 && score <= 1)
  if (width === 1) return within ? 'positive' : 'margin'
  if (!within) return 'logits'
  for (let row = 0; row < scores.length; row += width) {
    let sum = 0
    for (let i = 0; i < width; i++) sum += scores[row + i] as number
    if (Math.abs(sum - 1) > 1e-3) return 'logits'
  }
  return 'probabilities'
}
