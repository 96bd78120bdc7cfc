import { beforeAll, expect, test } from 'vitest'
import { writeCsv } from '../../../src/core/ingest/csv-write.ts'
import { cellText } from '../../../src/core/evaluate/slice.ts'
import { columnNamed } from '../../../src/core/data/dataset.ts'
import { cancelled } from '../../../src/core/errors.ts'
import { datasetRecord, loadDataset } from '../../../src/storage/datasets.ts'
import { listRuns, readRun } from '../../../src/storage/runs.ts'
import { monitorRetrain } from '../../../src/tasks/monitor-retrain.ts'
import { people, storedRun, type StoredRun } from './stored-run.ts'

let run: StoredRun
beforeAll(async () => {
  run = await storedRun('binary', 'logistic-regression')
})

/** A world in which the young buy and the old do not: the other way round than in the data. */
function turned(rows: number, columns = ['age', 'town', 'owns', 'seen', 'note', 'buys', 'spends']): string {
  const data = people()
  const table = Array.from({ length: rows }, (_, row) =>
    columns.map((name) => {
      const column = columnNamed(data, name)
      if (name === 'buys' && row % 50 === 49) return row % 100 === 99 ? 'maybe' : null
      if (name === 'buys') return Number(cellText(columnNamed(data, 'age'), row) ?? 40) < 48 ? 'yes' : 'no'
      return name === 'note' ? `later ${row}` : cellText(column, row)
    }),
  )
  return new TextDecoder().decode(writeCsv(columns, table))
}
const challenge = (text: string, newRunId: string) => monitorRetrain({ runId: run.runId, token: run.token, newRunId, source: { kind: 'paste', text }, choices: {} }, run.host)

test('new rows are appended as data of their own, the same spec learns from them, both are judged on the same held-out rows', async () => {
  const made = await challenge(turned(400), 'run-new')
  expect(made).toMatchObject({ runId: 'run-new', metric: 'roc-auc', added: 392, unlabelled: 4, unknown: 4 })

  const record = await datasetRecord(run.store, made.datasetId)
  expect(record).toMatchObject({ rowsCommitted: 792, state: 'complete', source: { kind: 'derived', fileName: 'people.csv + pasted rows', madeOf: [{ fileName: 'people.csv', rows: 400 }, { fileName: 'pasted rows', rows: 392 }] } })
  const data = await loadDataset(run.store, made.datasetId)
  const part = columnNamed(data, 'part')
  expect(part.kind).toBe('text')

  const old = await run.store.read(['splits'], (tx) => tx.get('splits', run.runId))
  const fresh = await run.store.read(['splits'], (tx) => tx.get('splits', 'run-new'))
  for (const name of ['train', 'valid', 'test'] as const) {
    expect([...(fresh?.[name] ?? [])].filter((row) => row < 400)).toEqual([...(old?.[name] ?? [])])
    expect(fresh?.[name].some((row) => row >= 400)).toBe(true)
  }

  const challenger = await readRun(run.store, 'run-new')
  expect(challenger).toMatchObject({ status: 'succeeded', spec: { datasetId: made.datasetId, estimator: run.spec.estimator, split: { strategy: { kind: 'column', column: 'part' } } } })
  // The part is no feature.
  expect(challenger.features.every(({ source }) => source !== 'part')).toBe(true)

  const [all, news, before] = made.parts
  expect(made.parts.map(({ of }) => of)).toEqual(['all', 'new', 'before'])
  expect((all?.rows ?? 0)).toBe((news?.rows ?? 0) + (before?.rows ?? 0))
  expect(before?.rows).toBe(100)
  expect(before?.champion.value).toBeCloseTo((await readRun(run.store, run.runId)).evaluation?.scores.find(({ metric }) => metric === 'roc-auc')?.value as number, 12)
  // The old model has it the wrong way round on new rows, and the new one less so.
  expect(news?.champion.value).toBeLessThan(0.5)
  expect(news?.difference?.value).toBeGreaterThan(0.1)
  expect(news?.difference?.low).toBeGreaterThan(0)
})

test('a second round goes on with the same column of parts', async () => {
  const first = await challenge(turned(100), 'run-a')
  const second = await monitorRetrain({ runId: 'run-a', token: run.token, newRunId: 'run-b', source: { kind: 'paste', text: turned(60) }, choices: {} }, run.host)
  const record = await datasetRecord(run.store, second.datasetId)
  expect(record.source.madeOf).toHaveLength(3)
  expect(record.columns.filter(({ name }) => name.startsWith('part'))).toHaveLength(1)
  expect(record.rowsCommitted).toBe(400 + first.added + second.added)
})

test('old rows that come again teach nothing: they could be learnt from by the one and judge the other', async () => {
  const data = people()
  const whole = new TextDecoder().decode(writeCsv(data.columns.map(({ name }) => name), Array.from({ length: 400 }, (_, row) => data.columns.map((column) => cellText(column, row)))))
  await expect(challenge(whole, 'run-again')).rejects.toThrow(/beside the 400 that the model's data already hold: 0$/)
  const made = await challenge(`${whole}${turned(60).split('\r\n').slice(1).join('\r\n')}`, 'run-grown')
  expect(made).toMatchObject({ added: 59, again: 400 })
})

test('a cancel while the two are judged keeps the data of the challenger, which is trained by then', async () => {
  const { context } = run.host
  const isDone = async (): Promise<boolean> => (await run.store.read(['runs'], (tx) => tx.get('runs', 'run-cut')))?.run.status === 'succeeded'
  const host = { ...run.host, context: { ...context, checkpoint: async () => ((await isDone()) ? Promise.reject(cancelled()) : context.checkpoint()) } }
  await expect(monitorRetrain({ runId: run.runId, token: run.token, newRunId: 'run-cut', source: { kind: 'paste', text: turned(100) }, choices: {} }, host)).rejects.toMatchObject({ code: 'cancelled' })
  const { status, spec } = await readRun(run.store, 'run-cut')
  expect(status).toBe('succeeded')
  expect((await loadDataset(run.store, spec.datasetId)).rows).toBe(498)
})

test('rows without a truth teach nothing, and leave nothing behind', async () => {
  const before = (await run.store.read(['datasets'], (tx) => tx.getAll('datasets'))).length
  await expect(challenge(turned(200, ['age', 'town', 'owns', 'seen']), 'run-none')).rejects.toThrow(/^missing labels; .*: 0$/)
  expect((await run.store.read(['datasets'], (tx) => tx.getAll('datasets'))).length).toBe(before)
  expect((await listRuns(run.store, run.spec.projectId)).some(({ id }) => id === 'run-none')).toBe(false)
})
