/** Pictures into the store and out of it as a dataset, over a decoder that needs no browser. */
import { describe, expect, it } from 'vitest'
import { cellAt } from '../../../src/core/data/column.ts'
import type { SplitStrategy } from '../../../src/core/data/split.ts'
import { StudioError } from '../../../src/core/errors.ts'
import { sha256 } from '../../../src/core/ids.ts'
import { inPartWords } from '../../../src/core/images/in-part.ts'
import { bytesOf, openZip, zip } from '../../../src/core/zip.ts'
import type { AddPictures } from '../../../src/jobs/protocol.ts'
import { loadDataset } from '../../../src/storage/datasets.ts'
import { fsck } from '../../../src/storage/fsck.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { listPictures, pictureBlob, picturesInUse, putPictures, storedHashes, sweepPictures, thumbnails } from '../../../src/storage/pictures.ts'
import type { Store } from '../../../src/storage/port.ts'
import { createProject, eraseProject, projectRecord, savePlan, takeOver } from '../../../src/storage/projects.ts'
import type { OpenPicture } from '../../../src/tasks/open-picture.ts'
import { picturesAdd } from '../../../src/tasks/pictures-add.ts'
import { createRun, deleteRun, eraseRun, finishRun } from '../../../src/storage/runs.ts'
import { sampleEnvironment, sampleSpec, sampleYield } from '../storage/sample.ts'
import { picturesCommit } from '../../../src/tasks/pictures-commit.ts'
import { picturesQuality } from '../../../src/tasks/pictures-quality.ts'
import { projectCopy } from '../../../src/tasks/project-copy.ts'
import { projectExport } from '../../../src/tasks/project-export.ts'
import { projectImport } from '../../../src/tasks/project-import.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { nodeContext } from '../../support/node-context.ts'
import { fixture, png } from '../../support/pictures.ts'

/** A PNG of this width is one that the decoder below refuses. */
const undecodable = 9
let open = 0
let mostOpen = 0
const openPicture: OpenPicture = async (bytes) => {
  mostOpen = Math.max(mostOpen, ++open)
  await new Promise((resolve) => setTimeout(resolve, 0))
  if (bytes[19] === undecodable) throw new StudioError({ code: 'bad-data', message: 'invalid picture; injected' })
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => ((bytes[i % bytes.length] as number) * (i + 1)) % 256)
  return {
    width: 16,
    height: 16,
    pixels: () => ({ width: 16, height: 16, channels: 3, data }),
    thumbnail: async () => ({ type: 'image/webp', bytes: bytes.slice(0, 8) }),
    close: () => void open--,
  }
}
const picture = (seed: number): Uint8Array<ArrayBuffer> => png(8, 8, (x, y) => [(seed * 37 + x * 11) % 256, (seed * 91 + y * 5) % 256, (seed * x * y) % 256])
const file = (path: string, bytes: Uint8Array<ArrayBuffer> | string) => ({ path, file: new Blob([bytes]) })

async function begin(store: Store = createMemoryStore()): Promise<{ host: Host; projectId: string; token: number; add(files: AddPictures['files'], more?: Partial<AddPictures>): ReturnType<typeof picturesAdd> }> {
  const host: Host = { store, context: nodeContext(), environment: { app: 'test', userAgent: 'node', threads: 1 }, openPicture }
  const { id: projectId } = await createProject(store, 'Pictures')
  const token = await takeOver(store, projectId)
  await savePlan(store, projectId, token, { datasetId: null, target: null, split: null, recipe: null, pictures: { classes: [] } })
  return { host, projectId, token, add: (files, more = {}) => picturesAdd({ projectId, token, files, source: 'file', ...more }, host) }
}

describe('adding pictures', () => {
  it('folders, a zip and a table of labels name the classes; at most two are decoded at a time', async () => {
    mostOpen = 0
    const { add, host, projectId } = await begin()
    const packed = zip([{ name: 'more/birds/1.png', bytes: picture(7) }, { name: '__MACOSX/more/birds/._1.png', bytes: picture(8) }, { name: 'notes.txt', bytes: new TextEncoder().encode('words') }])
    const result = await add([
      ...Array.from({ length: 40 }, (_, i) => file(`set/${i % 2 === 0 ? 'cats' : 'dogs'}/${i}.png`, picture(i + 100))),
      file('all/fish.jpg', fixture('baseline.jpg')),
      file('labels.csv', 'file,label\nfish.jpg,fish\n'),
      file('archive.zip', packed),
      file('lonely.png', picture(5)),
    ])
    expect(result).toMatchObject({ added: 43, skippedCount: 1, skipped: [{ file: 'notes.txt', reason: expect.stringMatching(/holds text/) }] })
    expect([...result.classes].sort()).toEqual(['birds', 'cats', 'dogs', 'fish'])
    expect(mostOpen).toBe(2)
    expect(open).toBe(0)
    const stored = await listPictures(host.store, projectId)
    expect(stored.map(({ label }) => label).filter((label) => label === null)).toHaveLength(1)
    // In the order they were given.
    expect(stored.slice(0, 40).map(({ file: name }) => name)).toEqual(Array.from({ length: 40 }, (_, i) => `set/${i % 2 === 0 ? 'cats' : 'dogs'}/${i}.png`))
    expect(stored.find(({ file: name }) => name.endsWith('fish.jpg'))).toMatchObject({ type: 'image/jpeg', width: 24, height: 16, label: 'fish' })
    expect((await pictureBlob(host.store, projectId, stored[0]!.hash)).bytes).toEqual(picture(100))
    expect((await thumbnails(host.store, projectId, [stored[0]!.hash, 'f'.repeat(64)])).map((entry) => entry?.type)).toEqual(['image/webp', undefined])
    expect(await fsck(host.store)).toEqual([])
  })
  it('a zip from another system comes in, but for entries that leave their folder, lie or are too large', async () => {
    const { add } = await begin()
    const entries = [{ name: 'cats/1.png', bytes: picture(1) }, { name: 'cats/bomb.png', bytes: new Uint8Array(70 * 1024 ** 2) }, { name: 'dogs/2.png', bytes: picture(2) }, { name: 'ab/leaves.png', bytes: picture(3) }]
    const packed = zip(entries)
    // The same length: a name with a way out, and separators as Windows writes them.
    const text = Buffer.from(packed).toString('latin1').replaceAll('ab/leaves.png', '../leaves.png').replaceAll('cats/1.png', 'cats\\1.png')
    const result = await add([{ path: 'win.zip', file: new Blob([Buffer.from(text, 'latin1')]) }, { path: 'cut.zip', file: new Blob([packed.slice(0, -30)]) }])
    expect(result).toMatchObject({ added: 2, skippedCount: 3 })
    expect([...result.classes].sort()).toEqual(['cats', 'dogs'])
    expect(result.skipped).toEqual([
      { file: 'cats/bomb.png', reason: expect.stringMatching(/larger than 67108864 bytes/) },
      { file: '../leaves.png', reason: expect.stringMatching(/leaves its folder/) },
      { file: 'cut.zip', reason: expect.stringMatching(/cut off.*Unpack it and drop its folder instead/) },
    ])
  })
  it('every bad file is passed over and named, the good ones are kept', async () => {
    const { add, host, projectId } = await begin()
    const broken = png(undecodable, 1, () => [1, 2, 3])
    const result = await add(
      [file('good.png', picture(2)), file('words.jpg', 'not a picture'), file('drawing.svg', '<svg/>'), file('print.jpg', fixture('cmyk.jpg')), file('cut.png', picture(3).subarray(0, 60) as Uint8Array<ArrayBuffer>), file('huge.png', png(1, 1, () => [0, 0, 0], [65_535, 65_535])), file('broken.png', broken), file('bad.zip', 'PK no'), file('empty.gif', '')],
      { label: ' my   class ' },
    )
    expect(result.added).toBe(1)
    expect(Object.fromEntries(result.skipped.map(({ file: name, reason }) => [name, reason]))).toEqual({
      'words.jpg': expect.stringMatching(/text/),
      'drawing.svg': expect.stringMatching(/SVG/),
      'print.jpg': expect.stringMatching(/CMYK/),
      'cut.png': expect.stringMatching(/too early/),
      'huge.png': expect.stringMatching(/65,535/),
      'broken.png': expect.stringMatching(/injected/),
      'bad.zip': expect.stringMatching(/zip/),
      'empty.gif': expect.stringMatching(/empty/),
    })
    expect((await listPictures(host.store, projectId)).map(({ label }) => label)).toEqual(['my class'])
  })
  it('files of 16 bits a channel and animations are added, and named as taken in part', async () => {
    const { add } = await begin()
    const { added, inPart } = await add(['rgb16.png', 'rgb8.png', 'animated.gif', 'still.gif', 'animated.webp', 'lossy.webp'].map((name) => file(name, fixture(name))))
    expect(added).toBe(6)
    expect([...inPart].sort((a, b) => (a.file < b.file ? -1 : 1))).toEqual([
      { file: 'animated.gif', leftOut: ['animation'] },
      { file: 'animated.webp', leftOut: ['animation'] },
      { file: 'rgb16.png', leftOut: ['depth'] },
    ])
    expect(inPartWords(inPart)).toBe('1 picture has 16 bits a channel and is read with 8; 2 are animated: their first frame is taken')
  })
  it('the same files again are passed over, under another class they are kept', async () => {
    const { add, host, projectId } = await begin()
    const files = [file('a/1.png', picture(1)), file('a/2.png', picture(2))]
    expect((await add(files)).added).toBe(2)
    expect(await add(files)).toMatchObject({ added: 0, skippedCount: 2 })
    expect((await add(files, { label: 'b' })).added).toBe(2)
    expect((await storedHashes(host.store, projectId)).size).toBe(2)
  })
  it('a disk that runs full keeps every picture before it', async () => {
    const inner = createMemoryStore()
    let left = 24
    const full: Store = {
      ...inner,
      write: (stores, body, durability) =>
        inner.write(
          stores,
          async (tx) => {
            let used = 0
            const value = await body({ ...tx, put: (name, record) => (name === 'pictures' && used++, tx.put(name, record)) })
            if (used > left) throw new StudioError({ code: 'storage-full', message: 'missing storage; injected' })
            left -= used
            return value
          },
          durability,
        ),
    }
    const { add, host, projectId } = await begin(full)
    const files = Array.from({ length: 40 }, (_, i) => file(`a/${i}.png`, picture(i)))
    await expect(add(files)).rejects.toMatchObject({ code: 'storage-full', message: expect.stringMatching(/24 of 40 pictures were added and are kept/), details: { added: 24, of: 40 } })
    expect(await listPictures(host.store, projectId)).toHaveLength(24)
    expect(await fsck(host.store)).toEqual([])
    // With room again, the rest of the same files comes in.
    left = 1000
    expect(await add(files)).toMatchObject({ added: 16, skippedCount: 24 })
  })
  it('a stop keeps what was read, and progress only counts what is kept', async () => {
    const { host, projectId, token } = await begin()
    let stored = 0
    const context = nodeContext({ report: (progress) => { if (progress.kind === 'step') stored = progress.done } })
    let reads = 0
    const stopping: Host = { ...host, context: { ...context, stopping: () => reads > 10 }, openPicture: (...args) => (reads++, openPicture(...args)) }
    const result = await picturesAdd({ projectId, token, source: 'file', files: Array.from({ length: 30 }, (_, i) => file(`a/${i}.png`, picture(i))) }, stopping)
    expect(result.added).toBeGreaterThan(5)
    expect(result.added).toBeLessThan(15)
    expect(stored).toBe(result.added)
    expect(await listPictures(host.store, projectId)).toHaveLength(result.added)
  })
  it('a stale writer adds nothing', async () => {
    const { add, host, projectId } = await begin()
    await takeOver(host.store, projectId)
    await expect(add([file('a/1.png', picture(1))])).rejects.toMatchObject({ code: 'read-only' })
  })
})

describe('the dataset of pictures', () => {
  it('has image, label and file; relabelling makes another, and unused ones go', async () => {
    const { add, host, projectId, token } = await begin()
    await add([file('a/1.png', picture(1)), file('b/2.png', picture(2)), file('3.png', picture(3)), file('a/4.png', picture(1))])
    const commit = () => picturesCommit({ projectId, token, name: 'Pictures' }, host)
    const first = await commit()
    const dataset = await loadDataset(host.store, first.datasetId as string)
    expect(dataset.columns.map(({ name, kind }) => [name, kind])).toEqual([['image', 'image'], ['label', 'categorical'], ['file', 'id'], ['copies', 'id']])
    const pictures = await listPictures(host.store, projectId)
    expect(Array.from({ length: dataset.rows }, (_, row) => dataset.columns.slice(0, 3).map((column) => cellAt(column, row)))).toEqual(pictures.filter(({ label }) => label !== null).map(({ hash, label, file: name }) => [hash, label, name]))
    expect(await commit()).toEqual(first)
    const third = pictures[2]!
    await putPictures(host.store, projectId, token, [{ ...third, label: 'b' }])
    const second = await commit()
    expect(second.datasetId).not.toBe(first.datasetId)
    expect((await loadDataset(host.store, second.datasetId as string)).rows).toBe(4)
    expect((await host.store.read(['datasets'], (tx) => tx.keys('datasets')))).toEqual([second.datasetId])
    expect(await fsck(host.store)).toEqual([])
    // Two copies of one file in class a.
    const report = await picturesQuality({ projectId, datasetId: second.datasetId, target: { column: 'label', task: 'binary' }, split: { strategy: { kind: 'random' }, validShare: 0.5, testShare: 0.25, seed: 1 } }, host)
    expect(report.copies.some(({ kind, ids }) => kind === 'exact' && ids.length === 2)).toBe(true)
    const copies = report.copies.find(({ kind }) => kind === 'exact')!.ids.map((id) => pictures.findIndex((one) => one.id === id))
    const { columns } = await loadDataset(host.store, second.datasetId as string)
    const alike = columns[3]!
    expect(new Set(copies.map((row) => cellAt(alike, row))).size).toBe(1)
    expect(new Set(pictures.map((_, row) => cellAt(alike, row))).size).toBe(3)
    // By chance some seed parts the copies; by their groups none does.
    const straddling = (strategy: SplitStrategy) => Promise.all(Array.from({ length: 8 }, async (_, seed) => (await picturesQuality({ projectId, datasetId: second.datasetId, target: { column: 'label', task: 'binary' }, split: { strategy, validShare: 0.25, testShare: 0.25, seed } }, host)).straddling))
    expect(await straddling({ kind: 'random' })).toContain(1)
    expect(await straddling({ kind: 'grouped', column: 'copies' })).toEqual(Array.from({ length: 8 }, () => 0))
  })
  it('labels that a model doubts are named; those mended since are not, and test rows are not asked', async () => {
    const { add, host, projectId, token } = await begin()
    await add(Array.from({ length: 6 }, (_, i) => file(`${i % 2 === 0 ? 'a' : 'b'}/${i}.png`, picture(i))))
    const { datasetId } = await picturesCommit({ projectId, token, name: 'P' }, host)
    const spec = { ...sampleSpec(projectId, datasetId as string), target: { column: 'label', task: 'binary' as const }, estimator: { id: 'logistic-regression', params: {} } }
    const run = await createRun(host.store, { spec, token, dataHash: 'x', environment: sampleEnvironment })
    const fitted = sampleYield(spec)
    // Rows 0 and 2 are of class a, 1 and 3 of class b: 0 and 1 are doubted, 2 a little, 3 not; row 4 is sealed.
    await finishRun(host.store, run.id, token, { history: [] }, {
      ...fitted,
      model: { ...fitted.model, classes: ['a', 'b'] },
      split: { train: Uint32Array.of(5), valid: Uint32Array.of(0, 1, 2, 3), test: Uint32Array.of(4) },
      predictions: [
        { part: 'valid', rows: Uint32Array.of(0, 1, 2, 3), values: Float64Array.of(0.1, 0.9, 0.95, 0.05, 0.4, 0.6, 0.02, 0.98) },
        { part: 'test', rows: Uint32Array.of(4), values: Float64Array.of(0.01, 0.99) },
      ],
    })
    const ask = () => picturesQuality({ projectId, datasetId, target: null, split: null }, host)
    expect((await ask()).doubted.map(({ label, predicted, probability }) => [label, predicted, probability])).toEqual([['b', 'a', 0.95], ['a', 'b', 0.9]])
    const [first] = await listPictures(host.store, projectId)
    await putPictures(host.store, projectId, token, [{ ...first!, label: 'b' }])
    expect((await ask()).doubted.map(({ predicted }) => predicted)).toEqual(['a'])
    // Row 5 taught it, row 4 is sealed: the page says that they were not asked.
    expect((await ask()).asked).toEqual({ runId: run.id, pictures: 4, of: 6, byFolds: false })
    await host.store.write(['predictions'], (tx) => tx.put('predictions', { runId: run.id, projectId, part: 'folds', rows: Uint32Array.of(0, 1, 2, 3, 5), values: Float64Array.of(0.1, 0.9, 0.95, 0.05, 0.4, 0.6, 0.02, 0.98, 0.97, 0.03) }))
    const byFolds = await ask()
    expect(byFolds.asked).toEqual({ runId: run.id, pictures: 5, of: 6, byFolds: true })
    expect(byFolds.doubted.map(({ predicted, probability }) => [predicted, probability])).toEqual([['a', 0.97], ['a', 0.95]])
  })
  it('a sweep keeps the pictures of the plan and of every run, in the bin or not, and lets go of those of a run that was erased', async () => {
    const { add, host, projectId, token } = await begin()
    const { store } = host
    await add([file('a/1.png', picture(1)), file('b/2.png', picture(2)), file('a/3.png', picture(3))])
    const first = (await picturesCommit({ projectId, token, name: 'P' }, host)).datasetId as string
    const run = await createRun(store, { spec: { ...sampleSpec(projectId, first), target: { column: 'label', task: 'binary' } }, token, dataHash: 'x', environment: sampleEnvironment })
    await deleteRun(store, run.id, token)
    // The first picture goes into the bin; the data of now are the other two.
    const [one] = await listPictures(store, projectId)
    await putPictures(store, projectId, token, [{ ...one!, deletedAt: 1 }])
    const { plan } = await projectRecord(store, projectId)
    const second = (await picturesCommit({ projectId, token, name: 'P' }, host)).datasetId
    await savePlan(store, projectId, token, { ...plan, datasetId: second })
    const sweep = async () => sweepPictures(store, projectId, token, await picturesInUse(store, projectId))
    expect(await sweep()).toBe(1)
    expect((await storedHashes(store, projectId)).size).toBe(3)
    await eraseRun(store, run.id, token)
    expect(await sweep()).toBe(0)
    expect((await storedHashes(store, projectId)).has(one!.hash)).toBe(false)
    expect((await storedHashes(store, projectId)).size).toBe(2)
    expect((await picturesInUse(store, projectId)).size).toBe(2)
  })
  it('an emptied bin leaves files that a dataset needs, and erasing leaves nothing', async () => {
    const { add, host, projectId, token } = await begin()
    await add([file('a/1.png', picture(1)), file('a/2.png', picture(2)), file('a/3.png', picture(3))])
    const [one, two, three] = await listPictures(host.store, projectId)
    await putPictures(host.store, projectId, token, [{ ...one!, deletedAt: 1 }, { ...two!, deletedAt: 1 }])
    expect((await picturesCommit({ projectId, token, name: 'P' }, host)).datasetId).not.toBeNull()
    expect(await sweepPictures(host.store, projectId, token, new Set([two!.hash]))).toBe(2)
    expect([...(await storedHashes(host.store, projectId))].sort()).toEqual([two!.hash, three!.hash].sort())
    await eraseProject(host.store, projectId)
    for (const name of ['pictures', 'pictureBlobs', 'thumbnails'] as const) expect(await host.store.read([name], (tx) => tx.keys(name)), name).toEqual([])
    await expect(projectRecord(host.store, projectId)).rejects.toThrow(/missing project/)
  })
})

describe('a project of pictures', () => {
  it('is copied, exported and brought back with every picture; a changed file is refused', async () => {
    const { add, host, projectId, token } = await begin()
    await add([file('a/1.png', picture(1)), file('b/2.png', picture(2)), file('b/3.jpg', fixture('baseline.jpg')), file('a/again.png', picture(1)), file('4.png', picture(4))])
    const { datasetId } = await picturesCommit({ projectId, token, name: 'Pictures' }, host)
    await savePlan(host.store, projectId, token, { datasetId, target: { column: 'label', task: 'binary' }, split: null, recipe: null, pictures: { classes: ['b', 'a', 'empty'] } })
    const facts = async (store: Store, id: string) => (await listPictures(store, id)).map(({ id: _, projectId: __, ...rest }) => rest)
    const wanted = await facts(host.store, projectId)

    const copy = (await projectCopy({ projectId, name: 'Copy' }, host)).projectId
    const { zip: exported } = await projectExport({ projectId }, host)
    const other: Host = { ...host, store: createMemoryStore() }
    const brought = (await projectImport({ file: new File([exported], 'p.zip') }, other)).projectId
    for (const [store, id] of [[host.store, copy], [other.store, brought]] as const) {
      expect(await facts(store, id)).toEqual(wanted)
      const { plan } = await projectRecord(store, id)
      expect(plan.pictures).toEqual({ classes: ['b', 'a', 'empty'] })
      expect((await loadDataset(store, plan.datasetId as string)).rows).toBe(4)
      for (const { hash } of wanted) {
        expect((await pictureBlob(store, id, hash)).bytes).toEqual((await pictureBlob(host.store, projectId, hash)).bytes)
        expect((await thumbnails(store, id, [hash]))[0]?.bytes).toEqual((await thumbnails(host.store, projectId, [hash]))[0]?.bytes)
      }
      expect(await fsck(store)).toEqual([])
    }
    // A picture under another's name, its manifest made to agree.
    const reader = await openZip(bytesOf(exported))
    const entries = await Promise.all(reader.names.map(async (name) => ({ name, bytes: await reader.read(name) })))
    const victim = entries.find(({ name }) => name.startsWith('pictures/files/'))!
    victim.bytes = picture(99)
    const manifest = entries.find(({ name }) => name === 'manifest.json')!
    const listed = JSON.parse(new TextDecoder().decode(manifest.bytes)) as { parts: { path: string; bytes: number; sha256: string }[] }
    const part = listed.parts.find(({ path }) => path === victim.name)!
    Object.assign(part, { bytes: victim.bytes.length, sha256: await sha256(victim.bytes) })
    manifest.bytes = new TextEncoder().encode(JSON.stringify(listed)) as Uint8Array<ArrayBuffer>
    const before = await other.store.read(['projects'], (tx) => tx.keys('projects'))
    await expect(projectImport({ file: new File([zip(entries)], 'p.zip') }, other)).rejects.toThrow(/named by the SHA-256/)
    expect(await other.store.read(['projects'], (tx) => tx.keys('projects'))).toEqual(before)
    expect(await fsck(other.store)).toEqual([])
  })
})
