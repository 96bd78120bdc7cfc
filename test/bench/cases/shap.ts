/**
 * Exact attributions of 10,000 x 28 by 100 trees of depth 6, one thread, tables of the leaves included. Both explain the same
 * trees, XGBoost's. Every attribution and the base have to be its own within 1e-6, its trees added in double (see shap.py);
 * as it adds them itself, in float32, within 1e-6 of what is told, or of 1 where that is less.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromXgboost } from '../../../src/core/elsewhere/xgboost.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { attributionsOf } from '../../../src/core/estimators/tree/attribute.ts'
import type { TreeModel } from '../../../src/core/estimators/tree/head.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench, Comparison } from '../harness.ts'

const features = 28
const tolerance = 1e-6

export const bench: Bench = {
  gate: { ratio: 0.5 },
  peer: 'shap.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const { held, accuracy } = readBinaryTable(folder, 100_000, features)
    const booster: unknown = JSON.parse(readFileSync(join(folder, 'booster.json'), 'utf8'))
    const { trees, head } = histGradientBoosting.revive(fromXgboost(booster, { task: 'binary', classes: ['0', '1'], categoryCounts: new Array<number>(features).fill(0) }, {})) as TreeModel
    const bytes = (name: string): ArrayBuffer => new Uint8Array(readFileSync(join(folder, name))).buffer
    return async () => {
      const start = performance.now()
      // A copy of the trees, so that no run finds the tables of an earlier one.
      const { base, values } = await attributionsOf({ ...trees }, held, head, nodeContext())
      const ms = performance.now() - start
      const probabilities = new Float64Array(held.rows * 2)
      for (let row = 0; row < held.rows; row++) {
        const score = values.subarray(row * features, (row + 1) * features).reduce((a, b) => a + b, base[0] as number)
        probabilities[2 * row + (score >= 0 ? 1 : 0)] = 1
      }
      /** The farthest apart, in units of `unit(theirs)`. @param theirs shape (rows, features + 1), the last being the base */
      const farthest = (theirs: Float64Array, unit: (value: number) => number): number => {
        if (theirs.length !== held.rows * (features + 1)) throw new Error(`invalid contributions; ${theirs.length} of ${held.rows * (features + 1)}`)
        return theirs.reduce((worst, value, at) => {
          const [row, f] = [Math.floor(at / (features + 1)), at % (features + 1)]
          const ours = f === features ? base[0] : values[row * features + f]
          return Math.max(worst, Math.abs((ours as number) - value) / unit(value))
        }, 0)
      }
      const compare = (): Comparison => {
        const exact = farthest(new Float64Array(bytes('contributions.f64')), () => 1)
        const whole = farthest(Float64Array.from(new Float32Array(bytes('contributions.f32'))), (value) => Math.max(1, Math.abs(value)))
        return { equal: exact <= tolerance && whole <= tolerance, told: `${held.rows * (features + 1)} contributions, at most ${exact.toExponential(1)} apart tree by tree, ${whole.toExponential(1)} of the value in all` }
      }
      return { ms, quality: accuracy({ task: 'binary', classes: ['0', '1'], probabilities }), compare }
    }
  },
}
