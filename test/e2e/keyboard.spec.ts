/** The whole journey with the keyboard alone: nothing in this file points at the screen. */
import type { Locator, Page } from '@playwright/test'
import { expect, test } from './studio.ts'

test.use({ serviceWorkers: 'allow' })

/** Presses Tab (or Shift+Tab) until the element has the focus, and sees to it that the focus can be seen. */
async function reach(page: Page, target: Locator, back = false): Promise<void> {
  await expect(target).toBeVisible()
  await expect(target).toBeEnabled()
  for (let presses = 0; presses < 150; presses++) {
    if (await target.evaluate((element) => element === document.activeElement, undefined, { timeout: 30_000 })) {
      expect(await focusShows(page), `focus on ${target.toString()}`).toBe(true)
      return
    }
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
  }
  throw new Error(`missing way by Tab to ${target.toString()}`)
}
/** The focused element, or the label that stands for it, has an outline of at least 2 px. */
const focusShows = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const focused = document.activeElement
    return [focused, focused?.closest('label')].some((element) => {
      if (!element) return false
      const { outlineStyle, outlineWidth, strokeWidth } = getComputedStyle(element)
      // A point on a curve wears a broad stroke instead; at rest its stroke is thinner.
      const isRinged = element instanceof SVGElement && Number.parseFloat(strokeWidth) >= 4
      return isRinged || (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2)
    })
  })
const railLink = (page: Page, name: string) => page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name, exact: true })
async function follow(page: Page, name: string): Promise<void> {
  await reach(page, railLink(page, name))
  await page.keyboard.press('Enter')
  await expect(railLink(page, name)).toHaveAttribute('aria-current', 'page')
  // A new screen takes the focus, so that Tab goes on from its beginning.
  await expect(page.getByRole('main')).toBeFocused()
}

test('from a sample to an export, by keyboard alone', async ({ studio }) => {
  const { keyboard } = studio

  await reach(studio, studio.getByRole('button', { name: 'German credit' }).first())
  await keyboard.press('Enter')
  const grid = studio.getByRole('grid')
  await expect(grid).toBeVisible()
  await reach(studio, grid)
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'Enter']) await keyboard.press(key)
  await expect(studio.getByRole('complementary', { name: 'duration' }), 'the inspector of the column under the cursor').toBeVisible()
  await reach(studio, studio.getByRole('button', { name: 'Close inspector' }))
  await keyboard.press('Enter')
  await expect(studio.getByRole('complementary')).toHaveCount(0)

  // Prepare: target, undo, redo.
  await follow(studio, 'Prepare')
  const target = studio.getByRole('combobox', { name: 'Column' }).first()
  await reach(studio, target)
  // The target of this sample is its last column.
  await keyboard.press('End')
  await expect(studio.getByText('Two classes', { exact: false }).first()).toBeVisible()
  await keyboard.press('Control+z')
  await expect(railLink(studio, 'Train')).toHaveCount(0)
  await keyboard.press('Control+Shift+Z')
  await expect(railLink(studio, 'Train')).toBeVisible()
  await expect(target.locator('option:checked')).toContainText('credit_risk')

  // Train: arrows move in the list of estimators.
  await follow(studio, 'Train')
  await reach(studio, studio.getByRole('radio', { name: 'Logistic regression' }))
  const boosting = studio.getByRole('radio', { name: 'Gradient boosting' })
  for (let i = 0; i < 6 && !(await boosting.isChecked()); i++) await keyboard.press('ArrowDown')
  await expect(boosting).toBeChecked()
  await reach(studio, studio.getByRole('button', { name: 'Train gradient boosting' }))
  await keyboard.press('Enter')
  await expect(studio.getByRole('row', { name: /Gradient boosting.*Done/ })).toBeVisible({ timeout: 60_000 })

  // Evaluate: tabs by arrows, the threshold by slider and on the curve, a cell of the confusion matrix.
  await follow(studio, 'Evaluate')
  await reach(studio, studio.getByRole('link', { name: 'Gradient boosting' }).first())
  await keyboard.press('Enter')
  const scores = studio.getByRole('tab', { name: 'Scores' })
  await reach(studio, scores)
  await keyboard.press('ArrowRight')
  await expect(studio.getByRole('tab', { name: /Threshold/ })).toBeFocused()
  const slider = studio.getByRole('slider', { name: 'Threshold', exact: true })
  await reach(studio, slider)
  for (let i = 0; i < 8; i++) await keyboard.press('ArrowLeft')
  await expect(studio.getByText(/^was 0\.\d/).first()).toBeVisible()
  const onCurve = studio.getByRole('slider', { name: 'Threshold on the ROC curve' })
  await reach(studio, onCurve)
  const was = await onCurve.getAttribute('aria-valuetext')
  await keyboard.press('PageUp')
  await expect(onCurve).not.toHaveAttribute('aria-valuetext', was ?? '')
  await reach(studio, studio.getByRole('button', { name: 'Keep this threshold' }), true)
  await keyboard.press('Enter')
  await expect(studio.getByText(/^was 0\.\d/)).toHaveCount(0)
  await reach(studio, studio.getByRole('button', { name: /^good called bad.*Show the rows/ }))
  await keyboard.press('Enter')
  await expect(studio.getByRole('grid', { name: 'Rows of the chosen cell' })).toBeVisible()

  // Explain: a feature typed, one chosen, the point moved on its curve, a dialog left by Escape.
  await reach(studio, studio.getByRole('link', { name: 'Ask it what-if' }), true)
  await keyboard.press('Enter')
  await expect(studio.getByRole('region', { name: 'Features of the row' })).toBeVisible()
  const amount = studio.getByRole('textbox', { name: 'credit_amount', exact: true })
  await reach(studio, amount)
  await keyboard.press('Control+a')
  await keyboard.type('9000')
  await expect(studio.getByText('1 value changed')).toBeVisible()
  await expect(studio.getByRole('slider', { name: 'credit_amount of this row' })).toBeVisible()
  await reach(studio, studio.getByRole('slider', { name: 'credit_amount of this row' }))
  await keyboard.press('End')
  await expect(amount).toHaveValue('18424')
  await reach(studio, studio.getByRole('combobox', { name: 'savings_status' }), true)
  await keyboard.press('ArrowDown')
  await expect(studio.getByText('2 values changed')).toBeVisible()
  await keyboard.press('Control+z')
  await expect(studio.getByText('1 value changed')).toBeVisible()
  const choose = studio.getByRole('button', { name: 'Choose', exact: true })
  await reach(studio, choose, true)
  await keyboard.press('Enter')
  await expect(studio.getByRole('dialog')).toBeVisible()
  await keyboard.press('Escape')
  await expect(studio.getByRole('dialog')).toHaveCount(0)
  await expect(choose, 'a closed dialog gives the focus back').toBeFocused()

  // Deploy: the export is saved.
  await follow(studio, 'Deploy')
  await reach(studio, studio.getByRole('button', { name: 'Check and build' }))
  await keyboard.press('Enter')
  const download = studio.getByRole('button', { name: /^Download/ })
  await expect(download).toBeVisible({ timeout: 60_000 })
  await reach(studio, download)
  const [saved] = await Promise.all([studio.waitForEvent('download'), keyboard.press('Enter')])
  expect(saved.suggestedFilename()).toMatch(/\.zip$/)
})

test('the skip link, menus and terms answer to the keyboard', async ({ studio }) => {
  const { keyboard } = studio
  await expect(studio.getByRole('button', { name: 'Choose a file' })).toBeEnabled()
  await keyboard.press('Tab')
  await expect(studio.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  expect(await focusShows(studio)).toBe(true)
  await keyboard.press('Enter')
  await expect(studio.getByRole('main')).toBeFocused()

  const theme = studio.getByRole('button', { name: 'Theme' })
  await reach(studio, theme)
  await keyboard.press('Enter')
  await expect(studio.getByRole('menuitemradio', { name: 'As the device' })).toBeFocused()
  await keyboard.press('Escape')
  await expect(theme, 'a closed menu gives the focus back').toBeFocused()
  await keyboard.press('Enter')
  await expect(studio.getByRole('menuitemradio', { name: 'As the device' })).toBeFocused()
  await keyboard.press('End')
  await expect(studio.getByRole('menuitemradio', { name: 'Dark' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(studio.locator('html')).toHaveAttribute('data-theme', 'dark')

  await reach(studio, studio.getByRole('button', { name: 'Paste' }))
  await keyboard.press('Enter')
  await reach(studio, studio.getByRole('textbox', { name: 'Rows of text' }))
  await keyboard.press('Escape')
  await expect(studio.getByRole('dialog')).toHaveCount(0)
  await expect(studio.getByRole('button', { name: 'Paste' })).toBeFocused()
})
