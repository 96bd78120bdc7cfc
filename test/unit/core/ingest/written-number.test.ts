import { describe, expect, it } from 'vitest'
import { parseWritten } from '../../../../src/core/ingest/csv/written-number.ts'
import { parseDatetime, formatDatetime } from '../../../../src/core/ingest/datetime.ts'
import { missingTexts } from '../../../../src/core/ingest/csv/cells.ts'
import { createScanner } from '../../../../src/core/ingest/csv/scanner.ts'
import { createSurvey } from '../../../../src/core/ingest/survey.ts'
import { decideKind } from '../../../../src/core/ingest/decide-kinds.ts'

function planOf(cells: readonly string[], decimal: '.' | ',' = '.') {
  const scanner = createScanner({ delimiter: ';', quote: '"', columns: 1 })
  const survey = createSurvey({ columns: 1, missing: missingTexts([]), decimal, quote: '"' })
  const bytes = new TextEncoder().encode(`${cells.map((cell) => `"${cell}"`).join('\n')}\n`)
  for (const batch of [scanner.push(bytes), scanner.end()]) survey.add(batch, Uint32Array.from({ length: batch.rows }, (_, i) => i))
  return decideKind('value', survey.columns[0] as (typeof survey.columns)[number], decimal)
}

describe('a number as people write it', () => {
  it.each([
    ['1,234.5', '1,234,567.25', 1234567.25],
    ['1,234.5', '999', 999],
    ['1,234.5', '-1,000', -1000],
    ['1,234.5', '12,34.5', Number.NaN],
    ['1,234.5', '0,123', Number.NaN],
    ['1,234.5', '1,2345', Number.NaN],
    ['1.234,5', '36.232,59', 36232.59],
    ['1.234,5', '1234,5', 1234.5],
    ['1 234,5', '1 234 567,5', 1234567.5],
    ['1 234,5', '1\u202f234,5', 1234.5],
    ['1 234,5', '1\u00a0234', 1234],
    ["1'234.5", "12'345.75", 12345.75],
    ['$1234.5', '$32.90', 32.9],
    ['$1234.5', '-$5', -5],
    ['$1234.5', '5', 5],
    ['$1234.5', '€5', Number.NaN],
    ['€1234.5', '€ 12', 12],
    ['1.234,5 €', '1.234,50 €', 1234.5],
    ['1234.5%', '74.5%', 74.5],
    ['1234.5%', '74.5 %', 74.5],
    ['1234.5%', '%74', Number.NaN],
    ['1234.5%', '7%4', Number.NaN],
    ['CHF 1,234.5', 'CHF 1,234.50', 1234.5],
    ['1,234.5', '1e3', 1000],
    ['1,234.5', 'n/k', Number.NaN],
    ['1,234.5', '', Number.NaN],
    ['1,234.5', '5-3', Number.NaN],
    ['1,234.5', `${'9'.repeat(70)},000`, Number.NaN],
  ])('%s reads %s', (layout, text, value) => expect(parseWritten(layout, text)).toBe(value))
})

describe('a column of such numbers', () => {
  it.each([
    [['36.232,59', '1.000,00', '12,5'], '.', '1.234,5'],
    [['1,234.5', '999.1', '12'], '.', '1,234.5'],
    [['1,234', '5,678', '999'], '.', '1,234.5'],
    [['1.234', '5.678', '36.232,59'], '.', '1.234,5'],
    [['1.234', '5.678', '999'], ',', '1.234,5'],
    [['$32.90', '$1,250.00', '$7'], '.', '$1,234.5'],
    [['€ 12', '€ 15', '€ 8'], '.', '€1234.5'],
    [['74.5%', '3%', '12.25%'], '.', '1234.5%'],
    [['1 234,5', '12,0', '2 000,25'], '.', '1 234,5'],
  ] as const)('%j with %s is numeric as %s', (cells, decimal, layout) => {
    const plan = planOf(cells, decimal)
    expect(plan.kind.value).toBe('numeric')
    expect(plan.layout).toBe(layout)
    expect(plan.kind.reason).toContain(layout)
    for (const cell of cells) expect(parseWritten(layout, cell)).not.toBeNaN()
  })
  it.each([
    ['phone numbers', ['555 123 456', '555 987 654', '555 111 222']],
    ['two currencies', ['$5', '€6', '$7']],
    ['per cent beside plain numbers', ['74.5%', '0.745', '3']],
    ['versions', ['1.2.3', '2.0.1', '3.1.4']],
    ['lists', ['1,2,3', '4,5', '6']],
    ['ranges', ['5-9', '10-14', '15-19']],
    ['ages with a word', ['45+ years', '30 years', '20 years']],
  ])('%s stay words', (_, cells) => {
    expect(planOf(cells).kind.value).not.toBe('numeric')
  })
  it('keeps out the few cells that are none, and names one', () => {
    const cells = [...Array.from({ length: 300 }, (_, i) => `$${i + 1}.50`), '$ n/k']
    const plan = planOf(cells)
    expect(plan.layout).toBe('$1234.5')
    expect(plan.kind.reason).toContain('"$ n/k" on line 301')
  })
})

describe('moments as people write them', () => {
  it.each([
    ['MM/dd/yyyy hh:mm a', '03/04/2021 10:00 AM', Date.UTC(2021, 2, 4, 10) / 1000],
    ['MM/dd/yyyy hh:mm a', '3/4/2021 12:05 am', Date.UTC(2021, 2, 4, 0, 5) / 1000],
    ['MM/dd/yyyy hh:mm a', '03/04/2021 12:00 PM', Date.UTC(2021, 2, 4, 12) / 1000],
    ['MM/dd/yyyy hh:mm a', '03/04/2021 13:00 PM', Number.NaN],
    ['dd-MMM-yyyy', '01-Jan-2020', Date.UTC(2020, 0, 1) / 1000],
    ['HH:mm', '9:05', 32700],
    ['HH:mm', '24:00', Number.NaN],
  ])('%s reads %s', (layout, text, seconds) => {
    expect(parseDatetime(layout, text)).toBe(seconds)
    if (!Number.isNaN(seconds)) expect(parseDatetime(layout, formatDatetime(layout, seconds))).toBe(seconds)
  })
  it.each([
    [['03/04/2021 10:00 AM', '03/25/2021 1:30 PM'], 'MM/dd/yyyy hh:mm a'],
    [['01-Jan-2020', '15-Feb-2020'], 'dd-MMM-yyyy'],
    [['09:30', '17:45', '23:10'], 'HH:mm'],
  ])('%j is a datetime as %s', (cells, layout) => {
    const plan = planOf(cells)
    expect(plan.kind.value).toBe('datetime')
    expect(plan.layout).toBe(layout)
  })
})
