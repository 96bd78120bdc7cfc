/** A project with everything that belongs to it, as stored: what a copy and an export begin with. */
import { datasetRecord, readChunk } from './datasets.ts'
import { missingProject } from './fenced.ts'
import { recordsOf } from './keys.ts'
import { pictureBlob, storedHashes, thumbnails } from './pictures.ts'
import type { ProjectParts } from './adopt-project.ts'
import type { Store } from './port.ts'
import type { DatasetRecord } from './records.ts'

/** Rows stay where they are until asked for. Unfinished imports and runs in the bin are left out. @throws StudioError bad-data */
export async function projectParts(store: Store, projectId: string): Promise<ProjectParts> {
  const found = await store.read(['projects', 'datasets', 'profiles', 'runs', 'models', 'splits', 'predictions', 'explanations', 'pictures', 'searches', 'backbones'], async (tx) => {
    const project = await tx.get('projects', projectId)
    if (!project) throw missingProject(projectId)
    const datasets = (await tx.getAllOfProject('datasets', projectId)).filter((record) => record.state === 'complete')
    const profiles = new Map((await tx.getAllOfProject('profiles', projectId)).map((record) => [record.datasetId, record.profile]))
    const records = (await tx.getAllOfProject('runs', projectId)).filter((record) => record.deletedAt === null && record.run.status !== 'running' && record.run.status !== 'queued')
    const models = new Map((await tx.getAllOfProject('models', projectId)).map((record) => [record.runId, record]))
    const splits = new Map((await tx.getAllOfProject('splits', projectId)).map((record) => [record.runId, record]))
    const predictions = await tx.getAllOfProject('predictions', projectId)
    const explanations = await tx.getAllOfProject('explanations', projectId)
    const runs = records
      .sort((a, b) => a.run.sequence - b.run.sequence)
      .map((record) => ({
        record,
        model: models.get(record.id),
        split: splits.get(record.id),
        predictions: predictions.filter((prediction) => prediction.runId === record.id),
        explanations: explanations.filter((explanation) => explanation.runId === record.id),
      }))
    const pictures = (await tx.getAllOfProject('pictures', projectId)).filter((record) => record.deletedAt === null).sort((a, b) => a.addedAt - b.addedAt)
    const searches = (await tx.getAllOfProject('searches', projectId)).sort((a, b) => a.createdAt - b.createdAt)
    const backbones = (await tx.getAll('backbones', recordsOf(projectId))).sort((a, b) => a.addedAt - b.addedAt)
    return { project, datasets, profiles, runs, pictures, searches, backbones }
  })
  async function* rowGroups(record: DatasetRecord) {
    const current = await datasetRecord(store, record.id)
    for (let sequence = 0; sequence < current.chunks; sequence++) {
      const { firstRow, rows, columns } = await readChunk(store, current, sequence)
      yield { firstRow, rows, columns }
    }
  }
  const hashes = await storedHashes(store, projectId)
  async function* files() {
    for (const hash of hashes) {
      const [blob, [thumbnail]] = [await pictureBlob(store, projectId, hash), await thumbnails(store, projectId, [hash])]
      yield { blob, thumbnail }
    }
  }
  return {
    ...(found.project.plan.pictures || hashes.size > 0 ? { pictures: { records: found.pictures, files } } : {}),
    project: found.project,
    runs: found.runs,
    searches: found.searches,
    backbones: found.backbones,
    datasets: found.datasets.map((record) => ({ record, profile: found.profiles.get(record.id), rowGroups: () => rowGroups(record) })),
  }
}
