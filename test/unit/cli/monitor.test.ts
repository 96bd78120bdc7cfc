/** `glasshouse monitor` over a real bundle: text, JSON, a report to keep, and the exit code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { monitor } from '../../../src/cli/monitor.ts'
import { ProgressLine } from '../../../src/cli/progress.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { writeCsv } from '../../../src/core/ingest/csv-write.ts'
import { cellText } from '../../../src/core/evaluate/slice.ts'
import type { DriftReport } from '../../../src/core/monitor/report.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'
import { richDataset } from '../../support/rich-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-cli-monitor-'))
const at = (name: string): string => join(folder, name)

/** Rows as the model's data write them; `change` edits a cell. */
function csv(seed: number, change: (column: number, text: string | null, row: number) => string | null = (_column, text) => text): string {
  const { columns, rows } = richDataset('binary', 400, seed)
  const kept = columns.filter(({ kind }) => kind !== 'text')
  const write = (column: (typeof kept)[number], row: number): string | null => (column.kind === 'datetime' ? (cellText(column, row) === null ? null : new Date(Number(cellText(column, row)) * 1000).toISOString().replace('.000', '')) : cellText(column, row))
  return new TextDecoder().decode(writeCsv(kept.map(({ name }) => name), Array.from({ length: rows }, (_, row) => kept.map((column, i) => change(i, write(column, row), row)))))
}

beforeAll(async () => {
  const { host, runId } = await deployed(richDataset('binary', 600), 'binary', 'decision-tree')
  const { zip } = await deployExport({ runId, name: 'rich', intendedUse: '', limitations: '' }, host)
  writeFileSync(at('rich.zip'), zip as Uint8Array)
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
    expect(report.columns.slice(0, 3).every(({ drift }) => drift?.drifted && drift.limit === 0.2)).toBe(true)
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
  test('a limit that is no share is refused', async () => {
    await expect(run(at('rich.zip'), at('same.csv'), '--limit', '50')).rejects.toThrow(UsageError)
  })
})
