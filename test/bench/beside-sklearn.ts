/** A case of one estimator beside scikit-learn's: the same table, the same settings. Quality is held-out accuracy, or RMSE of numbers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { Target } from '../../src/core/data/target.ts'
import type { Estimator } from '../../src/core/estimators/estimator.ts'
import { checkParams } from '../../src/core/params.ts'
import type { ParamTable, ParamValues } from '../../src/core/params.ts'
import { nodeContext } from '../support/node-context.ts'
import { readBinaryTable } from './data.ts'
import type { Bench } from './harness.ts'

/** What is below 0 becomes 0, for an estimator that takes amounts alone. */
const amounts = ({ rows, features }: Matrix): Matrix => ({ rows, features: features.map((feature) => ({ ...feature, values: feature.values.map((value) => Math.max(0, value)) })) })

/** @param settings that make ours the peer's, whose are in beside-sklearn.py */
export function besideSklearn<P extends ParamTable>(estimator: Estimator<P>, rows: number, kind: 'classes' | 'numbers', settings: ParamValues = {}): Bench {
  return {
    peer: 'beside-sklearn.py',
    words: [estimator.id, String(rows), kind],
    needs: [
      ['numpy', 'python3-numpy'],
      ['sklearn', 'python3-sklearn'],
    ],
    async load(folder) {
      const { y, accuracy, ...table } = readBinaryTable(folder, rows, 28)
      const [train, held] = estimator.tags.wantsNonNegative ? [amounts(table.train), amounts(table.held)] : [table.train, table.held]
      const bytes = readFileSync(join(folder, 'target.f64'))
      const scores = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
      const target: Target = kind === 'classes' ? y : { task: 'regression', column: 'y', values: scores.slice(0, rows) }
      const params = checkParams(estimator.id, estimator.params, settings)
      return async () => {
        const start = performance.now()
        const model = await estimator.fit(train, target, { params, seed: 0 }, nodeContext())
        const ms = performance.now() - start
        const prediction = await model.predict(held, nodeContext())
        if (prediction.task !== 'regression') return { ms, quality: accuracy(prediction) }
        return { ms, quality: Math.sqrt(prediction.values.reduce((sum, value, row) => sum + (value - (scores[rows + row] as number)) ** 2, 0) / held.rows) }
      }
    },
  }
}
