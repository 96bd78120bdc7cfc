/** Permutation importance: what a column is worth to the model, measured by breaking its tie to the outcome. */
import type { Matrix } from '../data/matrix.ts'
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import { takeTarget } from '../evaluate/take.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { defaultMetric, metrics } from '../metrics/registry.ts'
import { refusesBaseline } from './baseline.ts'
import type { Explainer, PermutationImportance } from './explainer.ts'

const params = {
  metric: { kind: 'text', default: '', maxLength: 60, label: 'Metric', help: 'The score whose loss is measured; empty takes the one that ranks the leaderboard.' },
  repeats: { kind: 'integer', default: 5, min: 5, max: 100, label: 'Repeats', help: 'How often each column is shuffled: more repeats give a steadier mean and a better known spread.', unit: 'shuffles' },
  maxRows: { kind: 'integer', default: 10_000, min: 10, max: 1_000_000, scale: 'log', label: 'Rows', help: 'At most this many held-out rows, sampled with the seed.', unit: 'rows', advanced: true },
} as const

/** The matrix with every feature that descends from `source` re-ordered by one permutation, so that they stay consistent. */
export function shuffleSource(X: Matrix, source: string, permutation: ArrayLike<number>): Matrix {
  return {
    rows: X.rows,
    features: X.features.map((feature) => {
      if (feature.source !== source) return feature
      const values = new Float32Array(X.rows)
      for (let i = 0; i < X.rows; i++) values[i] = feature.values[permutation[i] as number] as number
      return { ...feature, values }
    }),
  }
}

export const permutationImportance: Explainer<typeof params> = {
  id: 'permutation-importance',
  label: 'Permutation importance',
  summary: 'How much worse the model gets on held-out rows when one column is shuffled.',
  source: 'Breiman 2001, section 10; scikit-learn permutation_importance. Ours shuffles source columns, not encoded features.',
  params,
  refuses: refusesBaseline,
  async explain(input, { metric: metricId, repeats, maxRows }, context) {
    const { pipeline, dataset, rows, threshold, seed } = input
    const metric = metrics.get(metricId === '' ? defaultMetric[input.target.task] : metricId)
    if (!metric.tasks.includes(input.target.task)) {
      throw new StudioError({ code: 'bad-param', message: `invalid metric of permutation-importance; not one for ${input.target.task}: ${metric.id}` })
    }
    const positions = samplePositions(rows.length, seed, maxRows)
    const target = takeTarget(input.target, positions)
    const X = pipeline.features(dataset.columns, Uint32Array.from(positions, (i) => rows[i] as number))
    const scoreOf = (prediction: Prediction) => metric.compute({ target, prediction, threshold })
    const baseline = scoreOf(await pipeline.model.predict(X, context))
    if ('undefined' in baseline) {
      throw new StudioError({ code: 'bad-data', message: `invalid rows; ${metric.label} is undefined on them: ${baseline.undefined}`, hint: 'Choose another metric, or more rows.' })
    }
    const sources = [...new Set(X.features.map((feature) => feature.source))]
    const total = sources.length * repeats
    let done = 0
    const columns: PermutationImportance['columns'][number][] = []
    for (const source of sources) {
      const rng = createRng(seed).fork(`shuffle ${source}`)
      const drops: number[] = []
      for (let repeat = 0; repeat < repeats; repeat++) {
        const permutation = shuffle(Uint32Array.from({ length: X.rows }, (_, i) => i), rng)
        const score = scoreOf(await pipeline.model.predict(shuffleSource(X, source, permutation), context))
        if ('value' in score) drops.push(metric.greaterIsBetter ? baseline.value - score.value : score.value - baseline.value)
        context.report({ kind: 'step', phase: 'permutation-importance', done: ++done, total })
        await context.checkpoint()
      }
      columns.push({ column: source, drops, ...meanAndSd(drops) })
    }
    columns.sort((a, b) => b.mean - a.mean)
    return { kind: 'permutation-importance', metric: metric.id, part: input.part, n: X.rows, baseline: baseline.value, columns }
  },
}

/** Mean and population standard deviation; 0 and 0 of nothing. */
function meanAndSd(values: readonly number[]): { mean: number; sd: number } {
  const n = Math.max(1, values.length)
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n) }
}
