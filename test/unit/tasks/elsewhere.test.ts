/** A run as a job for a cluster: its program prepares rows as the studio does, and its answer comes back as a run. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { columnFrom } from '../../../src/core/data/column.ts'
import type { Dataset } from '../../../src/core/data/dataset.ts'
import { fromBase64, toBase64 } from '../../../src/core/bundle/pictures.ts'
import type { CnnPlan } from '../../../src/core/elsewhere/cnn.ts'
import type { ElsewhereJob, TorchNetwork } from '../../../src/core/elsewhere/job.ts'
import { trainersElsewhere } from '../../../src/core/elsewhere/trainers.ts'
import { countWeights, initialWeights } from '../../../src/core/estimators/neural/dense.ts'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { adoptResult, readResult } from '../../../src/core/run/adopt-result.ts'
import { bytesOf, openZip } from '../../../src/core/zip.ts'
import { elsewhereJob, refuseTooMany } from '../../../src/tasks/elsewhere.ts'
import { openRun } from '../../../src/tasks/opened-run.ts'
import { train } from '../../../src/tasks/train.ts'
import { deployed } from '../../support/deployed.ts'
import { nodeContext } from '../../support/node-context.ts'
import { pixelsOnly, stripes, stripesSpec } from '../../support/stripes.ts'

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
  expect([...reader.names].sort()).toEqual(['README.md', 'job.json', 'prepare.mjs', 'prepared.py', 'scorer.py', 'train_xgboost_dask.py'])
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

test('a network is a job for PyTorch: the run’s own first weights go out, what was learnt comes back', async () => {
  const { host, runId } = await deployed(dataset, 'binary', 'mlp', { hiddenLayerSizes: '3', maxIter: 2, classWeight: 'balanced', backend: 'wasm' })
  const reader = await openZip(bytesOf((await elsewhereJob({ runId }, host)).zip))
  expect([...reader.names].sort()).toEqual(['README.md', 'job.json', 'learning.py', 'prepare.mjs', 'prepared.py', 'scorer.py', 'train_torch.py'])
  const { parts: _, torch, ...job } = JSON.parse(new TextDecoder().decode(await reader.read('job.json'))) as { parts: string; torch: TorchNetwork; recipe: { features: unknown[] } }
  const sizes = [job.recipe.features.length, 3, 2]
  expect(torch).toMatchObject({ sizes, activation: 'relu', maxIter: 2, balanced: true, validationFraction: 0.1, seed: 3 })
  expect(fromBase64(torch.theta)).toEqual(new Uint8Array(initialWeights(sizes, 'relu', 3).buffer))
  // All weights 0 but one bias of the last layer: every row has the same odds.
  const theta = new Float32Array(countWeights(sizes))
  theta[theta.length - 1] = 1
  const network = { sizes, activation: 'relu', center: 0, scale: 1, theta: toBase64(new Uint8Array(theta.buffer)), epochs: 9, bestEpoch: 4, stoppedBecause: 'no more progress' }
  const text = (change: object): string => JSON.stringify({ version: 1, kind: 'glasshouse-elsewhere', job, rows: { train: 7, valid: 1 }, split: 'as in the studio', workers: 1, seconds: 3, versions: { torch: '1.13.1' }, network: { ...network, ...change } })
  const { pipeline, warnings } = await adoptResult(readResult(text({})), { ...dataset, id: (job as unknown as { dataHash: string }).dataHash }, nodeContext())
  expect(warnings).toEqual([])
  expect(pipeline.model.facts).toMatchObject({ trainedElsewhere: 'PyTorch 1.13.1', trainedOnRows: 7, epochs: 9, bestEpoch: 4 })
  const prediction = await pipeline.predict(dataset.columns, [0])
  if (prediction.task === 'regression') throw new Error('classes were asked for')
  expect(prediction.probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6)
  for (const [change, message] of [
    [{ sizes: [sizes[0], 4, 2] }, 'weights instead of'],
    [{ sizes: [99, 3, 2] }, 'it was trained on 99 features'],
    [{ sizes: [sizes[0], 3, 3] }, 'it has 3 outputs instead of 2'],
    [{ theta: '*' }, 'not in base64'],
    [{ theta: toBase64(new Uint8Array(theta.map(() => Number.NaN).buffer)) }, 'a weight is not finite'],
    [{ scale: 0 }, 'invalid network; scale'],
  ] as const) await expect(adoptResult(readResult(text(change)), dataset, nodeContext())).rejects.toThrow(message)
  const boosted = JSON.parse(text({})) as { job: { spec: { estimator: { id: string } } } }
  boosted.job.spec.estimator.id = 'hist-gradient-boosting'
  await expect(adoptResult(readResult(JSON.stringify(boosted)), dataset, nodeContext())).rejects.toThrow('its job was of hist-gradient-boosting, and it holds a model of mlp')
  expect([...trainersElsewhere.keys()].every((id) => estimators.has(id))).toBe(true)
})

test('a job of pictures carries the pixels of the training rows, as the studio made them, and of no others', async () => {
  const made = await stripes()
  const { host, token } = made
  await train({ runId: 'run', token, spec: stripesSpec(made, pixelsOnly({ size: 8 }), { id: 'cnn', params: { maxIter: 1, batchSize: 8, layers: '[{"type":"conv","filters":3,"activation":"none"},{"type":"batch-norm"},{"type":"global-average"}]', backend: 'wasm' } }) }, host)
  const reader = await openZip(bytesOf((await elsewhereJob({ runId: 'run' }, host)).zip))
  expect([...reader.names].sort()).toEqual(['README.md', 'chance.py', 'job.json', 'learning.py', 'pictures.x', 'pictures.y', 'prepared.py', 'scorer.py', 'train_pictures_torch.py'])
  const { dataset: pictures, pipeline, rowsOf, targetAt } = await openRun(host, 'run')
  const [feature] = pipeline.features(pictures.columns, rowsOf('train')).features
  expect(new Float32Array((await reader.read('pictures.x')).slice().buffer)).toEqual(feature?.values)
  const truth = targetAt(rowsOf('train'))
  expect([...new Float64Array((await reader.read('pictures.y')).slice().buffer)]).toEqual(truth.task === 'regression' ? [] : [...truth.codes])
  const text = async (name: string): Promise<string> => new TextDecoder().decode(await reader.read(name))
  expect(await text('README.md')).toContain(`${rowsOf('train').length} training rows, in the order of job.json`)
  const { cnn, prepared: _, parts, ...job } = JSON.parse(await text('job.json')) as ElsewhereJob & { readonly cnn: CnnPlan }
  expect(parts).toBe('t'.repeat(rowsOf('train').length))
  expect(cnn.layers.map(({ type, output, bias }) => [type, output, bias])).toEqual([['conv', [8, 8, 3], false], ['batch-norm', [8, 8, 3], true], ['global-average', [1, 1, 3], true]])

  // All weights 0 but one bias of the last layer: every picture has the same odds.
  const theta = new Float32Array(fromBase64(cnn.theta).length / 4)
  theta[theta.length - 1] = 1
  const network = { shape: cnn.shape, means: cnn.means, deviations: cnn.deviations, theta: toBase64(new Uint8Array(theta.buffer)), epochs: 9, bestEpoch: 4, stoppedBecause: 'no more progress' }
  const answer = (change: object): string => JSON.stringify({ version: 1, kind: 'glasshouse-elsewhere', job, rows: { train: parts.length, valid: 0 }, split: 'as in the studio', workers: 1, seconds: 3, versions: { torch: '1.13.1' }, cnn: { ...network, ...change } })
  const back = await adoptResult(readResult(answer({})), pictures, host.context)
  expect(back.warnings).toEqual([])
  expect(back.pipeline.model.facts).toMatchObject({ trainedElsewhere: 'PyTorch 1.13.1', sameRows: true, epochs: 9, bestEpoch: 4, layers: 4 })
  const prediction = await back.pipeline.predict(pictures.columns, [0])
  if (prediction.task === 'regression') throw new Error('classes were asked for')
  expect(prediction.probabilities[2]).toBeCloseTo(Math.E / (2 + Math.E), 6)
  for (const [change, message] of [
    [{ shape: [8, 8, 1] }, 'means must be 1 numbers, one a channel: 3'],
    [{ shape: [9, 9, 3] }, 'the network takes 9 x 9 x 3: 8 x 8 x 3'],
    [{ shape: [8, 8, 4] }, 'shape'],
    [{ deviations: [1, 0, 1] }, 'deviations'],
    [{ theta: toBase64(new Uint8Array(theta.subarray(1).slice().buffer)) }, 'weights instead of'],
    [{ theta: toBase64(new Uint8Array(theta.map(() => Number.NaN).buffer)) }, 'a weight is not finite'],
  ] as const) await expect((async () => adoptResult(readResult(answer(change)), pictures, host.context))()).rejects.toThrow(message)
  expect(() => refuseTooMany(10_000, 128 * 128 * 3)).toThrow('a job carries at most 512 MB of prepared pictures: 10,000 of 49,152 numbers are 1,875 MB')
  expect(() => refuseTooMany(60_000, 28 * 28)).not.toThrow()
})
