/** Ways to put rows together over time, as a select has them. */
import type { ChunkChoice, ChunkUnit } from '../../core/monitor/report.ts'

const units: readonly ChunkUnit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year']

export const chunkChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: 'auto', label: 'by their date, where there is one' },
  ...units.map((unit) => ({ value: unit, label: `by ${unit}` })),
  { value: 'rows', label: 'so many at a time' },
  { value: 'none', label: 'not at all' },
]

export function chunkOf(value: string, rows: number): ChunkChoice {
  const unit = units.find((known) => known === value)
  if (unit) return { by: 'time', unit }
  return value === 'rows' ? { by: 'rows', rows } : { by: value === 'none' ? 'none' : 'auto' }
}
export const valueOf = (choice: ChunkChoice | undefined): string => (!choice ? 'auto' : choice.by === 'time' ? choice.unit : choice.by)
