/** What each column gives to one row's answer, for any model that can be asked: no look inside it. */
import { type Matrix, takeRows } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import { createRng, shuffle } from '../math/rng.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { refusesBaseline } from './baseline.ts'
import { tableOf } from './coalitions.ts'
import type { Explainer, LocalAttribution } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'
import { answerOf, chosenScore, classParam, scoreName } from './scores.ts'
import { shapleyValues } from './shapley.ts'

/** What all questions to a model have in common. */
export const samplingParams = {
  class: classParam,
  tolerance: { kind: 'number', default: 0.05, min: 0.001, max: 0.5, scale: 'log', label: 'Band', help: 'It ends once every 95 % band is at most this share of all that columns move together.' },
  exactQuestions: { kind: 'integer', default: 20_000, min: 0, max: 10_000_000, scale: 'log', unit: 'questions', label: 'Exact up to', help: 'Where so few questions ask every coalition of columns against every background row, all are asked and nothing is sampled.', advanced: true },
} as const
const params = {
  ...samplingParams,
  maxSeconds: { kind: 'number', default: 3, min: 0.05, max: 600, scale: 'log', unit: 's', label: 'Time', help: 'It ends after this long, however wide the bands are.' },
  background: { kind: 'integer', default: 2000, min: 2, max: 100_000, scale: 'log', unit: 'rows', label: 'Background', help: 'At most this many training rows lend their cells, drawn with the seed.', advanced: true },
} as const

/** Numbers of the background's features that are held at once. */
const mostNumbers = 8_000_000

export const sampledShap: Explainer<typeof params> = {
  id: 'sampled-shap',
  label: 'What each column gives, by asking',
  summary: "How far each column of one row moves the model's answer from its mean over training rows: Shapley values of the raw columns, with 95 % bands, of any model.",
  source:
    'Interventional Shapley values: Lundberg & Lee 2017, equation 4 with a background of training rows. Sampled as Štrumbelj & Kononenko 2014, algorithm 1, each draw a background row and an order; ours walks whole orders, forwards and backwards, so that parts add up without a remainder, asks every coalition where that is cheap, and keeps the features of one column together.',
  params,
  refuses: (about) => refusesBaseline(about) ?? refusesPixels(about.estimator),
  async explain({ pipeline, dataset, rows, trainRows = rows, seed, row, target }, { class: wanted, tolerance, exactQuestions, maxSeconds, background: most }, context): Promise<LocalAttribution> {
    await context.checkpoint()
    if (!row) throw new StudioError({ code: 'bad-data', message: 'missing row; parts are of one row: none chosen', hint: 'Choose a row first.' })
    refusePictures(pipeline)
    const own = pipeline.features(columnsOfRow(pipeline, row))
    const prediction = await pipeline.model.predict(own, context)
    const { classes } = pipeline
    const outputs = Math.max(1, classes.length)
    const output = chosenScore(classes, outputs, wanted, prediction)
    const ask = askAbout(pipeline, output, context)
    const { background, leftOut } = await answerable(pipeline.features(dataset.columns, backgroundRows(trainRows, seed, Math.min(most, Math.floor(mostNumbers / own.features.length)))), ask)
    const table = tableOf(own, background)
    const found = await shapleyValues(ask, table, {
      seed,
      population: trainRows.length - leftOut,
      tolerance,
      exactQuestions,
      milliseconds: maxSeconds * 1000,
      onShare: (share) => context.report({ kind: 'step', phase: 'sampled-shap', done: Math.floor(share * 100), total: 100 }),
    }, context)
    const columns = table.columns
      .map((column, i) => ({ column, cell: row.get(column) ?? null, part: found.parts[i] as number, band: found.bands[i] as number }))
      .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    const predicted = answerOf(prediction, output, outputs)
    const score = columns.reduce((sum, { part }) => sum + part, found.base)
    return {
      kind: 'sampled-shap',
      output: scoreName('identity', classes, target.column, output, outputs),
      link: 'identity',
      base: found.base,
      score,
      predicted,
      gap: Math.abs(score - predicted),
      columns,
      sampling: { questions: found.questions, rows: found.rows, of: trainRows.length, ended: found.ended, baseBand: found.baseBand, tolerance, ...(leftOut > 0 && { leftOut }) },
    }
  },
}

/** Pictures have no columns to exchange; they have explanations of their own. */
function refusesPixels(estimator: string): string | undefined {
  return estimators.has(estimator) && estimators.get(estimator).tags.takesPictures ? 'A picture is not made of columns: it is explained by its own places.' : undefined
}
/** @throws StudioError unsupported where the model reads a picture */
export function refusePictures({ recipe }: Pipeline): void {
  const picture = recipe.inputs.find(({ kind }) => kind === 'image')
  if (picture) throw new StudioError({ code: 'unsupported', message: `unsupported column ${picture.name.slice(0, 100)}; a picture is not made of columns` })
}

/** At most so many training rows, in an order of the seed. */
export function backgroundRows(trainRows: Uint32Array, seed: number, most: number): Uint32Array {
  const order = shuffle(Uint32Array.from(samplePositions(trainRows.length, seed, Math.max(2, most))), createRng(seed).fork('background'))
  return order.map((position) => trainRows[position] as number)
}

/**
 * The background rows that the model has an answer for: some models that were brought in have none, or an error, where
 * a cell is missing, and were admitted because no validation row lacked one. All rows where it answers them all.
 * @throws StudioError as the model, where it answers fewer than two rows without holes
 */
export async function answerable(background: Matrix, ask: (X: Matrix) => Promise<ArrayLike<number>>): Promise<{ readonly background: Matrix; readonly leftOut: number }> {
  const whole = Uint32Array.from({ length: background.rows }, (_, row) => row).filter((row) => background.features.every(({ values }) => !Number.isNaN(values[row])))
  if (whole.length === background.rows) return { background, leftOut: 0 }
  const failure = await ask(background).then(
    (answers) => (Array.prototype.every.call(answers, Number.isFinite) ? undefined : new StudioError({ code: 'bad-data', message: 'invalid answer of the model; a number that is not finite' })),
    (error: unknown) => error,
  )
  if (failure === undefined) return { background, leftOut: 0 }
  if (whole.length < 2 || !(failure instanceof StudioError) || failure.code !== 'bad-data') throw failure
  return { background: takeRows(background, whole), leftOut: background.rows - whole.length }
}

/** The answer of one class, or the value. @param output index of the class */
export const askAbout =
  ({ model, classes }: Pipeline, output: number, context: Parameters<Pipeline['model']['predict']>[1]) =>
  async (X: Matrix): Promise<ArrayLike<number>> => {
    const prediction = await model.predict(X, context)
    if (prediction.task === 'regression') return prediction.values
    return Float64Array.from({ length: X.rows }, (_, row) => prediction.probabilities[row * classes.length + output] as number)
  }
