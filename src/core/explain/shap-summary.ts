/** Parts of many held-out rows: how much each column moves predictions, and which way with which values. */
import { isValid, type Column } from '../data/column.ts'
import type { Context } from '../context.ts'
import { StudioError } from '../errors.ts'
import { attributionsOf } from '../estimators/tree/attribute.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { sumOf } from './additive-parts.ts'
import { tableOf } from './coalitions.ts'
import type { AttributionSummary, Explainer, ExplainInput, Link } from './explainer.ts'
import { answerable, askAbout, backgroundRows, refusePictures, sampledShap } from './sampled-shap.ts'
import { chosenScore, classParam, linkOfTrees, scoreName } from './scores.ts'
import { shapleyValues } from './shapley.ts'

const params = {
  maxRows: { kind: 'integer', default: 1000, min: 10, max: 100_000, scale: 'log', label: 'Rows', help: 'At most this many held-out rows, sampled with the seed, of models whose parts are exact.', unit: 'rows' },
  class: classParam,
  askedRows: { kind: 'integer', default: 100, min: 2, max: 10_000, scale: 'log', label: 'Rows, by asking', help: 'At most this many held-out rows of a model that has to be asked.', unit: 'rows', advanced: true },
  maxSeconds: { kind: 'number', default: 30, min: 0.05, max: 3600, scale: 'log', label: 'Time, by asking', help: 'Asking ends after this long, with the rows done so far.', unit: 's', advanced: true },
} as const
type Values = { readonly maxRows: number; readonly class: string; readonly askedRows: number; readonly maxSeconds: number }

/** Rows that are drawn one by one. */
const drawnRows = 200
/** Rows worked on between two looks at the clock. */
const block = 256
/** Rows that a linear model's parts are told from, as additive-parts. */
const meanRows = 2000
/** Of each row that is asked about: training rows at most, and the band that is small enough. Many rows average out what one leaves open. */
const askedBackground = 256
const askedTolerance = 0.1

/** Parts of some rows. */
interface Parts {
  readonly output: string
  readonly link: Link
  readonly base: number
  /** Dataset row numbers. */
  readonly rows: Uint32Array
  /** Shape (columns) by name, (rows). */
  readonly parts: ReadonlyMap<string, Float64Array>
  readonly bands?: ReadonlyMap<string, number>
  readonly sampling?: AttributionSummary['sampling']
}

export const shapSummary: Explainer<typeof params> = {
  id: 'shap-summary',
  label: 'What each column gives, over many rows',
  summary: 'The mean size of what each column gives to predictions, with the single rows behind it.',
  source: 'Lundberg et al. 2020, summary plot. Parts are those of tree-shap, additive-parts or sampled-shap, whichever is the first that speaks of the model. Ours adds the parts of features that were made of one column.',
  params,
  refuses: sampledShap.refuses,
  async explain(input, values, context): Promise<AttributionSummary> {
    await context.checkpoint()
    const { dataset, part, seed, pipeline } = input
    const { output, link, base, rows, parts, bands, sampling } = 'trees' in pipeline.model ? await ofTrees(input, values, context) : 'linear' in pipeline.model || 'shapes' in pipeline.model ? await ofSums(input, values, context) : await byAsking(input, values, context)
    const drawn = samplePositions(rows.length, seed, drawnRows)
    const drawnAt = Uint32Array.from(drawn, (i) => rows[i] as number)
    const columns = Array.from(parts, ([column, own]) => {
      const from = dataset.columns.find((candidate) => candidate.name === column)
      const band = bands?.get(column)
      return {
        column,
        mean: own.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, own.length),
        parts: Array.from(drawn, (i) => own[i] as number),
        ranks: from ? ranksOf(from, drawnAt) : Array.from(drawnAt, () => null),
        ...(band === undefined ? {} : { band }),
      }
    }).sort((a, b) => b.mean - a.mean)
    return { kind: 'shap-summary', output, link, base, part, n: rows.length, columns, ...(sampling && { sampling }) }
  },
}

const sampled = ({ rows, seed }: ExplainInput, most: number): Uint32Array => Uint32Array.from(samplePositions(rows.length, seed, most), (i) => rows[i] as number)

async function ofTrees(input: ExplainInput, { maxRows, class: wanted }: Values, context: Context): Promise<Parts> {
  const { pipeline, dataset, target } = input
  const model = pipeline.model as TreeModel
  const { outputs } = model.trees
  const output = chosenScore(model.head.classes, outputs, wanted, undefined)
  const rows = sampled(input, maxRows)
  const scale = model.scale ?? 1
  const { features } = pipeline.features(dataset.columns, rows.subarray(0, 1))
  const p = features.length
  const parts = new Map(features.map(({ source }) => [source, new Float64Array(rows.length)]))
  let base = 0
  for (let from = 0; from < rows.length; from += block) {
    const some = rows.subarray(from, from + block)
    const X = pipeline.features(dataset.columns, some)
    const found = await attributionsOf(model.trees, X, model.head, context)
    base = (found.base[output] as number) * scale
    X.features.forEach(({ source }, f) => {
      const own = parts.get(source) as Float64Array
      for (let i = 0; i < some.length; i++) own[from + i] = (own[from + i] as number) + (found.values[(i * outputs + output) * p + f] as number) * scale
    })
    context.report({ kind: 'step', phase: 'shap-summary', done: Math.min(from + block, rows.length), total: rows.length })
    await context.checkpoint()
  }
  const link = linkOfTrees(model)
  return { output: scoreName(link, model.head.classes, target.column, output, outputs), link, base, rows, parts }
}

async function ofSums(input: ExplainInput, { maxRows, class: wanted }: Values, context: Context): Promise<Parts> {
  const { pipeline, dataset, target } = input
  const rows = sampled(input, maxRows)
  const { link, classes, bases, terms } = sumOf(pipeline.model, pipeline.features(dataset.columns, rows), () => pipeline.features(dataset.columns, sampled(input, meanRows)))
  const output = chosenScore(classes, bases.length, wanted, undefined)
  const parts = new Map<string, Float64Array>()
  for (const term of terms) {
    const name = term.columns.join(' × ')
    const own = parts.get(name) ?? new Float64Array(rows.length)
    parts.set(name, own)
    for (let i = 0; i < rows.length; i++) own[i] = (own[i] as number) + term.part(i, output)
    await context.checkpoint()
  }
  context.report({ kind: 'step', phase: 'shap-summary', done: rows.length, total: rows.length })
  return { output: scoreName(link, classes, target.column, output, bases.length), link, base: bases[output] as number, rows, parts }
}

async function byAsking(input: ExplainInput, { askedRows, maxSeconds, class: wanted }: Values, context: Context): Promise<Parts> {
  const { pipeline, dataset, target, seed, trainRows = input.rows } = input
  refusePictures(pipeline)
  const begun = context.now()
  const left = (): number => maxSeconds * 1000 - (context.now() - begun)
  const { classes } = pipeline
  const outputs = Math.max(1, classes.length)
  const output = chosenScore(classes, outputs, wanted, undefined)
  const ask = askAbout(pipeline, output, context)
  const { background, leftOut } = await answerable(pipeline.features(dataset.columns, backgroundRows(trainRows, seed, askedBackground)), ask)
  // In an order of chance: those done when time is up are a sample like any other.
  const order = shuffle(sampled(input, askedRows), createRng(seed).fork('asked'))
  const found: { readonly row: number; readonly parts: Float64Array; readonly bands: Float64Array }[] = []
  let [columns, base, questions, used]: [readonly string[], number, number, number] = [[], 0, 0, 0]
  let ended: 'all' | 'time' | 'stopped' = 'all'
  for (const row of order) {
    const table = tableOf(pipeline.features(dataset.columns, [row]), background)
    columns = table.columns
    const before = found.length
    // The first row may take all the time there is; a later one that did not get through is left out.
    const said = await shapleyValues(ask, table, { seed, population: trainRows.length - leftOut, tolerance: askedTolerance, milliseconds: Math.max(1, left()), exactQuestions: 4096 }, context).catch((error: unknown) => {
      if (before > 0 && left() <= 0 && error instanceof StudioError && error.code === 'unsupported') return undefined
      throw error
    })
    if (!said || (said.ended === 'time' && before > 0)) {
      ended = 'time'
      break
    }
    found.push({ row, parts: said.parts, bands: said.bands })
    base += said.base
    questions += said.questions
    used = Math.max(used, said.rows)
    context.report({ kind: 'step', phase: 'shap-summary', done: found.length, total: order.length })
    await context.checkpoint()
    if (found.length < order.length && context.stopping()) ended = 'stopped'
    else if (found.length < order.length && left() <= 0) ended = 'time'
    if (ended !== 'all') break
  }
  if (found.length < order.length) context.report({ kind: 'step', phase: 'shap-summary', done: order.length, total: order.length })
  const n = Math.max(1, found.length)
  return {
    output: scoreName('identity', classes, target.column, output, outputs),
    link: 'identity',
    base: base / n,
    rows: Uint32Array.from(found, ({ row }) => row),
    parts: new Map(columns.map((column, c) => [column, Float64Array.from(found, ({ parts }) => parts[c] as number)])),
    bands: new Map(columns.map((column, c) => [column, found.reduce((sum, { bands }) => sum + (bands[c] as number), 0) / n])),
    sampling: { questions, rows: used, of: trainRows.length, ended },
  }
}

/** Mean rank of each value among all, equal values sharing one, so that an outlier does not take all the colours. */
function ranksOf(column: Column, rows: Uint32Array): (number | null)[] {
  const values = column.kind === 'numeric' ? column.values : column.kind === 'datetime' ? column.seconds : column.kind === 'boolean' ? column.values : undefined
  if (!values) return Array.from(rows, () => null)
  const present = Float64Array.from(rows.filter((row) => isValid(column, row)), (row) => values[row] as number).sort()
  const first = (x: number, orAfter: boolean): number => {
    let [low, high] = [0, present.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((present[middle] as number) < x || (orAfter && present[middle] === x)) low = middle + 1
      else high = middle
    }
    return low
  }
  return Array.from(rows, (row) => {
    if (!isValid(column, row)) return null
    const x = values[row] as number
    const rank = (first(x, false) + first(x, true) - 1) / 2
    return present.length < 2 ? 0.5 : rank / (present.length - 1)
  })
}
