/** The curves and grids that an additive model is the sum of, and where a chosen row stands on them. */
import type { Matrix } from '../data/matrix.ts'
import { cellsOf, isCategorical, type Axis } from '../estimators/ebm/axes.ts'
import type { AdditiveModel, Shape } from '../estimators/explainable-boosting.ts'
import { linkOfShapes } from './additive-parts.ts'
import type { Explainer, ShapeAxis, ShapeFunctions } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'
import { chosenScore, classParam, scoreName } from './scores.ts'
import { showing, shownBy } from './showing.ts'

const params = { class: classParam } as const

type Feature = Matrix['features'][number]

export const shapeFunctions: Explainer<typeof params> = {
  id: 'shapes',
  label: 'Shape functions',
  summary: 'The curve of each feature and the grid of each pair: added up, they are the whole model.',
  source: 'Lou et al. 2013 (GA2M); InterpretML draws them so',
  params,
  refuses: showing(['shapes'], 'There are no shape functions: the model is not a sum of curves.'),
  async explain({ pipeline, dataset, part, rows, row, target }, { class: wanted }, context): Promise<ShapeFunctions> {
    await context.checkpoint()
    const model = shownBy<AdditiveModel>(pipeline.model, ['shapes'])
    const { head, shapes } = model
    const outputs = head.base.length
    const output = chosenScore(head.classes, outputs, wanted, undefined)
    const X = pipeline.features(dataset.columns, rows)
    const own = row && pipeline.features(columnsOfRow(pipeline, row))
    const terms: ShapeFunctions['terms'][number][] = []
    for (const [done, shape] of shapes.entries()) {
      terms.push(termOf(shape, X, own, output, outputs))
      context.report({ kind: 'step', phase: 'shapes', done: done + 1, total: shapes.length })
      await context.checkpoint()
    }
    const link = linkOfShapes(model)
    return {
      kind: 'shapes',
      output: scoreName(link, head.classes, target.column, output, outputs),
      link,
      part,
      n: X.rows,
      intercept: head.base[output] as number,
      classes: outputs > 1 ? head.classes : [],
      terms: terms.sort((a, b) => b.weight - a.weight),
    }
  },
}

function termOf({ axes, values, spread }: Shape, X: Matrix, own: Matrix | undefined, output: number, outputs: number): ShapeFunctions['terms'][number] {
  const ofOutput = (all: Float64Array): number[] => Array.from({ length: all.length / outputs }, (_, cell) => all[cell * outputs + output] as number)
  const seen = ofOutput(values)
  const cells = axes.map((axis) => cellsOf(X.features[axis.feature] as Feature, axis))
  const rows = new Array<number>(seen.length).fill(0)
  let weight = 0
  for (let row = 0; row < X.rows; row++) {
    const cell = axes.reduce((at, axis, i) => at * axis.cells + (cells[i]?.[row] as number), 0)
    rows[cell] = (rows[cell] as number) + 1
    weight += Math.abs(seen[cell] as number) / X.rows
  }
  const chosen = own && chosenOf(axes, own, seen)
  return { axes: axes.map((axis) => axisIn(axis, X)), weight, values: seen, spread: ofOutput(spread), rows, ...(chosen && { chosen }) }
}

function chosenOf(axes: readonly Axis[], own: Matrix, values: readonly number[]): NonNullable<ShapeFunctions['terms'][number]['chosen']> {
  const cells = axes.map((axis) => cellsOf(own.features[axis.feature] as Feature, axis)[0] as number)
  const at = axes.map((axis, i) => {
    const x = own.features[axis.feature]?.values[0] as number
    // The last cell holds what is missing, and names that training did not know.
    return cells[i] === axis.cells - 1 || x !== x ? null : isCategorical(axis) ? (cells[i] as number) : x
  })
  const cell = axes.reduce((sum, axis, i) => sum * axis.cells + (cells[i] as number), 0)
  return { at, cells, value: values[cell] as number }
}

function axisIn(axis: Axis, X: Matrix): ShapeAxis {
  const feature = X.features[axis.feature] as Feature
  const { source: column, name } = feature
  if (isCategorical(axis)) {
    const names = Array.from({ length: axis.cells - 1 }, (_, cell) => (feature.categories ?? []).filter((_category, code) => axis.cellOfCode[code] === cell).join(', '))
    return { column, feature: name, names }
  }
  const inner = Array.from(axis.thresholds)
  let [low, high] = [inner[0] ?? 0, inner.at(-1) ?? 0]
  for (const x of feature.values) {
    if (x < low) low = x
    if (x > high) high = x
  }
  return { column, feature: name, edges: [low, ...inner, high] }
}
