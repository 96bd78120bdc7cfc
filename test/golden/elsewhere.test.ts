/** Jobs for other machines that were run there (elsewhere.py): their answers come back as runs of the same experiment. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import { checkParity } from '../../src/core/onnx/parity.ts'
import { pipelineToOnnx } from '../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import type { Run } from '../../src/core/run/run.ts'
import { bytesOf, openZip } from '../../src/core/zip.ts'
import { readRun } from '../../src/storage/runs.ts'
import { deployTwin } from '../../src/tasks/deploy-twin.ts'
import { elsewhereJob } from '../../src/tasks/elsewhere.ts'
import { modelBringOwn } from '../../src/tasks/model-bring.ts'
import { openRun } from '../../src/tasks/opened-run.ts'
import type { Host } from '../../src/tasks/task.ts'
import { train } from '../../src/tasks/train.ts'
import { elsewhereCases, elsewhereSpec, penguins, penguinsHere, pictureCases } from '../support/elsewhere-cases.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { nodeContext } from '../support/node-context.ts'
import { pixelsOnly, stripes, stripesSpec } from '../support/stripes.ts'

const { results } = JSON.parse(readFileSync(new URL('elsewhere.json', import.meta.url), 'utf8')) as { results: Record<string, object> }
const folder = process.env['JOBS']

async function writeJob(name: string, runId: string, host: Host): Promise<void> {
  const job = join(folder as string, name)
  mkdirSync(job)
  const reader = await openZip(bytesOf((await elsewhereJob({ runId }, host)).zip))
  for (const file of reader.names) writeFileSync(join(job, file), await reader.read(file))
}

/** The same optimum where there is one; another model that is as good where there is none. */
function expectAsGood(own: Run, back: Run, exact?: number): void {
  for (const { metric, value, low, high } of own.evaluation?.scores ?? []) {
    const there = back.evaluation?.scores.find((score) => score.metric === metric)?.value as number
    if (value === null) continue
    const slack = exact ? exact * Math.max(1, Math.abs(value)) : 0.06 + Math.SQRT2 * Math.max((high as number) - value, value - (low as number))
    expect(Math.abs(there - value), `${metric}: ${there} elsewhere, ${value} here`).toBeLessThanOrEqual(slack)
  }
}

test.each(elsewhereCases)('$name', async (one) => {
  const { host, token } = await penguinsHere
  const [ownId, backId] = [one.name, `${one.name} back`]
  const spec = await elsewhereSpec(one)
  await train({ runId: ownId, token, spec }, host)
  if (folder !== undefined) {
    await writeJob(one.name, ownId, host)
    return copyFileSync(penguins, join(folder, one.name, 'data.csv'))
  }
  await modelBringOwn({ runId: backId, token, question: spec, file: new File([JSON.stringify(results[one.name])], 'result.json') }, host)
  const [own, run] = [await readRun(host.store, ownId), await readRun(host.store, backId)]
  expect(run.spec).toEqual(own.spec)
  expect(run.warnings.filter((warning) => warning.startsWith('Trained elsewhere'))).toEqual([])
  expect(run.facts).toMatchObject({ trainedElsewhere: expect.stringMatching(/^(XGBoost|PyTorch) \d/) as string, trainedOnRows: own.rows?.train as number, sameRows: true, ofRun: own.name })
  expectAsGood(own, run, one.exact)
  const { pipeline, dataset, rowsOf } = await openRun(host, backId)
  const signature = await signatureOf(pipeline, dataset.columns, rowsOf('train'), { name: 'back', threshold: run.threshold })
  const session = await nodeRunner().open(encodeOnnx(pipelineToOnnx(pipeline, signature)))
  const certificate = await checkParity(session, pipeline, signature, { columns: dataset.columns, rows: rowsOf('valid'), part: 'valid' }, { targetSd: 800, runtime: '' }, nodeContext())
  await session.close()
  expect(certificate).toMatchObject({ passed: true, labelsDifferent: 0 })
})

test.each(pictureCases)('$name', async ({ name, id, params, pixels, exact }) => {
  const made = await stripes()
  const { host, token } = made
  const plain = stripesSpec(made, pixelsOnly(pixels), { id, params })
  // Of at least 20 training rows some are put aside to stop by.
  const spec = { ...plain, split: { ...plain.split, validShare: 0.25 } }
  await train({ runId: 'own', token, spec }, host)
  if (folder !== undefined) return writeJob(name, 'own', host)
  await modelBringOwn({ runId: 'back', token, question: spec, file: new File([JSON.stringify(results[name])], 'result.json') }, host)
  const [own, back] = [await readRun(host.store, 'own'), await readRun(host.store, 'back')]
  expect(back.spec).toEqual(own.spec)
  expect(back.warnings.filter((warning) => warning.startsWith('Trained elsewhere'))).toEqual([])
  expect(back.facts).toMatchObject({ trainedElsewhere: expect.stringMatching(/^(XGBoost|PyTorch) \d/) as string, trainedOnRows: own.rows?.train as number, sameRows: true, ofRun: own.name })
  const answers = async (runId: string): Promise<Float64Array> => {
    const given = await (await openRun(host, runId)).predictionsOn('valid')
    return given.task === 'regression' ? given.values : given.probabilities
  }
  if (id !== 'cnn') return expectAsGood(own, back, exact)
  // The same weights, pictures and order: what is apart is the rounding of long sums.
  expect(back.facts).toMatchObject({ epochs: own.facts['epochs'], bestEpoch: own.facts['bestEpoch'], stoppedBecause: own.facts['stoppedBecause'], weights: own.facts['weights'] })
  expectAllClose(await answers('back'), await answers('own'), { absolute: 1e-5 })
  // So is its twin, which mixes by the studio's chance as the job did.
  const twin = async (runId: string): Promise<string> => ((await deployTwin({ runId }, host)).files.find(({ path }) => path === 'twin.py')?.text ?? '').replaceAll(/^(# %% .*, target|STUDIO|ALLOWED).*$/gm, '')
  expect(await twin('back')).toBe(await twin('own'))
})
