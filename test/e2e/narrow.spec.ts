/** A phone: what is chosen stays in view; and one edit is one step of undo. */
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

test('the inspected row stays in view at 390 px', async ({ studio }) => {
  await studio.setViewportSize({ width: 390, height: 844 })
  await openSample(studio, 'German credit')
  await studio.getByRole('tab', { name: /^Columns/ }).click()
  const row = studio.getByRole('button', { name: /foreign_worker/ }).first()
  await row.scrollIntoViewIfNeeded()
  await row.click()
  const inspector = studio.getByRole('complementary', { name: 'foreign_worker' })
  await expect(inspector.getByRole('button', { name: 'Close inspector' })).toBeVisible()
  await expect
    .poll(async () => {
      const [above, below] = [await row.boundingBox(), await inspector.boundingBox()]
      return above !== null && below !== null && above.y + above.height <= below.y + 1
    })
    .toBe(true)
})

test('a number that is typed is one step of undo', async ({ studio }) => {
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  const seed = studio.getByRole('textbox', { name: 'Seed' })
  const before = await seed.inputValue()
  await seed.fill('')
  await seed.pressSequentially('4711')
  await seed.blur()
  await studio.getByRole('button', { name: /^Undo/ }).click()
  await expect(seed).toHaveValue(before)
  await goTo(studio, 'Data')
})
