/** A log written by a bundle's own server, read by the monitor. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonCell } from '../../../src/core/bundle/encode.ts'
import { plainBody } from '../../../src/core/bundle/examples.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { columnNamed, type Dataset } from '../../../src/core/data/dataset.ts'
import type { MonitorOptions } from '../../../src/core/monitor/report.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { monitorRun } from '../../../src/tasks/monitor-run.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { deployed } from '../../support/deployed.ts'
import { hostileNames, richDataset } from '../../support/rich-data.ts'
import { startServer, unpack } from '../../support/served-bundle.ts'

const root = mkdtempSync(join(tmpdir(), 'glasshouse-monitor-'))
const log = join(root, 'requests.ndjson')
const asked: Dataset = richDataset('binary', 200, 77)
let host: Host
let runId: string
let signature: Signature
let written: string

beforeAll(async () => {
  const made = await deployed(richDataset('binary', 600), 'binary', 'decision-tree')
  ;({ host, runId } = made)
  const { zip, signature: own } = await deployExport({ runId, name: 'rich', intendedUse: '', limitations: '' }, host)
  signature = own
  await unpack(zip as Uint8Array, join(root, 'rich'))
  const server = startServer(join(root, 'rich'), { REQUEST_LOG: log, REQUEST_LOG_REDACT: hostileNames.flag })
  const url = await server.url()
  const rows = Array.from({ length: asked.rows }, (_, row) => signature.inputs.map((input) => jsonCell(input, columnNamed(asked, input.name), row) ?? null))
  for (let from = 0; from < rows.length; from += 50) {
    const answer = await fetch(`${url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: plainBody(signature, rows.slice(from, from + 50)).replace(/\}$/, from < 150 ? '}' : `,"params":{"threshold":${signature.threshold}}}`) })
    if (answer.status !== 200) throw new Error(await answer.text())
  }
  server.child.kill('SIGTERM')
  await server.exit
  written = readFileSync(log, 'utf8')
}, 60_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const look = (text: string, options: MonitorOptions = {}) => monitorRun({ runId, source: { kind: 'file', file: new File([text], 'requests.ndjson') }, choices: {}, options: { joint: false, ...options } }, host)

describe('the log of the bundle’s server', () => {
  test('says what was asked and answered; a withheld column stays so', async () => {
    const { report } = await look(written)
    expect(report.source).toMatchObject({ kind: 'log', rows: 200, answered: 200, answeredBy: { model: 'rich', version: '1', arm: 'given', others: 0 } })
    expect(report.source.to).toBeGreaterThan(1_700_000_000)
    expect(report.columns.find(({ name }) => name === hostileNames.flag)).toMatchObject({ untested: 'The log withholds this column.', missingChanged: false })
    expect(report.columns.find(({ name }) => name === hostileNames.number)?.drift).toMatchObject({ test: 'ks', drifted: false })
    expect(report.columns.find(({ name }) => name === hostileNames.date)?.current).toMatchObject({ count: 190, missing: 10 })
    expect(report.answers[0]?.drift?.drifted).toBe(false)
    expect(report.issues).toEqual([])
    expect(report.performance).toBeUndefined()
  })

  test('truths that are added later are judged', async () => {
    const truth = columnNamed(asked, 'outcome')
    const lines = written.trim().split('\n').map((line, row) => JSON.stringify({ ...(JSON.parse(line) as object), truth: truth.kind === 'categorical' ? truth.dictionary[truth.codes[row] as number] : null }))
    // JSON.parse and spread keep an own "__proto__" of inputs, which is what a column may be called.
    const { report } = await look(lines.join('\n'))
    expect(report.performance?.rows).toBe(200)
    expect(report.performance?.scores[0]?.now.value).toBeGreaterThan(0.7)
  })

  test('a shadow is another answerer, and can be asked for', async () => {
    const shadow = written.trim().split('\n').slice(0, 60).map((line) => line.replace('"version":"1","arm":"single"', '"version":"2","arm":"shadow"'))
    const both = `${written}${shadow.join('\n')}\n`
    const { report } = await look(both)
    expect(report.source.answeredBy).toMatchObject({ version: '1', others: 60 })
    expect(report.source.groups).toEqual([{ model: 'rich', version: '1', arm: 'given', rows: 200 }, { model: 'rich', version: '2', arm: 'shadow', rows: 60 }])
    const { report: other } = await look(both, { answeredBy: { model: 'rich', version: '2', arm: 'shadow' } })
    expect(other.source).toMatchObject({ rows: 60, answeredBy: { version: '2', arm: 'shadow', others: 200 } })
  })

  test('the threshold that a caller asked for is in the log, and told where it is not the model’s own', async () => {
    const lines = written.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { params?: unknown }).params)).toEqual([...Array.from({ length: 150 }, () => undefined), ...Array.from({ length: 50 }, () => ({ threshold: signature.threshold }))])
    const other = (line: string, row: number): string => (row < 190 ? line : line.replace(`"params":{"threshold":${signature.threshold}}`, `"params":{"threshold":0.${row % 10}5}`))
    const [{ report }, { report: before }] = [await look(lines.map(other).join('\n')), await look(written)]
    expect(report.issues).toEqual([expect.objectContaining({ kind: 'other-threshold', count: 10, text: expect.stringMatching(/^10 lines were asked for at 0\.05 to 0\.95 instead of the model's own threshold, 0\.4\./) })])
    expect([report.answers, report.estimates]).toEqual([before.answers, before.estimates])
  })

  test('broken lines are told by number, and a file of something else is refused', async () => {
    const { report } = await look(`${written}{"log":1,"inputs":\nnot a line\n\n`)
    expect(report.issues.filter(({ kind }) => kind === 'ragged-row').map(({ row }) => row)).toEqual([201, 202])
    expect(report.source.rows).toBe(200)
    await expect(look('{"a":1}\n{"b":2}\n')).rejects.toThrow(/^invalid log; a line must be a JSON object with "log": 1/)
  })

  test('lines of another model in the same log are told by its name and left out, however many there are', async () => {
    const foreign = Array.from({ length: 300 }, (_, row) => `{"log":1,"time":"2026-01-01T00:00:00.000Z","request":"r","row":${row + 1},"model":"wine","version":"4","arm":"single","protocol":"plain","inputs":{"alcohol":13},"answer":{"value":2}}`)
    const { report } = await look(`${foreign.join('\n')}\n${written}`)
    expect(report.source).toMatchObject({ rows: 200, answered: 200, answeredBy: { model: 'rich', version: '1', others: 300 }, groups: [{ model: 'rich', version: '1', arm: 'given', rows: 200 }] })
    expect(report.issues).toEqual([expect.objectContaining({ kind: 'other-model', count: 300, text: expect.stringMatching(/^300 lines are of wine version 4, another model: none of its lines has [^]* and 2 more columns\. Left out\.$/) })])
  })

  test('a log of another model is seen for what it is', async () => {
    const other = written.trim().split('\n').map((line) => line.replaceAll('"yes":', '"ja":').replaceAll('"no":', '"nein":'))
    const { report } = await look(other.join('\n'))
    expect(report.source.answered).toBe(0)
    expect(report.issues.some(({ text }) => text.includes('no answer that this model could have given'))).toBe(true)
    expect(report.noEstimate).toBe('No row was answered.')
  })
})
