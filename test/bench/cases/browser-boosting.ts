/**
 * The boosting case in the built app in Chromium: the fit alone, as the run recorded it, on the same
 * 200,000 training rows (a column says which). Quality is the area under the ROC curve of the 50,000 held-out rows.
 */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { importCsv, openStudio } from '../studio.ts'
import type { Bench } from '../harness.ts'

const [rows, held, features] = [200_000, 50_000, 28]

async function writeTable(folder: string): Promise<string> {
  const bytes = readFileSync(join(folder, 'columns.f32'))
  const cells = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const y = readFileSync(join(folder, 'target.u8'))
  const path = join(folder, 'boosting.csv')
  const out = createWriteStream(path)
  out.write(`${Array.from({ length: features }, (_, f) => `x${f}`).join(',')},y,part\n`)
  for (let row = 0; row < rows + held; row++) {
    const line = `${Array.from({ length: features }, (_, f) => cells[f * (rows + held) + row]).join(',')},${y[row] ? 'yes' : 'no'},${row < rows ? 'train' : 'valid'}\n`
    if (!out.write(line)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
  return path
}

export const bench: Bench = {
  peer: 'boosting.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const path = await writeTable(folder)
    const { page } = await openStudio()
    await importCsv(page, path)
    const rail = page.getByRole('navigation', { name: 'Project' })
    await rail.getByRole('link', { name: 'Prepare', exact: true }).click()
    const target = page.getByRole('combobox', { name: 'Column', exact: true }).first()
    await target.selectOption(await target.locator('option', { hasText: /^y\b/ }).getAttribute('value'))
    await page.getByRole('combobox', { name: 'How', exact: true }).selectOption('column')
    const by = page.getByRole('combobox', { name: 'Column', exact: true }).nth(1)
    await by.selectOption(await by.locator('option', { hasText: 'part' }).getAttribute('value'))
    await rail.getByRole('link', { name: 'Train', exact: true }).click()
    await page.getByRole('radio', { name: 'Gradient boosting' }).check()
    await page.getByText('More', { exact: true }).first().click()
    for (const [label, value] of [['Learning rate', '0.3'], ['Rounds', '100'], ['Leaves per tree', '0'], ['Depth', '6'], ['Rows per leaf', '4'], ['L2 penalty', '1']] as const) {
      await page.getByRole('textbox', { name: label }).or(page.getByRole('spinbutton', { name: label })).first().fill(value)
    }
    await page.getByRole('combobox', { name: 'Stop early' }).selectOption('off')
    let trained = 0
    return async () => {
      await page.getByRole('button', { name: /^Train gradient/ }).click()
      trained++
      await page.getByRole('row', { name: /Gradient boosting.*Done/ }).nth(trained - 1).waitFor()
      // The record, as the database keeps it: the newest run's own timing of its fit.
      const run = await page.evaluate(
        () =>
          new Promise<{ fit: number; auc: number }>((resolve, reject) => {
            void indexedDB.databases().then(([database]) => {
              const opening = indexedDB.open(database?.name ?? '')
              opening.onerror = () => reject(opening.error)
              opening.onsuccess = () => {
                const all = opening.result.transaction('runs').objectStore('runs').getAll()
                all.onsuccess = () => {
                  const newest = (all.result as { run: { sequence: number; timings: { fit: number }; evaluation: { scores: { metric: string; value: number }[] } } }[]).map(({ run }) => run).sort((a, b) => b.sequence - a.sequence)[0]
                  opening.result.close()
                  if (newest) resolve({ fit: newest.timings.fit, auc: newest.evaluation.scores.find(({ metric }) => metric === 'roc-auc')?.value ?? Number.NaN })
                }
              }
            })
          }),
      )
      return { ms: run.fit, quality: run.auc }
    }
  },
}
