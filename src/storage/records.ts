/** What is stored, one type a store. Store names and keys are frozen: a new need is a new store and a migration. */
import type { Kind } from '../core/data/kinds.ts'
import type { ColumnInfo, Source } from '../core/data/dataset.ts'
import type { Profile } from '../core/data/profile.ts'
import type { SplitSpec } from '../core/data/split.ts'
import type { TargetSpec } from '../core/data/target.ts'
import type { TypedArray, ModelState } from '../core/estimators/estimator.ts'
import type { WrittenParts } from '../core/bundle/card.ts'
import type { Slice } from '../core/evaluate/slice.ts'
import type { Explanation } from '../core/explain/explainer.ts'
import type { DriftReport } from '../core/monitor/report.ts'
import type { FoldCurve } from '../core/run/fold-curve.ts'
import type { ParseOptions, RejectedRow } from '../core/ingest/options.ts'
import type { FittedRecipeState, RecipeSpec } from '../core/recipe/step.ts'
import type { PictureSource, PictureType } from '../core/images/header.ts'
import type { CheckpointHead, CheckpointOf, CheckpointPart } from '../core/run/keeper.ts'
import type { Run } from '../core/run/run.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import type { TuneResult, TuneSpec } from '../core/tune/tune.ts'

/** What a person decided so far; edited with undo on the page, saved whole. */
export interface ProjectPlan {
  readonly datasetId: string | null
  readonly target: TargetSpec | null
  readonly split: SplitSpec | null
  /** null = the default recipe of whichever estimator is trained. */
  readonly recipe: RecipeSpec | null
  /** Present in a project of pictures: the classes in the person's order, those without a picture too. */
  readonly pictures?: { readonly classes: readonly string[] }
}
export interface ProjectRecord {
  readonly id: string
  readonly version: 1
  readonly name: string
  readonly createdAt: number
  readonly changedAt: number
  /** Set while in the bin: undo is possible until it is erased. */
  readonly deletedAt: number | null
  /** Grows with each writer that takes the project over; a write with an older token is refused. */
  readonly token: number
  readonly plan: ProjectPlan
  readonly slices: readonly Slice[]
  /** What a person wrote for the model card; absent until then. */
  readonly card?: WrittenParts
  readonly nextRun: number
}
export interface DatasetRecord {
  readonly id: string
  readonly projectId: string
  readonly version: 1
  readonly name: string
  /** Content hash; empty until complete. */
  readonly hash: string
  readonly state: 'writing' | 'paused' | 'complete'
  /** Why it is paused, as a sentence. */
  readonly pausedBecause?: string
  readonly rowsCommitted: number
  readonly chunks: number
  readonly bytesStored: number
  /** Bytes of the source behind the last committed row: where a resume goes on. */
  readonly bytesRead: number
  readonly source: Source
  readonly options: ParseOptions
  readonly columns: readonly ColumnInfo[]
  readonly rejectedCount: number
  /** At most the first 1,000. */
  readonly rejected: readonly RejectedRow[]
  readonly createdAt: number
}
/** The values of one column in one row group. Validity as in core/data/column. */
export interface ChunkColumn {
  readonly kind: Kind
  readonly validity: Uint8Array
  /** numeric and datetime: Float64Array; categorical: Int32Array codes; boolean: Uint8Array; text and id: UTF-8 bytes. */
  readonly values: Float64Array | Int32Array | Uint8Array
  /** text and id only; rows + 1 entries from 0. */
  readonly offsets?: Uint32Array
  /** categorical only: categories that first appear in this chunk, appended to the dictionary. */
  readonly newCategories?: readonly string[]
}
/** A row group: all columns of some rows, about 4 MB at most. Every chunk but the last has a multiple of 8 rows. */
export interface ChunkRecord {
  readonly datasetId: string
  readonly sequence: number
  readonly firstRow: number
  readonly rows: number
  readonly columns: readonly ChunkColumn[]
  /** Lines of the rows in their file, as of core/ingest/line-runs; absent where they are not known. */
  readonly lines?: Uint32Array
}
export interface ProfileRecord {
  readonly datasetId: string
  readonly projectId: string
  readonly profile: Profile
}
export interface RunRecord {
  readonly id: string
  readonly projectId: string
  readonly run: Run
  readonly deletedAt: number | null
  /** Bytes of its model, split and predictions; absent until it succeeded. */
  readonly bytes?: number
}
export interface ModelRecord {
  readonly runId: string
  readonly projectId: string
  readonly version: 1
  readonly target: TargetSpec
  readonly classes: readonly string[]
  readonly recipe: FittedRecipeState
  readonly model: ModelState
}
export interface SplitRecord {
  readonly runId: string
  readonly projectId: string
  readonly train: Uint32Array
  readonly valid: Uint32Array
  readonly test: Uint32Array
}
/** Predictions of a run on one part, so that thresholds, groups and cells need no model. */
export interface PredictionRecord {
  readonly runId: string
  /** folds: out of fold, over the unsealed rows. */
  readonly part: 'valid' | 'test' | 'folds'
  readonly projectId: string
  readonly rows: Uint32Array
  /** regression: values (n); classes: probabilities (n x k, row-major). */
  readonly values: Float64Array
}
export interface ExplanationRecord {
  readonly runId: string
  readonly key: string
  readonly projectId: string
  /** Reports of the monitor are kept here too. */
  readonly explanation: Explanation | FoldCurve | (DriftReport & { readonly madeAt: number })
}
/** How far an unfinished run came; what it yielded so far lies in `checkpointParts`. */
export interface CheckpointRecord {
  readonly runId: string
  readonly projectId: string
  /** Number of the last part that was kept. */
  readonly step: number
  /** None: frozen with the first version, before there were parts. */
  readonly arrays: Readonly<Record<string, TypedArray>>
  readonly of?: CheckpointOf
  readonly head?: CheckpointHead
}
export interface CheckpointPartRecord extends CheckpointPart {
  readonly runId: string
}

/** One picture as it is now; its bytes lie in `pictureBlobs` under its hash. */
export interface PictureRecord {
  readonly id: string
  readonly projectId: string
  readonly version: 1
  /** SHA-256 of the compressed file, 64 hex digits: the cell of the dataset's image column. */
  readonly hash: string
  /** Its class; null while it has none. */
  readonly label: string | null
  /** Where it came from: a path, or a name that was made for it. */
  readonly file: string
  readonly type: PictureType
  /** Pixels, upright (after the EXIF orientation). */
  readonly width: number
  readonly height: number
  /** Of the compressed file. */
  readonly bytes: number
  /** Perceptual hash, 64 hex digits (core/images/dhash). */
  readonly dhash: string
  /** Variance of the Laplacian (core/images/sharpness); small = blurred. */
  readonly sharpness: number
  /** Milliseconds; grows by at least one from picture to picture, so that it is the order too. */
  readonly addedAt: number
  readonly source: PictureSource
  /** Set while undo is possible; such a picture is in no new dataset. */
  readonly deletedAt: number | null
}
/** A picture's compressed file, once a project however often it occurs there. */
export interface PictureBlobRecord {
  readonly projectId: string
  readonly hash: string
  readonly type: PictureType
  readonly bytes: Uint8Array<ArrayBuffer>
}
/** A small upright version for the eye alone; apart from the file, so that a grid reads little. */
export interface ThumbnailRecord {
  readonly projectId: string
  readonly hash: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What a network sees in the whole picture, by the name of the representation: made once, as it hangs on the file alone. */
  readonly seen?: readonly { readonly representation: string; readonly values: Float32Array }[]
}

/** A network that a person brought in (core/images/backbone/own.ts); immutable, named by the SHA-256 of its kept file. */
export interface BackboneRecord {
  readonly projectId: string
  readonly hash: string
  readonly version: 1
  readonly name: string
  /** The kept form. */
  readonly file: Uint8Array<ArrayBuffer>
  readonly height: number
  readonly width: number
  /** Numbers a picture. */
  readonly size: number
  readonly addedAt: number
}

/** A search for parameters. Interrupted until it ends, so that a crash leaves it as what it is. */
export interface SearchRecord {
  readonly id: string
  readonly projectId: string
  readonly version: 1
  /** What it is an answer to (storage/searches.ts). */
  readonly question: string
  readonly spec: RunSpec
  readonly wanted: TuneSpec
  readonly result: TuneResult
  readonly createdAt: number
}

/** A training or a search that waits in the queue; gone once it begins. What a closed tab leaves is offered again. */
export interface WaitingRecord {
  /** Of the run or search that it will be. */
  readonly id: string
  readonly projectId: string
  readonly version: 1
  readonly spec: RunSpec
  /** What a search wants; absent for a training. */
  readonly search?: TuneSpec
  /** Ascending in the order of the queue. */
  readonly place: number
}

export interface Records {
  projects: ProjectRecord
  datasets: DatasetRecord
  chunks: ChunkRecord
  profiles: ProfileRecord
  runs: RunRecord
  models: ModelRecord
  splits: SplitRecord
  predictions: PredictionRecord
  explanations: ExplanationRecord
  checkpoints: CheckpointRecord
  pictures: PictureRecord
  pictureBlobs: PictureBlobRecord
  thumbnails: ThumbnailRecord
  searches: SearchRecord
  checkpointParts: CheckpointPartRecord
  waiting: WaitingRecord
  backbones: BackboneRecord
}
export type StoreName = keyof Records

export const keyPaths: Readonly<Record<StoreName, string | readonly string[]>> = {
  projects: 'id',
  datasets: 'id',
  chunks: ['datasetId', 'sequence'],
  profiles: 'datasetId',
  runs: 'id',
  models: 'runId',
  splits: 'runId',
  predictions: ['runId', 'part'],
  explanations: ['runId', 'key'],
  checkpoints: 'runId',
  pictures: 'id',
  pictureBlobs: ['projectId', 'hash'],
  thumbnails: ['projectId', 'hash'],
  searches: 'id',
  checkpointParts: ['runId', 'sequence'],
  waiting: 'id',
  backbones: ['projectId', 'hash'],
}
/** Stores with an index on projectId. */
export const ofProject: readonly StoreName[] = ['datasets', 'profiles', 'runs', 'models', 'splits', 'predictions', 'explanations', 'checkpoints', 'pictures', 'searches', 'waiting']
