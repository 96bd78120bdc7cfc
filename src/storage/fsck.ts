/** Walks all that is stored and says what does not hold together; reads rows only chunk by chunk. */
import { unchecked } from './checked-store.ts'
import { keyOf } from './keys.ts'
import type { Key, Store } from './port.ts'
import { everyStore } from './projects.ts'
import type { ChunkRecord, DatasetRecord, StoreName } from './records.ts'
import { checkChunk, recordProblem } from './schemas.ts'

export interface StoredProblem {
  readonly store: StoreName
  readonly key: Key
  /** damaged: it cannot be read as what it is; incomplete: something it needs is missing; orphan: nobody needs it. */
  readonly kind: 'damaged' | 'incomplete' | 'orphan'
  readonly reason: string
}

const large: readonly StoreName[] = ['chunks', 'pictureBlobs', 'thumbnails']
const withoutRows = everyStore.filter((store) => !large.includes(store))

/**
 * Empty where all is well. Datasets and runs under way are not problems.
 * @param checkpoint called between the parts it reads; throws where the walk is to end
 */
export async function fsck(store: Store, checkpoint: () => Promise<void> = async () => {}): Promise<StoredProblem[]> {
  const bare = unchecked(store)
  const problems: StoredProblem[] = []
  const note = (name: StoreName, key: Key, kind: StoredProblem['kind'], reason: string): void => void problems.push({ store: name, key, kind, reason })

  const files = new Map<'pictureBlobs' | 'thumbnails', Set<string>>()
  const sound = await bare.read([...withoutRows, 'pictureBlobs', 'thumbnails'], async (tx) => {
    const datasets: DatasetRecord[] = []
    const projects = new Set((await tx.keys('projects')) as string[])
    // A search under way keeps how far it came as a run does.
    const runs = new Set([...(await tx.keys('runs')), ...(await tx.keys('searches'))] as string[])
    const profiles = new Set(await tx.keys('profiles'))
    const models = new Set(await tx.keys('models'))
    const splits = new Set(await tx.keys('splits'))
    const predicted = new Set(((await tx.keys('predictions')) as [string, string][]).filter(([, part]) => part === 'valid').map(([id]) => id))
    for (const name of ['pictureBlobs', 'thumbnails'] as const) {
      const keys = (await tx.keys(name)) as [string, string][]
      files.set(name, new Set(keys.map((key) => key.join(' '))))
      for (const key of keys) if (!projects.has(key[0])) note(name, key, 'orphan', `of a project that does not exist: ${key[0]}`)
    }
    for (const name of withoutRows) {
      for (const record of await tx.getAll(name)) {
        const key = keyOf(name, record)
        const reason = recordProblem(name, record)
        if (reason !== undefined) {
          note(name, key, 'damaged', reason)
          continue
        }
        if ('projectId' in record && !projects.has(record.projectId)) note(name, key, 'orphan', `of a project that does not exist: ${record.projectId}`)
        if ('runId' in record && !runs.has(record.runId)) note(name, key, 'orphan', `of a run that does not exist: ${record.runId}`)
        if (name === 'datasets') datasets.push(record as DatasetRecord)
        if (name === 'pictures' && 'dhash' in record) {
          for (const [store, there] of files) if (!there.has(`${record.projectId} ${record.hash}`)) note(name, key, 'incomplete', `its ${store === 'thumbnails' ? 'thumbnail' : 'file'} is missing`)
        }
        if ('run' in record && record.run.status === 'succeeded') {
          for (const [part, present] of [['model', models], ['split', splits], ['predictions', predicted]] as const) if (!present.has(record.id)) note(name, key, 'incomplete', `its ${part} is missing`)
        }
      }
    }
    for (const dataset of datasets) if (dataset.state === 'complete' && !profiles.has(dataset.id)) note('datasets', dataset.id, 'incomplete', 'its profile is missing')
    return datasets
  })

  const known = new Map(sound.map((dataset) => [dataset.id, dataset]))
  const rows = new Map<string, number>()
  const parts = new Map<string, number>()
  for (const key of (await bare.read(['chunks'], (tx) => tx.keys('chunks'))) as [string, number][]) {
    await checkpoint()
    const [datasetId, sequence] = key
    const dataset = known.get(datasetId)
    if (!dataset || sequence >= dataset.chunks) {
      note('chunks', key, 'orphan', dataset ? `behind the ${dataset.chunks} committed parts of its dataset` : 'of a dataset that does not exist or is damaged')
      continue
    }
    const chunk = (await bare.read(['chunks'], (tx) => tx.get('chunks', key))) as ChunkRecord
    try {
      checkChunk(chunk, dataset)
      if (chunk.firstRow !== (rows.get(datasetId) ?? 0)) note('chunks', key, 'damaged', `first row ${rows.get(datasetId) ?? 0} expected, received ${chunk.firstRow}`)
      rows.set(datasetId, chunk.firstRow + chunk.rows)
    } catch (error) {
      note('chunks', key, 'damaged', (error as Error).message)
    }
    parts.set(datasetId, (parts.get(datasetId) ?? 0) + 1)
  }
  for (const dataset of sound) {
    if ((parts.get(dataset.id) ?? 0) !== dataset.chunks) note('datasets', dataset.id, 'incomplete', `${dataset.chunks} parts expected, ${parts.get(dataset.id) ?? 0} found`)
    else if ((rows.get(dataset.id) ?? 0) !== dataset.rowsCommitted) note('datasets', dataset.id, 'damaged', `${dataset.rowsCommitted} rows expected, ${rows.get(dataset.id) ?? 0} found`)
  }
  return problems
}
