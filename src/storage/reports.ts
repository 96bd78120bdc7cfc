/** Reports of the monitor, kept with their run: a copy or a file of the project takes them along. */
import { freshId } from '../core/ids.ts'
import type { DriftReport } from '../core/monitor/report.ts'
import { fencedWrite } from './fenced.ts'
import type { Store } from './port.ts'
import { runRecord, saveExplanation } from './runs.ts'

export interface KeptReport {
  readonly key: string
  readonly runId: string
  /** Milliseconds since the epoch. */
  readonly madeAt: number
  readonly report: DriftReport
}

const prefix = 'monitor-'

/** @throws StudioError read-only where the token is stale */
export async function saveReport(store: Store, runId: string, token: number, report: DriftReport): Promise<KeptReport> {
  const { projectId } = await runRecord(store, runId)
  const key = `${freshId('monitor')}`
  const madeAt = Date.now()
  await saveExplanation(store, token, { runId, key, projectId, explanation: { ...report, madeAt } })
  return { key, runId, madeAt, report }
}

/** Newest first. */
export async function listReports(store: Store, runId: string): Promise<KeptReport[]> {
  const records = await store.read(['explanations'], (tx) => tx.getAll('explanations', { from: [runId, prefix], to: [runId, `${prefix}\uffff`] }))
  return records
    .flatMap(({ key, explanation }) => (explanation.kind === 'drift-report' ? [{ key, runId, madeAt: explanation.madeAt, report: explanation }] : []))
    .sort((a, b) => b.madeAt - a.madeAt)
}

export async function deleteReport(store: Store, runId: string, token: number, key: string): Promise<void> {
  const { projectId } = await runRecord(store, runId)
  await fencedWrite(store, projectId, token, ['explanations'], (tx) => tx.delete('explanations', [runId, key]))
}
