/** What both tasks of the monitor begin with: a run's signature and the new rows, read from a table or a log and answered. */
import { signatureOf } from '../core/bundle/signature-of.ts'
import type { Signature, SignatureInput } from '../core/bundle/signature.ts'
import type { Column } from '../core/data/column.ts'
import { columnNamed } from '../core/data/dataset.ts'
import type { Prediction } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { Current } from '../core/monitor/current.ts'
import { looksLikeLog, readLog } from '../core/monitor/read-log.ts'
import { readTableRows } from '../core/monitor/read-table.ts'
import type { MonitorOptions } from '../core/monitor/report.ts'
import type { Run } from '../core/run/run.ts'
import type { IngestSource } from '../jobs/protocol.ts'
import { openIngestSource } from './ingest-source.ts'
import type { OpenedRun } from './opened-run.ts'
import type { Host } from './task.ts'

/** How a column of the data is written, for reading it in another file. */
export function inputFor(column: Column): SignatureInput | undefined {
  const base = { name: column.name, nullable: true }
  switch (column.kind) {
    case 'numeric':
      return { ...base, kind: 'numeric', tensor: 'float', ...(column.layout === undefined ? {} : { layout: column.layout }) }
    case 'boolean':
      return { ...base, kind: 'boolean', tensor: 'float', labels: column.labels }
    case 'categorical':
      return { ...base, kind: 'categorical', tensor: 'string' }
    case 'datetime':
      return { ...base, kind: 'datetime', tensor: 'int64', layout: column.layout }
    default:
      return undefined
  }
}

export async function signatureOfRun(run: Run, { pipeline, dataset, rowsOf }: OpenedRun): Promise<Signature> {
  return signatureOf(pipeline, dataset.columns, rowsOf('train'), { name: run.name, threshold: run.threshold })
}

/** @throws StudioError bad-data, unsupported for a table where the model takes pictures */
export async function currentRows(opened: OpenedRun, signature: Signature, source: IngestSource, choices: IngestChoices, options: MonitorOptions, { context }: Host): Promise<Current> {
  const { bytes, fileName, kind } = await openIngestSource(source)
  const truth = inputFor(columnNamed(opened.dataset, signature.target))
  const name = kind === 'paste' ? 'pasted rows' : fileName
  if (await looksLikeLog(bytes)) return { name, kind: 'log', ...(await readLog(bytes, signature, { ...(truth ? { truth } : {}), ...(options.answeredBy ? { wanted: options.answeredBy } : {}) }, context)) }
  if (signature.inputs.some((input) => input.kind === 'image')) {
    throw new StudioError({ code: 'unsupported', message: 'unsupported file; a table holds no pictures, and this model looks at pictures', hint: "Choose the log of the bundle's server (REQUEST_LOG): it has the model's answers." })
  }
  const { sound, columns, ...rest } = await readTableRows(bytes, signature, { ingest: choices, ...(truth ? { truth } : {}), ...(options.time === undefined ? {} : { time: options.time }) }, context)
  context.report({ kind: 'step', phase: 'Predicting', done: 0, total: 1 })
  const prediction: Prediction = await opened.pipeline.predict(columns, sound, context)
  context.report({ kind: 'step', phase: 'Predicting', done: 1, total: 1 })
  return { name, kind: 'table', ...rest, columns, withheld: [], answered: sound, prediction }
}
