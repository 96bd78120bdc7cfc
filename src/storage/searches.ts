/** Searches for parameters with every finished trial: they survive a reload, and one that broke off can go on. */
import { canonicalJson } from '../core/ids.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { checkpointStores, dropCheckpointIn } from './checkpoints.ts'
import { fencedWrite } from './fenced.ts'
import type { Store } from './port.ts'
import type { SearchRecord } from './records.ts'

/** What was found for one set of data, target, split, weights and recipe says nothing about another. */
export const searchQuestion = ({ projectId, datasetId, target, split, recipe, estimator, sampleRows, sampleWeight }: RunSpec): string => canonicalJson({ projectId, datasetId, target, split, recipe, estimator: estimator.id, sampleRows, sampleWeight })

/** Writes it whole, over its earlier self; once it has ended, what it kept on the way is gone. @throws StudioError read-only where the token is stale */
export const saveSearch = (store: Store, token: number, record: SearchRecord): Promise<void> =>
  fencedWrite(
    store,
    record.projectId,
    token,
    ['searches', ...checkpointStores],
    async (tx) => {
      await tx.put('searches', record)
      if (record.result.ended !== 'interrupted') await dropCheckpointIn(tx, record.id)
    },
    'strict',
  )

/** Oldest first. */
export async function listSearches(store: Store, projectId: string): Promise<SearchRecord[]> {
  const records = await store.read(['searches'], (tx) => tx.getAllOfProject('searches', projectId))
  return records.sort((a, b) => a.createdAt - b.createdAt)
}
