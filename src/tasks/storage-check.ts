import { listDamaged } from '../storage/quarantine.ts'
import type { TaskHandler } from './task.ts'

/** Walks everything that is stored, rows included. */
export const storageCheck: TaskHandler<'storage/check'> = async (_input, { store, context }) => ({ damaged: await listDamaged(store, () => context.checkpoint()) })
