/** Runs in words and numbers. */
import { estimators } from '../../core/estimators/registry.ts'
import { metrics, defaultMetric } from '../../core/metrics/registry.ts'
import type { Metric } from '../../core/metrics/metric.ts'
import type { Run, RunStatus } from '../../core/run/run.ts'
import type { Task } from '../../core/data/target.ts'
import { formatFixed, formatNumber } from '../../ui/format.ts'

export const estimatorLabel = (run: Run): string => (estimators.has(run.spec.estimator.id) ? estimators.get(run.spec.estimator.id).label : run.spec.estimator.id)

export const metricFor = (task: Task): Metric => metrics.get(defaultMetric[task])

export const scoreOf = (run: Run, metric: Metric) => run.evaluation?.scores.find((score) => score.metric === metric.id)

/** A score as its metric is read: shares with three decimals, values in the target's unit with four digits. */
export const formatScore = (metric: Metric, value: number | null | undefined): string => (metric.unit === 'share' || metric.unit === 'none' ? formatFixed(value, 3) : formatNumber(value, 4))

/** "0.812 – 0.871"; empty where there is none. */
export function formatInterval(metric: Metric, low: number | null | undefined, high: number | null | undefined): string {
  return low === null || low === undefined || high === null || high === undefined ? '' : `${formatScore(metric, low)} – ${formatScore(metric, high)}`
}

export const statusWords: Readonly<Record<RunStatus, string>> = {
  queued: 'Waiting',
  running: 'Training',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
}
export const statusHelp: Readonly<Partial<Record<RunStatus, string>>> = {
  interrupted: 'The tab was closed or lost while this was training.',
  cancelled: 'You gave it up; nothing of it was kept.',
}
export const statusTone: Readonly<Record<RunStatus, 'plain' | 'good' | 'warn' | 'bad' | 'accent'>> = {
  queued: 'plain',
  running: 'accent',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'plain',
  interrupted: 'warn',
}
