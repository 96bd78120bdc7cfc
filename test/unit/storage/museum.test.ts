/** A frozen database of every released version still opens, whole. The fixtures are never rewritten. */
import 'fake-indexeddb/auto'
import { readFileSync, readdirSync } from 'node:fs'
import { openDB } from 'idb'
import { describe, expect, it } from 'vitest'
import { loadDataset } from '../../../src/storage/datasets.ts'
import { fsck } from '../../../src/storage/fsck.ts'
import { arrayTypes } from '../../../src/export/plain-record.ts'
import { databaseVersion, migrate, migrations, projectIndex } from '../../../src/storage/migrations.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import { keyPaths, type StoreName } from '../../../src/storage/records.ts'
import { listRuns } from '../../../src/storage/runs.ts'

interface Exhibit {
  readonly version: number
  readonly stores: readonly { readonly name: string; readonly keyPath: string | string[]; readonly indexed: boolean; readonly records: readonly unknown[] }[]
}
const folder = new URL('../../fixtures/museum/', import.meta.url)
const exhibits = readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'), revive) as Exhibit)

function revive(_key: string, value: unknown): unknown {
  const array = value as { $type?: keyof typeof arrayTypes; $values?: number[] } | null
  return array && typeof array === 'object' && array.$type ? new arrayTypes[array.$type](array.$values ?? []) : value
}

describe('museum', () => {
  it('has an exhibit for every version', () => {
    expect(exhibits.map(({ version }) => version).sort()).toEqual(migrations.map(({ version }) => version))
    expect(migrations.map(({ version }) => version)).toEqual(Array.from({ length: databaseVersion }, (_, i) => i + 1))
  })
  it.each(exhibits.map((exhibit) => [exhibit.version, exhibit] as const))('version %i opens with all its records', async (version, exhibit) => {
    const name = `museum-${version}`
    const old = await openDB(name, version, {
      upgrade(db) {
        for (const store of exhibit.stores) {
          const made = db.createObjectStore(store.name, { keyPath: store.keyPath })
          if (store.indexed) made.createIndex(projectIndex, 'projectId')
        }
      },
    })
    for (const store of exhibit.stores) for (const record of store.records) await old.put(store.name, record)
    old.close()
    const opened = await openStore({ name })
    if (opened.kind !== 'indexeddb') throw new Error(opened.reason)
    expect(await fsck(opened.store)).toEqual([])
    for (const { name: store, records } of exhibit.stores) {
      expect((await opened.store.read([store as StoreName], (tx) => tx.getAll(store as StoreName))).length, store).toBe(records.length)
    }
    const [run] = await listRuns(opened.store, 'project-1')
    const data = await loadDataset(opened.store, run?.spec.datasetId as string)
    expect(data).toMatchObject({ rows: 9, columns: [{ name: '__proto__' }, { name: 'colour' }, { name: 'ok' }, { name: 'when' }, { name: 'note' }, { name: 'key' }] })
  })
  it('a new database looks as the newest exhibit says', () => {
    const made: { name: string; keyPath: unknown; indexed: boolean }[] = []
    migrate({ createStore: (name, keyPath) => ({ createIndex: () => void (made.at(-1)!.indexed = true), ...(made.push({ name, keyPath, indexed: false }), {}) }) }, 0)
    const newest = exhibits.find(({ version }) => version === databaseVersion)
    expect(made).toEqual(newest?.stores.map(({ name, keyPath, indexed }) => ({ name, keyPath, indexed })))
    expect(Object.keys(keyPaths)).toEqual(made.map(({ name }) => name))
  })
})
