/** Partial dependence with ICE: how predictions move when one column moves and all else stays. */
import { cellAt } from '../data/column.ts'
import type { Cell } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import type { Matrix } from '../data/matrix.ts'
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { quantile } from '../evaluate/bootstrap.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import { columnFrom } from '../data/column.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { refusesBaseline } from './baseline.ts'
import type { Explainer } from './explainer.ts'
import { fineGrid, gridOf } from './grid.ts'
import { columnsOfRow } from './row-columns.ts'

const params = {
  column: { kind: 'text', default: '', maxLength: 20_000, label: 'Column', help: 'The column to move; empty takes the first that the model uses.' },
  points: { kind: 'integer', default: 10, min: 2, max: 100, label: 'Points', help: 'Values along the curve: 10 for a quick look, 100 for a final one.' },
  range: {
    kind: 'choice',
    default: 'percentiles',
    options: [
      { value: 'percentiles', label: '5th to 95th percentile' },
      { value: 'full', label: 'Smallest to largest' },
    ],
    label: 'Range',
    help: 'Which values of a number are covered; extremes have few rows to learn from.',
  },
  class: { kind: 'text', default: '', maxLength: 20_000, label: 'Class', help: 'Whose probability is drawn; empty takes the positive class, or the likeliest one of the chosen row.' },
  maxRows: { kind: 'integer', default: 1000, min: 1, max: 100_000, scale: 'log', label: 'Rows', help: 'At most this many held-out rows are averaged, sampled with the seed.', unit: 'rows', advanced: true },
  curves: { kind: 'integer', default: 50, min: 0, max: 500, label: 'Single curves', help: 'How many rows are drawn thinly behind the mean.', unit: 'rows', advanced: true },
} as const

/** The matrix with the features of one source set to the same value in every row; all others shared. */
export function holdSource(X: Matrix, source: string, values: Matrix, at: number): Matrix {
  return {
    rows: X.rows,
    features: X.features.map((feature, f) =>
      feature.source === source ? { ...feature, values: new Float32Array(X.rows).fill(values.features[f]?.values[at] as number) } : feature,
    ),
  }
}

/** Two matrices of the same features, one above the other. */
function stack(above: Matrix, below: Matrix): Matrix {
  return {
    rows: above.rows + below.rows,
    features: above.features.map((feature, f) => {
      const values = new Float32Array(above.rows + below.rows)
      values.set(feature.values)
      values.set(below.features[f]?.values ?? [], above.rows)
      return { ...feature, values }
    }),
  }
}

/** The features of one raw row for each of several values of one column. */
function featuresAlong(pipeline: Pipeline, template: ReadonlyMap<string, Cell>, name: string, cells: readonly Cell[]): Matrix {
  const columns = columnsOfRow(pipeline, template, cells.length)
  return pipeline.features(columns.map((column) => (column.name === name ? columnFrom(name, column.kind, cells) : column)))
}

export const partialDependence: Explainer<typeof params> = {
  id: 'partial-dependence',
  label: 'Partial dependence and ICE',
  summary: 'The mean prediction along the values of one column, and the curve of single rows.',
  source: 'Friedman 2001, section 8.2; Goldstein et al. 2015; scikit-learn partial_dependence(method="brute")',
  params,
  refuses: refusesBaseline,
  async explain(input, options, context) {
    const { pipeline, dataset, rows, seed } = input
    const used = [...new Set(pipeline.recipe.features.map((feature) => feature.source))]
    const name = options.column === '' ? used[0] : options.column
    if (name === undefined || !used.includes(name)) {
      throw new StudioError({ code: 'bad-param', message: `invalid column of partial-dependence; not one the model uses: ${String(name).slice(0, 200)}` })
    }
    const column = columnNamed(dataset, name)
    const positions = samplePositions(rows.length, seed, options.maxRows)
    const sampled = Uint32Array.from(positions, (i) => rows[i] as number)
    const grid = gridOf(column, rows, options.points, options.range as 'percentiles' | 'full', input.row?.get(name) ?? null)
    if (grid.cells.length === 0) throw new StudioError({ code: 'bad-data', message: `invalid column; has no value in these rows: ${name.slice(0, 200)}` })

    const chosen = input.row && pipeline.features(columnsOfRow(pipeline, input.row))
    const held = pipeline.features(dataset.columns, sampled)
    const X = chosen ? stack(held, chosen) : held
    const template = input.row ?? new Map(pipeline.recipe.inputs.map((given) => [given.name, cellAt(columnNamed(dataset, given.name), sampled[0] as number)]))
    const along = featuresAlong(pipeline, template, name, grid.cells)
    const output = await outputOf(pipeline, options.class, X, chosen !== undefined)

    const mean: number[] = []
    const curves = Math.min(options.curves, held.rows)
    const ice = Array.from({ length: curves }, () => new Array<number>(grid.cells.length))
    const row: number[] = []
    const low: number[] = []
    const high: number[] = []
    const isOrdered = column.kind === 'numeric' || column.kind === 'datetime'
    for (let g = 0; g < grid.cells.length; g++) {
      const y = output.values(await pipeline.model.predict(holdSource(X, name, along, g), context))
      const all = Float64Array.from({ length: held.rows }, (_, i) => y(i))
      mean.push(all.reduce((sum, value) => sum + value, 0) / held.rows)
      all.sort()
      low.push(quantile(all, 0.05))
      high.push(quantile(all, 0.95))
      // The sample is in row order: spread the thin curves over all of it.
      ice.forEach((curve, c) => (curve[g] = y(Math.floor((c * held.rows) / curves))))
      if (chosen && !isOrdered) row.push(y(held.rows))
      context.report({ kind: 'step', phase: 'partial-dependence', done: g + 1, total: grid.cells.length })
      await context.checkpoint()
    }
    const drawn = { kind: 'partial-dependence', column: name, output: output.name, grid: grid.labels, mean, ice, low, high, n: held.rows } as const
    if (!input.row || !isOrdered) return { ...drawn, row }
    const whole = column.kind === 'datetime' || column.integer
    const rowGrid = fineGrid(grid.labels as readonly number[], whole, input.row.get(name) ?? null)
    const y = output.values(await pipeline.model.predict(featuresAlong(pipeline, input.row, name, rowGrid), context))
    return { ...drawn, row: rowGrid.map((_, i) => y(i)), rowGrid }
  },
}

interface Output {
  readonly name: string
  values(prediction: Prediction): (row: number) => number
}
/** @param hasChosen the last row of X is the chosen one */
async function outputOf(pipeline: Pipeline, className: string, X: Matrix, hasChosen: boolean): Promise<Output> {
  const { classes, target } = pipeline
  if (classes.length === 0) {
    return { name: target.column, values: (prediction) => (row) => (prediction.task === 'regression' ? (prediction.values[row] as number) : Number.NaN) }
  }
  let index = classes.indexOf(className)
  if (className !== '' && index < 0) {
    throw new StudioError({ code: 'bad-param', message: `invalid class of partial-dependence; not one of the model's: ${className.slice(0, 200)}` })
  }
  if (index < 0) index = classes.length === 2 ? 1 : 0
  if (className === '' && classes.length > 2 && hasChosen) {
    const last = { rows: 1, features: X.features.map((feature) => ({ ...feature, values: feature.values.subarray(X.rows - 1) })) }
    const own = await pipeline.model.predict(last)
    if (own.task !== 'regression') index = own.probabilities.indexOf(own.probabilities.reduce((a, b) => Math.max(a, b)))
  }
  const k = classes.length
  return {
    name: `probability of ${classes[index]}`,
    values: (prediction) => (row) => (prediction.task === 'regression' ? Number.NaN : (prediction.probabilities[row * k + index] as number)),
  }
}
