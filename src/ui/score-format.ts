/** A score as tables write it. */
import type { Metric } from '../core/metrics/metric.ts'
import { formatFixed, formatNumber } from './format.ts'

/** Scores without a unit with three decimals, so that columns line up; scores in the target's unit as numbers. */
export const formatScore = (metric: Pick<Metric, 'unit'> | undefined, value: number | null | undefined): string =>
  metric?.unit.startsWith('target') ? formatNumber(value, 4) : formatFixed(value, 3)
