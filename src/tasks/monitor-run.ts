/** Looks at new rows through a run: what has changed against the rows that it was made from. */
import { StudioError } from '../core/errors.ts'
import { knownRows, withoutKnown } from '../core/monitor/known-rows.ts'
import { monitor, type Reference } from '../core/monitor/monitor.ts'
import { refusesBaseline } from '../core/explain/baseline.ts'
import { permutationImportance } from '../core/explain/permutation.ts'
import type { Run } from '../core/run/run.ts'
import { saveReport } from '../storage/reports.ts'
import { readRun } from '../storage/runs.ts'
import { recordsOfRun } from '../storage/keys.ts'
import { currentRows, signatureOfRun } from './monitor-rows.ts'
import { openRun, type OpenedRun } from './opened-run.ts'
import type { Host, TaskHandler } from './task.ts'

/** Rows and columns up to which the importance of columns is measured when nobody asked for it on the Explain page. */
const importanceRows = 1000
const importanceColumns = 200

export const monitorRun: TaskHandler<'monitor/run'> = async ({ runId, token, source, choices, options }, host) => {
  const { store, context } = host
  const run = await readRun(store, runId)
  const opened = await openRun(host, runId)
  const signature = await signatureOfRun(run, opened)
  const read = await currentRows(opened, signature, source, choices, options, host)
  const { columns, rows } = opened.dataset
  const current = withoutKnown(read, knownRows({ columns, rows, train: opened.rowsOf('train') }, [...read.columns, ...(read.truth ? [read.truth] : [])], read.rows))
  const project = await store.read(['projects'], (tx) => tx.get('projects', run.spec.projectId))
  const importance = await importanceOf(run, opened, host)
  const reference: Reference = {
    of: 'training rows',
    columns: opened.dataset.columns,
    rows: opened.rowsOf('train'),
    heldOut: opened.rowsOf('valid'),
    answersOf: 'validation rows',
    answers: await opened.predictionsOn('valid'),
    target: run.spec.target,
    // Figures of another threshold are those of another model.
    ...(run.evaluation && (run.evaluation.threshold ?? run.threshold) === run.threshold ? { scores: run.evaluation.scores } : {}),
    ...(importance ? { importance } : {}),
    slices: project?.slices ?? [],
  }
  const report = await monitor(signature, reference, current, options, context)
  const kept = token === undefined ? undefined : await saveReport(store, runId, token, report)
  return { key: kept?.key ?? null, report }
}

/** As measured on the Explain page, or now on some validation rows; undefined where it cannot be. */
async function importanceOf(run: Run, opened: OpenedRun, { store, context }: Host): Promise<ReadonlyMap<string, number> | undefined> {
  const kept = (await store.read(['explanations'], (tx) => tx.getAll('explanations', recordsOfRun(run.id)))).find(({ explanation }) => explanation.kind === 'permutation-importance')?.explanation
  if (kept?.kind === 'permutation-importance') return new Map(kept.columns.map(({ column, mean }) => [column, mean]))
  const { pipeline, dataset } = opened
  const about = { task: run.spec.target.task, estimator: run.spec.estimator.id }
  const pictures = dataset.columns.some(({ kind }) => kind === 'image')
  if (pictures || pipeline.recipe.inputs.length > importanceColumns || refusesBaseline(about) !== undefined) return undefined
  const rows = opened.rowsOf('valid')
  try {
    const made = await permutationImportance.explain({ pipeline, dataset, part: 'valid', rows, target: opened.targetAt(rows), seed: run.spec.seed, threshold: run.threshold }, { metric: '', repeats: 5, maxRows: importanceRows }, context)
    return made.kind === 'permutation-importance' ? new Map(made.columns.map(({ column, mean }) => [column, mean])) : undefined
  } catch (error) {
    // A score that is undefined on these rows costs a column of the table, not the report.
    if (!(error instanceof StudioError) || error.code !== 'bad-data') throw error
    return undefined
  }
}
