/** Counts of one column by bins. */
import type { Histogram } from '../core/data/profile.ts'
import { bars, type Chart, layout, nameOf, say } from './figure.ts'
import type { Palette } from './palette.ts'

export function histogram(input: { readonly name: string; readonly histogram: Histogram }, palette: Palette): Chart | undefined {
  const { edges, counts } = input.histogram
  if (counts.length === 0) return undefined
  const name = nameOf(input.name)
  return {
    title: `Distribution of ${name}`,
    description: `Number of rows by ${name}, from ${say(edges[0])} to ${say(edges.at(-1))}.`,
    figure: {
      data: [bars(palette, edges, counts)],
      layout: layout(palette, { x: { title: name }, y: { title: 'Rows' }, height: 260, more: { bargap: 0 } }),
    },
    table: { columns: ['From', 'To', 'Rows'], rows: counts.map((count, i) => [edges[i] as number, edges[i + 1] as number, count]) },
  }
}
