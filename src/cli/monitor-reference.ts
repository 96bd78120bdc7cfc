/** `monitor --reference FILE`: rows to compare with instead of a bundle's bins: those that the model was made from, or any others of its kind. */
import type { Signature, SignatureInput } from '../core/bundle/signature.ts'
import type { Context } from '../core/context.ts'
import type { Column } from '../core/data/column.ts'
import { StudioError } from '../core/errors.ts'
import { isInKeys } from '../core/monitor/known-rows.ts'
import type { OwnKeys } from '../core/bundle/reference.ts'
import type { Evaluation } from '../core/evaluate/evaluation.ts'
import type { Prediction } from '../core/data/target.ts'
import type { Reference } from '../core/monitor/monitor.ts'
import { readTableRows } from '../core/monitor/read-table.ts'
import { basename } from 'node:path'
import { openFile } from './files.ts'

export interface ReferenceRequest {
  readonly path: string
  readonly signature: Signature
  readonly truth: SignatureInput
  /** One letter a row of the file that the model was made from, as the bundle's code/split.json has them. */
  readonly letters: string | undefined
  readonly own: OwnKeys | undefined
  readonly evaluation: Evaluation | undefined
  readonly predict: (columns: readonly Column[], rows: Uint32Array) => Promise<Prediction>
}

/** The reference, and the rows of it that the model learnt from where they are known. @throws StudioError bad-data for a file without the columns, or without the target */
export async function referenceFrom({ path, signature, truth, letters, own, evaluation, predict }: ReferenceRequest, context: Context): Promise<{ readonly reference: Reference; readonly rows: number; readonly train: Uint32Array }> {
  const file = await openFile(path)
  try {
    const { columns, rows, sound, truth: target } = await readTableRows(file.bytes, signature, { ingest: {}, truth, time: null }, context)
    if (!target) throw new StudioError({ code: 'bad-data', message: `missing column; rows to compare with need the target ${signature.target.slice(0, 60)}, so that scores then and now can be told: ${basename(path)}` })
    const every = Uint32Array.from({ length: rows }, (_, i) => i)
    const dealt = letters?.length === rows ? (letter: string): Uint32Array => every.filter((row) => letters[row] === letter) : undefined
    const train = dealt?.('t')
    const isOwn = train !== undefined && own !== undefined && isInKeys(own, columns, train)
    const judged = new Set(isOwn ? dealt?.('v') : sound)
    const heldOut = sound.filter((row) => judged.has(row))
    const reference: Reference = {
      of: isOwn ? 'training rows' : `rows of ${basename(path).slice(0, 60)}`,
      columns: [...columns, target],
      rows: isOwn ? train : every,
      heldOut,
      answersOf: isOwn ? 'validation rows' : 'those rows',
      answers: await predict(columns, heldOut),
      target: { column: signature.target, task: signature.task },
      ...(isOwn && evaluation ? { scores: evaluation.scores } : {}),
    }
    return { reference, rows, train: isOwn ? train : every }
  } finally {
    await file.close()
  }
}
