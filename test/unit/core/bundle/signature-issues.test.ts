import { expect, test } from 'vitest'
import { Issues } from '../../../../src/core/bundle/signature-issues.ts'

const issue = (row: number, column = 'town') => ({ level: 'warning', kind: 'unseen', column, row, count: 1, text: `Training never saw "=x${row}".` }) as const

test('the first 20 of a kind and column are listed, the rest is counted, and the CSV has them all', () => {
  const issues = new Issues()
  for (let row = 1; row <= 20; row++) issues.add(issue(row))
  expect(issues.list()).toHaveLength(20)
  expect(issues.csv()).toBeNull()
  for (let row = 21; row <= 25; row++) issues.add(issue(row))
  issues.add(issue(7, '=size'))
  const list = issues.list()
  expect(list).toHaveLength(22)
  expect(list[20]).toMatchObject({ column: 'town', count: 5, text: '5 more such cells in this column.' })
  const lines = new TextDecoder().decode(issues.csv() as Uint8Array).trimEnd().split('\r\n')
  expect(lines).toHaveLength(27)
  expect(lines[0]).toBe('level,kind,row,column,what')
  expect(lines[25]).toBe('warning,unseen,25,town,"Training never saw ""=x25""."')
  // A name that a spreadsheet would run is made harmless.
  expect(lines[26]).toContain(",'=size,")
})

test('beyond 100,000 the CSV says how many are not listed', () => {
  const issues = new Issues()
  for (let row = 1; row <= 100_003; row++) issues.add(issue(row))
  expect(new TextDecoder().decode(issues.csv() as Uint8Array)).toMatch(/,3 more are not listed\.\r\n$/)
})
