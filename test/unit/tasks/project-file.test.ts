import { describe, expect, it } from 'vitest'
import { quietContext } from '../../../src/core/context.ts'
import { sha256 } from '../../../src/core/ids.ts'
import { bytesOf, openZip, zip, type ZipEntry } from '../../../src/core/zip.ts'
import { loadDataset } from '../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store } from '../../../src/storage/port.ts'
import { createProject, listProjects, savePlan } from '../../../src/storage/projects.ts'
import { createRun, deleteRun, finishRun, listRuns, saveExplanation, updateRun } from '../../../src/storage/runs.ts'
import { saveDataset } from '../../../src/storage/save-dataset.ts'
import { projectCopy } from '../../../src/tasks/project-copy.ts'
import { projectExport } from '../../../src/tasks/project-export.ts'
import { projectImport } from '../../../src/tasks/project-import.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { listSearches, saveSearch, searchQuestion } from '../../../src/storage/searches.ts'
import { sampleDataset, sampleEnvironment, sampleProfile, sampleSearch, sampleSpec, sampleYield } from '../storage/sample.ts'

const host = (store: Store): Host => ({ store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 } })
const fileOf = (bytes: Uint8Array): File => new File([bytes as Uint8Array<ArrayBuffer>], 'project.zip')

export async function filledProject() {
  const store = createMemoryStore()
  const project = await createProject(store, 'Wages <b>1985</b>')
  const dataset = sampleDataset(43)
  const record = await saveDataset(store, dataset, { projectId: project.id, token: 0, profile: sampleProfile(dataset), chunkRows: 16 })
  const spec = sampleSpec(project.id, record.id)
  await savePlan(store, project.id, 0, { datasetId: record.id, target: spec.target, split: spec.split, recipe: spec.recipe })
  const run = await createRun(store, { spec, token: 0, dataHash: dataset.id, environment: sampleEnvironment })
  await finishRun(store, run.id, 0, { history: [{ name: 'loss', x: [1, 2], y: [Infinity, 0.5] }] }, sampleYield(spec))
  await updateRun(store, run.id, 0, { notes: 'the first' })
  await saveExplanation(store, 0, { runId: run.id, key: 'k', projectId: project.id, explanation: { kind: 'importance' } as never })
  const binned = await createRun(store, { spec, token: 0, dataHash: dataset.id, environment: sampleEnvironment })
  await deleteRun(store, binned.id, 0)
  await saveSearch(store, 0, sampleSearch(spec))
  return { store, project, dataset, run, spec }
}
async function everything(store: Store, projectId: string) {
  const runs = await listRuns(store, projectId)
  return store.read(['projects', 'profiles', 'models', 'splits', 'predictions', 'explanations', 'searches'], async (tx) => ({
    plan: { ...(await tx.get('projects', projectId))?.plan, datasetId: null },
    profiles: (await tx.getAllOfProject('profiles', projectId)).map(({ profile }) => profile),
    runs: runs.map(({ id: _, spec: { projectId: __, datasetId: ___, ...spec }, ...run }) => ({ ...run, spec })),
    models: (await tx.getAllOfProject('models', projectId)).map(({ runId: _, projectId: __, ...model }) => model),
    splits: (await tx.getAllOfProject('splits', projectId)).map(({ train, valid, test }) => ({ train, valid, test })),
    predictions: (await tx.getAllOfProject('predictions', projectId)).map(({ part, rows, values }) => ({ part, rows, values })),
    explanations: (await tx.getAllOfProject('explanations', projectId)).map(({ key, explanation }) => ({ key, explanation })),
    searches: (await tx.getAllOfProject('searches', projectId)).map(({ id: _, projectId: __, question: ___, spec: { projectId: ____, datasetId: _____, ...spec }, ...search }) => ({ ...search, spec })),
  }))
}
async function repacked(bytes: Uint8Array, change: (entries: ZipEntry[]) => void | Promise<void>): Promise<Uint8Array> {
  const reader = await openZip(bytesOf(bytes))
  const entries: ZipEntry[] = []
  for (const name of reader.names) entries.push({ name, bytes: await reader.read(name) })
  await change(entries)
  return zip(entries)
}
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const parsed = (entry: ZipEntry) => JSON.parse(new TextDecoder().decode(entry.bytes)) as Record<string, never>
/** Rewrites one part and makes the manifest agree, as a skilled forger would. */
async function forged(bytes: Uint8Array, path: string, edit: (value: never) => unknown): Promise<Uint8Array> {
  return repacked(bytes, async (entries) => {
    const at = entries.findIndex(({ name }) => name === path)
    const content = json(edit(parsed(entries[at]!) as never))
    entries[at] = { name: path, bytes: content }
    const last = entries.findIndex(({ name }) => name === 'manifest.json')
    const manifest = parsed(entries[last]!) as unknown as { parts: { path: string; bytes: number; sha256: string }[] }
    const hash = await sha256(content)
    entries[last] = { name: 'manifest.json', bytes: json({ ...manifest, parts: manifest.parts.map((part) => (part.path === path ? { path, bytes: content.length, sha256: hash } : part)) }) }
  })
}

describe('project file', () => {
  it('brings everything to another device, byte for byte the same each time', async () => {
    const { store, project, dataset } = await filledProject()
    const { zip: bytes, fileName } = await projectExport({ projectId: project.id }, host(store))
    expect(fileName).toBe('Wages-b-1985-b.glasshouse.zip')
    expect((await projectExport({ projectId: project.id }, host(store))).zip).toEqual(bytes)

    const other = createMemoryStore()
    const { projectId } = await projectImport({ file: fileOf(bytes) }, host(other))
    expect(projectId).not.toBe(project.id)
    expect(await everything(other, projectId)).toEqual(await everything(store, project.id))
    const [listed] = await listProjects(other)
    expect(listed?.project).toMatchObject({ name: 'Wages <b>1985</b>', token: 0, deletedAt: null })
    expect((await loadDataset(other, listed?.project.plan.datasetId as string)).columns).toEqual(dataset.columns)
    const [run] = await listRuns(other, projectId)
    expect(run).toMatchObject({ notes: 'the first', spec: { projectId, datasetId: listed?.project.plan.datasetId }, history: [{ y: [Infinity, 0.5] }] })
  })

  it('a run that went on from another still does, in a copy and in a file', async () => {
    const { store, project, dataset, run, spec } = await filledProject()
    const more = await createRun(store, { spec: { ...spec, continueFrom: run.id }, token: 0, dataHash: dataset.id, environment: sampleEnvironment })
    await finishRun(store, more.id, 0, {}, sampleYield(spec))
    const { zip: bytes } = await projectExport({ projectId: project.id }, host(store))
    const other = createMemoryStore()
    const copies = [[store, (await projectCopy({ projectId: project.id, name: 'Copy' }, host(store))).projectId], [other, (await projectImport({ file: fileOf(bytes) }, host(other))).projectId]] as const
    for (const [where, projectId] of copies) {
      const [later, first] = (await listRuns(where, projectId)).sort((a, b) => b.sequence - a.sequence)
      expect(first!.id).not.toBe(run.id)
      expect(later!.spec.continueFrom).toBe(first!.id)
      expect(first!.spec).not.toHaveProperty('continueFrom')
    }
  })

  it('a search is found again by its question, and one that broke off can go on; a file of version 1 has none', async () => {
    const { store, project } = await filledProject()
    const { zip: bytes } = await projectExport({ projectId: project.id }, host(store))
    const other = createMemoryStore()
    const { projectId } = await projectImport({ file: fileOf(bytes) }, host(other))
    const [search] = await listSearches(other, projectId)
    const [run] = await listRuns(other, projectId)
    expect(search).toMatchObject({ projectId, question: searchQuestion(run!.spec), spec: { projectId, datasetId: run!.spec.datasetId }, result: { ended: 'interrupted', trials: [{ score: 0.5 }, { score: null, problem: 'a fold has no score' }] } })
    expect(search!.id).not.toBe(sampleSearch(run!.spec).id)
    // As an older studio wrote it.
    const old = await repacked(bytes, (entries) => {
      entries.splice(entries.findIndex(({ name }) => name === 'searches/0.json'), 1)
      const at = entries.findIndex(({ name }) => name === 'manifest.json')
      const manifest = parsed(entries[at]!) as unknown as { parts: { path: string }[] }
      entries[at] = { name: 'manifest.json', bytes: json({ ...manifest, version: 1, parts: manifest.parts.filter(({ path }) => path !== 'searches/0.json') }) }
    })
    const { projectId: third } = await projectImport({ file: fileOf(old) }, host(other))
    expect(await listSearches(other, third)).toEqual([])
    expect(await listRuns(other, third)).toHaveLength(1)
    await expect(projectImport({ file: fileOf(await forged(bytes, 'searches/0.json', (value: object) => ({ ...value, result: { trials: 3 } }))) }, host(other))).rejects.toThrow('searches/0.json: result')
  })

  it('copies under a new name and shares nothing', async () => {
    const { store, project, dataset, run } = await filledProject()
    const { projectId } = await projectCopy({ projectId: project.id, name: 'copy' }, host(store))
    expect(await everything(store, projectId)).toEqual(await everything(store, project.id))
    await updateRun(store, run.id, 0, { notes: 'changed' })
    const [copied] = await listRuns(store, projectId)
    expect(copied?.notes).toBe('the first')
    expect(copied?.id).not.toBe(run.id)
    expect((await loadDataset(store, copied?.spec.datasetId as string)).columns).toEqual(dataset.columns)
  })

  it('lets a person read the numbers without us', async () => {
    const { store, project, dataset } = await filledProject()
    const reader = await openZip(bytesOf((await projectExport({ projectId: project.id }, host(store))).zip))
    const values = await reader.read('datasets/0/columns/0.values.f64')
    const column = dataset.columns[0]
    if (column?.kind !== 'numeric') throw new Error('numeric expected')
    const view = new DataView(values.buffer)
    expect(Array.from(column.values, (_, row) => view.getFloat64(row * 8, true))).toEqual([...column.values])
    expect(reader.names).toContain('README.txt')
  })

  it('leaves a damaged dataset out and says so', async () => {
    const { store, project } = await filledProject()
    await store.write(['chunks'], async (tx) => tx.delete('chunks', (await tx.keys('chunks'))[1]!))
    const { zip: bytes } = await projectExport({ projectId: project.id }, host(store))
    const manifest = JSON.parse(new TextDecoder().decode(await (await openZip(bytesOf(bytes))).read('manifest.json'))) as { leftOut: unknown }
    expect(manifest.leftOut).toEqual([{ what: 'dataset sample', reason: expect.stringMatching(/missing rows; part 2 of 3/) }])
    const other = createMemoryStore()
    const { projectId } = await projectImport({ file: fileOf(bytes) }, host(other))
    expect((await listRuns(other, projectId)).length).toBe(1)
  })

  it('refuses strangers, halves and forgeries by name, and stores nothing of them', async () => {
    const { store, project } = await filledProject()
    const { zip: good } = await projectExport({ projectId: project.id }, host(store))
    const other = createMemoryStore()
    const refused = async (bytes: Uint8Array, message: RegExp, code = 'bad-data') => {
      await expect(projectImport({ file: fileOf(bytes) }, host(other))).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
      for (const name of ['projects', 'datasets', 'chunks', 'runs'] as const) expect(await other.read([name], (tx) => tx.keys(name))).toEqual([])
    }
    await refused(new TextEncoder().encode('a,b\n1,2\n'), /not a zip or was cut off/)
    await refused(new Uint8Array(), /not a zip or was cut off/)
    await refused(zip([{ name: 'photo.png', bytes: new Uint8Array(10) }]), /no manifest.json/)
    await refused(zip([{ name: 'manifest.json', bytes: json({ format: 'other' }) }]), /not of a project of this studio/)
    await refused(zip([{ name: 'manifest.json', bytes: json({ format: 'glasshouse-project', version: 4 }) }]), /a newer studio wrote it: version 4/, 'unsupported')
    await refused(zip([{ name: 'manifest.json', bytes: new TextEncoder().encode(`${'['.repeat(1e6)}`) }]), /nested deeper than 64/)
    await refused(good.slice(0, good.length >> 1), /not a zip or was cut off/)
    await refused(await repacked(good, (entries) => void entries.push({ name: 'extra.txt', bytes: json(1) })), /does not name: extra.txt/)
    await refused(await repacked(good, (entries) => void entries.splice(entries.findIndex(({ name }) => name.endsWith('.i32')), 1)), /a part that its manifest names is missing: .*i32/)
    await refused(await repacked(good, (entries) => void entries[1]!.bytes.set([32], 3)), /was changed since it was written: project.json/)
    await refused(await forged(good, 'project.json', (value: object) => ({ ...value, token: -1 })), /project.json: token/)
    await refused(await forged(good, 'project.json', (value: object) => ({ ...value, nextRun: '7' })), /project.json: nextRun/)
    await refused(await forged(good, 'datasets/0/dataset.json', (value: object) => ({ ...value, rowsCommitted: 1e9 })), /bytes of validity expected/)
    await refused(await forged(good, 'datasets/0/columns/1.dictionary.json', () => ['one']), /codes below 1 expected/)
    await refused(await forged(good, 'runs/0/split.json', (value: object) => ({ ...value, train: { $array: 'manifest.json' } })), /a part is missing: manifest.json|not an array/)
    await refused(await forged(good, 'runs/0/run.json', (value: { run: object }) => ({ ...value, run: { ...value.run, status: 'glorious' } })), /runs\/0\/run.json: run.status/)
  })
})
