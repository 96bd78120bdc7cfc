/** Learning curves: what a run said of itself while it learnt. */
import type { Run } from '../core/run/run.ts'
import { type Chart, dashOf, layout, line, nameOf, say } from './figure.ts'
import { type Palette, seriesColour } from './palette.ts'

export function history(run: Pick<Run, 'history' | 'name'>, palette: Palette): Chart | undefined {
  const curves = run.history.filter((curve) => curve.x.length > 0)
  if (curves.length === 0) return undefined
  const last = curves.map((curve) => `${nameOf(curve.name)} ends at ${say(curve.y.at(-1))}`)
  return {
    title: curves.length === 1 ? `${nameOf(curves[0]?.name ?? '').replace(/^./, (first) => first.toUpperCase())}, as it learnt` : 'As it learnt',
    description: `Round by round, as the run learnt: ${last.join(', ')}.`,
    figure: {
      data: curves.map((curve, i) => line(curve.name, curve.x, curve.y, { colour: seriesColour(palette, i), dash: dashOf(i), hovertemplate: 'round %{x:,}<br>%{y:.4~g}' })),
      layout: layout(palette, { x: { title: curves.every(({ name }) => name.startsWith('out-of-bag')) ? 'Trees' : 'Round' }, y: { title: curves.every(({ name }) => /loss/i.test(name)) ? 'Loss' : curves.every(({ name }) => /score/i.test(name)) ? 'Score' : 'Value' }, height: 300, legend: true }),
    },
    table: { columns: ['Curve', 'Round', 'Value'], rows: curves.flatMap((curve) => curve.x.map((x, i) => [curve.name, x, curve.y[i] as number])) },
  }
}
