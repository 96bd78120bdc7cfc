/** A number from 16 numbers (one cell in ten missing) and 4 categories, 200,000 rows, 100 trees of depth 6: from columns to a model. Quality is held-out RMSE. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Matrix } from '../../../src/core/data/matrix.ts'
import type { RegressionTarget } from '../../../src/core/data/target.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'
import type { Bench } from '../harness.ts'

const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: 100, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 1, l2Regularization: 1, earlyStopping: 'off' })
const [rows, held, numbers] = [200_000, 50_000, 16]
const levels = [5, 12, 40, 120]

export const benchOn = (threads: number): Bench => ({
  threads,
  gate: { ratio: 0.7, quality: { best: 'low', share: 0.005 } },
  peer: 'boosting-mixed.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['pandas', 'python3-pandas'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const bytes = readFileSync(join(folder, 'columns.f32'))
    const cells = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    const targets = readFileSync(join(folder, 'target.f64'))
    const y = new Float64Array(targets.buffer, targets.byteOffset, targets.byteLength / 8)
    const table = (from: number, to: number): Matrix => ({
      rows: to - from,
      features: Array.from({ length: numbers + levels.length }, (_, f) => {
        const count = levels[f - numbers]
        return {
          name: `x${f}`,
          source: `x${f}`,
          values: cells.slice(f * (rows + held) + from, f * (rows + held) + to),
          ...(count !== undefined && { categories: Array.from({ length: count }, (_, code) => String(code)) }),
        }
      }),
    })
    const [train, test] = [table(0, rows), table(rows, rows + held)]
    const target: RegressionTarget = { task: 'regression', column: 'y', values: y.slice(0, rows) }
    const crew = threads > 1 ? nodeCrew(threads) : undefined
    return async () => {
      const start = performance.now()
      const model = await histGradientBoosting.fit(train, target, { params, seed: 0 }, nodeContext(crew ? { crew } : {}))
      const ms = performance.now() - start
      const prediction = await model.predict(test)
      if (prediction.task !== 'regression') throw new Error('a number is predicted')
      return { ms, quality: Math.sqrt(prediction.values.reduce((sum, value, row) => sum + (value - (y[rows + row] as number)) ** 2, 0) / held) }
    }
  },
})
export const bench = benchOn(1)
