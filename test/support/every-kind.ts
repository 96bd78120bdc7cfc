/** A bundle of each kind of model for tables: every estimator, all three tasks in turn. Models that were brought in are not handed out again. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GoldenRows } from '../../src/core/bundle/golden.ts'
import type { Signature } from '../../src/core/bundle/signature.ts'
import { tableEstimators } from '../../src/core/estimators/registry.ts'
import { deployExport } from '../../src/tasks/deploy-export.ts'
import { deployed } from './deployed.ts'
import { quickParams } from './onnx-cases.ts'
import { richDataset } from './rich-data.ts'
import { unpack } from './served-bundle.ts'

export interface KindOfModel {
  readonly estimator: string
  readonly task: Signature['task']
  readonly folder: string
  readonly zip: Uint8Array
  readonly signature: Signature
  readonly golden: GoldenRows
}

/** Every estimator with one of its tasks, each task in turn. */
export const kindsOfModels: readonly (readonly [estimator: string, task: Signature['task']])[] = tableEstimators.map(({ id, tasks }, i) => [id, tasks[i % tasks.length] as Signature['task']])

/** Writes the bundle of a kind into a folder of its name under `root`. */
export async function bundleOfKind(root: string, estimator: string, task: Signature['task']): Promise<KindOfModel> {
  const { host, runId } = await deployed(richDataset(task), task, estimator, { ...quickParams[estimator], ...(estimator === 'mlp' ? { backend: 'wasm' } : {}) })
  const { zip, signature, certificate } = await deployExport({ runId, name: `kind ${estimator}`, intendedUse: '', limitations: '' }, host)
  if (!zip) throw new Error(`${estimator} was not exported: ${JSON.stringify(certificate)}`)
  const folder = join(root, estimator)
  mkdirSync(folder)
  await unpack(zip as Uint8Array, folder)
  return { estimator, task, folder, zip: zip as Uint8Array, signature, golden: JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as GoldenRows }
}
