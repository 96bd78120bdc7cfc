/** A score as tables write it. */
import type { Metric } from '../core/metrics/metric.ts'
import { formatFixed, formatSignificant } from './format.ts'

/** Scores without a unit with three decimals, so that columns line up; scores in the target's unit with four digits. */
export const formatScore = (metric: Pick<Metric, 'unit'> | undefined, value: number | null | undefined): string =>
  metric?.unit.startsWith('target') ? formatSignificant(value) : formatFixed(value, 3)
