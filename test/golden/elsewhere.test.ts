/** Jobs for other machines that were run there (elsewhere.py): their answers come back as runs of the same experiment. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { retrain } from '../../src/cli/api.ts'
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import { checkParity } from '../../src/core/onnx/parity.ts'
import { pipelineToOnnx } from '../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { bytesOf, openZip } from '../../src/core/zip.ts'
import { takeOver } from '../../src/storage/projects.ts'
import { readRun } from '../../src/storage/runs.ts'
import { elsewhereJob } from '../../src/tasks/elsewhere.ts'
import { modelBringOwn } from '../../src/tasks/model-bring.ts'
import { openRun } from '../../src/tasks/opened-run.ts'
import { elsewhereCases, elsewhereSpec, penguins } from '../support/elsewhere-cases.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'

const { results } = JSON.parse(readFileSync(new URL('elsewhere.json', import.meta.url), 'utf8')) as { results: Record<string, object> }
const folder = process.env['JOBS']
beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

test.each(elsewhereCases)('$name', async (one) => {
  const own = await retrain({ file: penguins, spec: await elsewhereSpec(one) })
  if (folder !== undefined) {
    const job = join(folder, one.name)
    mkdirSync(job)
    const reader = await openZip(bytesOf((await elsewhereJob({ runId: own.run.id }, own.host)).zip))
    for (const name of reader.names) writeFileSync(join(job, name), await reader.read(name))
    copyFileSync(penguins, join(job, 'data.csv'))
    return
  }
  const token = await takeOver(own.host.store, own.run.spec.projectId)
  await modelBringOwn({ runId: 'back', token, question: own.run.spec, file: new File([JSON.stringify(results[one.name])], 'result.json') }, own.host)
  const run = await readRun(own.host.store, 'back')
  expect(run.spec).toEqual(own.run.spec)
  expect(run.warnings.filter((warning) => warning.startsWith('Trained elsewhere'))).toEqual([])
  expect(run.facts).toMatchObject({ trainedElsewhere: expect.stringMatching(/^(XGBoost|PyTorch) \d/) as string, trainedOnRows: own.run.rows?.train as number, sameRows: true, ofRun: own.run.name })
  // The same optimum where there is one; another model that is as good where there is none.
  for (const { metric, value, low, high } of own.run.evaluation?.scores ?? []) {
    const back = run.evaluation?.scores.find((score) => score.metric === metric)?.value as number
    if (value === null) continue
    const slack = one.exact ? one.exact * Math.max(1, Math.abs(value)) : 0.06 + Math.SQRT2 * Math.max((high as number) - value, value - (low as number))
    expect(Math.abs(back - value), `${metric}: ${back} elsewhere, ${value} here`).toBeLessThanOrEqual(slack)
  }
  const { pipeline, dataset, rowsOf } = await openRun(own.host, 'back')
  const signature = await signatureOf(pipeline, dataset.columns, rowsOf('train'), { name: 'back', threshold: run.threshold })
  const session = await nodeRunner().open(encodeOnnx(pipelineToOnnx(pipeline, signature)))
  const certificate = await checkParity(session, pipeline, signature, { columns: dataset.columns, rows: rowsOf('valid'), part: 'valid' }, { targetSd: 800, runtime: '' }, nodeContext())
  await session.close()
  expect(certificate).toMatchObject({ passed: true, labelsDifferent: 0 })
})
