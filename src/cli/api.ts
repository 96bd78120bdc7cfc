/** The package as a module: `import { retrain } from 'glasshouse'`. What the TypeScript twin of a run calls. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { StudioError } from '../core/errors.ts'
import { partLetters } from '../core/code/twin/read.ts'
import type { ScoreRow } from '../core/evaluate/evaluation.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { Run } from '../core/run/run.ts'
import type { ForeignMapping } from '../core/run/adopt-model.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import type { Host } from '../tasks/task.ts'
import { openFile } from './files.ts'
import { terminalContext, terminalHost } from './host.ts'
import { type PictureRows, picturesHere, trainAgainOnPictures } from './train-again-pictures.ts'
import { fileHere, judgeOn, trainOn } from './train-again.ts'
import type { Trained } from './train-file.ts'

interface TableRequest {
  /** Path of a CSV. */
  readonly file: string
  /** Of its bytes; another file is refused. */
  readonly sha256?: string
  readonly options?: IngestChoices['options']
  readonly kinds?: IngestChoices['kinds']
}
export type RetrainRequest = (TableRequest | { readonly pictures: PictureRows; /** Path of a bundle's model.onnx, which a network that was brought in is cut out of. */ readonly network?: string }) & {
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

const opened = async <T>({ file: path }: TableRequest, work: (file: Awaited<ReturnType<typeof openFile>>) => Promise<T>): Promise<T> => {
  const file = await openFile(path)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** A model that is there already, in place of training. */
export type JudgeRequest = RetrainRequest & {
  readonly model: {
    /** Path of a bundle, its pipeline.json, or a stranger's ONNX file. */
    readonly file: string
    /** Of a stranger's file: which column fills which input, and which class each score is. */
    readonly mapping?: ForeignMapping
  }
}

async function trained(request: RetrainRequest, host: Host): Promise<Trained> {
  const { spec, threshold = 0.5 } = request
  if ('pictures' in request) return trainAgainOnPictures(request.pictures, { spec, threshold, network: request.network }, host)
  return opened(request, async (file) => {
    const { dataset, ...place } = await fileHere(file, request, host)
    return trainOn(dataset, { ...place, spec, threshold }, host)
  })
}

async function judged(request: JudgeRequest, host: Host): Promise<Trained> {
  const { spec, threshold = 0.5, model } = request
  const begun = 'pictures' in request ? await picturesHere(request.pictures, spec.target.column, host) : await opened(request, (file) => fileHere(file, request, host))
  return judgeOn(begun, { spec, threshold, file: new File([await readFile(model.file)], basename(model.file)), ...(model.mapping && { mapping: model.mapping }) }, host)
}

const inHost = async (work: (host: Host) => Promise<Trained>): Promise<Retrained> => {
  const host = terminalHost(terminalContext(new AbortController().signal, () => undefined))
  try {
    const { run, dataset } = await work(host)
    const split = await host.store.read(['splits'], (tx) => tx.get('splits', run.id))
    if (!split) throw new StudioError({ code: 'bug', message: `missing split of a run that ended: ${run.status}` })
    return { scores: run.evaluation?.scores ?? [], parts: partLetters(dataset.rowsCommitted, split), run, rows: dataset.rowsCommitted, host }
  } finally {
    host.endThreads()
  }
}

/** Trains a run again: the same file or pictures, spec and seed give the same numbers. @throws StudioError bad-data for other files, and all that training throws */
export const retrain = (request: RetrainRequest): Promise<Retrained> => inHost((host) => trained(request, host))

/** The scores of a model on a run's validation rows; nothing is trained. @throws StudioError bad-data for other files, and all that bringing a model in throws */
export const judge = (request: JudgeRequest): Promise<Retrained> => inHost((host) => judged(request, host))
