/** A run of the bench's table as a job for a cluster, and the way back. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ParamValues } from '../../src/core/params.ts'
import { adoptResult, readResult } from '../../src/core/run/adopt-result.ts'
import { bytesOf, openZip } from '../../src/core/zip.ts'
import { elsewhereJob } from '../../src/tasks/elsewhere.ts'
import { deployed } from '../support/deployed.ts'
import { nodeContext } from '../support/node-context.ts'
import { csvOf, studioTable, table } from './server-bundle.ts'

export async function makeJob(folder: string, estimator = 'hist-gradient-boosting', params: ParamValues = { maxIter: 60 }) {
  const dataset = studioTable()
  const { host, runId, result } = await deployed(dataset, 'binary', estimator, params)
  const reader = await openZip(bytesOf((await elsewhereJob({ runId }, host)).zip))
  for (const name of reader.names) writeFileSync(join(folder, name), await reader.read(name))
  const lossOf = (evaluation: typeof result.evaluation): number => evaluation.scores.find(({ metric }) => metric === 'log-loss')?.value as number
  return {
    table,
    /** The studio's own rows in so many files. */
    rows(files: number): string[] {
      const [header, ...lines] = csvOf(dataset.columns, dataset.rows).trimEnd().split('\r\n') as [string, ...string[]]
      const each = Math.ceil(lines.length / files)
      return Array.from({ length: files }, (_, i) => `${[header, ...lines.slice(i * each, i * each + each)].join('\r\n')}\r\n`)
    },
    own: lossOf(result.evaluation),
    /** The answer of the job on the studio's rows: its score, the prepared validation rows, the positive class's probabilities. */
    async bring(text: string) {
      const { pipeline, split, prediction, evaluation } = await adoptResult(readResult(text), dataset, nodeContext())
      if (prediction.task === 'regression') throw new Error('classes were asked for')
      const { features, rows } = pipeline.features(dataset.columns, split.valid)
      const width = features.length
      return {
        logLoss: lossOf(evaluation),
        features: { width, values: Float32Array.from({ length: rows * width }, (_, i) => features[i % width]?.values[Math.floor(i / width)] as number) },
        probabilities: prediction.probabilities.filter((_, i) => i % 2 === 1),
      }
    },
  }
}
