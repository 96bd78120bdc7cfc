/** What the evaluation promises: one threshold moves every figure, a slice outlives a reload, the test part is sealed until opened. */
import type { Page } from '@playwright/test'
import { chooseTarget, expect, goTo, openSample, test, trainModel } from './studio.ts'

/** The newest run once more, so many times, with its predictions and under other names, past the app. */
const copyRun = (page: Page, times: number): Promise<void> =>
  page.evaluate(
    (times) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('glasshouse')
        request.onerror = () => reject(new Error('not opened'))
        request.onsuccess = () => {
          const db = request.result
          const tx = db.transaction(['runs', 'predictions'], 'readwrite')
          const runs = tx.objectStore('runs').getAll()
          const predictions = tx.objectStore('predictions').getAll()
          predictions.onsuccess = () => {
            const record = runs.result.sort((a, b) => b.run.sequence - a.run.sequence)[0]
            for (let i = 1; i <= times; i++) {
              const id = `${record.id}-${i}`
              tx.objectStore('runs').put({ ...record, id, run: { ...record.run, id, name: `Copy ${i}`, sequence: record.run.sequence + i } })
              for (const part of predictions.result) if (part.runId === record.id) tx.objectStore('predictions').put({ ...part, runId: id })
            }
          }
          tx.oncomplete = () => {
            db.close()
            resolve()
          }
        }
      }),
    times,
  )

test('one threshold, kept slices, and a test part that is sealed until it is opened', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  await goTo(studio, 'Evaluate')
  await studio.getByRole('link', { name: 'Logistic regression' }).first().click()

  await studio.getByRole('tab', { name: 'Threshold and errors' }).click()
  const figures = studio.locator('dl.figures')
  const cell = studio.getByRole('button', { name: /called .*Show the rows/ }).first()
  const before = { figures: await figures.innerText(), cell: await cell.innerText() }
  // The last of the three handles moves what the first two move.
  await studio.getByRole('slider', { name: 'Threshold on the scores' }).press('PageUp')
  // An arrow key goes where it points: up the axis is a higher threshold.
  await expect.poll(async () => Number(await studio.getByRole('slider', { name: 'Threshold', exact: true }).inputValue())).toBeGreaterThan(0.5)
  await expect(figures).not.toHaveText(before.figures)
  await expect(cell).not.toHaveText(before.cell)
  await expect(figures.getByText(/^was /).first()).toBeVisible()
  const moved = await studio.getByRole('slider', { name: 'Threshold on the ROC curve' }).getAttribute('aria-valuetext')
  expect(await studio.getByRole('slider', { name: 'Threshold on the precision-recall curve' }).getAttribute('aria-valuetext')).toBe(moved)

  await studio.getByRole('tab', { name: 'Groups' }).click()
  await studio.getByRole('button', { name: 'Slice', exact: true }).first().click()
  await expect(studio.getByRole('heading', { name: 'Slices' })).toBeVisible()
  await studio.getByRole('button', { name: /^Rename the slice / }).click()
  const asked = studio.getByRole('dialog', { name: 'Rename slice' }).getByLabel('Name')
  await expect(asked).not.toHaveValue('')
  await asked.fill('  Watched  ')
  await asked.press('Enter')
  const renamed = studio.getByRole('button', { name: 'Delete the slice Watched' })
  await expect(renamed).toBeVisible()
  await studio.reload()
  await expect(renamed).toBeVisible()

  await studio.getByText('Test · sealed').click()
  await expect(studio.getByRole('heading', { name: 'The test part is sealed' })).toBeVisible()
  await studio.getByRole('button', { name: 'Open the test part' }).click()
  await studio.getByRole('button', { name: 'Open it', exact: true }).click()
  await expect(studio.getByText(/test part opened 1 time/)).toBeVisible()
  await goTo(studio, 'Evaluate')
  await expect(studio.getByText('test opened 1×')).toBeVisible()

  // More runs than are held against one another: all are listed, the best have ranks, and it is said.
  await copyRun(studio, 64)
  await studio.reload()
  const board = studio.getByRole('region', { name: 'Leaderboard' })
  await expect(board.getByRole('row')).toHaveCount(1 + 66)
  await expect(studio.getByText('only the best 60 are ranked')).toBeVisible({ timeout: 60_000 })
  await expect(board.getByRole('cell', { name: '1=', exact: true })).toHaveCount(60)
  await expect(board.getByRole('cell', { name: '–', exact: true }).and(board.locator('.rank'))).toHaveCount(6)
})
