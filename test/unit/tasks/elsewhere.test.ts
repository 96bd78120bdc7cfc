/** A run as a job for a cluster: its program prepares rows as the studio does, and its answer comes back as a run. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { columnFrom } from '../../../src/core/data/column.ts'
import type { Dataset } from '../../../src/core/data/dataset.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { adoptResult, readResult } from '../../../src/core/run/adopt-result.ts'
import { bytesOf, openZip } from '../../../src/core/zip.ts'
import { elsewhereJob } from '../../../src/tasks/elsewhere.ts'
import { deployed } from '../../support/deployed.ts'
import { nodeContext } from '../../support/node-context.ts'

const rows = 300
const rng = createRng(4)
const size = Array.from({ length: rows }, () => (rng.int(10) === 0 ? null : Number(rng.normal().toPrecision(5))))
const place = Array.from({ length: rows }, () => ['hill', 'shore', 'town'][rng.int(3)] as string)
const outcome = size.map((value, row) => ((value ?? 0) > 0 !== (place[row] === 'shore') ? 'yes' : 'no'))
const dataset: Dataset = {
  id: 'd',
  name: 'parts',
  rows,
  columns: [columnFrom('size', 'numeric', size), columnFrom('place', 'categorical', place), columnFrom('outcome', 'categorical', outcome)],
  source: { kind: 'derived', fileName: 'parts', bytes: 0, sha256: '0'.repeat(64) },
}
const folder = mkdtempSync(join(tmpdir(), 'glasshouse-elsewhere-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('partitions are prepared to the bit as the studio does', async () => {
  const { host, runId, result } = await deployed(dataset, 'binary', 'hist-gradient-boosting', { maxIter: 5 })
  const { zip, fileName } = await elsewhereJob({ runId }, host)
  expect(fileName).toBe('train-elsewhere.zip')
  const reader = await openZip(bytesOf(zip))
  expect([...reader.names].sort()).toEqual(['README.md', 'job.json', 'prepare.mjs', 'scorer.py', 'train_xgboost_dask.py'])
  for (const name of reader.names) writeFileSync(join(folder, name), await reader.read(name))
  // One row has no target, one an unknown class: they are left out and counted.
  writeFileSync(join(folder, 'part.csv'), `place,size,outcome\n${size.map((value, row) => `${place[row]},${value ?? ''},${outcome[row]}`).join('\n')}\nhill,1,\nhill,1,maybe\n`)
  const { stdout, status } = spawnSync(process.execPath, ['prepare.mjs', 'job.json'], { cwd: folder, input: '{"in":"part.csv","out":"part"}\n{"in":"gone.csv","out":"x"}\n', encoding: 'utf8' })
  expect(status).toBe(0)
  const [answer, refused] = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(answer).toEqual({ in: 'part.csv', out: 'part', rows, leftOut: 2 })
  expect(refused?.['error']).toContain('gone.csv')
  const numbers = (name: string): ArrayBuffer => new Uint8Array(readFileSync(join(folder, name))).buffer
  const x = new Float32Array(numbers('part.x'))
  const y = new Float64Array(numbers('part.y'))
  const { features } = result.pipeline.features(dataset.columns)
  expect(x).toEqual(Float32Array.from({ length: rows * features.length }, (_, i) => features[i % features.length]?.values[Math.floor(i / features.length)] as number))
  expect([...y]).toEqual(outcome.map((name) => result.pipeline.classes.indexOf(name)))
  const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8')) as { parts: string; xgboost: { rounds: number } }
  expect(job.parts).toHaveLength(rows)
  expect([...job.parts].filter((letter) => letter === 't')).toHaveLength(result.split.train.length)
  expect(job.xgboost.rounds).toBe(5)
})

test('an answer becomes a run of the same experiment, and says what it was trained on', async () => {
  const { host, runId } = await deployed(dataset, 'binary', 'hist-gradient-boosting', { maxIter: 5 })
  const reader = await openZip(bytesOf((await elsewhereJob({ runId }, host)).zip))
  const { parts: _, ...job } = JSON.parse(new TextDecoder().decode(await reader.read('job.json'))) as Record<string, unknown>
  // A stump: place (feature 1) below 0.5 is "hill".
  const booster = {
    learner: {
      learner_model_param: { base_score: '5E-1', num_class: '0', num_feature: '2' },
      objective: { name: 'binary:logistic' },
      gradient_booster: { name: 'gbtree', model: { tree_info: [0], trees: [{ left_children: [1, -1, -1], right_children: [2, -1, -1], split_indices: [1, 0, 0], split_conditions: [0.5, 1, -1], default_left: [0, 0, 0], sum_hessian: [3, 1, 2], loss_changes: [1, 0, 0] }] } },
    },
  }
  const text = JSON.stringify({ version: 1, kind: 'glasshouse-elsewhere', job, rows: { train: 5_000_000, valid: 1 }, split: 'dealt anew at random', workers: 2, seconds: 3, versions: { xgboost: '1.7.4' }, booster })
  const { pipeline, warnings, evaluation } = await adoptResult(readResult(text), dataset, nodeContext())
  expect(warnings).toEqual([expect.stringContaining('Trained elsewhere on 5,000,000 rows, dealt anew at random')])
  expect(pipeline.model.facts).toMatchObject({ trainedElsewhere: 'XGBoost 1.7.4', trainedOnRows: 5_000_000, workers: 2 })
  expect(evaluation.n).toBe(90)
  const prediction = await pipeline.predict(dataset.columns, [place.indexOf('hill'), place.indexOf('town')])
  if (prediction.task === 'regression') throw new Error('classes were asked for')
  expect(prediction.probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 12)
  expect(prediction.probabilities[3]).toBeCloseTo(1 / (1 + Math.exp(1)), 12)
  expect(() => readResult('{"version":1}')).toThrow('invalid result.json; kind')
})
