/**
 * What a record must look like when it comes back from storage. Our own bytes are a boundary too: disks
 * rot, older versions wrote them, and other programs can edit them. Types that core owns are checked in
 * their identity and in everything that code indexes by; their many display figures are not repeated here.
 */
import { StudioError } from '../core/errors.ts'
import { kinds } from '../core/data/kinds.ts'
import { tasks } from '../core/data/target.ts'
import { backboneLimits } from '../core/images/backbone/limits.ts'
import { limits, pictureSources, pictureTypes } from '../core/images/header.ts'
import { encodings } from '../core/ingest/options.ts'
import { recipeSchema, runSpecSchema as runSpec, splitSchema, targetSchema } from '../core/run/spec-schema.ts'
import { misfit, v } from '../core/schema.ts'
import type { ChunkColumn, ChunkRecord, DatasetRecord, StoreName } from './records.ts'

const text = v.string()
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const time = v.pipe(v.number(), v.finite())
const finite = v.pipe(v.number(), v.finite())
const version1 = v.literal(1)
const kind = v.picklist(kinds)
const u32 = v.instance(Uint32Array)
const task = v.picklist(tasks)

/** Deep JSON of core's own making: an object of the right identity, else unread here. */
const object = v.looseObject({})
const typedArray = v.custom<ArrayBufferView>((value) => ArrayBuffer.isView(value) && !(value instanceof DataView), 'expected a typed array')

const plan = v.looseObject({ datasetId: v.nullable(id), target: v.nullable(targetSchema), split: v.nullable(splitSchema), recipe: v.nullable(recipeSchema), pictures: v.optional(v.looseObject({ classes: v.array(text) })) })

const project = v.looseObject({
  id,
  version: version1,
  name: text,
  createdAt: time,
  changedAt: time,
  deletedAt: v.nullable(time),
  token: count,
  plan,
  slices: v.array(v.looseObject({ id: text, name: text })),
  card: v.optional(v.record(text, text)),
  nextRun: count,
})
const source = v.looseObject({ kind: v.picklist(['file', 'paste', 'sample', 'derived']), fileName: text, bytes: count, sha256: text })
const options = v.looseObject({
  encoding: v.picklist(encodings),
  delimiter: text,
  quote: v.picklist(['"', "'", '']),
  decimal: v.picklist(['.', ',']),
  header: v.boolean(),
  missing: v.array(text),
})
const columnInfo = v.looseObject({ name: text, kind, missing: count, categories: v.optional(v.array(text)), integer: v.optional(v.boolean()), layout: v.optional(text) })
const rejected = v.looseObject({ line: count, byte: count, column: v.nullable(text), reason: text, text })
const dataset = v.looseObject({
  id,
  projectId: id,
  version: version1,
  name: text,
  hash: text,
  state: v.picklist(['writing', 'paused', 'complete']),
  pausedBecause: v.optional(text),
  rowsCommitted: count,
  chunks: count,
  bytesStored: count,
  bytesRead: count,
  source,
  options,
  columns: v.array(columnInfo),
  rejectedCount: count,
  rejected: v.array(rejected),
  createdAt: time,
})
const chunk = v.looseObject({ datasetId: id, sequence: count, firstRow: count, rows: count, columns: v.array(v.looseObject({ kind, validity: v.instance(Uint8Array), values: typedArray })), lines: v.optional(v.instance(Uint32Array)) })
const profile = v.looseObject({
  datasetId: id,
  projectId: id,
  profile: v.looseObject({ version: version1, rows: count, duplicateRows: count, columns: v.array(v.looseObject({ name: text, kind, reason: text, count, missing: count, distinct: count, warnings: v.array(v.looseObject({ code: text })) })) }),
})
const score = v.looseObject({ metric: text, value: v.nullable(finite), low: v.nullable(finite), high: v.nullable(finite) })
const evaluation = v.looseObject({ version: version1, part: v.picklist(['train', 'valid', 'test', 'folds']), n: count, task, scores: v.array(score), warnings: v.array(text) })
const folds = v.looseObject({ folds: count, repeats: count, rows: count, scores: v.array(v.looseObject({ metric: text, values: v.array(v.nullable(finite)), mean: v.nullable(finite), sd: v.nullable(finite) })) })
const reached = v.looseObject({ unit: text, done: count, total: count })
const curves = v.array(v.looseObject({ name: text, x: v.array(v.number()), y: v.array(v.number()) }))
const run = v.looseObject({
  version: version1,
  id,
  sequence: count,
  name: text,
  spec: runSpec,
  dataHash: text,
  status: v.picklist(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted']),
  createdAt: time,
  rows: v.optional(v.looseObject({ train: count, valid: count, test: count, leftOut: count })),
  history: curves,
  reached: v.optional(reached),
  resumed: v.optional(v.array(reached)),
  facts: object,
  features: v.array(v.looseObject({ name: text, source: text })),
  leftOut: v.array(v.looseObject({ column: text, reason: text })),
  evaluation: v.optional(evaluation),
  crossValidation: v.optional(folds),
  foldEvaluation: v.optional(evaluation),
  environment: v.looseObject({ app: text, userAgent: text, backend: text, threads: v.number() }),
  warnings: v.array(text),
  error: v.optional(v.looseObject({ code: text, message: text, hint: v.optional(text) })),
  threshold: finite,
  testOpenings: count,
  testEvaluation: v.optional(evaluation),
  notes: text,
})
const runRecord = v.looseObject({ id, projectId: id, run, deletedAt: v.nullable(time), bytes: v.optional(count) })
const fittedRecipe = v.looseObject({
  version: version1,
  spec: recipeSchema,
  inputs: v.array(v.looseObject({ name: text, kind: text })),
  learnt: v.array(v.looseObject({ id: text, step: text, series: v.array(v.looseObject({ name: text })) })),
  features: v.array(v.looseObject({ name: text, source: text })),
  leftOut: v.array(v.looseObject({ column: text, reason: text })),
})
const arrays = v.custom<Record<string, ArrayBufferView>>(
  (value) => typeof value === 'object' && value !== null && Object.values(value).every((item) => ArrayBuffer.isView(item) && !(item instanceof DataView)),
  'expected typed arrays by name',
)
const model = v.looseObject({
  runId: id,
  projectId: id,
  version: version1,
  target: targetSchema,
  classes: v.array(text),
  recipe: fittedRecipe,
  model: v.looseObject({ estimator: text, version: count, json: object, arrays }),
})
const splitRecord = v.looseObject({ runId: id, projectId: id, train: u32, valid: u32, test: u32 })
const predictions = v.looseObject({ runId: id, part: v.picklist(['valid', 'test', 'folds']), projectId: id, rows: u32, values: v.instance(Float64Array) })
const explanation = v.looseObject({ runId: id, key: text, projectId: id, explanation: v.looseObject({ kind: text }) })
const checkpoint = v.looseObject({
  runId: id,
  projectId: id,
  step: count,
  arrays,
  of: v.optional(v.looseObject({ version: count, app: text, spec: text, data: text })),
  head: v.optional(v.looseObject({ reached, history: curves, spent: finite })),
})
const checkpointPart = v.looseObject({ runId: id, sequence: count, stage: text, finished: v.boolean(), json: object, arrays })

const sha = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const side = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(limits.side))
const picture = v.looseObject({
  id,
  projectId: id,
  version: version1,
  hash: sha,
  label: v.nullable(text),
  file: text,
  type: v.picklist(pictureTypes),
  width: side,
  height: side,
  bytes: count,
  dhash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  sharpness: finite,
  addedAt: time,
  source: v.picklist(pictureSources),
  deletedAt: v.nullable(time),
})
const pictureBlob = v.looseObject({ projectId: id, hash: sha, type: v.picklist(pictureTypes), bytes: v.instance(Uint8Array) })
const thumbnail = v.looseObject({ projectId: id, hash: sha, type: text, bytes: v.instance(Uint8Array) })

const tuneSpec = v.looseObject({
  strategy: text,
  space: v.array(v.looseObject({ kind: v.picklist(['number', 'integer', 'choice']), name: text })),
  trials: count,
  metric: text,
  folding: v.looseObject({ folds: count, seed: count }),
  seed: count,
  timeLimit: v.optional(finite),
  outerFolds: v.optional(count),
})
const waiting = v.looseObject({ id, projectId: id, version: version1, spec: runSpec, search: v.optional(tuneSpec), place: finite })
const search = v.looseObject({
  id,
  projectId: id,
  version: version1,
  question: text,
  spec: runSpec,
  wanted: tuneSpec,
  result: v.looseObject({
    metric: text,
    trials: v.array(v.looseObject({ point: v.array(finite), budget: finite, params: object, score: v.nullable(finite), folds: v.array(v.nullable(finite)), spent: finite, problem: v.optional(text) })),
    best: v.nullable(count),
    ended: v.picklist(['plan', 'time', 'stopped', 'interrupted']),
    nested: v.optional(v.array(v.looseObject({ params: v.nullable(object), score: v.nullable(finite), inner: v.nullable(finite), problem: v.optional(text) }))),
  }),
  createdAt: time,
})

const networkSide = v.pipe(v.number(), v.safeInteger(), v.minValue(backboneLimits.side.least), v.maxValue(backboneLimits.side.most))
const backbone = v.looseObject({ projectId: id, hash: sha, version: version1, name: text, file: v.instance(Uint8Array), height: networkSide, width: networkSide, size: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(backboneLimits.size)), addedAt: time })

export const recordSchemas: { readonly [N in StoreName]: v.GenericSchema } = {
  projects: project,
  datasets: dataset,
  chunks: chunk,
  profiles: profile,
  runs: runRecord,
  models: model,
  splits: splitRecord,
  predictions,
  explanations: explanation,
  checkpoints: checkpoint,
  pictures: picture,
  pictureBlobs: pictureBlob,
  thumbnails: thumbnail,
  searches: search,
  checkpointParts: checkpointPart,
  waiting,
  backbones: backbone,
}

/** Why a stored record cannot be used, or undefined where it can. Costs a look at each number of a record, none at those of a chunk. */
export function recordProblem(store: StoreName, record: unknown): string | undefined {
  const reason = misfit(recordSchemas[store], record)
  if (reason !== undefined) return reason
  if (store === 'runs') {
    const entry = record as { id: string; projectId: string; run: { id: string; spec: { projectId: string } } }
    if (entry.run.id !== entry.id || entry.run.spec.projectId !== entry.projectId) return 'run.id and run.spec.projectId: expected those of the record'
  }
  if (store === 'predictions') {
    const entry = record as { rows: Uint32Array; values: Float64Array }
    if (entry.rows.length > 0 && entry.values.length % entry.rows.length !== 0) return `values: expected a multiple of ${entry.rows.length}, received ${entry.values.length}`
    if (!entry.values.every(Number.isFinite)) return 'values: expected finite numbers'
  }
  return undefined
}

const valueType = { numeric: Float64Array, datetime: Float64Array, categorical: Int32Array, boolean: Uint8Array, text: Uint8Array, id: Uint8Array, image: Uint8Array } as const

function columnProblem(column: ChunkColumn, rows: number): string | undefined {
  if (!(column.validity instanceof Uint8Array) || column.validity.length !== (rows + 7) >> 3) return `validity of ${(rows + 7) >> 3} bytes expected`
  if (!(column.values instanceof valueType[column.kind])) return `values of type ${valueType[column.kind].name} expected`
  if (column.kind !== 'text' && column.kind !== 'id' && column.kind !== 'image') {
    if (column.values.length !== rows) return `${rows} values expected, received ${column.values.length}`
    if (column.values instanceof Float64Array) for (const value of column.values) if (!Number.isFinite(value)) return `finite values expected, received ${value}`
    return undefined
  }
  const offsets = column.offsets
  if (!(offsets instanceof Uint32Array) || offsets.length !== rows + 1 || offsets[0] !== 0 || offsets[rows] !== column.values.length) return `${rows + 1} offsets from 0 to ${column.values.length} expected`
  for (let row = 0; row < rows; row++) if ((offsets[row + 1] as number) < (offsets[row] as number)) return 'rising offsets expected'
  return undefined
}

/** Holds a chunk against its dataset: kinds, lengths, finite values. @throws StudioError bad-data naming the column and the part */
export function checkChunk(chunk: ChunkRecord, dataset: Pick<DatasetRecord, 'id' | 'name' | 'columns'>): void {
  const refuse = (reason: string): StudioError =>
    new StudioError({
      code: 'bad-data',
      message: `invalid stored rows; part ${Number(chunk.sequence) + 1} of ${dataset.name.slice(0, 80)}: ${reason}`,
      hint: 'Import the file again; other datasets and runs are not affected.',
      details: { datasetId: dataset.id, sequence: Number(chunk.sequence) },
    })
  const shape = misfit(recordSchemas.chunks, chunk)
  if (shape !== undefined) throw refuse(shape)
  if (chunk.columns.length !== dataset.columns.length) throw refuse(`${dataset.columns.length} columns expected, received ${chunk.columns.length}`)
  if (chunk.firstRow % 8 !== 0) throw refuse(`a first row that 8 divides expected, received ${chunk.firstRow}`)
  chunk.columns.forEach((column, index) => {
    const info = dataset.columns[index]
    const reason = column.kind === info?.kind ? columnProblem(column, chunk.rows) : `kind ${info?.kind ?? 'none'} expected, received ${column.kind}`
    if (reason !== undefined) throw refuse(`${(info?.name ?? '').slice(0, 80)}: ${reason}`)
  })
}
