/** The studio's own files brought in: a bundle, or its pipeline.json, becomes a run of this project, judged on its rows. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { retrain, type Retrained } from '../../../src/cli/api.ts'
import { defaultSplit } from '../../../src/core/data/default-split.ts'
import { canonicalJson, sha256 } from '../../../src/core/ids.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { bytesOf, openZip } from '../../../src/core/zip.ts'
import { takeOver } from '../../../src/storage/projects.ts'
import { listRuns, readRun } from '../../../src/storage/runs.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { modelBringOwn } from '../../../src/tasks/model-bring.ts'

const penguins = 'public/samples/penguins.csv'
const target = { column: 'sex', task: 'binary' as const, positive: 'female' }
const spec = { version: 1 as const, target, split: defaultSplit(target), recipe: { version: 1 as const, steps: [], excluded: ['year'] }, estimator: { id: 'hist-gradient-boosting', params: { maxIter: 12 } }, seed: 5 }
const baseline = { ...spec, estimator: { id: 'baseline', params: {} } }
const folder = mkdtempSync(join(tmpdir(), 'glasshouse-bring-'))
let trained: Retrained
let zip: Uint8Array<ArrayBuffer>
let pipeline: string

beforeAll(async () => {
  trained = await retrain({ file: penguins, spec, threshold: 0.4 })
  zip = (await deployExport({ runId: trained.run.id, name: 'Penguins', intendedUse: '', limitations: '' }, trained.host)).zip as Uint8Array<ArrayBuffer>
  pipeline = new TextDecoder().decode(await (await openZip(bytesOf(zip))).read('pipeline.json'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Brought into the project of another run. */
async function bring({ host, run }: Retrained, content: string | Uint8Array<ArrayBuffer>, question: Partial<RunSpec> = {}) {
  const token = await takeOver(host.store, run.spec.projectId)
  const runId = `run-${Math.random()}`
  await modelBringOwn({ runId, token, question: { ...run.spec, ...question }, file: new File([content], 'brought') }, host)
  return readRun(host.store, runId)
}
async function otherData(name: string, change: (line: string, row: number) => string | null): Promise<Retrained> {
  const file = join(folder, name)
  writeFileSync(file, readFileSync(penguins, 'utf8').trim().split('\n').map(change).filter((line) => line !== null).join('\n'))
  return retrain({ file, spec: baseline })
}

test('on the same data and split a bundle is the run that it was made of', async () => {
  const run = await bring(trained, zip)
  expect(run.name).toBe(`${trained.run.name}, brought in`)
  expect(run.spec).toEqual(trained.run.spec)
  expect(run.evaluation).toEqual(trained.run.evaluation)
  expect(run.threshold).toBe(0.4)
  expect(run.warnings).toEqual(trained.run.warnings)
  // It is a model like any other: it can be exported again.
  const again = await deployExport({ runId: run.id, name: 'Penguins', intendedUse: '', limitations: '' }, trained.host)
  expect(again.certificate.passed).toBe(true)
})

test('on other data it says so, and its code twin takes it as it is', async () => {
  const other = await otherData('half.csv', (line, row) => (row === 0 || row % 2 === 1 ? line : null))
  const run = await bring(other, pipeline)
  expect(run.warnings[0]).toContain('was trained elsewhere, on other data: where these rows were among its training rows, every figure here flatters it')
  expect(run.facts).toMatchObject({ trainedElsewhere: 'Glasshouse', ofRun: trained.run.name, ofData: trained.run.dataHash })
  expect(run.spec.estimator).toEqual(spec.estimator)
  const { zip: exported } = await deployExport({ runId: run.id, name: 'Penguins', intendedUse: '', limitations: '' }, other.host)
  const names = (await openZip(bytesOf(exported as Uint8Array<ArrayBuffer>))).names
  expect(names).toContain('pipeline.json')
  expect(names).toContain('code/twin.py')
})

test('what does not fit is refused by name, and leaves no finished run', async () => {
  const noMass = await otherData('no-mass.csv', (line) => line.split(',').filter((_, column) => column !== 5).join(','))
  await expect(bring(noMass, pipeline)).rejects.toThrow('missing columns; the model reads them, and this data has none of that name: body_mass_g')
  const words = await otherData('words.csv', (line, row) => line.split(',').map((cell, column) => (column === 5 && row > 0 ? `about ${cell}` : cell)).join(','))
  await expect(bring(words, pipeline)).rejects.toThrow('invalid column body_mass_g; the model reads it as numeric, and here it is categorical')
  const species = { column: 'species', task: 'multiclass' as const }
  await expect(bring(trained, pipeline, { target: species, split: defaultSplit(species) })).rejects.toThrow('it answers sex (binary), and the project asks for species (multiclass)')
  await expect(bring(trained, pipeline, { target: { ...target, positive: 'male' } })).rejects.toThrow('invalid positive class; the model looks for female and this project for male')
  expect((await listRuns(words.host.store, words.run.spec.projectId)).filter(({ status }) => status === 'succeeded')).toHaveLength(1)
})

test('hostile files', async () => {
  const bent = zip.slice()
  bent[200] = (bent[200] as number) ^ 1
  await expect(bring(trained, bent)).rejects.toThrow(/^invalid/)
  await expect(bring(trained, '{"version":1}')).rejects.toThrow('invalid result.json')
  await expect(bring(trained, 'not JSON')).rejects.toThrow('not JSON')
  // A tree that leads back to its own root, signed anew.
  const { sha256: _old, ...file } = JSON.parse(pipeline) as { model: { arrays: { name: string; type: string; base64: string }[] }; sha256: string }
  const left = file.model.arrays.find(({ name }) => name === 'left')
  expect(left?.type).toBe('Int32Array')
  const arrays = file.model.arrays.map((array) => (array.name === 'left' ? { ...array, base64: btoa('\0'.repeat(atob(array.base64).length)) } : array))
  const looped = { ...file, model: { ...file.model, arrays } }
  await expect(bring(trained, JSON.stringify({ ...looped, sha256: await sha256(canonicalJson(looped)) }))).rejects.toThrow(/^invalid/)
})
