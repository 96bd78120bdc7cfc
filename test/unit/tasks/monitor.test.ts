import { beforeAll, describe, expect, test } from 'vitest'
import { writeCsv, type CsvCell } from '../../../src/core/ingest/csv-write.ts'
import { cellText } from '../../../src/core/evaluate/slice.ts'
import type { MonitorOptions } from '../../../src/core/monitor/report.ts'
import { listReports } from '../../../src/storage/reports.ts'
import { listRuns } from '../../../src/storage/runs.ts'
import { monitorRetrain } from '../../../src/tasks/monitor-retrain.ts'
import { monitorRun } from '../../../src/tasks/monitor-run.ts'
import { projectExport } from '../../../src/tasks/project-export.ts'
import { projectImport } from '../../../src/tasks/project-import.ts'
import { answerOf, broughtRun, every, places, sizeOf } from './brought-run.ts'
import { people, storedRun, type StoredRun } from './stored-run.ts'

let run: StoredRun
beforeAll(async () => {
  run = await storedRun('binary', 'logistic-regression')
})

/** People much like those of the data, seen a second later, as CSV with some cells changed. */
function csv(columns: readonly string[], change: (column: string, row: number, text: CsvCell) => CsvCell = (_column, _row, text) => text, rows = 400, later = 1): string {
  const data = people()
  const own = columns.map((name) => data.columns.find((column) => column.name === name))
  const table = Array.from({ length: rows }, (_, row) => own.map((column, i) => change(columns[i] as string, row, column ? (column.name === 'seen' ? Number(cellText(column, row)) + later : cellText(column, row)) : null)))
  return new TextDecoder().decode(writeCsv(columns, table))
}
const look = (text: string, options: MonitorOptions = {}, token?: number) => monitorRun({ runId: run.runId, ...(token === undefined ? {} : { token }), source: { kind: 'paste', text }, choices: {}, options: { joint: false, ...options } }, run.host)
const inputs = ['age', 'town', 'owns', 'seen']

describe('a table of new rows', () => {
  test('rows of the same kind are steady, and what is not tested says why', async () => {
    const { report } = await look(csv([...inputs, 'buys']), { joint: true })
    expect(report.source).toMatchObject({ kind: 'table', rows: 400, answered: 400 })
    expect(report.reference.rows).toBe(200)
    expect(report.share).toMatchObject({ drifted: 0, tested: 3, isDrift: false })
    expect(report.columns.find(({ name }) => name === 'seen')).toMatchObject({ kind: 'moments', untested: expect.stringContaining('Time') as string })
    expect(report.columns.find(({ name }) => name === 'age')?.drift).toMatchObject({ test: 'ks', limit: 0.05 })
    expect(report.columns.find(({ name }) => name === 'town')?.drift?.test).toBe('chi-square')
    expect(report.columns.find(({ name }) => name === 'owns')?.drift?.test).toBe('z')
    expect(report.truth?.drift?.drifted).toBe(false)
    expect(report.performance).toMatchObject({ rows: 400, referenceRows: 100, unknownLabels: 0 })
    expect(report.joint?.drifted).toBe(false)
    expect(report.verdict.level).toBe('steady')
  })

  test('shifted inputs are told first, with their size, and the verdict asks to act', async () => {
    const shifted = csv(inputs, (column, row, text) => (column === 'age' && text !== null ? Number(text) + 25 : column === 'town' ? (row % 2 === 0 ? 'Rom' : text) : text))
    const { report } = await look(shifted, { joint: true })
    expect(report.columns.slice(0, 2).map(({ name }) => name).sort()).toEqual(['age', 'town'])
    expect(report.share).toMatchObject({ drifted: 2, tested: 3, isDrift: true })
    const age = report.columns.find(({ name }) => name === 'age')
    // 25 years are 25 / 17.3 standard deviations of a uniform 18 to 77.
    expect(age?.effect).toBeGreaterThan(1.2)
    expect(age?.beyond?.above).toBeGreaterThan(50)
    const town = report.columns.find(({ name }) => name === 'town')
    expect(town?.unseen).toMatchObject({ distinct: 1, rows: 200, names: [{ name: 'Rom', rows: 200 }] })
    expect(town?.effect).toBeCloseTo(0.5, 1)
    expect(report.verdict).toMatchObject({ level: 'act', text: expect.stringContaining('2 of 3 inputs') as string })
    expect(report.joint?.auc).toBeGreaterThan(0.8)
    expect(report.joint?.columns[0]?.column).toMatch(/age|town/)
    expect(report.performance).toBeUndefined()
    expect(report.answers[0]?.drift?.drifted).toBe(true)
  })

  test('wrong answers are told as a fall of the score, inputs as they were', async () => {
    const { report } = await look(csv([...inputs, 'buys'], (column, row, text) => (column === 'buys' && row % 3 > 0 ? (text === 'yes' ? 'no' : 'yes') : text)))
    expect(report.share.drifted).toBe(0)
    expect(report.performance?.scores[0]).toMatchObject({ metric: 'roc-auc', worse: true })
    expect(report.performance?.scores[0]?.change?.high).toBeLessThan(0)
    expect(report.verdict).toMatchObject({ level: 'act', text: expect.stringContaining('has become worse') as string })
  })

  test('probabilities promise what the validation rows confirm', async () => {
    const { report } = await look(csv(inputs))
    const accuracy = report.estimates.find(({ metric }) => metric === 'accuracy')
    expect(accuracy).toMatchObject({ n: 400, check: { n: 100 } })
    expect(accuracy?.low).toBeLessThan(accuracy?.value as number)
    expect(accuracy?.value).toBeGreaterThan(0.7)
    expect(accuracy?.believable).toBe((accuracy?.check.true as number) >= (accuracy?.check.low as number) && (accuracy?.check.true as number) <= (accuracy?.check.high as number))
  })

  test('labels that the model does not know are counted, not judged', async () => {
    const { report } = await look(csv([...inputs, 'buys'], (column, row, text) => (column === 'buys' && row < 40 ? 'maybe' : column === 'buys' && row < 60 ? null : text)))
    expect(report.performance).toMatchObject({ rows: 340, unknownLabels: 40 })
    expect(report.truth?.unseen?.names[0]).toEqual({ name: 'maybe', rows: 40 })
  })

  test('holes, unreadable cells and a column that is empty', async () => {
    const { report } = await look(csv(inputs, (column, row, text) => (column === 'age' ? (row % 2 === 0 ? null : row === 1 ? 'old' : text) : column === 'owns' ? null : text)))
    expect(report.columns.find(({ name }) => name === 'age')?.missingChanged).toBe(true)
    expect(report.columns.find(({ name }) => name === 'owns')).toMatchObject({ untested: 'There is no value here now.', missingChanged: true })
    expect(report.issues.some(({ kind, row }) => kind === 'not-a-number' && row === 2)).toBe(true)
    expect(report.source.answered).toBeLessThan(400)
  })

  test('rows are put together by the moment that the file has', async () => {
    const { report } = await look(csv([...inputs, 'buys'], (column, row, text) => (column === 'age' && row >= 200 && text !== null ? Number(text) + 40 : text)), { chunks: { by: 'time', unit: 'month' } })
    expect(report.source).toMatchObject({ timeColumn: 'seen', from: 1_600_000_001 })
    expect(report.chunks.length).toBeGreaterThan(12)
    expect(report.chunks[0]?.label).toBe('2020-09')
    expect(report.chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(400)
    const at = report.columns.findIndex(({ name }) => name === 'age')
    const drifted = report.chunks.map(({ columns }) => columns[at]?.drifted)
    expect(drifted.slice(1, 6).some(Boolean)).toBe(false)
    expect(drifted.slice(8, -1).every(Boolean)).toBe(true)
    expect(report.chunks[1]?.score?.low).toBeLessThan(report.chunks[1]?.score?.high as number)
  })

  test('dates of birth are no moments of rows, unless a person says so', async () => {
    const names = ['age', 'town', 'owns', 'born']
    // In no order of the rows, and a column that is no input.
    const born = csv(names, (column, row, text) => (column === 'born' ? `${1950 + ((row * 37) % 50)}-0${1 + (row % 9)}-11` : text))
    const { report } = await look(born)
    expect(report.source).toMatchObject({ dates: ['born'] })
    expect(report.source.timeColumn).toBeUndefined()
    expect(report).toMatchObject({ chunks: [], chunking: 'All rows together.' })
    expect(report.issues.filter(({ column }) => column === 'born').map(({ kind }) => kind)).toEqual(['extra-column'])
    const { report: told } = await look(born, { time: 'born', chunks: { by: 'time', unit: 'year' } })
    expect(told.source).toMatchObject({ timeColumn: 'born', dates: ['born'] })
    expect(told.chunks).toHaveLength(50)
    // Beside the moment of a row it changes nothing, whichever stands first; and none can be asked for.
    const both = csv([...names, 'seen'], (column, row, text) => (column === 'born' ? `${1950 + ((row * 37) % 50)}-0${1 + (row % 9)}-11` : text))
    expect((await look(both)).report.source).toMatchObject({ timeColumn: 'seen', dates: ['born', 'seen'] })
    expect((await look(both, { time: null })).report.source.timeColumn).toBeUndefined()
  })

  test('so many rows at a time, another test for a column, weights by importance', async () => {
    const { report } = await look(csv(inputs), { chunks: { by: 'rows', rows: 100 }, tests: [{ column: 'age', test: 'psi' }, { column: 'town', test: 'ks' }], weighted: true })
    expect(report.chunks.map(({ label }) => label)).toEqual(['rows 1 to 100', 'rows 101 to 200', 'rows 201 to 300', 'rows 301 to 400'])
    expect(report.columns.find(({ name }) => name === 'age')?.drift).toMatchObject({ test: 'psi', p: null, limit: 0.1 })
    // A test of numbers cannot be asked of names.
    expect(report.columns.find(({ name }) => name === 'town')?.drift?.test).toBe('chi-square')
    expect(report.columns.find(({ name }) => name === 'age')?.importance).toBeTypeOf('number')
  })

  test('a file that lacks a needed column, or has no rows, is refused by name', async () => {
    await expect(look('a,b\n1,2\n')).rejects.toThrow(/^missing columns; .*age, town/)
    await expect(look('age,town,owns,seen\n')).rejects.toMatchObject({ code: 'bad-data' })
  })

  test('rows of the model\'s own data are no new rows: they are left out, and alone they are not judged', async () => {
    const whole = csv([...inputs, 'buys'], undefined, 400, 0)
    const { report } = await look(whole)
    expect(report.source).toMatchObject({ rows: 400, known: { rows: 400, learnt: 200, of: 400, leftOut: false } })
    expect(report.performance).toBeUndefined()
    expect(report.verdict).toMatchObject({ level: 'unknown', text: "All 400 rows are rows of the model's own data, and it learnt from 200 of these." })

    const fresh = csv([...inputs, 'buys']).trim().split('\r\n').slice(1, 101)
    const grown = await look(`${whole}${fresh.join('\r\n')}\r\n`)
    expect(grown.report.source).toMatchObject({ rows: 100, answered: 100, known: { rows: 400, learnt: 200, of: 500, leftOut: true } })
    expect(grown.report.performance?.rows).toBe(100)
    expect(grown.report.verdict.sure).toContain('400 of 500 rows')
    // As if the old rows had not been there.
    const alone = await look([whole.slice(0, whole.indexOf('\r\n')), ...fresh, ''].join('\r\n'))
    expect(alone.report.source.known).toBeUndefined()
    expect(grown.report.columns).toEqual(alone.report.columns)
    expect(grown.report.performance).toEqual(alone.report.performance)
  })

  test('few rows are too few', async () => {
    const { report } = await look(csv(inputs, undefined, 12))
    expect(report.verdict.level).toBe('unknown')
  })

  test('a report is kept with its run', async () => {
    const { key, report } = await look(csv(inputs), {}, run.token)
    const kept = await listReports(run.store, run.runId)
    expect(kept.map((each) => each.key)).toContain(key)
    expect(kept.find((each) => each.key === key)?.report).toMatchObject({ kind: 'drift-report', verdict: report.verdict })
    expect(JSON.stringify(report).length).toBeLessThan(100_000)
  })

  test('a report goes with the project: its file has it', async () => {
    const { zip } = await projectExport({ projectId: run.spec.projectId }, run.host)
    const { projectId } = await projectImport({ file: new File([zip], 'project.zip') }, run.host)
    const [copied] = await listRuns(run.store, projectId)
    expect((await listReports(run.store, copied?.id as string)).map(({ report }) => report)).toEqual((await listReports(run.store, run.runId)).map(({ report }) => report))
  })
})

test('a model that was brought in is watched like one of ours', async () => {
  const { host, token } = await broughtRun()
  const text = `size,place,answer\n${every.map((row) => `${(sizeOf(row) + 1.5).toFixed(2)},${row % 4 === 0 ? 'pier' : places[row % 3]},${answerOf(row)}`).join('\n')}`
  const { report } = await monitorRun({ runId: 'brought', token: token, source: { kind: 'paste', text }, choices: {}, options: {} }, host)
  expect(report.source).toMatchObject({ rows: 240, answered: 240 })
  expect(report.columns.map(({ drift }) => drift?.drifted)).toEqual([true, true])
  expect(report.performance?.rows).toBe(240)
  expect(report.columns.every(({ importance }) => importance !== undefined)).toBe(true)
  expect(report.verdict).toMatchObject({ level: 'watch', text: expect.stringContaining('2 of 2 inputs are distributed otherwise') as string })
  await expect(monitorRetrain({ runId: 'brought', token: token, newRunId: 'again', source: { kind: 'paste', text }, choices: {} }, host)).rejects.toThrow(/^unsupported training; a model that was trained elsewhere/)
})
