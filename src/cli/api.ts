/** The package as a module: `import { retrain } from 'glasshouse'`. What the TypeScript twin of a run calls. */
import { StudioError } from '../core/errors.ts'
import { partLetters } from '../core/code/twin/read.ts'
import type { ScoreRow } from '../core/evaluate/evaluation.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { Run } from '../core/run/run.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import type { Host } from '../tasks/task.ts'
import { openFile } from './files.ts'
import { terminalContext, terminalHost } from './host.ts'
import { type PictureRows, trainAgainOnPictures } from './train-again-pictures.ts'
import { trainAgain } from './train-again.ts'
import type { Trained } from './train-file.ts'

interface TableRequest {
  /** Path of a CSV. */
  readonly file: string
  /** Of its bytes; another file is refused. */
  readonly sha256?: string
  readonly options?: IngestChoices['options']
  readonly kinds?: IngestChoices['kinds']
}
export type RetrainRequest = (TableRequest | { readonly pictures: PictureRows }) & {
  /** A run's own, as its code twin and its bundle's run.json have it; project and dataset are those made here. */
  readonly spec: Omit<RunSpec, 'projectId' | 'datasetId'>
  /** Decision threshold of two classes; default 0.5. */
  readonly threshold?: number
}
export interface Retrained {
  /** On validation rows, as in the studio. */
  readonly scores: readonly ScoreRow[]
  /** One letter a row of the file: t trains, v validates, e is the sealed test part, - is in none. */
  readonly parts: string
  readonly run: Run
  readonly rows: number
  /** Its records, for whoever goes on from here. */
  readonly host: Host
}

async function trained(request: RetrainRequest, host: Host): Promise<Trained> {
  const { spec, threshold = 0.5 } = request
  if ('pictures' in request) return trainAgainOnPictures(request.pictures, { spec, threshold }, host)
  const { file: path, sha256, options, kinds } = request
  const file = await openFile(path)
  try {
    return await trainAgain({ bytes: file.bytes, name: file.name, ...(options && { options }), ...(kinds && { kinds }), spec, threshold, ...(sha256 !== undefined && { sha256 }) }, host)
  } finally {
    await file.close()
  }
}

/** Trains a run again: the same file or pictures, spec and seed give the same numbers. @throws StudioError bad-data for other files, and all that training throws */
export async function retrain(request: RetrainRequest): Promise<Retrained> {
  const host = terminalHost(terminalContext(new AbortController().signal, () => undefined))
  try {
    const { run, dataset } = await trained(request, host)
    const split = await host.store.read(['splits'], (tx) => tx.get('splits', run.id))
    if (!split) throw new StudioError({ code: 'bug', message: `missing split of a run that ended: ${run.status}` })
    return { scores: run.evaluation?.scores ?? [], parts: partLetters(dataset.rowsCommitted, split), run, rows: dataset.rowsCommitted, host }
  } finally {
    host.endThreads()
  }
}
