/** From bytes to a committed dataset, over the memory store. */
import { describe, expect, it } from 'vitest'
import { quietContext, type Context } from '../../../src/core/context.ts'
import { cellAt } from '../../../src/core/data/column.ts'
import { cancelled, StudioError } from '../../../src/core/errors.ts'
import type { IngestChoices } from '../../../src/core/ingest/options.ts'
import { bytesSource, type ByteSource } from '../../../src/core/ingest/source.ts'
import { datasetRecord, loadDataset, unfinishedDatasets } from '../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store } from '../../../src/storage/port.ts'
import type { DatasetRecord } from '../../../src/storage/records.ts'
import { dataLeaks } from '../../../src/tasks/data-leaks.ts'
import { dataRekind } from '../../../src/tasks/data-rekind.ts'
import { dataRows } from '../../../src/tasks/data-rows.ts'
import { commitSource, ingestCommit, ingestKeep } from '../../../src/tasks/ingest-commit.ts'
import { ingestPreview } from '../../../src/tasks/ingest-preview.ts'
import type { Host } from '../../../src/tasks/task.ts'

const environment = { app: 'test', userAgent: 'test', threads: 1 }
async function hostWith(overrides: Partial<Context> = {}): Promise<Host> {
  const store = createMemoryStore()
  await store.write(['projects'], (tx) =>
    tx.put('projects', { id: 'p', version: 1, name: 'p', createdAt: 0, changedAt: 0, deletedAt: null, token: 1, plan: { datasetId: null, target: null, split: null, recipe: null }, slices: [], nextRun: 1 }),
  )
  return { store, context: quietContext(overrides), environment }
}
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
interface Extra {
  readonly choices?: IngestChoices
  readonly resumeId?: string
  readonly keepBytes?: number
}
const commit = (host: Host, source: ByteSource | string, { choices = {}, resumeId, keepBytes }: Extra = {}): Promise<DatasetRecord> =>
  commitSource(
    { bytes: typeof source === 'string' ? bytesSource(bytesOf(source)) : source, kind: 'file', fileName: 'x.csv' },
    { projectId: 'p', token: 1, name: 'x', choices, ...(resumeId === undefined ? {} : { resumeId }), ...(keepBytes === undefined ? {} : { keepBytes }) },
    host,
  )
async function errorOf(promise: Promise<unknown>): Promise<StudioError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(StudioError)
  return thrown as StudioError
}
async function cellsOf(store: Store, id: string): Promise<Record<string, unknown[]>> {
  const dataset = await loadDataset(store, id)
  return Object.fromEntries(dataset.columns.map((column) => [column.name, Array.from({ length: dataset.rows }, (_, row) => cellAt(column, row))]))
}
/** About 330 bytes a row, so that few rows make several row groups. */
const pad = 'p'.repeat(300)
const long = (rows: number): string => `id,x,city\n${Array.from({ length: rows }, (_, i) => `row-${i}${pad},${i / 8},${['Oslo', 'Rome', '"São, Paulo"'][i % 3]}`).join('\n')}\n`

describe('ingest/commit', () => {
  it('keeps a column of 100,000 categories, whole and with a warning', async () => {
    const host = await hostWith()
    const many = 100_000
    const choices: IngestChoices = { kinds: [{ column: 'town', kind: 'categorical' }] }
    const record = await commit(host, `town,x\n${Array.from({ length: many + 2 }, (_, row) => `town ${(row * 7) % many},${row % 5}`).join('\n')}\n`, { choices })
    expect(record).toMatchObject({ state: 'complete', rowsCommitted: many + 2 })
    const [town] = (await loadDataset(host.store, record.id)).columns
    if (town?.kind !== 'categorical') throw new Error('no categories')
    expect(new Set(town.dictionary).size).toBe(many)
    expect(town.dictionary).toHaveLength(many)
    for (const row of [0, 1, 65_536, many - 1, many, many + 1]) expect(cellAt(town, row), String(row)).toBe(`town ${(row * 7) % many}`)
    const { profile } = (await host.store.read(['profiles'], (tx) => tx.get('profiles', record.id))) ?? {}
    expect(profile?.columns[0]).toMatchObject({ kind: 'categorical', count: many + 2, warnings: [{ code: 'many-categories', distinct: many }], top: expect.arrayContaining([{ value: 'town 0', count: 2 }]) as unknown[] })
  })
  it('keeps every kind of cell', async () => {
    const host = await hostWith()
    const text = 'n,c,b,d,code\n1,red,yes,2020-02-29,007\n,blue,no,2021-12-31,010\n-2.5,red,yes,NA,100\n'
    const record = await commit(host, text)
    expect(record.columns.map((column) => [column.name, column.kind])).toEqual([['n', 'numeric'], ['c', 'categorical'], ['b', 'boolean'], ['d', 'datetime'], ['code', 'categorical']])
    expect(await cellsOf(host.store, record.id)).toEqual({
      n: [1, null, -2.5],
      c: ['red', 'blue', 'red'],
      b: [true, false, true],
      d: [Date.UTC(2020, 1, 29) / 1000, Date.UTC(2021, 11, 31) / 1000, null],
      code: ['007', '010', '100'],
    })
    expect(record).toMatchObject({ state: 'complete', rowsCommitted: 3, rejectedCount: 0 })
  })
  it('has one identity for one content, whatever the row groups', async () => {
    const host = await hostWith()
    const text = long(30_000)
    const whole = await commit(host, text)
    const twice = await commit(host, text, { keepBytes: 0 })
    expect(whole.chunks).toBeGreaterThan(1)
    expect(twice.hash).toBe(whole.hash)
    expect(twice.source.sha256).toBe(whole.source.sha256)
    const other = await commit(host, text.replace('Rome', 'Roma'))
    expect(other.hash).not.toBe(whole.hash)
  })
  it('lists rows that do not fit with line, column and reason, and keeps the rest', async () => {
    const host = await hostWith()
    const rows = Array.from({ length: 200 }, (_, i) => `${i},${i}`)
    rows[50] = 'many,50'
    rows[60] = '60,60,60'
    rows[70] = '"70"x,70'
    const record = await commit(host, `a,b\n${rows.join('\n')}`)
    expect(record).toMatchObject({ rowsCommitted: 197, rejectedCount: 3 })
    expect(record.rejected.map(({ line, column, text }) => [line, column, text])).toEqual([
      [52, 'a', 'many,50'],
      [62, null, '60,60,60'],
      [72, null, '"70",70'],
    ])
    expect(record.rejected[0]?.reason).toBe('Not a finite number: "many".')
    const at = record.rejected[0]?.byte as number
    expect(`a,b\n${rows.join('\n')}`.slice(at, at + 7)).toBe('many,50')
  })
  it('stops between row groups, keeps them, and goes on to the same data', async () => {
    const text = long(50_000)
    const undisturbed = await hostWith()
    const wanted = await commit(undisturbed, text)
    for (const keepBytes of [0, undefined]) {
      let storing = 0
      const host = await hostWith({
        report: (progress) => void (progress.kind === 'step' && progress.phase === 'Storing rows' && storing++),
        checkpoint: async () => {
          if (storing > 20) throw cancelled()
        },
      })
      const extra = keepBytes === undefined ? {} : { keepBytes }
      expect((await errorOf(commit(host, text, extra))).code).toBe('cancelled')
      const [paused] = await unfinishedDatasets(host.store, 'p')
      expect(paused).toMatchObject({ state: 'paused' })
      expect(paused?.rowsCommitted).toBeGreaterThan(0)
      expect(paused?.rowsCommitted).toBeLessThan(50_000)
      const resumed = await commit({ ...host, context: quietContext() }, text, { ...extra, resumeId: paused?.id as string })
      expect(resumed.hash).toBe(wanted.hash)
      expect(resumed.id).toBe(paused?.id)
    }
  })
  it('goes on only with the file it began with', async () => {
    const text = long(50_000)
    let storing = 0
    const host = await hostWith({
      report: (progress) => void (progress.kind === 'step' && progress.phase === 'Storing rows' && storing++),
      checkpoint: async () => {
        if (storing > 20) throw cancelled()
      },
    })
    await errorOf(commit(host, text))
    const [paused] = await unfinishedDatasets(host.store, 'p')
    const calm = { ...host, context: quietContext() }
    const resumeId = paused?.id as string
    expect((await errorOf(commit(calm, `${text} `, { resumeId }))).message).toMatch(/^invalid file; .*bytes/)
    expect((await errorOf(commit(calm, text.replace('row-49999', 'row-49998'), { resumeId }))).message).toMatch(/^invalid file; .*SHA-256/)
    expect(await datasetRecord(host.store, resumeId)).toEqual(paused)
  })
  it('pauses where the file changes while it is read, without mixed rows', async () => {
    const before = bytesOf(long(50_000))
    const after = bytesOf(long(50_000).replace('row-49999', 'row-99999'))
    let reads = 0
    // Blocks of 4 MB: the first pass reads them all, the second finds the last one different.
    const source: ByteSource = { size: before.length, read: async (from, to) => (++reads > Math.ceil(before.length / 4_194_304) + 1 ? after : before).slice(from, to) }
    const host = await hostWith()
    const error = await errorOf(commit(host, source, { keepBytes: 0 }))
    expect(error.details['sourceChanged']).toBe(true)
    const [paused] = await unfinishedDatasets(host.store, 'p')
    expect(paused?.state).toBe('paused')
    const resumed = await commit(host, bytesSource(before), { resumeId: paused?.id as string })
    expect(resumed.hash).toBe((await commit(await hostWith(), bytesSource(before))).hash)
  })
  it('tells a file that vanished', async () => {
    const host = await hostWith()
    const source: ByteSource = { size: 100, read: () => Promise.reject(new DOMException('gone', 'NotReadableError')) }
    expect((await errorOf(commit(host, source))).message).toMatch(/^invalid file; it must stay/)
    expect(await unfinishedDatasets(host.store, 'p')).toEqual([])
  })
  it('keeps what fitted when storage is full', async () => {
    const host = await hostWith()
    let chunks = 0
    const full: Store = {
      ...host.store,
      write: (stores, body, durability) =>
        host.store.write(
          stores,
          (tx) =>
            body({
              ...tx,
              put: (store, record) => (store === 'chunks' && ++chunks > 2 ? Promise.reject(new DOMException('', 'QuotaExceededError')) : tx.put(store, record)),
            }),
          durability,
        ),
    }
    const error = await errorOf(commit({ ...host, store: full }, long(50_000)))
    expect(error.code).toBe('storage-full')
    const [paused] = await unfinishedDatasets(host.store, 'p')
    expect(paused).toMatchObject({ state: 'paused', chunks: 2 })
    expect(error.details['rowsKept']).toBe(paused?.rowsCommitted)
    expect(error.details['bytesKept']).toBe(paused?.bytesStored)
    // What the rows that are missing take, if they are like the others.
    const perRow = (paused?.bytesStored ?? 0) / (paused?.rowsCommitted ?? 1)
    expect(error.details['bytesNeeded'] as number).toBeGreaterThan(0.95 * perRow * (50_000 - (paused?.rowsCommitted ?? 0)))
    expect(error.details['bytesNeeded'] as number).toBeLessThan(1.05 * perRow * (50_000 - (paused?.rowsCommitted ?? 0)))
    expect(error.hint).toMatch(/^[\d,]+ rows \([\d,]+ bytes\) are kept and the import is paused, older projects are untouched\. About [\d,]+ bytes more are needed; the browser does not say how many are free\./)
    const resumed = await commit(host, long(50_000), { resumeId: paused?.id as string })
    expect(resumed.rowsCommitted).toBe(50_000)
  })
})

describe('bad input', () => {
  const refused: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['empty file', '', /^missing data; .*empty/],
    ['blank lines only', '\n\n\r\n', /^missing data; .*blank/],
    ['header only', 'a,b,c\n', /^missing rows; .*header/],
    ['unclosed quote', 'a,b\n1,"x\n2,y\n', /^invalid quote; .*line 2 \(byte 6\)/],
    ['unclosed quote, long file', `a,b\n1,"x\n${'2,y\n'.repeat(500_000)}`, /^invalid quote; .*line 2 \(byte 6\)/],
    ['20,000 columns', `${Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')}\n${'1,'.repeat(19_999)}1\n`, /^unsupported number of columns; at most 10000: 20000/],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), /^invalid text; .*ZIP archive/],
    ['binary data', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256), /^invalid text; .*binary/],
    ['every row ragged', 'a,b\n1\n2\n', /^invalid rows; .*none of the 2 rows/],
  ]
  it.each(refused)('%s', async (_, source, message) => {
    const host = await hostWith()
    const error = await errorOf(commit(host, typeof source === 'string' ? source : bytesSource(source)))
    expect(error.message).toMatch(message)
    expect(error.code).toMatch(/^(bad-data|unsupported)$/)
    expect(await unfinishedDatasets(host.store, 'p')).toEqual([])
  })
  it('one column, one row, all missing, a 10 MB cell and odd names work', async () => {
    const host = await hostWith()
    expect(await cellsOf(host.store, (await commit(host, 'a\n1\n\n3\n')).id)).toEqual({ a: [1, null, 3] })
    expect((await commit(host, 'a,b\n1,2\n')).rowsCommitted).toBe(1)
    const missing = await commit(host, 'a,b\n,1\nNA,2\n')
    const profile = await host.store.read(['profiles'], (tx) => tx.get('profiles', missing.id))
    expect(profile?.profile.columns[0]).toMatchObject({ count: 0, missing: 2, warnings: [{ code: 'mostly-missing', share: 1 }] })
    const cell = 'x'.repeat(10_000_000)
    const big = await commit(host, `a,b\n1,"${cell}"\n2,y\n`)
    expect((await cellsOf(host.store, big.id))['b']).toEqual([cell, 'y'])
    const name = 'n'.repeat(10_000)
    const odd = await commit(host, `__proto__,a,a,,constructor,${name}\n1,2,3,4,5,6\n`)
    expect(odd.columns.map((column) => column.name)).toEqual(['__proto__', 'a', 'a_2', 'column_4', 'constructor', name])
  })
  it('reads a file that stops being UTF-8 behind its first megabyte as Windows-1252', async () => {
    const host = await hostWith()
    const head = bytesOf(`a,b\n${'1,x\n'.repeat(400_000)}`)
    const bytes = new Uint8Array(head.length + 4)
    bytes.set(head)
    bytes.set([0x32, 0x2c, 0xe9, 0x0a], head.length)
    const record = await commit(host, bytesSource(bytes))
    expect(record.options.encoding).toBe('windows-1252')
    expect((await cellsOf(host.store, record.id))['b']?.at(-1)).toBe('é')
    const error = await errorOf(commit(host, bytesSource(bytes), { choices: { options: { encoding: 'utf-8' } } }))
    expect(error.details['byte']).toBe(head.length + 2)
  })
})

describe('tasks around the data', () => {
  it('previews pasted text', async () => {
    const host = await hostWith()
    const preview = await ingestPreview({ source: { kind: 'paste', text: 'naam;prijs\nA;1,5\nB;2,25\n' }, choices: {} }, host)
    expect(preview.options).toMatchObject({ delimiter: ';', decimal: ',', header: true, encoding: 'utf-8' })
    expect(preview.columns.map(({ name, kind }) => [name, kind.value])).toEqual([['naam', 'categorical'], ['prijs', 'numeric']])
    expect(preview.rows).toEqual([['A', '1,5'], ['B', '2,25']])
    expect(preview.partial).toBe(false)
  })
  it('tells positions in bytes of the file, also in UTF-16', async () => {
    const text = '\ufeffa,b\né,1\n🎈\nx,2\n'
    const bytes = new Uint8Array(text.length * 2)
    for (let i = 0; i < text.length; i++) new DataView(bytes.buffer).setUint16(i * 2, text.charCodeAt(i), true)
    const host = await hostWith()
    const preview = await ingestPreview({ source: { kind: 'file', file: new File([bytes], 'x.csv') }, choices: {} }, host)
    const record = await commit(host, bytesSource(bytes))
    expect(record.options.encoding).toBe('utf-16le')
    expect(await cellsOf(host.store, record.id)).toEqual({ a: ['é', 'x'], b: [1, 2] })
    // The refused row starts behind the mark, "a,b", "é,1" and two line ends: 9 units of 2 bytes.
    for (const { rejected } of [preview, record]) expect(rejected).toMatchObject([{ line: 3, byte: 18, text: '🎈' }])
  })
  it('gives windows of rows, filtered and by number', async () => {
    const host = await hostWith()
    const { datasetId } = await ingestCommit({ projectId: 'p', token: 1, name: 'x', source: { kind: 'paste', text: long(30_000) }, choices: {} }, host)
    const far = await dataRows({ datasetId, start: 29_998, count: 10 }, host)
    expect(far).toEqual({ total: 30_000, rowNumbers: [29_998, 29_999], cells: [['row-29998' + pad, 29_998 / 8, 'Rome'], ['row-29999' + pad, 29_999 / 8, 'São, Paulo']] })
    const filtered = await dataRows({ datasetId, start: 1, count: 2, conditions: [{ column: 'city', op: 'is', value: 'Rome' }] }, host)
    expect(filtered).toMatchObject({ total: 10_000, rowNumbers: [4, 7] })
    const listed = await dataRows({ datasetId, start: 0, count: 5, rowNumbers: [20_000, 3] }, host)
    expect(listed.cells.map((row) => row[0])).toEqual(['row-20000', 'row-3'].map((name) => name + pad))
  })
  it('changes kinds afterwards and lists the cells that do not fit', async () => {
    const host = await hostWith()
    const record = await commit(host, 'a,b\n1,x\n2,5\n3,6\n')
    const { datasetId } = await dataRekind({ projectId: 'p', token: 1, datasetId: record.id, kinds: [{ column: 'a', kind: 'text' }, { column: 'b', kind: 'numeric' }] }, host)
    expect(await cellsOf(host.store, datasetId)).toEqual({ a: ['2', '3'], b: [5, 6] })
    const changed = await datasetRecord(host.store, datasetId)
    expect(changed.rejected).toMatchObject([{ column: 'b', line: 2, reason: 'Not a finite number: "x".', text: '1,x' }])
    expect(await cellsOf(host.store, record.id)).toEqual({ a: [1, 2, 3], b: ['x', '5', '6'] })
  })
  it('changes kinds row group by row group: lines told, what was kept out before kept, every other cell as it was', async () => {
    const host = await hostWith()
    const rows = Array.from({ length: 28_000 }, (_, i) => `t-${i}${pad},${['red', 'blue', `one-${i}`][i % 3 === 2 && i % 1000 !== 2 ? 0 : i % 3]},${i % 7 === 0 ? '' : i / 4},${i % 2 === 0 ? 'no' : 'yes'},2021-0${1 + (i % 9)}-03,${i === 17 || i === 27_990 ? 'x' : i % 50}`)
    rows[5] = 'too,few'
    rows[9] = `"t${pad}\nof two lines",red,1,no,2021-01-03,4`
    const text = `t,c,n,b,d,m\n${rows.join('\n')}\n`
    const record = await commit(host, text, { choices: { kinds: [{ column: 'm', kind: 'categorical' }] } })
    expect(record.chunks).toBeGreaterThan(2)
    const before = await cellsOf(host.store, record.id)
    const phases: string[] = []
    const context = quietContext({ report: (progress) => void (progress.kind === 'step' && phases.push(progress.phase)) })
    const { datasetId } = await dataRekind({ projectId: 'p', token: 1, datasetId: record.id, kinds: [{ column: 'm', kind: 'numeric' }] }, { ...host, context })
    const changed = await datasetRecord(host.store, datasetId)
    expect(changed.chunks).toBeGreaterThan(2)
    // Row i stands on line i + 2; behind the cell of two lines one below.
    expect(changed.rejected.map(({ line, column }) => [line, column])).toEqual([[7, null], [20, 'm'], [27_993, 'm']])
    expect([changed.rejectedCount, changed.rowsCommitted, changed.state]).toEqual([3, 27_997, 'complete'])
    const after = await cellsOf(host.store, datasetId)
    const keep = (cells: unknown[] | undefined): unknown[] => (cells ?? []).filter((_, i) => !['x'].includes(String(before['m']?.[i])))
    for (const name of ['t', 'c', 'n', 'b', 'd']) expect(after[name], name).toEqual(keep(before[name]))
    expect(after['m']).toEqual(keep(before['m']).map((cell) => (cell === null ? null : Number(cell))))
    // The same cells read from a file are the same dataset.
    expect(changed.hash).toBe((await commit(host, text, { choices: { kinds: [{ column: 'm', kind: 'numeric' }] } })).hash)
    expect(new Set(phases)).toEqual(new Set(['Looking at every cell', 'Reading columns anew', 'Profiling columns']))
  })
  it('counts more rows kept out than are listed, and refuses a kind that fits none, with nothing left behind', async () => {
    const host = await hostWith()
    const record = await commit(host, `a,b\n${Array.from({ length: 3000 }, (_, i) => `${i},${i % 2 === 0 ? 'x' : i}`).join('\n')}\n`)
    const { datasetId } = await dataRekind({ projectId: 'p', token: 1, datasetId: record.id, kinds: [{ column: 'b', kind: 'numeric' }] }, host)
    const changed = await datasetRecord(host.store, datasetId)
    expect([changed.rejectedCount, changed.rejected.length, changed.rowsCommitted]).toEqual([1500, 1000, 1500])
    const words = await commit(host, 'a,b\n1,x\n2,y\n')
    expect((await errorOf(dataRekind({ projectId: 'p', token: 1, datasetId: words.id, kinds: [{ column: 'b', kind: 'datetime' }] }, host))).message).toMatch(/^invalid kind; at least one row/)
    expect(await unfinishedDatasets(host.store, 'p')).toEqual([])
  })
  it('reads numbers anew with the decimal mark of their file', async () => {
    const host = await hostWith()
    const record = await commit(host, `a;b\n${Array.from({ length: 30 }, (_, i) => `${i},5;${i % 3 === 0 ? 'k.A.' : `${i},25`}`).join('\n')}\n`)
    expect(record.columns.map((column) => column.kind)).toEqual(['numeric', 'categorical'])
    const rekind = (datasetId: string, column: string, kind: 'numeric' | 'categorical') => dataRekind({ projectId: 'p', token: 1, datasetId, kinds: [{ column, kind }] }, host)
    const { datasetId } = await rekind(record.id, 'b', 'numeric')
    expect((await cellsOf(host.store, datasetId))['b']?.slice(0, 2)).toEqual([1.25, 2.25])
    const there = await rekind(datasetId, 'a', 'categorical')
    expect((await cellsOf(host.store, there.datasetId))['a']?.[0]).toBe('1,5')
    const back = await rekind(there.datasetId, 'a', 'numeric')
    expect((await cellsOf(host.store, back.datasetId))['a']?.[0]).toBe(1.5)
  })
  it('stops when asked to, with the rows so far, and cannot be stopped once all are read', async () => {
    let stopped = false
    const host = await hostWith({
      stopping: () => stopped,
      report: (progress) => {
        if (progress.kind === 'step' && progress.phase === 'Storing rows' && progress.done > 5_000_000) stopped = true
      },
    })
    expect((await errorOf(commit(host, long(30_000)))).code).toBe('cancelled')
    const [paused] = await unfinishedDatasets(host.store, 'p')
    expect(paused?.state).toBe('paused')
    expect(paused?.rowsCommitted).toBeGreaterThan(0)
    expect(paused?.rowsCommitted).toBeLessThan(30_000)
    const late = await hostWith({ stopping: () => stopped, report: (progress) => void (stopped = progress.kind === 'step' && progress.phase === 'Profiling columns') })
    stopped = false
    expect((await commit(late, long(100))).state).toBe('complete')
  })
  it('keeps the rows of a stopped import as they are, without the file', async () => {
    let groups = 0
    const host = await hostWith()
    const stopping: Host = {
      ...host,
      store: { ...host.store, write: async (stores, body, durability) => ((stores as readonly string[]).includes('chunks') && ++groups === 2 ? Promise.reject(cancelled()) : host.store.write(stores, body, durability)) },
    }
    await errorOf(commit(stopping, long(30_000)))
    const [paused] = await unfinishedDatasets(host.store, 'p')
    expect(paused?.rowsCommitted).toBeGreaterThan(0)
    const kept = await ingestKeep({ token: 1, datasetId: paused?.id as string }, host)
    const record = await datasetRecord(host.store, kept.datasetId)
    expect([record.state, record.rowsCommitted]).toEqual(['complete', paused?.rowsCommitted])
    expect(record.hash).toBe((await commit(host, long(30_000), { choices: { maxRows: record.rowsCommitted } })).hash)
    expect((await host.store.read(['profiles'], (tx) => tx.get('profiles', record.id)))?.profile.rows).toBe(record.rowsCommitted)
    expect(await unfinishedDatasets(host.store, 'p')).toEqual([])
  })
  it('suspects a column that knows the outcome, and no other', async () => {
    const host = await hostWith()
    const rows = Array.from({ length: 400 }, (_, i) => {
      const yes = (i * 7919) % 13 < 5
      return `${yes ? 'paid' : 'open'},${yes ? 'sent' : 'kept'},name ${i},${(i * 31) % 97},${yes ? 10 + (i % 5) : i % 5}`
    })
    const record = await commit(host, `state,letter,who,noise,fee\n${rows.join('\n')}\n`)
    const leaks = await dataLeaks({ datasetId: record.id, target: { column: 'state', task: 'binary' } }, host)
    expect(leaks.map((leak) => leak.column).sort()).toEqual(['fee', 'letter'])
    expect(leaks.every((leak) => leak.measure === 'auc' && leak.score > 0.98)).toBe(true)
    const numbers = await commit(host, `y,double,noise\n${Array.from({ length: 400 }, (_, i) => `${i * 1.5},${i * 3 + 1},${(i * 7919) % 101}`).join('\n')}\n`)
    expect((await dataLeaks({ datasetId: numbers.id, target: { column: 'y', task: 'regression' } }, host)).map((leak) => [leak.column, leak.measure])).toEqual([['double', 'r2']])
  })
})
