/** What the evaluation promises: one threshold moves every figure, a slice outlives a reload, the test part is sealed until opened. */
import { chooseTarget, expect, goTo, openSample, test, trainModel } from './studio.ts'

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
})
