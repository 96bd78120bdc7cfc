/** 200,000 x 28, two classes, 100 trees of depth 6: from float32 columns to a model. Quality is held-out accuracy. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { labelsOf } from '../../../src/core/data/target.ts'
import type { ClassPrediction } from '../../../src/core/data/target.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import type { Bench } from '../harness.ts'

const rows = 200_000
const held = 50_000
const features = 28
// XGBoost stops at a hessian of 1, which is 4 rows at even odds.
const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: 100, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 4, l2Regularization: 1, earlyStopping: 'off' })

export const bench: Bench = {
  peer: 'boosting.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const bytes = readFileSync(join(folder, 'columns.f32'))
    const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    const codes = Int32Array.from(readFileSync(join(folder, 'target.u8')))
    const matrix = (from: number, to: number) => ({
      rows: to - from,
      features: Array.from({ length: features }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: all.slice(f * (rows + held) + from, f * (rows + held) + to) })),
    })
    const train = matrix(0, rows)
    const test = matrix(rows, rows + held)
    const y = { task: 'binary' as const, column: 'y', classes: ['0', '1'], codes: codes.slice(0, rows) }
    return async () => {
      const start = performance.now()
      const model = await histGradientBoosting.fit(train, y, { params, seed: 0 }, nodeContext())
      const ms = performance.now() - start
      const labels = labelsOf((await model.predict(test)) as ClassPrediction)
      return { ms, quality: labels.reduce((right, label, i) => right + (label === codes[rows + i] ? 1 : 0), 0) / held }
    }
  },
}
