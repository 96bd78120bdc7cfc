/** Fault F10: records rewritten with garbage. Only that item is set aside; the rest opens. */
import { describe, expect, it } from 'vitest'
import { cancelled } from '../../../src/core/errors.ts'
import { checkedStore, type Damaged } from '../../../src/storage/checked-store.ts'
import { loadDataset } from '../../../src/storage/datasets.ts'
import { fsck } from '../../../src/storage/fsck.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store } from '../../../src/storage/port.ts'
import { createProject, eraseProject, listProjects, savePlan } from '../../../src/storage/projects.ts'
import { damagedFile, eraseDamaged, listDamaged, rebuildProject } from '../../../src/storage/quarantine.ts'
import type { Records, StoreName } from '../../../src/storage/records.ts'
import { createRun, finishRun, listRuns, readRun } from '../../../src/storage/runs.ts'
import { saveDataset } from '../../../src/storage/save-dataset.ts'
import { sampleDataset, sampleEnvironment, sampleProfile, sampleSpec, sampleYield } from './sample.ts'

async function filled() {
  const disk = createMemoryStore()
  const project = await createProject(disk, 'p', 'project-1')
  await createProject(disk, 'other', 'project-2')
  const dataset = sampleDataset(24)
  const data = await saveDataset(disk, dataset, { projectId: project.id, token: 0, profile: sampleProfile(dataset), chunkRows: 8 })
  const spec = sampleSpec(project.id, data.id)
  await savePlan(disk, project.id, 0, { datasetId: data.id, target: spec.target, split: spec.split, recipe: spec.recipe })
  for (const id of ['run-1', 'run-2']) {
    await createRun(disk, { spec, token: 0, dataHash: dataset.id, environment: sampleEnvironment, id })
    await finishRun(disk, id, 0, {}, sampleYield(spec))
  }
  const heard: Damaged[] = []
  return { disk, store: checkedStore(disk, (damaged) => heard.push(damaged)), heard, data }
}
type Garbler = (record: never) => unknown
async function garble<N extends StoreName>(disk: Store, store: N, key: string | (string | number)[], change: Garbler) {
  await disk.write([store], async (tx) => {
    const record = await tx.get(store, key)
    await tx.put(store, change(record as never) as Records[N])
  })
}

describe('damaged records', () => {
  it.each<[StoreName, string | (string | number)[], Garbler]>([
    ['projects', 'project-1', (record: object) => ({ ...record, plan: 'gone' })],
    ['projects', 'project-1', (record: object) => ({ ...record, version: 9 })],
    ['datasets', '', (record: object) => ({ ...record, rowsCommitted: NaN })],
    ['runs', 'run-1', (record: object) => ({ ...record, run: null })],
    ['runs', 'run-1', (record: { run: object }) => ({ ...record, run: { ...record.run, id: 'run-2' } })],
    ['models', 'run-1', (record: { model: object }) => ({ ...record, model: { ...record.model, arrays: { w: [1, 2] } } })],
    ['splits', 'run-1', (record: object) => ({ ...record, train: [0, 1] })],
    ['predictions', ['run-1', 'valid'], (record: object) => ({ ...record, values: Float64Array.of(1, 2, 3) })],
    ['predictions', ['run-1', 'valid'], (record: object) => ({ ...record, values: Float64Array.of(1, NaN) })],
    ['profiles', '', (record: object) => ({ ...record, profile: { version: 1 } })],
  ])('%s %j: listed and kept, everything else opens', async (name, key, change) => {
    const { disk, store, heard, data } = await filled()
    const where = key === '' ? data.id : key
    await garble(disk, name, where, change)
    await expect(store.read([name], (tx) => tx.get(name, where))).rejects.toMatchObject({ code: 'bad-data', details: { store: name } })
    expect(heard.map(({ store: from, key: at }) => [from, at])).toEqual([[name, where]])
    const names = (await listProjects(store)).map(({ project }) => project.name).sort()
    expect(names).toEqual(name === 'projects' ? ['other'] : ['other', 'p'])
    expect((await listRuns(store, 'project-1')).map(({ id }) => id)).toEqual(name === 'runs' ? ['run-2'] : ['run-1', 'run-2'])
    expect(await readRun(store, 'run-2')).toMatchObject({ status: 'succeeded' })
    if (name !== 'datasets') expect((await loadDataset(store, data.id)).rows).toBe(24)

    const damaged = await listDamaged(store)
    expect(damaged.map(({ store: from }) => from)).toEqual([name])
    expect(new TextDecoder().decode(await damagedFile(store, damaged))).toContain(`"store": "${name}"`)
    await eraseDamaged(store, damaged)
    // Nothing is left that nobody can reach; a run or dataset may lack the part that was erased.
    expect((await fsck(store)).filter(({ kind }) => kind !== 'incomplete')).toEqual([])
  })
  it('a damaged project is rebuilt around its data and runs, and older writers stay out', async () => {
    const { disk, store, data } = await filled()
    await garble(disk, 'projects', 'project-1', (record: object) => ({ ...record, token: 7, nextRun: 'two', plan: null }))
    const rebuilt = await rebuildProject(store, 'project-1', 'p (rebuilt)')
    expect(rebuilt).toMatchObject({ name: 'p (rebuilt)', token: 8, nextRun: 3, plan: { datasetId: data.id } })
    expect(await fsck(store)).toEqual([])
    expect((await listRuns(store, 'project-1')).length).toBe(2)
    await expect(savePlan(store, 'project-1', 7, rebuilt.plan)).rejects.toMatchObject({ code: 'read-only' })
  })
  it('a walk over what is stored can be cancelled between its parts', async () => {
    const { store } = await filled()
    let parts = 0
    await expect(
      listDamaged(store, async () => {
        if (++parts === 2) throw cancelled()
      }),
    ).rejects.toMatchObject({ code: 'cancelled' })
  })
  it('is erased with its project', async () => {
    const { disk, store, data } = await filled()
    await garble(disk, 'runs', 'run-1', (record: object) => ({ ...record, run: null }))
    await garble(disk, 'datasets', data.id, (record: object) => ({ ...record, state: 'odd' }))
    await eraseProject(store, 'project-1')
    for (const name of ['datasets', 'chunks', 'runs', 'models'] as const) expect(await disk.read([name], (tx) => tx.keys(name)), name).toEqual([])
  })
})
