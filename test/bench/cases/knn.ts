/** Nearest neighbours, 50,000 x 10 fitted, 10,000 asked, k = 5: fit and predict. Each of the 10,000 labels has to be the peer's; five votes for two classes have no ties. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { labelsOf, type ClassPrediction } from '../../../src/core/data/target.ts'
import { kNeighbors } from '../../../src/core/estimators/k-neighbors.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench, Comparison } from '../harness.ts'

const params = checkParams('k-neighbors', kNeighbors.params, {})

export const knnBench = (features: number, peer: string, ratio: number): Bench => ({
  gate: { ratio, quality: { best: 'high', margin: 0 } },
  peer,
  needs: [
    ['numpy', 'python3-numpy'],
    ['sklearn', 'python3-sklearn'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 50_000, features)
    return async () => {
      const start = performance.now()
      const model = await kNeighbors.fit(train, y, { params, seed: 0 }, nodeContext())
      const prediction = await model.predict(held, nodeContext())
      const ms = performance.now() - start
      const compare = (): Comparison => {
        const theirs = readFileSync(join(folder, 'labels.u8'))
        const ours = labelsOf(prediction as ClassPrediction)
        const differing = ours.reduce((count, label, i) => count + (label === theirs[i] ? 0 : 1), 0)
        return { equal: differing === 0 && theirs.length === ours.length, told: `${differing} of ${ours.length} labels differ` }
      }
      return { ms, quality: accuracy(prediction), compare }
    }
  },
})

export const bench = knnBench(10, 'knn.py', 1)
