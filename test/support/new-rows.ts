/** Later applicants for the monitor: real rows of German credit, dated, the last months older and with larger loans. */
import { readFileSync } from 'node:fs'

export interface LaterRows {
  /** Without the truth. */
  readonly unlabelled: string
  readonly labelled: string
}

/** Eight months; from the fifth on people are 15 years older and borrow twice as much, some for what nobody borrowed for before. */
export function laterApplicants(): LaterRows {
  const [header = '', ...lines] = readFileSync('public/samples/german-credit.csv', 'utf8').trim().split('\n')
  const names = header.split(',')
  const at = (name: string): number => names.indexOf(name)
  const rows = lines.slice(200).map((line, i) => {
    const cells = line.split(',')
    // No row of the data itself: those are left out.
    cells[at('credit_amount')] = String(Number(cells[at('credit_amount')]) + 1)
    const month = Math.floor((i * 8) / 800)
    if (month >= 4) {
      cells[at('age')] = String(Number(cells[at('age')]) + 15)
      cells[at('credit_amount')] = String(Number(cells[at('credit_amount')]) * 2)
      if (i % 5 === 0) cells[at('purpose')] = 'electric bicycle'
    }
    return [`2026-0${month + 1}-${String((i % 28) + 1).padStart(2, '0')}`, ...cells]
  })
  const target = at('credit_risk') + 1
  const write = (table: readonly (readonly string[])[]): string => table.map((cells) => cells.join(',')).join('\n')
  const all = [['decided', ...names], ...rows]
  return { labelled: write(all), unlabelled: write(all.map((cells) => cells.filter((_, i) => i !== target))) }
}
