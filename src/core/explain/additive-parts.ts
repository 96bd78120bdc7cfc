/** What each column gives to one row's score, exactly, for models that are sums: linear ones and explainable boosting. */
import { StudioError } from '../errors.ts'
import { cellsOf } from '../estimators/ebm/axes.ts'
import type { AdditiveModel } from '../estimators/explainable-boosting.ts'
import type { Model } from '../estimators/estimator.ts'
import type { LinearModel } from '../estimators/linear.ts'
import type { Matrix } from '../data/matrix.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import type { Explainer, Link, LocalAttribution } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'
import { answerOf, chosenScore, classParam, scoreName, throughLink } from './scores.ts'
import { showing, shownBy } from './showing.ts'

const params = {
  class: classParam,
  maxRows: { kind: 'integer', default: 2000, min: 1, max: 1_000_000, scale: 'log', unit: 'rows', label: 'Rows to compare with', help: 'The parts of a linear model say how the row differs from the mean of these held-out rows.', advanced: true },
} as const

/** The scores of rows as sums: each score's start, and what is added to it. */
export interface Sum {
  readonly link: Link
  readonly classes: readonly string[]
  readonly bases: readonly number[]
  /** Shape (terms): the columns a term speaks of, and what it adds to a score of a row. */
  readonly terms: readonly { readonly columns: readonly string[]; part(row: number, output: number): number }[]
}

export const additiveParts: Explainer<typeof params> = {
  id: 'additive-parts',
  label: 'What each column gives',
  summary: "How far each column of one row moves the model's score: the parts add up to it.",
  source: 'Shapley values in closed form: Lundberg & Lee 2017, corollary 1 (linear models, against the mean of held-out rows); the terms of a GA2M are their own parts, against its intercept.',
  params,
  refuses: showing(['coefficients', 'shapes'], 'The model is not a plain sum of parts.'),
  async explain({ pipeline, dataset, rows, seed, row, target }, { class: wanted, maxRows }, context): Promise<LocalAttribution> {
    await context.checkpoint()
    if (!row) throw new StudioError({ code: 'bad-data', message: 'missing row; parts are of one row: none chosen', hint: 'Choose a row first.' })
    const X = pipeline.features(columnsOfRow(pipeline, row))
    const background = () => pipeline.features(dataset.columns, Uint32Array.from(samplePositions(rows.length, seed, maxRows), (i) => rows[i] as number))
    const sum = sumOf(pipeline.model, X, background)
    const prediction = await pipeline.model.predict(X)
    const outputs = sum.bases.length
    const output = chosenScore(sum.classes, outputs, wanted, prediction)
    const scores = sum.bases.map((base, o) => sum.terms.reduce((total, { part }) => total + part(0, o), base))
    const parts = new Map<string, { columns: readonly string[]; part: number }>()
    for (const term of sum.terms) {
      const key = JSON.stringify(term.columns)
      parts.set(key, { columns: term.columns, part: (parts.get(key)?.part ?? 0) + term.part(0, output) })
    }
    const columns = [...parts.values()]
      .map(({ columns: names, part }) => ({ column: names.join(' × '), cell: names.length === 1 ? (row.get(names[0] as string) ?? null) : null, part }))
      .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    const predicted = answerOf(prediction, output, outputs)
    const said = throughLink(sum.link, scores, output)
    context.report({ kind: 'step', phase: 'additive-parts', done: 1, total: 1 })
    return {
      kind: 'additive-parts',
      output: scoreName(sum.link, sum.classes, target.column, output, outputs),
      link: sum.link,
      base: sum.bases[output] as number,
      score: scores[output] as number,
      predicted,
      gap: said === null ? null : Math.abs(said - predicted),
      columns,
    }
  },
}

export const linkOfLine = ({ linear, link }: Pick<LinearModel, 'linear' | 'link'>): Link => (link === 'log-odds' && linear.intercepts.length > 1 ? 'softmax' : link)
export const linkOfShapes = ({ head }: Pick<AdditiveModel, 'head'>): Link => (head.task === 'regression' ? 'identity' : head.base.length === 1 ? 'log-odds' : 'softmax')

/** @param background rows whose mean a linear model's parts are told from */
export function sumOf(model: Model, X: Matrix, background: () => Matrix): Sum {
  const shown = shownBy<AdditiveModel | LinearModel>(model, ['shapes', 'linear'])
  return 'shapes' in shown ? sumOfShapes(shown, X) : sumOfLine(shown, X, background())
}

function sumOfShapes(model: AdditiveModel, X: Matrix): Sum {
  const { head, shapes } = model
  const outputs = head.base.length
  const terms = shapes.map(({ axes, values }) => {
    const features = axes.map((axis) => X.features[axis.feature] as Matrix['features'][number])
    const cells = axes.map((axis, i) => cellsOf(features[i] as Matrix['features'][number], axis))
    const at = (row: number): number => axes.reduce((cell, axis, i) => cell * axis.cells + (cells[i]?.[row] as number), 0)
    return { columns: [...new Set(features.map((feature) => feature.source))], part: (row: number, output: number) => values[at(row) * outputs + output] as number }
  })
  return { link: linkOfShapes(model), classes: head.classes, bases: head.base, terms }
}

function sumOfLine(model: LinearModel, X: Matrix, background: Matrix): Sum {
  const { coefficients, intercepts, classes } = model.linear
  const p = X.features.length
  const means = background.features.map(({ values }) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length))
  const outputs = Array.from(intercepts)
  return {
    link: linkOfLine(model),
    classes,
    bases: outputs.map((intercept, o) => means.reduce((sum, mean, j) => sum + (coefficients[o * p + j] as number) * mean, intercept)),
    terms: X.features.map(({ source, values }, j) => ({ columns: [source], part: (row: number, output: number) => (coefficients[output * p + j] as number) * ((values[row] as number) - (means[j] as number)) })),
  }
}
