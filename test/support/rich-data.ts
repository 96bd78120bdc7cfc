/** A table with everything a served model meets: missing values, categories, dates, booleans, hostile names. */
import { columnFrom } from '../../src/core/data/column.ts'
import type { Cell, Column } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import type { Task } from '../../src/core/data/target.ts'
import { createRng } from '../../src/core/math/rng.ts'

/** Legal headers that break careless code. */
export const hostileNames = { number: '__proto__', category: '<img src=x onerror=alert(1)>', flag: 'x'.repeat(10_240), date: 'label', second: 'probabilities\n"=1+1"' } as const

export function richDataset(task: Task, rows = 240, seed = 5): Dataset {
  const rng = createRng(seed)
  const draw = (of: (row: number) => Cell, missingEvery = 0): Cell[] => Array.from({ length: rows }, (_, row) => (missingEvery > 0 && row % missingEvery === missingEvery - 1 ? null : of(row)))
  const number = draw(() => Number((rng.normal() * 10).toPrecision(4)), 9)
  const whole = draw(() => rng.int(90))
  const colours = ['red', 'green', 'constructor', '=SUM(A1)', 'naïve 漢字', '__proto__']
  const category = draw((row) => (row % 40 === 39 ? 'rare' : (colours[rng.int(colours.length)] as string)), 13)
  const flag = draw(() => rng.int(2) === 1, 17)
  const date = draw(() => 1_500_000_000 + rng.int(100_000_000) * 3, 19)
  const score = Array.from({ length: rows }, (_, row) => ((number[row] as number | null) ?? 0) / 10 + (category[row] === 'red' ? 1.5 : 0) + (flag[row] === true ? 1 : 0) + (whole[row] as number) / 60 + 0.3 * rng.normal())
  const target: Cell[] = score.map((value) => (task === 'regression' ? Number((1000 + 50 * value).toPrecision(6)) : task === 'binary' ? (value > 1.4 ? 'yes' : 'no') : value > 2 ? 'high' : value > 1 ? 'mid' : '<b>low</b>'))
  const kind = task === 'regression' ? 'numeric' : 'categorical'
  const columns: Column[] = [
    columnFrom(hostileNames.number, 'numeric', number),
    columnFrom(hostileNames.second, 'numeric', whole),
    columnFrom(hostileNames.category, 'categorical', category),
    columnFrom(hostileNames.flag, 'boolean', flag),
    { ...columnFrom(hostileNames.date, 'datetime', date), layout: 'yyyy-MM-ddTHH:mm:ssZ' } as Column,
    columnFrom('note', 'text', draw((row) => `note ${row}`)),
    columnFrom('outcome', kind, target),
  ]
  return { id: `rich-${task}-${rows}-${seed}`, name: 'rich', rows, columns, source: { kind: 'derived', fileName: 'rich', bytes: 0, sha256: '0'.repeat(64) } }
}
