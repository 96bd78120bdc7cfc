/** Folds and trials in several workers: the same numbers on one core and on all, whoever dies on the way. */
import type { Page } from '@playwright/test'
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

async function useCores(page: Page, choice: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Cores for training' }).click()
  await page.getByRole('menuitemradio', { name: choice }).click()
}
async function trainForest(page: Page, folds: string): Promise<void> {
  await page.getByRole('radio', { name: 'Random forest' }).check()
  // Folds long enough that one is under way when its worker ends.
  await page.getByRole('textbox', { name: 'Trees' }).fill('400')
  await page.getByRole('textbox', { name: 'Trees' }).press('Tab')
  await page.getByRole('combobox', { name: 'Cross-validation' }).selectOption(folds)
  await page.getByRole('button', { name: 'Train random forest' }).click()
}
const doneRows = (page: Page) => page.getByRole('row', { name: /Random forest.*Done/ })
/** What the folds of each run that is done scored, bit for bit. */
const foldScores = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => (indexedDB.open('glasshouse').onsuccess = (event) => resolve((event.target as IDBOpenDBRequest).result)))
    const records = await new Promise<{ run: { crossValidation?: unknown; spec: { estimator: { id: string } } } }[]>((resolve) => (db.transaction('runs').objectStore('runs').getAll().onsuccess = (event) => resolve((event.target as IDBRequest).result)))
    db.close()
    return records.filter(({ run }) => run.spec.estimator.id === 'random-forest').map(({ run }) => JSON.stringify(run.crossValidation))
  })

test('folds on all cores give the numbers of one, and survive a worker that dies', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await useCores(studio, /^Leave one/)
  await trainForest(studio, '5')
  await expect(doneRows(studio)).toHaveCount(1, { timeout: 60_000 })
  await useCores(studio, /^All \d+ cores/)
  // The first worker for folds ends in the midst of one.
  const names: string[] = []
  studio.on('worker', async (worker) => {
    const name = await worker.evaluate(() => self.name).catch(() => '')
    names.push(name)
    if (names.filter((one) => one === 'fold').length !== 1 || name !== 'fold') return
    await studio.waitForTimeout(400)
    await worker.evaluate(() => self.close()).catch(() => {})
  })
  await trainForest(studio, '5')
  await expect(doneRows(studio)).toHaveCount(2, { timeout: 60_000 })
  expect(names.filter((name) => name === 'fold').length).toBeGreaterThan(1)
  const [alone, together] = await foldScores(studio)
  expect(alone).toContain('"folds":5')
  expect(together).toBe(alone)
})

test('a search on all cores ends with its time and keeps what finished', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await useCores(studio, /^All/)
  await studio.getByRole('radio', { name: 'Logistic regression' }).check()
  await studio.getByText('Search for better settings').click()
  await studio.getByRole('textbox', { name: 'Trials' }).fill('10000')
  await studio.getByRole('textbox', { name: 'Time limit' }).fill('0.1')
  await studio.getByRole('textbox', { name: 'Time limit' }).press('Enter')
  const begun = Date.now()
  await studio.getByRole('button', { name: 'Search', exact: true }).click()
  await expect(studio.getByText('The time limit came; what had finished is here.')).toBeVisible({ timeout: 60_000 })
  const ms = Date.now() - begun
  expect(ms).toBeGreaterThan(6000)
  expect(ms).toBeLessThan(4 * 6000)
  const rows = await studio.getByRole('region', { name: 'All trials' }).getByRole('row').count()
  expect(rows).toBeGreaterThan(2)
  const told = await studio.getByRole('contentinfo', { name: 'Status' }).getByText(/done in/).innerText()
  test.info().annotations.push({ type: 'search', description: `${rows - 1} trials, ${told}, of 6 s` })
})
