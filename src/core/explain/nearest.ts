/** The nearest row that the model decides differently: what would have to be otherwise, shown by a real row. */
import { cellAt } from '../data/column.ts'
import type { Cell } from '../data/column.ts'
import { labelsOf } from '../data/target.ts'
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { refusesBaseline } from './baseline.ts'
import { distanceOf } from './distance.ts'
import type { Explainer, NearestCounterfactual } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'

const params = {
  distance: {
    kind: 'choice',
    default: 'l1',
    options: [
      { value: 'l1', label: 'L1: sum of the parts' },
      { value: 'l2', label: 'L2: sum of their squares' },
    ],
    label: 'Distance',
    help: 'L1 lets few columns differ much; L2 prefers many small differences.',
  },
  minimumChange: { kind: 'number', default: 0, min: 0, max: 1e15, label: 'Smallest change', help: 'For numbers: how far the other prediction must be away; 0 takes one standard deviation of the predictions.' },
} as const

export const nearestCounterfactual: Explainer<typeof params> = {
  id: 'nearest-counterfactual',
  label: 'Nearest row with another outcome',
  summary: 'The most similar row that the model decides differently, and the columns in which the two differ.',
  source: 'What-If Tool (Wexler et al. 2019), nearest counterfactual; columns the recipe excludes do not count',
  params,
  refuses: refusesBaseline,
  async explain(input, { distance, minimumChange }, context): Promise<NearestCounterfactual> {
    const { pipeline, dataset, rows, threshold, row: chosen } = input
    if (!chosen) throw new StudioError({ code: 'bad-param', message: 'missing row; nearest-counterfactual needs a chosen row: none' })
    const own = await pipeline.predict(columnsOfRow(pipeline, chosen))
    const others = input.prediction ?? (await pipeline.predict(dataset.columns, rows, context))
    const outcome = outcomesOf(own, others, threshold, minimumChange)
    const excluded = new Set([pipeline.target.column, ...pipeline.recipe.spec.excluded])
    const measures = dataset.columns.filter((column) => !excluded.has(column.name) && chosen.has(column.name)).flatMap((column) => distanceOf(column, rows) ?? [])
    const wanted = measures.map(({ column }) => chosen.get(column.name) as Cell)

    let best = -1
    let bestDistance = Number.POSITIVE_INFINITY
    let lastYield = context.now()
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      if (row === input.rowNumber || !outcome.differs(i)) continue
      let sum = 0
      for (let m = 0; m < measures.length && sum < bestDistance; m++) {
        const part = measures[m]?.part(row, wanted[m] as Cell) ?? 0
        sum += distance === 'l2' ? part * part : part
      }
      if (sum < bestDistance) {
        best = i
        bestDistance = sum
      }
      if ((i & 1023) === 0 && context.now() - lastYield > 50) {
        context.report({ kind: 'step', phase: 'nearest-counterfactual', done: i, total: rows.length })
        await context.checkpoint()
        lastYield = context.now()
      }
    }
    await context.checkpoint()
    context.report({ kind: 'step', phase: 'nearest-counterfactual', done: rows.length, total: rows.length })
    if (best < 0) return { kind: 'nearest-counterfactual', found: false, reason: outcome.none }
    const row = rows[best] as number
    const differences = measures
      .map(({ column, part }, m) => {
        const from = wanted[m] as Cell
        const size = part(row, from)
        return { column: column.name, from, to: cellAt(column, row), part: distance === 'l2' ? size * size : size }
      })
      .filter(({ from, to }) => from !== to)
      .sort((a, b) => b.part - a.part)
    return { kind: 'nearest-counterfactual', found: true, row, distance: bestDistance, outcome: outcome.name(best), differences }
  },
}

interface Outcomes {
  differs(i: number): boolean
  name(i: number): string
  readonly none: string
}

function outcomesOf(own: Prediction, others: Prediction, threshold: number, minimumChange: number): Outcomes {
  if (own.task === 'regression' || others.task === 'regression') {
    const values = others.task === 'regression' ? others.values : new Float64Array(0)
    const mine = own.task === 'regression' ? (own.values[0] as number) : Number.NaN
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length))
    const least = minimumChange > 0 ? minimumChange : sd
    return {
      differs: (i) => values[i] !== mine && Math.abs((values[i] as number) - mine) >= least,
      name: (i) => String(values[i]),
      none: `No prediction among these rows is ${Number(least.toPrecision(3))} or more away.`,
    }
  }
  const mine = labelsOf(own, threshold)[0] as number
  const labels = labelsOf(others, threshold)
  return {
    differs: (i) => labels[i] !== mine,
    name: (i) => others.classes[labels[i] as number] as string,
    none: `The model predicts ${own.classes[mine]} for all of these rows.`,
  }
}
