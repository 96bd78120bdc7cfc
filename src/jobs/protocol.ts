/**
 * Every task a worker can do, with what goes in, what comes out and which worker does it. Specs go down,
 * summaries come up; rows stay where they are.
 */
import type { WrittenParts } from '../core/bundle/card.ts'
import type { LeftOutFile } from '../core/code/write.ts'
import type { Cell } from '../core/data/column.ts'
import type { JudgedPart, PartName } from '../core/data/split.ts'
import type { Pair } from '../core/evaluate/compare.ts'
import type { GroupReport, Evaluation, ScoreRow } from '../core/evaluate/evaluation.ts'
import type { Condition } from '../core/evaluate/slice.ts'
import type { Explanation } from '../core/explain/explainer.ts'
import type { PointPrediction } from '../core/explain/point.ts'
import type { IngestChoices, IngestPreview } from '../core/ingest/options.ts'
import type { Kind } from '../core/data/kinds.ts'
import type { BackboneDeclaration, BackboneOffer } from '../core/images/backbone/own.ts'
import type { PictureEdits } from '../core/images/edit.ts'
import type { ParamValues } from '../core/params.ts'
import type { Progress } from '../core/context.ts'
import type { ForeignMapping, ForeignOffer } from '../core/run/adopt-model.ts'
import type { FoldAnswer, FoldTask } from '../core/run/fold.ts'
import type { CurveOver, FoldCurve } from '../core/run/fold-curve.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import type { FitState, Savepoint } from '../core/savepoint.ts'
import type { DriftReport, MonitorOptions } from '../core/monitor/report.ts'
import type { GraphCost } from '../core/onnx/cost.ts'
import type { ParityCertificate } from '../core/onnx/parity.ts'
import type { FilePrediction } from '../core/bundle/predict-file.ts'
import type { PictureAnswer } from '../core/bundle/predict-pictures.ts'
import type { Signature } from '../core/bundle/signature.ts'
import type { RecipeSteps } from '../core/recipe/preview.ts'
import type { RecipeSpec } from '../core/recipe/step.ts'
import type { SplitSpec } from '../core/data/split.ts'
import type { TargetSpec } from '../core/data/target.ts'
import type { NestedFold } from '../core/tune/nested.ts'
import type { Trial } from '../core/tune/strategy.ts'
import type { FitCost } from '../core/tune/forecast.ts'
import type { TuneResult, TuneSpec } from '../core/tune/tune.ts'
import type { AddPictures, AddedPictures, AskedPicture, BackboneFacts, BackboneTrial, EditedPicture, PictureExplanation, PictureFile, PictureLayer, PictureMap, PictureMethod, PictureReport, PictureSamples, PicturesAnswer } from './pictures.ts'

export type * from './pictures.ts'
export type { GraphCost, GraphTime } from '../core/onnx/cost.ts'
export type { ParityCertificate, ParityOutput } from '../core/onnx/parity.ts'
import type { PlainError } from '../core/wire-error.ts'

/** Bytes to read: a File streams, text was pasted, url is one of our own samples. */
export type IngestSource =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'sample'; readonly id: string; readonly url: string; readonly fileName: string; readonly licence?: string; readonly origin?: string }

/** Small enough to send at every edit. */
export type { PictureAnswer, PointPrediction }
export interface RowWindow {
  readonly total: number
  readonly rowNumbers: readonly number[]
  readonly cells: readonly (readonly Cell[])[]
}
export type { SeriesNumbers as SeriesSummary } from '../core/recipe/preview.ts'
/** What each step of a recipe does to the training rows. */
export interface RecipePreview extends RecipeSteps {
  /** How many rows the split gives to each part, and what it leaves out. */
  readonly parts?: { readonly train: number; readonly valid: number; readonly test: number; readonly leftOut: readonly { readonly reason: string; readonly rows: number }[] }
}
/** Something stored that cannot be read as what it is. */
export interface DamagedRecord {
  readonly store: string
  readonly key: string | number | readonly (string | number)[]
  readonly reason: string
}

/** An old model and one that also learnt from new rows, on rows that neither learnt from. */
export interface Challenge {
  /** The new version of the data, and the challenger. */
  readonly datasetId: string
  readonly runId: string
  readonly metric: string
  /** New rows that were taken, and left aside. */
  readonly added: number
  readonly unlabelled: number
  readonly unknown: number
  /** Rows that the data already held. */
  readonly again: number
  readonly parts: readonly {
    readonly of: 'all' | 'new' | 'before'
    readonly rows: number
    readonly champion: ScoreRow
    readonly challenger: ScoreRow
    /** Challenger minus champion over the same resamples; null where either has no score. */
    readonly difference: { readonly value: number; readonly low: number; readonly high: number; readonly p: number } | null
  }[]
}

/** The card as one HTML file: how large it is, and in which form it holds the model. */
export interface CardPage {
  readonly bytes: number
  readonly holds: 'program' | 'graph' | 'missing'
}

export interface TaskMap {
  'ingest/preview': { input: { source: IngestSource; choices: IngestChoices }; output: IngestPreview }
  'ingest/commit': { input: { projectId: string; token: number; name: string; source: IngestSource; choices: IngestChoices; resumeId?: string }; output: { datasetId: string } }
  /** Makes a stopped import complete with the rows it has. */
  'ingest/keep': { input: { token: number; datasetId: string }; output: { datasetId: string } }
  'data/rows': { input: { datasetId: string; start: number; count: number; conditions?: readonly Condition[]; rowNumbers?: readonly number[] }; output: RowWindow }
  'data/rekind': { input: { projectId: string; token: number; datasetId: string; kinds: readonly { column: string; kind: Kind }[] }; output: { datasetId: string } }
  'data/leaks': { input: { datasetId: string; target: TargetSpec }; output: readonly { column: string; score: number; measure: 'auc' | 'r2' }[] }
  'prepare/preview': { input: { datasetId: string; target: TargetSpec; split: SplitSpec; recipe: RecipeSpec }; output: RecipePreview }
  /** What an ONNX file asks for, once it is let in, and what the data has for it. */
  'model/inspect': { input: { file: File; spec: RunSpec }; output: ForeignOffer }
  /** A run of a model from a file. */
  'model/bring': { input: { runId: string; token: number; spec: RunSpec; file: File; mapping: ForeignMapping }; output: { runId: string } }
  /** The same of a bundle, a pipeline.json, or what a job for a cluster answered: they say themselves what goes where. */
  'model/bring-own': { input: { runId: string; token: number; question: RunSpec; file: File }; output: { runId: string } }
  /** Reads pictures in small transactions: what it has reported as done is kept, whatever happens next. */
  'pictures/add': { input: AddPictures; output: AddedPictures }
  /** Makes the dataset of the pictures as they are now labelled; null where there is none yet. */
  'pictures/commit': { input: { projectId: string; token: number; name: string }; output: { datasetId: string | null; /** Whether the dataset tells which are copies of each other. */ copies: boolean } }
  /** What a network for pictures asks for, once it is let in: an ONNX file, a zip, or model.json with its weights. */
  'backbone/look': { input: { files: readonly File[] }; output: { name: string; offer: BackboneOffer } }
  'backbone/try': { input: { files: readonly File[]; declaration: BackboneDeclaration; projectId: string; datasetId: string; target: string | null }; output: BackboneTrial }
  'backbone/bring': { input: { projectId: string; token: number; files: readonly File[]; declaration: BackboneDeclaration; name: string }; output: BackboneFacts }
  /** Refused where a run needs it. */
  'backbone/remove': { input: { projectId: string; token: number; hash: string }; output: void }
  'backbone/list': { input: { projectId: string }; output: readonly BackboneFacts[] }
  /** Training pictures as this step brings them to size; without a step, as the recipe hands their pixels over. */
  'pictures/samples': { input: { spec: Pick<RunSpec, 'datasetId' | 'target' | 'split' | 'sampleRows' | 'recipe' | 'seed'>; step?: string; count: number }; output: PictureSamples }
  'pictures/quality': { input: { projectId: string; datasetId: string | null; target: TargetSpec | null; split: SplitSpec | null }; output: PictureReport }
  /** A run as a job for a cluster, as a zip. */
  'elsewhere/job': { input: { runId: string }; output: { zip: Uint8Array<ArrayBuffer>; fileName: string } }
  /** `resume` goes on with a run of that id that was broken off. */
  'train': { input: { runId: string; token: number; spec: RunSpec; resume?: boolean }; output: { runId: string } }
  /** One fold of another worker's cross-validation. */
  'fold': { input: { datasetId: string; task: FoldTask }; output: FoldAnswer }
  /**
   * `done` are the trials, `nested` the outer folds, of an earlier, interrupted search with the same spec. `keep` saves finished trials as it goes.
   * `askedAt`: when its time began to run, milliseconds since 1970.
   */
  'tune': { input: { spec: RunSpec; search: TuneSpec; done?: readonly Trial[]; nested?: readonly NestedFold[]; keep?: { readonly id: string; readonly token: number }; askedAt?: number }; output: TuneResult }
  /** Trains a few trials on few rows, for a second or two, to say what a search will take; null where even that takes too long. */
  'tune/forecast': { input: { spec: RunSpec; search: TuneSpec }; output: FitCost | null }
  'evaluate/test': { input: { runId: string; token: number }; output: Evaluation }
  'evaluate/threshold': { input: { runId: string; token: number; threshold: number }; output: Evaluation }
  'evaluate/groups': { input: { runId: string; part: JudgedPart; columns: readonly string[]; metric: string; conditions?: readonly Condition[] }; output: GroupReport }
  /** Scores over folds while the number of rows, or one parameter, varies; with a token it is kept with the run. */
  'evaluate/curve': { input: { runId: string; over: CurveOver; metric: string; token?: number }; output: FoldCurve }
  /** Those that are kept. */
  'evaluate/curves': { input: { runId: string }; output: readonly FoldCurve[] }
  /** Refuses runs that do not share data, target and split. Judged on validation rows, and over folds where all have the same. */
  'evaluate/compare': { input: { runIds: readonly string[]; metric: string }; output: { metric: string; n: number; folds?: { folds: number; rows: number }; pairs: readonly Pair[] } }
  /** Ranks on the validation rows, shared by runs that cannot be told apart; null without a score. */
  'evaluate/ranks': { input: { runIds: readonly string[]; metric: string }; output: { n: number; ranks: readonly (number | null)[] } }
  'evaluate/cell': { input: { runId: string; part: JudgedPart; actual: number; predicted: number; threshold: number }; output: { rowNumbers: readonly number[] } }
  'explain/row': { input: { runId: string; row: number }; output: { cells: readonly { column: string; kind: Kind; cell: Cell }[]; prediction: PointPrediction; actual: Cell; /** The row is of a test part that is not open: its truth is held back. */ sealed: boolean } }
  'explain/predict': { input: { runId: string; cells: readonly { column: string; cell: Cell }[] }; output: PointPrediction }
  /** With a token, and without a chosen row, the answer is kept and found again. */
  'explain/run': { input: { runId: string; explainer: string; params: ParamValues; part: PartName; row?: readonly { column: string; cell: Cell }[]; rowNumber?: number; token?: number }; output: Explanation }
  /** What of a picture speaks for a class, and the training pictures that the model sees as most alike. */
  'explain/picture-layers': { input: { runId: string; picture: AskedPicture }; output: readonly PictureLayer[] }
  'explain/picture': { input: { runId: string; picture: AskedPicture; method: PictureMethod; target?: number }; output: PictureExplanation }
  'explain/picture-edit': { input: { runId: string; picture: AskedPicture; edits: PictureEdits }; output: EditedPicture }
  /** Pictures of training and validation laid out by what the model sees in them. */
  'explain/picture-map': { input: { runId: string; by: 'pca' | 'umap'; include?: readonly number[] }; output: PictureMap }
  'deploy/export': { input: { runId: string; name: string; intendedUse: string; limitations: string; written?: WrittenParts }; output: { certificate: ParityCertificate; cost: GraphCost; page: CardPage | null; zip: Uint8Array<ArrayBuffer> | null; fileName: string; signature: Signature; card: string; leftOut: readonly LeftOutFile[] } }
  /** The run as programs of their own: script, notebook, TypeScript, and the rows they read. */
  'deploy/twin': { input: { runId: string }; output: { files: readonly { path: string; text: string }[] } }
  /** A bundle that was built here as a server in one file. */
  'deploy/single': { input: { zip: Uint8Array<ArrayBuffer> }; output: { mjs: Uint8Array<ArrayBuffer> } }
  'deploy/predict': { input: { runId: string; source: IngestSource; choices: IngestChoices }; output: FilePrediction }
  /** A camera's frame or a drawing, which moves into the worker. */
  'deploy/predict-frame': { input: { runId: string; threshold: number; frame: ImageBitmap | VideoFrame }; output: PictureAnswer }
  'deploy/predict-pictures': { input: { runId: string; threshold: number; files: readonly PictureFile[] }; output: PicturesAnswer }
  /** New rows (a table, or the log of a bundle's server) against the rows of a run; with a token the report is kept. */
  'monitor/run': { input: { runId: string; token?: number; source: IngestSource; choices: IngestChoices; options: MonitorOptions }; output: { key: string | null; report: DriftReport } }
  /** New labelled rows appended as a dataset of their own, the same spec trained on it, both models judged. */
  'monitor/retrain': { input: { runId: string; token: number; newRunId: string; source: IngestSource; choices: IngestChoices }; output: Challenge }
  'project/export': { input: { projectId: string }; output: { zip: Uint8Array<ArrayBuffer>; fileName: string } }
  'project/import': { input: { file: File }; output: { projectId: string } }
  'project/copy': { input: { projectId: string; name: string }; output: { projectId: string } }
  'storage/check': { input: Record<string, never>; output: { damaged: readonly DamagedRecord[] } }
}
export type TaskName = keyof TaskMap

/** Which worker does a task: a life each (DESIGN: ingest; compute, ended after its run; interactive, kept). */
export const workerOf: Readonly<Record<TaskName, 'ingest' | 'compute' | 'interactive'>> = {
  'ingest/preview': 'ingest',
  'ingest/commit': 'ingest',
  'ingest/keep': 'ingest',
  'data/rows': 'interactive',
  'data/rekind': 'ingest',
  'data/leaks': 'interactive',
  'prepare/preview': 'interactive',
  'model/inspect': 'compute',
  'model/bring': 'compute',
  'model/bring-own': 'compute',
  'pictures/add': 'ingest',
  'pictures/commit': 'ingest',
  'pictures/quality': 'interactive',
  'backbone/look': 'interactive',
  'backbone/try': 'interactive',
  'backbone/bring': 'interactive',
  'backbone/remove': 'interactive',
  'backbone/list': 'interactive',
  'pictures/samples': 'interactive',
  'elsewhere/job': 'compute',
  'train': 'compute',
  'fold': 'compute',
  'tune': 'compute',
  'tune/forecast': 'compute',
  'evaluate/test': 'interactive',
  'evaluate/threshold': 'interactive',
  'evaluate/groups': 'interactive',
  'evaluate/curve': 'compute',
  'evaluate/curves': 'interactive',
  'evaluate/compare': 'interactive',
  'evaluate/ranks': 'interactive',
  'evaluate/cell': 'interactive',
  'explain/row': 'interactive',
  'explain/predict': 'interactive',
  /** With a token, and without a chosen row, the answer is kept and found again. */
  'explain/run': 'interactive',
  'explain/picture': 'interactive',
  'explain/picture-layers': 'interactive',
  'explain/picture-map': 'interactive',
  'explain/picture-edit': 'interactive',
  'deploy/export': 'compute',
  'deploy/twin': 'compute',
  'deploy/single': 'compute',
  'deploy/predict': 'compute',
  'deploy/predict-frame': 'interactive',
  'deploy/predict-pictures': 'compute',
  'monitor/run': 'compute',
  'monitor/retrain': 'compute',
  'project/export': 'compute',
  'project/import': 'compute',
  'project/copy': 'compute',
  'storage/check': 'compute',
}

/** How an error crosses: everything a StudioError has, rebuilt on the other side. */
export type WireError = PlainError
export type WireResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError }

export interface WorkerSetup {
  /** Version of the app, for run records. */
  readonly app: string
  readonly storage: 'indexeddb' | 'memory'
  /** Leads to the memory store where IndexedDB is refused; the worker that gets none keeps the records itself. */
  readonly port?: MessagePort
  /** A Web Lock to hold for life: the page is granted it the moment this worker is gone. */
  readonly life?: string
  /** Cores that one job may use; default: all of the machine's but one, which is the page's. */
  readonly cores?: number
}

/** What comlink exposes on every worker. */
export interface WorkerApi {
  /** Must be called once, first. */
  start(setup: WorkerSetup): Promise<WireResult<true>>
  /**
   * Progress comes in batches, at most ten a second; the last batch comes before the answer.
   * @param place what an interrupted fit left; with it `onSave` keeps how far this one comes
   */
  run<N extends TaskName>(call: number, task: N, input: TaskMap[N]['input'], onProgress: (batch: readonly Progress[]) => void, place?: readonly FitState[], onSave?: Savepoint['save']): Promise<WireResult<TaskMap[N]['output']>>
  /** Cooperative: the call rejects as cancelled at its next checkpoint. */
  cancel(call: number): Promise<void>
  /** Stop early and keep the best so far. */
  stop(call: number): Promise<void>
  /** Stand still at the next checkpoint, and keep everything; or go on. */
  hold(call: number, held: boolean): Promise<void>
  /** Answers at once: proof of life. */
  ping(): Promise<true>
  /** Memory mode, on the worker that keeps the records: serves them to one more port. */
  lend(port: MessagePort): Promise<WireResult<true>>
}
