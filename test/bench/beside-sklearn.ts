/** A case of one estimator beside scikit-learn's: the same table, the same settings. Quality is held-out accuracy, or RMSE of numbers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from '../../src/core/data/target.ts'
import type { Estimator } from '../../src/core/estimators/estimator.ts'
import { checkParams } from '../../src/core/params.ts'
import type { ParamTable, ParamValues } from '../../src/core/params.ts'
import { nodeContext } from '../support/node-context.ts'
import { readBinaryTable } from './data.ts'
import type { Bench } from './harness.ts'

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
      const { train, y, held, accuracy } = readBinaryTable(folder, rows, 28)
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
