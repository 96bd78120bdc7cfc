/** The app's own workers over both kinds of storage: rows go in, a copy and a project file come out. */
import { afterEach, describe, expect, it } from 'vitest'
import { createJobClient, type JobClient } from '../../src/jobs/client.ts'
import { workerFactories } from '../../src/jobs/workers.ts'
import { fsck } from '../../src/storage/fsck.ts'
import { guardedStore, openStore } from '../../src/storage/open-store.ts'
import type { Store } from '../../src/storage/port.ts'
import { createProject, listProjects } from '../../src/storage/projects.ts'
import { remoteStore } from '../../src/storage/remote-store.ts'

let client: JobClient
afterEach(() => client.close())

async function open(kind: 'indexeddb' | 'memory'): Promise<Store> {
  client = createJobClient({ workers: workerFactories, app: 'test', storage: kind })
  if (kind === 'memory') return guardedStore(remoteStore(await client.storePort()))
  const opened = await openStore()
  if (opened.kind !== 'indexeddb') throw new Error(opened.reason)
  return opened.store
}

describe.each(['memory', 'indexeddb'] as const)('the app\'s workers (%s)', (kind) => {
  it('take in rows, copy, export and import', async () => {
    const store = await open(kind)
    const project = await createProject(store, `browser ${kind}`)
    const text = `x,colour,__proto__\n${Array.from({ length: 50 }, (_, i) => `${i / 2},${['red', 'blue'][i % 2]},k${i}`).join('\n')}\n`
    const { datasetId } = await client.run('ingest/commit', { projectId: project.id, token: 0, name: 'd', source: { kind: 'paste', text }, choices: {} })
    const window = await client.run('data/rows', { datasetId, start: 0, count: 3 })
    expect(window.total).toBe(50)
    expect(window.cells[2]?.[0]).toBe(1)
    const { zip } = await client.run('project/export', { projectId: project.id })
    const imported = await client.run('project/import', { file: new File([zip], 'p.zip') })
    const copied = await client.run('project/copy', { projectId: imported.projectId, name: `copy ${kind}` })
    const names = new Map((await listProjects(store)).map(({ project: { id, name }, bytes }) => [id, [name, bytes > 400] as const]))
    expect([project.id, imported.projectId, copied.projectId].map((id) => names.get(id))).toEqual([[`browser ${kind}`, true], [`browser ${kind}`, true], [`copy ${kind}`, true]])
    expect(await fsck(store)).toEqual([])
    await expect(client.run('project/import', { file: new File([zip.slice(0, zip.length >> 1)], 'p.zip') })).rejects.toMatchObject({ code: 'bad-data' })
  })
})
