/**
 * Champion and challenger: new labelled rows are appended to a run's data as a dataset of its own, the same spec is trained
 * again, and both models are judged on rows that neither learnt from. What is taken is the person's choice.
 */
import { columnFrom, type Column } from '../core/data/column.ts'
import { columnInfo, columnNamed } from '../core/data/dataset.ts'
import { encodeTarget, withPositive } from '../core/data/encode-target.ts'
import type { Prediction } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import { foreignId } from '../core/estimators/onnx-model.ts'
import { scoreRows } from '../core/evaluate/bootstrap.ts'
import { pairedBootstrap } from '../core/evaluate/compare.ts'
import type { ScoreRow } from '../core/evaluate/evaluation.ts'
import { takePrediction, takeTarget } from '../core/evaluate/take.ts'
import { sha256 } from '../core/ids.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import { watch } from '../core/ingest/source.ts'
import { defaultMetric, metrics } from '../core/metrics/registry.ts'
import { Sample } from '../core/metrics/sample.ts'
import { appendRows } from '../core/monitor/append-rows.ts'
import { looksLikeLog, readLog } from '../core/monitor/read-log.ts'
import { readColumns } from '../core/monitor/read-table.ts'
import { asOneTraining } from '../core/run/continue-from.ts'
import type { Run } from '../core/run/run.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { train as trainPipeline, type TrainResult } from '../core/run/train.ts'
import type { Challenge, IngestSource } from '../jobs/protocol.ts'
import { createDatasetWriter, datasetRecord, deleteDataset } from '../storage/datasets.ts'
import type { DatasetRecord } from '../storage/records.ts'
import { readRun } from '../storage/runs.ts'
import { chunksFrom } from '../storage/save-dataset.ts'
import { finishDataset } from './finish-dataset.ts'
import { openIngestSource } from './ingest-source.ts'
import { inputFor, signatureOfRun } from './monitor-rows.ts'
import { openRun, type OpenedRun } from './opened-run.ts'
import { recordRun } from './record-run.ts'
import type { Host, TaskHandler } from './task.ts'

export const monitorRetrain: TaskHandler<'monitor/retrain'> = async ({ runId, token, newRunId, source, choices }, host) => {
  const { store, context } = host
  const run = await readRun(store, runId)
  if (run.spec.estimator.id === foreignId || run.facts['trainedElsewhere'] !== undefined) {
    throw new StudioError({ code: 'unsupported', message: `unsupported training; a model that was trained elsewhere is trained again there: ${run.name.slice(0, 80)}`, hint: 'Train it again with the tool it came from, and bring it in.' })
  }
  const opened = await openRun(host, runId)
  const { dataset, pipeline } = opened
  const record = await datasetRecord(store, run.spec.datasetId)
  const fresh = await freshColumns(run, opened, source, choices, host)
  const appended = appendRows({ columns: dataset.columns, rows: dataset.rows, parts: { train: opened.rowsOf('train'), valid: opened.rowsOf('valid'), test: opened.rowsOf('test') } }, fresh.columns, run.spec.target, pipeline.classes, run.spec.split, run.spec.seed)
  const saved = await saveAppended(appended, record, fresh, token, host)
  try {
    const spec: RunSpec = { ...asOneTraining(run), datasetId: saved.id, target: withPositive(run.spec.target, pipeline.classes), split: appended.split }
    let made: TrainResult | undefined
    let columns: readonly Column[] = []
    await recordRun({ runId: newRunId, token, spec, name: `${run.name} with ${fresh.name}`.slice(0, 120) }, host, async (data) => {
      columns = data.columns
      return (made = await trainPipeline(spec, data, context))
    })
    const parts = await judge(opened, made as unknown as TrainResult, columns, dataset.rows, run.threshold, host)
    return { datasetId: saved.id, runId: newRunId, metric: defaultMetric[run.spec.target.task], added: appended.added, unlabelled: appended.unlabelled, unknown: appended.unknown, again: appended.again, parts }
  } catch (error) {
    // Rows that nothing was learnt from are no version of the data. Where only the judging broke off, a model has learnt from them.
    const learnt = await store.read(['runs'], (tx) => tx.get('runs', newRunId)).then((made) => made?.run.status === 'succeeded', () => true)
    if (!learnt) await deleteDataset(store, saved.id, token).catch(() => {})
    throw error
  }
}

interface Fresh {
  readonly name: string
  /** One for each column of the data. */
  readonly columns: readonly Column[]
  readonly bytes: number
  readonly sha256: string
}
async function freshColumns(run: Run, opened: OpenedRun, source: IngestSource, choices: IngestChoices, { context }: Host): Promise<Fresh> {
  const { dataset } = opened
  if (dataset.columns.some(({ kind }) => kind === 'image')) throw new StudioError({ code: 'unsupported', message: 'unsupported rows; new pictures are added on the Data page', hint: 'Add them there with their labels, and train again.' })
  const { bytes, fileName, kind } = await openIngestSource(source)
  const base = { name: kind === 'paste' ? 'pasted rows' : fileName, bytes: bytes.size, sha256: await watch(bytes).digest() }
  if (!(await looksLikeLog(bytes))) {
    const { columns } = await readColumns(bytes, dataset.columns.map((column) => inputFor(column) ?? { name: column.name, kind: column.kind }), choices, context)
    return { ...base, columns }
  }
  const truth = inputFor(columnNamed(dataset, run.spec.target.column))
  const log = await readLog(bytes, await signatureOfRun(run, opened), truth ? { truth } : {}, context)
  const known = new Map([...log.columns, ...(log.truth ? [log.truth] : [])].map((column) => [column.name, column]))
  return { ...base, columns: dataset.columns.map((column) => known.get(column.name) ?? columnFrom(column.name, column.kind, new Array<null>(log.rows).fill(null))) }
}

/** The rows as a dataset of their own, which says what it was made of. */
async function saveAppended({ columns, rows, added }: ReturnType<typeof appendRows>, record: DatasetRecord, fresh: Fresh, token: number, host: Host): Promise<DatasetRecord> {
  const { store, context } = host
  const madeOf = [...(record.source.madeOf ?? [{ fileName: record.source.fileName, sha256: record.source.sha256, rows: record.rowsCommitted }]), { fileName: fresh.name, sha256: fresh.sha256, rows: added }]
  const writer = await createDatasetWriter(store, {
    projectId: record.projectId,
    token,
    name: record.name,
    source: { kind: 'derived', fileName: madeOf.map(({ fileName }) => fileName).join(' + ').slice(0, 200), bytes: record.source.bytes + fresh.bytes, sha256: await sha256(madeOf.map((part) => part.sha256).join(' ')), ...(record.source.licence === undefined ? {} : { licence: record.source.licence }), madeOf },
    options: record.options,
    columns: columns.map(columnInfo),
  })
  try {
    for (const part of chunksFrom(columns, rows)) {
      await context.checkpoint()
      await writer.append({ rows: part.rows, columns: part.columns, bytesRead: 0 })
    }
    const reasons = new Map((await store.read(['profiles'], (tx) => tx.get('profiles', record.id)))?.profile.columns.map(({ name, reason }) => [name, reason]))
    return await finishDataset(writer, columns.map(({ name }) => reasons.get(name) ?? 'Says which part of the split a row belongs to.'), {}, host)
  } catch (error) {
    await writer.discard().catch(() => {})
    throw error
  }
}

/** Both models on the same validation rows: all of them, those that were there before, and the new ones. */
async function judge(champion: OpenedRun, challenger: TrainResult, columns: readonly Column[], oldRows: number, threshold: number, { context }: Host): Promise<Challenge['parts']> {
  const { target, classes } = champion.pipeline
  const rows = challenger.split.valid
  const truth = encodeTarget(columnNamed({ columns }, target.column), target, rows, classes)
  const answers: readonly [Prediction, Prediction] = [await champion.pipeline.predict(columns, rows, context), challenger.prediction]
  const metric = metrics.get(defaultMetric[target.task])
  const every = Uint32Array.from({ length: rows.length }, (_, i) => i)
  const found: Challenge['parts'][number][] = []
  for (const [of, at] of [['all', every], ['new', every.filter((i) => (rows[i] as number) >= oldRows)], ['before', every.filter((i) => (rows[i] as number) < oldRows)]] as const) {
    if (at.length === 0) continue
    const [a, b] = answers.map((prediction, i) => new Sample({ target: takeTarget(truth, at), prediction: takePrediction(prediction, at), threshold: i === 0 ? threshold : challenger.threshold })) as [Sample, Sample]
    const [before] = (await scoreRows(a, [metric], 1, context)) as [ScoreRow]
    const [now] = (await scoreRows(b, [metric], 1, context)) as [ScoreRow]
    const paired = await pairedBootstrap(b, a, metric, 1, context)
    found.push({ of, rows: at.length, champion: before, challenger: now, difference: paired ? { value: paired.difference, low: paired.low as number, high: paired.high as number, p: paired.p } : null })
  }
  return found
}
