/** How far unfinished runs and searches came: written beside the run in one transaction, gone with its end. */
import { asStudioError } from '../core/errors.ts'
import { checkpointProblem, type Checkpoint, type CheckpointHead, type CheckpointOf, type CheckpointPart, type CheckpointPort } from '../core/run/keeper.ts'
import type { Run } from '../core/run/run.ts'
import { fencedWrite } from './fenced.ts'
import { checkpointPartsOf } from './keys.ts'
import type { Store, WriteTransaction } from './port.ts'

/** Stores that dropCheckpointIn writes to. */
export const checkpointStores = ['checkpoints', 'checkpointParts'] as const

export async function dropCheckpointIn(tx: WriteTransaction, runId: string): Promise<void> {
  await tx.delete('checkpoints', runId)
  await tx.delete('checkpointParts', checkpointPartsOf(runId))
}

export const withoutReached = ({ reached: _, ...run }: Run): Run => run

async function readCheckpoint(store: Store, runId: string): Promise<Checkpoint | undefined> {
  return store.read(checkpointStores, async (tx) => {
    const found = await tx.get('checkpoints', runId)
    if (!found?.of || !found.head) return undefined
    return { of: found.of, ...found.head, parts: await tx.getAll('checkpointParts', checkpointPartsOf(runId)) }
  })
}

/** A search under way, in place of a run. */
export async function openSearchCheckpoint(store: Store, searchId: string, projectId: string, token: number, now: CheckpointOf): Promise<CheckpointPort> {
  const found = await readCheckpoint(store, searchId).catch(() => 'unreadable' as const)
  const fits = found !== undefined && found !== 'unreadable' && checkpointProblem(found.of, now) === undefined
  if (found !== undefined && !fits) await fencedWrite(store, projectId, token, checkpointStores, (tx) => dropCheckpointIn(tx, searchId), 'strict')
  return {
    left: fits ? found : undefined,
    put: (head, part, gone) =>
      fencedWrite(
        store,
        projectId,
        token,
        ['searches', ...checkpointStores],
        async (tx) => {
          if ((await tx.get('searches', searchId))?.result.ended === 'interrupted') await putIn(tx, searchId, projectId, now, head, part, gone)
        },
        'strict',
      ),
  }
}

async function putIn(tx: WriteTransaction, runId: string, projectId: string, now: CheckpointOf, head: CheckpointHead, part: CheckpointPart, gone: readonly number[]): Promise<void> {
  await tx.put('checkpoints', { runId, projectId, step: part.sequence, arrays: {}, of: now, head })
  await tx.put('checkpointParts', { runId, ...part })
  for (const sequence of gone) await tx.delete('checkpointParts', [runId, sequence])
}

/**
 * The place where a run keeps how far it comes, with what it had kept before. What does not fit is refused, and the run
 * starts anew over it.
 */
export async function openCheckpoint(store: Store, runId: string, projectId: string, token: number, now: CheckpointOf): Promise<{ readonly port: CheckpointPort; readonly refused?: string }> {
  let left: Checkpoint | undefined
  let refused: string | undefined
  try {
    left = await readCheckpoint(store, runId)
    refused = left && checkpointProblem(left.of, now)
  } catch (error) {
    refused = asStudioError(error).message
  }
  if (refused !== undefined) {
    left = undefined
    await fencedWrite(
      store,
      projectId,
      token,
      ['runs', ...checkpointStores],
      async (tx) => {
        const record = await tx.get('runs', runId)
        if (record) await tx.put('runs', { ...record, run: withoutReached(record.run) })
        await dropCheckpointIn(tx, runId)
      },
      'strict',
    )
  }
  const put = (head: CheckpointHead, part: CheckpointPart, gone: readonly number[]): Promise<void> =>
    fencedWrite(
      store,
      projectId,
      token,
      ['runs', ...checkpointStores],
      async (tx) => {
        const record = await tx.get('runs', runId)
        if (!record || record.run.status !== 'running') return
        await tx.put('runs', { ...record, run: { ...record.run, reached: head.reached } })
        await putIn(tx, runId, projectId, now, head, part, gone)
      },
      'strict',
    )
  return { port: { left, put }, ...(refused === undefined ? {} : { refused }) }
}
