/** Models that are seen: a tree walked with the keyboard, an answer taken apart, a curve with its verdict, runs told apart. */
import { chooseTarget, expect, goTo, openSample, test, trainModel } from './studio.ts'

test('a tree is drawn, walked by keyboard and zoomed; answers add up; a curve judges; runs are told apart', async ({ studio }) => {
  await studio.emulateMedia({ reducedMotion: 'reduce' })
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  for (const label of ['Decision tree', 'Logistic regression']) {
    await trainModel(studio, label)
    await expect(studio.getByRole('row', { name: new RegExp(`${label}.*Done`) }).first()).toBeVisible({ timeout: 60_000 })
  }

  await goTo(studio, 'Explain')
  await studio.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'Decision tree' })
  await expect(studio.getByText('The parts add up to the model’s own answer.')).toBeVisible()
  await studio.getByRole('tab', { name: 'The model itself' }).click()
  const items = studio.getByRole('treeitem')
  const root = items.first()
  await expect(root).toHaveAttribute('aria-label', /on the way of the chosen row$/)
  const way = await studio.getByRole('treeitem', { selected: true }).count()
  expect(way).toBeGreaterThan(2)
  // Left closes an open box, Right opens it again and then goes on to its first child.
  const many = await items.count()
  await root.focus()
  await root.press('ArrowLeft')
  await expect(items).toHaveCount(1)
  await root.press('ArrowRight')
  await expect(items).toHaveCount(many)
  await root.press('ArrowRight')
  await expect(items.nth(1)).toBeFocused()
  const drawing = studio.locator('[data-drawing]')
  const before = await drawing.getAttribute('transform')
  await items.nth(1).press('+')
  await expect.poll(() => drawing.getAttribute('transform')).not.toBe(before)
  const zoomed = await drawing.getAttribute('transform')
  const box = (await studio.getByRole('tree').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  await studio.mouse.move(box.x + box.width - 30, box.y + 40)
  await studio.mouse.down()
  await studio.mouse.move(box.x + box.width - 130, box.y + 90, { steps: 4 })
  await studio.mouse.up()
  await expect.poll(() => drawing.getAttribute('transform')).not.toBe(zoomed)
  await expect(items).toHaveCount(many)
  await studio.getByRole('button', { name: 'Show as a table' }).click()
  await expect(studio.getByRole('columnheader', { name: 'If' })).toBeVisible()

  await studio.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'Logistic regression' })
  await expect(studio.getByRole('heading', { name: 'Coefficients, standardised' })).toBeVisible()

  await goTo(studio, 'Evaluate')
  await studio.getByRole('link', { name: 'Decision tree' }).first().click()
  await studio.getByRole('tab', { name: 'Learning curves' }).click()
  await studio.getByRole('button', { name: 'Draw the learning curve' }).click()
  await expect(studio.getByRole('heading', { name: 'Learning curve', exact: true })).toBeVisible({ timeout: 60_000 })
  const verdict = await studio.getByRole('status').filter({ hasText: /rows/ }).first().innerText()
  await studio.reload()
  await expect(studio.getByRole('status').filter({ hasText: /rows/ }).first()).toHaveText(verdict, { useInnerText: true })

  await goTo(studio, 'Evaluate')
  await studio.getByRole('link', { name: 'Compare' }).click()
  await expect(studio.getByRole('heading', { name: /^Differences in / })).toBeVisible()
  await expect(studio.getByRole('listitem').filter({ hasText: /better than|cannot be told apart/ }).first()).toBeVisible()
  await studio.getByRole('checkbox', { name: 'Baseline' }).uncheck()
  await expect(studio.getByRole('listitem').filter({ hasText: /better than|cannot be told apart/ })).toHaveCount(1)
})
