/** What a training needs is said before it starts; where the device has less, a sample is proposed, trained on and named. And folds. */
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

test('a forest that does not fit is trained on a sample', async ({ page, server }) => {
  // A device of 215 MB: half of it may be used.
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'deviceMemory', { value: 0.2 }))
  await page.goto(server.url)
  await openSample(page, 'Diamonds')
  await chooseTarget(page, 'price')
  await goTo(page, 'Train')
  const main = page.getByRole('main')
  await page.getByRole('radio', { name: 'Ridge' }).check()
  await expect(main).toContainText(/Needs about [\d.]+ MB of memory\./)
  await expect(page.getByRole('button', { name: /on a sample/ })).toHaveCount(0)
  await page.getByRole('radio', { name: 'Random forest' }).check()
  await expect(main).toContainText(/Needs about [\d.]+ [MG]B of memory\.\s+About 110 MB are to be had here\./)
  await page.getByRole('textbox', { name: 'Trees' }).fill('20')
  const sample = page.getByRole('button', { name: /^Train on a sample of [\d,]+ rows$/ })
  const rows = /[\d,]+(?= rows)/.exec((await sample.textContent()) ?? '')?.[0] as string
  await sample.click()
  await expect(page.getByRole('row', { name: /Random forest.*Done/ })).toBeVisible({ timeout: 60_000 })
  const detail = page.getByRole('region', { name: 'Random forest', exact: true })
  await expect(detail).toContainText(`Sample ${rows} training rows, drawn with the seed of the split`)
  await expect(main).toContainText(`Learns from a sample of ${rows} training rows.`)
  await page.getByRole('button', { name: 'Learn from all rows' }).press('Enter')
  await expect(main).not.toContainText('Learns from a sample')
})

test('folds can be dealt several times', async ({ studio }) => {
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Logistic regression' }).check()
  await studio.getByRole('combobox', { name: 'Dealt to folds' }).selectOption({ label: '3 times (15 trainings)' })
  await studio.getByRole('button', { name: 'Train logistic regression' }).click()
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  await expect(studio.getByRole('region', { name: 'Logistic regression', exact: true })).toContainText(/5 folds, dealt 3 times, of [\d,]+ rows: .* ± [\d.]+/)
})
