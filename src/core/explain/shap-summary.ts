/** TreeSHAP of many held-out rows: how much each column moves predictions, and which way with which values. */
import { isValid, type Column } from '../data/column.ts'
import { attributionsOf } from '../estimators/tree/attribute.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import type { AttributionSummary, Explainer } from './explainer.ts'
import { chosenScore, classParam, linkOfTrees, scoreName } from './scores.ts'
import { showing, shownBy } from './showing.ts'

const params = {
  maxRows: { kind: 'integer', default: 1000, min: 10, max: 100_000, scale: 'log', label: 'Rows', help: 'At most this many held-out rows, sampled with the seed.', unit: 'rows' },
  class: classParam,
} as const

/** Rows that are drawn one by one. */
const drawnRows = 200
/** Rows worked on between two looks at the clock. */
const block = 256

export const shapSummary: Explainer<typeof params> = {
  id: 'shap-summary',
  label: 'What each column gives, over many rows',
  summary: 'The mean size of what each column gives to predictions, with the single rows behind it.',
  source: 'Lundberg et al. 2020, summary plot of path-dependent TreeSHAP. Ours adds the parts of features that were made of one column.',
  params,
  refuses: showing(['trees'], 'Exact parts are known of models made of trees: a decision tree, a forest, or gradient boosting.'),
  async explain({ pipeline, dataset, part, rows, seed, target }, { maxRows, class: wanted }, context): Promise<AttributionSummary> {
    await context.checkpoint()
    const model = shownBy<TreeModel>(pipeline.model, ['trees'])
    const { outputs } = model.trees
    const output = chosenScore(model.head.classes, outputs, wanted, undefined)
    const chosen = Uint32Array.from(samplePositions(rows.length, seed, maxRows), (i) => rows[i] as number)
    const scale = model.scale ?? 1
    const { features } = pipeline.features(dataset.columns, chosen.subarray(0, 1))
    const p = features.length
    const sources = [...new Set(features.map((feature) => feature.source))]
    const parts = new Map(sources.map((source) => [source, new Float64Array(chosen.length)]))
    let base = 0
    for (let from = 0; from < chosen.length; from += block) {
      const some = chosen.subarray(from, from + block)
      const X = pipeline.features(dataset.columns, some)
      const found = await attributionsOf(model.trees, X, model.head, context)
      base = (found.base[output] as number) * scale
      X.features.forEach(({ source }, f) => {
        const own = parts.get(source) as Float64Array
        for (let i = 0; i < some.length; i++) own[from + i] = (own[from + i] as number) + (found.values[(i * outputs + output) * p + f] as number) * scale
      })
      context.report({ kind: 'step', phase: 'shap-summary', done: Math.min(from + block, chosen.length), total: chosen.length })
      await context.checkpoint()
    }
    const drawn = samplePositions(chosen.length, seed, drawnRows)
    const drawnAt = Uint32Array.from(drawn, (i) => chosen[i] as number)
    const columns = sources
      .map((column) => {
        const own = parts.get(column) as Float64Array
        const from = dataset.columns.find((candidate) => candidate.name === column)
        return {
          column,
          mean: own.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, own.length),
          parts: Array.from(drawn, (i) => own[i] as number),
          ranks: from ? ranksOf(from, drawnAt) : Array.from(drawnAt, () => null),
        }
      })
      .sort((a, b) => b.mean - a.mean)
    const link = linkOfTrees(model)
    return { kind: 'shap-summary', output: scoreName(link, model.head.classes, target.column, output, outputs), link, base, part, n: chosen.length, columns }
  },
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
