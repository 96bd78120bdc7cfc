import { describe, expect, it } from 'vitest'
import { cellAt } from '../../../src/core/data/column.ts'
import { createDatasetWriter, deleteDataset, loadDataset, readChunk, resumeDatasetWriter, unfinishedDatasets } from '../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { createProject, takeOver } from '../../../src/storage/projects.ts'
import { chunksFrom, saveDataset } from '../../../src/storage/save-dataset.ts'
import { columnInfo } from '../../../src/core/data/dataset.ts'
import { sampleDataset, sampleProfile } from './sample.ts'

async function stored(chunkRows = 8, rows = 20) {
  const store = createMemoryStore()
  const project = await createProject(store, 'p')
  const dataset = sampleDataset(rows)
  const record = await saveDataset(store, dataset, { projectId: project.id, token: 0, profile: sampleProfile(dataset), chunkRows })
  return { store, project, dataset, record }
}

describe('datasets', () => {
  it.each([8, 16, 24, 64])('comes back cell by cell from chunks of %i rows', async (chunkRows) => {
    const { store, dataset, record } = await stored(chunkRows, 43)
    expect(record.chunks).toBe(Math.ceil(43 / chunkRows))
    expect(await loadDataset(store, record.id)).toEqual(dataset)
  })
  it('gives the columns asked for, in that order', async () => {
    const { store, dataset, record } = await stored()
    const loaded = await loadDataset(store, record.id, ['note', '__proto__'])
    expect(loaded.columns.map((column) => column.name)).toEqual(['note', '__proto__'])
    expect(cellAt(loaded.columns[0]!, 4)).toBe(cellAt(dataset.columns[4]!, 4))
    await expect(loadDataset(store, record.id, ['constructor'])).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/missing column; .*: constructor/) })
  })
  it('shows nothing of an unfinished import unless asked, and goes on where it stopped', async () => {
    const store = createMemoryStore()
    const project = await createProject(store, 'p')
    const dataset = sampleDataset(20)
    const columns = dataset.columns.map(columnInfo)
    const parts = [...chunksFrom(dataset.columns, 20, 8)]
    const writer = await createDatasetWriter(store, { projectId: project.id, token: 0, name: 'd', source: dataset.source, options: { encoding: 'utf-8', delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] }, columns })
    await writer.append({ ...parts[0]!, bytesRead: 100, rejected: [{ line: 3, byte: 40, column: null, reason: 'ragged', text: 'x' }] })
    await writer.pause('No room left.')
    await expect(loadDataset(store, writer.datasetId)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/stopped at row 8/) })
    expect((await loadDataset(store, writer.datasetId, undefined, { unfinished: true })).rows).toBe(8)
    expect(await unfinishedDatasets(store, project.id)).toMatchObject([{ state: 'paused', pausedBecause: 'No room left.', rowsCommitted: 8, bytesRead: 100, rejectedCount: 1 }])
    const again = await resumeDatasetWriter(store, writer.datasetId, 0)
    for (const part of parts.slice(1)) await again.append({ ...part, bytesRead: 200 })
    await again.complete({ hash: dataset.id, columns, profile: sampleProfile(dataset) })
    expect((await loadDataset(store, writer.datasetId)).columns).toEqual(dataset.columns)
    expect(await unfinishedDatasets(store, project.id)).toEqual([])
    await expect(resumeDatasetWriter(store, writer.datasetId, 0)).rejects.toMatchObject({ code: 'bad-data' })
  })
  it('stops a writer whose project was taken over, and keeps what it had committed', async () => {
    const store = createMemoryStore()
    const project = await createProject(store, 'p')
    const dataset = sampleDataset(16)
    const parts = [...chunksFrom(dataset.columns, 16, 8)]
    const writer = await createDatasetWriter(store, { projectId: project.id, token: 0, name: 'd', source: dataset.source, options: { encoding: 'utf-8', delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] }, columns: dataset.columns.map(columnInfo) })
    await writer.append({ ...parts[0]!, bytesRead: 1 })
    expect(await takeOver(store, project.id)).toBe(1)
    await expect(writer.append({ ...parts[1]!, bytesRead: 2 })).rejects.toMatchObject({ code: 'read-only', details: { token: 0, current: 1 } })
    expect(writer.record.chunks).toBe(1)
    expect((await unfinishedDatasets(store, project.id))[0]).toMatchObject({ chunks: 1, rowsCommitted: 8 })
  })
  it('refuses chunks that do not fit their dataset', async () => {
    const { store, project, dataset } = await stored()
    const writer = await createDatasetWriter(store, { projectId: project.id, token: 0, name: 'd', source: dataset.source, options: { encoding: 'utf-8', delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] }, columns: [{ name: 'x', kind: 'numeric', missing: 0 }] })
    const chunk = (values: Float64Array | Int32Array, validity = new Uint8Array(1)) => ({ rows: 2, bytesRead: 1, columns: [{ kind: 'numeric' as const, validity, values }] })
    await expect(writer.append(chunk(Float64Array.of(1, NaN)))).rejects.toThrow(/x: finite values expected, received NaN/)
    await expect(writer.append(chunk(Float64Array.of(1)))).rejects.toThrow(/x: 2 values expected, received 1/)
    await expect(writer.append(chunk(Int32Array.of(1, 2)))).rejects.toThrow(/Float64Array expected/)
    await expect(writer.append(chunk(Float64Array.of(1, 2), new Uint8Array(2)))).rejects.toThrow(/validity of 1 bytes/)
    await expect(writer.append({ rows: 2, bytesRead: 1, columns: [] })).rejects.toThrow(/1 columns expected, received 0/)
    await writer.append(chunk(Float64Array.of(1, 2)))
    await expect(writer.append(chunk(Float64Array.of(1, 2)))).rejects.toMatchObject({ code: 'bug' })
  })
  it('names the part that is damaged or gone', async () => {
    const { store, record } = await stored()
    const chunk = await readChunk(store, record, 1)
    await store.write(['chunks'], (tx) => tx.put('chunks', { ...chunk, columns: chunk.columns.map((column, i) => (i === 1 ? { ...column, values: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 99) } : column)) }))
    await expect(loadDataset(store, record.id)).rejects.toThrow(/a code points outside its 4 categories: colour/)
    await store.write(['chunks'], (tx) => tx.delete('chunks', [record.id, 1]))
    await expect(loadDataset(store, record.id)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/missing rows; part 2 of 3/), details: { sequence: 1 } })
  })
  it('is deleted with all its parts', async () => {
    const { store, record } = await stored()
    await deleteDataset(store, record.id, 0)
    for (const name of ['datasets', 'chunks', 'profiles'] as const) expect(await store.read([name], (tx) => tx.keys(name))).toEqual([])
  })
})
