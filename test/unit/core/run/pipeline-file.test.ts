/** Our own JSON of a pipeline: every estimator's comes back with the same bits; what is cut, changed, newer or foreign is refused by name. */
import { readFileSync } from 'node:fs'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import type { Task } from '../../../../src/core/data/target.ts'
import { canonicalJson, sha256 } from '../../../../src/core/ids.ts'
import { pipelineVersion, type PipelineMigrations, readPipeline, writePipeline } from '../../../../src/core/run/pipeline-file.ts'
import { columnsOfCells, type GoldenRows } from '../../../../src/core/bundle/golden.ts'
import { earlierFit } from '../../../../src/core/code/twin/earlier.ts'
import { keptBecause } from '../../../../src/core/code/twin/kept.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { graphOf } from '../../../support/onnx-cases.ts'

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

describe('there and back', () => {
  test.each(estimators.all.filter(({ id }) => id !== 'cnn').map(({ id, tasks }) => [id, tasks[0] as Task] as const))('%s', async (id, task) => {
    const { dataset, result, signature } = await graphOf({ name: '', estimator: id, task })
    const run = { name: 'A run', dataHash: dataset.id, split: result.split.spec, estimator: { id, params: {} }, seed: 2 }
    const text = await writePipeline({ pipeline: result.pipeline, signature, run })
    const read = await readPipeline(text)
    expect(read.run).toEqual(run)
    expect(read.signature).toEqual(JSON.parse(JSON.stringify(signature)))
    expect(await read.pipeline.predict(dataset.columns)).toEqual(await result.pipeline.predict(dataset.columns))
    expect(await writePipeline(read)).toBe(text)
  })
})

describe('refused', () => {
  let text: string
  /** Signed anew, so that only what was changed is wrong. */
  const signed = async (change: (file: Record<string, unknown>) => Record<string, unknown>): Promise<string> => {
    const { sha256: _old, ...file } = JSON.parse(text) as Record<string, unknown>
    const changed = change(file)
    return JSON.stringify({ ...changed, sha256: await sha256(canonicalJson(changed)) })
  }
  beforeAll(async () => {
    const { result, signature } = await graphOf({ name: '', estimator: 'ridge', task: 'regression' })
    text = await writePipeline({ pipeline: result.pipeline, signature })
  })
  test('a byte that was changed, a file that was cut, another format', async () => {
    await expect(readPipeline(text.replace('"outcome"', '"outcom"'))).rejects.toThrow('invalid pipeline file; its SHA-256 is that of other content')
    await expect(readPipeline(text.slice(0, -20))).rejects.toThrow(/^invalid/)
    await expect(readPipeline('{"format":"keras"}')).rejects.toThrow('invalid pipeline file; its format must be glasshouse-pipeline')
    await expect(readPipeline('null')).rejects.toThrow('its format must be glasshouse-pipeline')
  })
  test('a newer version, an estimator of no name, arrays of another type or length', async () => {
    await expect(readPipeline(await signed((file) => ({ ...file, version: pipelineVersion + 1 })))).rejects.toThrow(`its version must be one that this studio knows, up to ${pipelineVersion}: ${pipelineVersion + 1}`)
    const model = (change: object) => signed((file) => ({ ...file, model: { ...(file['model'] as object), ...change } }))
    await expect(readPipeline(await model({ estimator: 'oracle' }))).rejects.toThrow(/^unknown estimator/)
    await expect(readPipeline(await model({ arrays: [{ name: 'coefficients', type: 'Function', base64: '' }] }))).rejects.toThrow('an array must be base64 of a Function: coefficients')
    await expect(readPipeline(await model({ arrays: [{ name: 'coefficients', type: 'Float64Array', base64: 'AAAA' }] }))).rejects.toThrow('an array must be base64 of a Float64Array: coefficients')
    await expect(readPipeline(await model({ arrays: [] }))).rejects.toThrow('invalid state of ridge')
    await expect(readPipeline(await signed(({ recipe: _recipe, ...file }) => file))).rejects.toThrow(/^invalid/)
  })
  test('a file of version 1 did not say how it was trained', async () => {
    const old = await signed(({ run: _run, ...file }) => ({ ...file, version: 1 }))
    const { pipeline, run } = await readPipeline(old)
    expect(pipeline.target.column).toBe('outcome')
    expect(run).toBeUndefined()
    const other = { name: 'x', dataHash: 'd', split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 }, estimator: { id: 'lasso', params: {} }, seed: 1 }
    await expect(readPipeline(await signed((file) => ({ ...file, run: other })))).rejects.toThrow('its run must be one of its model, ridge: lasso')
    await expect(readPipeline(await signed(({ run: _run, ...file }) => file))).rejects.toThrow(/^invalid/)
  })
  test('an older version is brought up step by step', async () => {
    // Two forms that never were: the first had another word for classes, the second another for the target.
    const old = await signed(({ classes, target, ...file }) => ({ ...file, version: -1, labels: classes, goal: target }))
    const steps: PipelineMigrations = new Map<number, (file: Readonly<Record<string, unknown>>) => Record<string, unknown>>([
      [-1, ({ labels, ...file }) => ({ ...file, version: 0, classes: labels })],
      [0, ({ goal, ...file }) => ({ ...file, version: pipelineVersion, target: goal })],
    ])
    expect((await readPipeline(old, steps)).pipeline.target.column).toBe('outcome')
    await expect(readPipeline(old)).rejects.toThrow('its version must be one that this studio knows, up to 2: -1')
  })
})

describe('files that earlier versions wrote', () => {
  const stored = (name: string): string => readFileSync(`test/fixtures/pipelines/${name}.json`, 'utf8')
  test.each([
    ['v1', 'decision-tree'],
    ['v2-svm-one-a-class', 'svm'],
    ['v2-linear-svm-a-sigmoid-a-class', 'linear-svm'],
  ])('%s opens and answers as it did', async (name, estimator) => {
    const { pipeline, signature, run } = await readPipeline(stored(name))
    const golden = JSON.parse(stored(`${name}-answers`)) as GoldenRows
    expect(pipeline.model.estimator).toBe(estimator)
    expect(run === undefined).toBe(name === 'v1')
    const prediction = await pipeline.predict(columnsOfCells(signature.inputs, golden.rows))
    if (prediction.task === 'regression') throw new Error('it had classes')
    expect(golden.rows.length).toBeGreaterThan(20)
    // Elementary functions may differ in their last bit between versions.
    expectAllClose(prediction.probabilities, (golden.expected.probabilities ?? []).flat(), { absolute: 1e-12 })
    // Written anew it is a file of this version, with the same answers.
    const again = await readPipeline(await writePipeline({ pipeline, signature, ...(run && { run }) }))
    expect(await again.pipeline.predict(columnsOfCells(signature.inputs, golden.rows))).toEqual(prediction)
  })
  test('a model that is trained otherwise by now is asked as it is by its twin, which says why', async () => {
    const { pipeline } = await readPipeline(stored('v2-svm-one-a-class'))
    expect(earlierFit(pipeline.model.state())).toBe('one machine a class against the rest, now one a pair of classes')
    expect(earlierFit((await readPipeline(stored('v2-linear-svm-a-sigmoid-a-class'))).pipeline.model.state())).toBe('a sigmoid a class, now one temperature for all')
    for (const estimator of ['svm', 'linear-svm']) {
      const { result } = await graphOf({ name: '', estimator, task: 'multiclass' })
      expect(earlierFit(result.pipeline.model.state())).toBeUndefined()
    }
    expect(keptBecause({ earlier: 'as before', run: { spec: {}, facts: {} } } as never)).toBe('an earlier version of the studio trained it otherwise than any program of today: as before')
  })
})
