/** Mutations of a real project file: every one is refused cleanly or means the same as before; nothing half-stored. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { StudioError } from '../../src/core/errors.ts'
import { loadDataset } from '../../src/storage/datasets.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { createProject } from '../../src/storage/projects.ts'
import { saveDataset } from '../../src/storage/save-dataset.ts'
import { projectExport } from '../../src/tasks/project-export.ts'
import { projectImport } from '../../src/tasks/project-import.ts'
import type { Store } from '../../src/storage/port.ts'
import type { Host } from '../../src/tasks/task.ts'
import { sampleDataset, sampleProfile } from '../unit/storage/sample.ts'

const host = (store: Store): Host => ({ store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 } })

async function exported() {
  const store = createMemoryStore()
  const project = await createProject(store, 'p')
  const dataset = sampleDataset(9)
  await saveDataset(store, dataset, { projectId: project.id, token: 0, profile: sampleProfile(dataset) })
  return { bytes: (await projectExport({ projectId: project.id }, host(store))).zip, dataset }
}

const mutation = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ kind: fc.constant('copy' as const), at: fc.nat(), from: fc.nat(), length: fc.integer({ min: 1, max: 64 }) }),
)

describe('project file under mutation', () => {
  it('never half-imports, never crashes', async () => {
    const { bytes, dataset } = await exported()
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        let file: Uint8Array = bytes.slice()
        for (const change of mutations) {
          const at = change.at % file.length
          if (change.kind === 'set') file[at] = change.value
          else if (change.kind === 'cut') file = Uint8Array.from([...file.subarray(0, at), ...file.subarray(at + change.length)])
          else file.set(file.slice(change.from % file.length, (change.from % file.length) + change.length).subarray(0, file.length - at), at)
          if (file.length === 0) file = Uint8Array.of(0)
        }
        const store = createMemoryStore()
        try {
          await projectImport({ file: new File([file as Uint8Array<ArrayBuffer>], 'x.zip') }, host(store))
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError)
          expect(['bad-data', 'unsupported']).toContain((error as StudioError).code)
          for (const name of ['projects', 'datasets', 'chunks', 'runs'] as const) expect(await store.read([name], (tx) => tx.keys(name))).toEqual([])
          return
        }
        // Accepted: then the mutation touched nothing that means anything.
        const [record] = await store.read(['datasets'], (tx) => tx.getAll('datasets'))
        expect((await loadDataset(store, record?.id as string)).columns).toEqual(dataset.columns)
      }),
      { numRuns: 2000, seed: 20261121 },
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
