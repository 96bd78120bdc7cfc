/** A model in use: later rows are compared, looked at in another way, learnt from, and the report is kept. */
import { readFileSync } from 'node:fs'
import { laterApplicants } from '../support/new-rows.ts'
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

/** A look trains a classifier and resamples scores: a second on a quiet machine, much more on a busy one. */
const patience = { timeout: 60_000 }

test('new rows are compared with those of training, the verdict comes first, and the model learns from them when told to', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await studio.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await studio.getByRole('radio', { name: 'Logistic regression' }).check()
  await studio.getByRole('button', { name: /^Train logistic regression/i }).click()
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()

  await goTo(studio, 'Monitor')
  const picker = studio.locator('input[type=file]').first()
  await picker.setInputFiles({ name: 'strange.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') })
  await expect(studio.getByText(/missing columns; the model reads 21/i)).toBeVisible()

  await picker.setInputFiles({ name: 'later.csv', mimeType: 'text/csv', buffer: Buffer.from(laterApplicants().labelled) })
  await expect(studio.getByRole('heading', { name: 'Keep an eye on it' })).toBeVisible(patience)
  await expect(studio.getByText(/ROC AUC is 0\.\d+ now and was 0\.\d+ on validation rows\. \d+ of 21 inputs are distributed otherwise/)).toBeVisible()
  const table = studio.getByRole('region', { name: 'Columns then and now' })
  // The three that were changed stand first.
  for (const [row, name] of [[1, /purpose|age|credit_amount/], [2, /purpose|age|credit_amount/], [3, /purpose|age|credit_amount/]] as const) await expect(table.getByRole('row').nth(row)).toHaveAccessibleName(name)
  await expect(table.getByRole('row', { name: /^age/ })).toContainText('changed')

  // By keyboard: a column opens beside the table.
  await table.getByRole('button', { name: 'purpose' }).focus()
  await studio.keyboard.press('Enter')
  const inspector = studio.getByRole('complementary', { name: 'purpose' })
  await expect(inspector.getByText('electric bicycle').last()).toBeVisible()
  await inspector.getByRole('combobox', { name: 'Test' }).selectOption({ label: 'Jensen-Shannon distance' })
  await expect(table.getByRole('row', { name: /^purpose/ })).toContainText('Jensen-Shannon', patience)
  await studio.getByRole('button', { name: 'Close inspector' }).click()

  await studio.getByRole('tab', { name: /Over time/ }).click()
  await expect(studio.getByRole('figure', { name: 'ROC AUC over time' })).toBeVisible()
  const saved = studio.waitForEvent('download')
  await studio.getByRole('button', { name: 'Save report' }).click()
  await studio.getByRole('menuitem', { name: /JSON/ }).click()
  const report = JSON.parse(readFileSync(await (await saved).path(), 'utf8')) as { chunks: { label: string }[]; performance: { rows: number } }
  expect(report.chunks.map(({ label }) => label)).toEqual(['2026-01', '2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07', '2026-08'])
  expect(report.performance.rows).toBe(800)

  await studio.getByRole('tab', { name: 'Train again' }).click()
  await studio.getByRole('button', { name: 'Train again with these rows' }).click()
  await expect(studio.getByRole('row', { name: /^New ones/ })).toBeVisible(patience)
  await studio.getByRole('button', { name: 'Take the challenger' }).click()
  await expect(studio.getByText(/The project now works with the data that hold the new rows/)).toBeVisible()
  await goTo(studio, 'Data')
  await expect(studio.getByText(/1,800 rows/).first()).toBeVisible()

  // What was found is there after a reload; the rows are not.
  await goTo(studio, 'Monitor')
  await studio.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'Logistic regression' })
  await studio.reload()
  await studio.getByRole('link', { name: 'later.csv' }).click()
  await expect(studio.getByRole('heading', { name: 'Keep an eye on it' })).toBeVisible()
})
