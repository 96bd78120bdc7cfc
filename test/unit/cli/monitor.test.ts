/** `glasshouse monitor` over a real bundle: text, JSON, a report to keep, and the exit code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { monitor } from '../../../src/cli/monitor.ts'
import { ProgressLine } from '../../../src/cli/progress.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { cellText } from '../../../src/core/evaluate/slice.ts'
import type { DriftReport } from '../../../src/core/monitor/report.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'
import { richDataset } from '../../support/rich-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-cli-monitor-'))
const at = (name: string): string => join(folder, name)

/** Rows as the model's data write them; `change` edits a cell. */
function csv(seed: number, change: (column: number, text: string | null, row: number) => string | null = (_column, text) => text, many = 400): string {
  const { columns, rows } = richDataset('binary', many, seed)
  const kept = columns.filter(({ kind }) => kind !== 'text')
  const write = (column: (typeof kept)[number], row: number): string | null => (column.kind === 'datetime' ? (cellText(column, row) === null ? null : new Date(Number(cellText(column, row)) * 1000).toISOString().replace('.000', '')) : cellText(column, row))
  const table = [kept.map(({ name }) => name), ...Array.from({ length: rows }, (_, row) => kept.map((column, i) => change(i, write(column, row), row)))]
  // As a plain exporter writes it: "=SUM(A1)" stays what it is.
  return table.map((cells) => `${cells.map((cell) => (cell === null ? '' : `"${cell.replaceAll('"', '""')}"`)).join(',')}\r\n`).join('')
}

beforeAll(async () => {
  const { host, runId } = await deployed(richDataset('binary', 600), 'binary', 'decision-tree')
  const { zip } = await deployExport({ runId, name: 'rich', intendedUse: '', limitations: '' }, host)
  writeFileSync(at('rich.zip'), zip as Uint8Array)
  writeFileSync(at('own.csv'), csv(5, undefined, 600))
  writeFileSync(at('same.csv'), csv(6))
  writeFileSync(at('shifted.csv'), csv(6, (column, text, row) => (column === 0 && text !== null ? String(Number(text) + 30) : column === 2 && row % 2 === 0 ? 'violet' : column === 1 && text !== null ? String(Number(text) * 3 + 90) : text)))
  writeFileSync(at('wrong.csv'), csv(6, (column, text, row) => (column === 5 && row % 3 > 0 ? (text === 'yes' ? 'no' : 'yes') : text)))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  process.exitCode = 0
})

async function run(...argv: readonly string[]): Promise<{ readonly out: string; readonly code: number }> {
  let out = ''
  const progress = new ProgressLine({ isTTY: false, write: () => true } as never, () => 0)
  process.exitCode = 0
  await monitor(argv, { out: (content) => void (out += typeof content === 'string' ? content : new TextDecoder().decode(content)), progress, signal: new AbortController().signal })
  return { out, code: Number(process.exitCode) }
}

describe('glasshouse monitor', () => {
  test('rows of the same kind: exit code 0, every column by name, scores against those of the bundle', async () => {
    const { out, code } = await run(at('rich.zip'), at('same.csv'))
    expect(code).toBe(0)
    expect(out).toMatch(/^steady: The model is as good as before/)
    expect(out).toContain('__proto__')
    expect(out).toContain('on 400 labelled rows')
  })
  test('shifted rows: exit code 4, the changed columns first, as JSON and as a page', async () => {
    const { out, code } = await run(at('rich.zip'), at('shifted.csv'), '--json', '--out', at('report.html'))
    expect(code).toBe(4)
    const report = JSON.parse(out) as DriftReport
    expect(report.verdict.level).toBe('act')
    expect(report.columns.slice(0, 3).every(({ drift }) => drift?.drifted && drift.limit > 0.2 && drift.limit < 0.3)).toBe(true)
    expect(report.columns.find(({ unseen }) => (unseen?.rows ?? 0) > 0)?.unseen?.names[0]).toEqual({ name: 'violet', rows: 200 })
    const page = readFileSync(at('report.html'), 'utf8')
    expect(page).toContain('<!doctype html>')
    expect(page).not.toContain('<img src=x')
  })
  test('answers that became wrong: exit code 4 with inputs as they were', async () => {
    const { out, code } = await run(at('rich.zip'), at('wrong.csv'))
    expect(code).toBe(4)
    expect(out).toMatch(/^act: The model has become worse: ROC AUC is/)
  })
  test("the model's own rows are known again by the bundle's hashes: alone not judged, among others left out", async () => {
    const { out, code } = await run(at('rich.zip'), at('own.csv'))
    expect(code).toBe(0)
    expect(out).toMatch(/^unknown: All 600 rows are rows of the model's own data, and it learnt from 300 of these\./)
    expect(out).not.toContain('labelled rows')
    writeFileSync(at('grown.csv'), readFileSync(at('own.csv'), 'utf8') + readFileSync(at('same.csv'), 'utf8').split('\r\n').slice(1).join('\r\n'))
    const report = JSON.parse((await run(at('rich.zip'), at('grown.csv'), '--json')).out) as DriftReport
    expect(report.source).toMatchObject({ rows: 400, known: { rows: 600, learnt: 300, of: 1000, leftOut: true } })
    expect(report.performance?.rows).toBe(400)
  })
  test('against the rows that it was made from: the tests of the page, scores of the leaderboard, over time', async () => {
    const { out } = await run(at('rich.zip'), at('same.csv'), '--reference', at('own.csv'), '--by', '100')
    expect(out).toMatch(/^steady: .*on validation rows/)
    expect(out).toContain('rows 301 to 400')
    const report = JSON.parse((await run(at('rich.zip'), at('same.csv'), '--reference', at('own.csv'), '--json')).out) as DriftReport
    expect(report.reference).toEqual({ of: 'training rows', rows: 300, answersOf: 'validation rows', answers: 180 })
    expect(new Set(report.columns.flatMap(({ drift }) => drift?.test ?? []))).toContain('ks')
    expect(report.performance?.referenceRows).toBe(180)
    // Any rows with the target will do.
    const other = JSON.parse((await run(at('rich.zip'), at('shifted.csv'), '--reference', at('same.csv'), '--json')).out) as DriftReport
    expect(other.reference).toMatchObject({ of: 'rows of same.csv', rows: 400 })
    expect(other.share.drifted).toBeGreaterThan(2)
  })
  test('over time by the moment of a row, without the old rows at hand', async () => {
    const { chunks, source } = JSON.parse((await run(at('rich.zip'), at('same.csv'), '--json', '--by', 'year', '--time', 'label')).out) as DriftReport
    expect(source.timeColumn).toBe('label')
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.every(({ label, columns }) => /^\d{4}$/.test(label) && columns.length > 4)).toBe(true)
    // A year has about 55 rows: what chance makes of them is no change.
    expect(chunks.flatMap(({ columns }) => columns).filter((test) => test?.drifted).length).toBeLessThan(4)
    // Its dates are in no order of the rows: nobody takes them for moments unasked.
    expect((JSON.parse((await run(at('rich.zip'), at('same.csv'), '--json', '--by', 'year')).out) as DriftReport).source).not.toHaveProperty('timeColumn')
    await expect(run(at('rich.zip'), at('same.csv'), '--time', 'nothing')).rejects.toThrow(/^unknown --time/)
    await expect(run(at('rich.zip'), at('same.csv'), '--by', 'fortnight')).rejects.toThrow(UsageError)
  })
  test('a limit that is no share is refused', async () => {
    await expect(run(at('rich.zip'), at('same.csv'), '--limit', '50')).rejects.toThrow(UsageError)
  })
})
