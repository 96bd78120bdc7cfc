/** From sorted pictures to a network trained from scratch, and what it sees in one of them. */
import { zip } from '../../src/core/zip.ts'
import { violations } from '../support/axe.ts'
import { png } from '../support/pictures.ts'
import type { Page } from '@playwright/test'
import { expect, goTo, test } from './studio.ts'

/** Pictures of a screen for a person's eyes, where LOOK says where to. */
async function look(page: Page, name: string, from?: string): Promise<void> {
  const size = page.viewportSize()
  const show = async (): Promise<void> => void (from !== undefined && (await page.getByRole('heading', { name: from }).evaluate((place) => place.scrollIntoView())))
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width: 1280, height: 800 })
    await show()
    await page.screenshot({ path: `${process.env['LOOK']}-${name}-${scheme}.png`, fullPage: true })
    await page.setViewportSize({ width: 390, height: 844 })
    await show()
    await page.screenshot({ path: `${process.env['LOOK']}-${name}-390-${scheme}.png`, fullPage: true })
  }
  await page.emulateMedia({ colorScheme: 'light' })
  if (size) await page.setViewportSize(size)
}

/** A bright bar across or down a dark, uneven ground. */
const bar = (across: boolean, seed: number) =>
  png(24, 24, (x, y) => {
    const light = Math.abs((across ? y : x) - (6 + (seed % 12))) < 2 ? 220 : 20 + ((x * 7 + y * 13 + seed * 29) % 30)
    return [light, light, light]
  })
const entries = [true, false].flatMap((across) => Array.from({ length: 24 }, (_, i) => ({ name: `bars/${across ? 'across' : 'down'}/${i}.png`, bytes: bar(across, i) })))

test('a convolutional network learns bars from scratch and shows where it looks', async ({ studio: page }) => {
  await page.locator('input[type=file]').setInputFiles({ name: 'bars.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await expect(page.getByText('48 pictures in 2 classes')).toBeVisible()
  // A sketch stands on the ground that the pictures have.
  await page.getByRole('button', { name: 'Draw for across' }).click()
  await expect(page.getByRole('checkbox', { name: 'White on black' })).toBeChecked()
  await page.getByRole('button', { name: 'Close inspector' }).click()
  await goTo(page, 'Train')
  await page.getByText('Convolutional network', { exact: true }).click()
  // The table says what becomes of a picture, and what does not fit, layer by layer.
  const layers = page.getByRole('group', { name: 'Layers' })
  await expect(layers.getByText('7 x 7 x 32').first()).toBeVisible()
  await layers.getByRole('button', { name: 'Remove layer 6' }).click()
  await layers.getByRole('combobox', { name: 'Another layer' }).selectOption('max-pool')
  for (let i = 0; i < 3; i++) await layers.getByRole('button', { name: 'Add' }).click()
  await expect(layers.getByRole('alert')).toContainText('it halves a picture that is 1 x 1 by now')
  await expect(page.getByRole('button', { name: 'Train convolutional network' })).toBeDisabled()
  if (process.env['LOOK']) await page.screenshot({ path: `${process.env['LOOK']}-train.png`, fullPage: true })
  await layers.getByRole('combobox', { name: 'Preset' }).selectOption('small')
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  // Changes of training pictures are seen before they are learnt from.
  await expect(page.getByRole('img', { name: 'across changed, 1' })).toHaveCount(0)
  await page.getByRole('checkbox', { name: 'Mirror' }).check()
  await expect(page.getByRole('img', { name: /(across|down) changed, 4/ })).toHaveCount(3)
  if (process.env['LOOK']) await look(page, 'augment')
  // It learns until it is stopped, so that there is time to look.
  await page.getByRole('textbox', { name: 'Epochs at most' }).fill('9000')
  await page.getByRole('checkbox', { name: 'Stop early' }).uncheck()
  await page.getByText('More', { exact: true }).click()
  await page.getByRole('textbox', { name: 'Patience' }).fill('1000')
  await page.getByRole('button', { name: 'Train convolutional network' }).click()
  await expect(page.getByText(/^Still wrong after epoch \d+: \d+ of \d+ pictures? it was asked\.$/)).toBeVisible({ timeout: 60_000 })
  // Loss and accuracy as they come, and where the arithmetic runs.
  for (const name of ['training loss', 'training accuracy']) await expect(page.getByRole('img', { name })).toBeVisible()
  await expect(page.getByText(/· Training on (wasm|webgl|webgpu|cpu)/)).toBeVisible()
  if (process.env['LOOK']) await look(page, 'missed', 'Train convolutional network')
  await page.getByRole('button', { name: 'Stop and keep the best' }).click()
  await expect(page.getByRole('row', { name: /Convolutional network/ })).toBeVisible({ timeout: 60_000 })
  await goTo(page, 'Explain')
  // A picture has no cells to edit: what-if is about its pixels.
  await expect(page.getByRole('tab', { name: 'Picture' })).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('tab', { name: 'What if' })).toHaveCount(1)
  await expect(page.getByRole('img', { name: /The picture as the model sees it/ })).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/Check against random weights|With random weights/)).toBeVisible()
  // What the layers make of it: sixteen patterns, then half the size.
  await expect(page.getByRole('img', { name: /^Convolution, map/ })).toHaveCount(16)
  await page.getByRole('combobox', { name: 'Layer', exact: true }).selectOption({ label: '2. Max pooling: 16 maps of 14 x 14' })
  await expect(page.getByRole('img', { name: 'Max pooling, map 16' })).toBeVisible()
  await page.getByRole('combobox', { name: 'Explanation' }).selectOption('occlusion')
  await expect(page.getByText(/Check against random weights|With random weights/)).toBeVisible()
  await page.getByRole('combobox', { name: 'Lay out by' }).selectOption('pca')
  const map = page.getByRole('img', { name: /pictures; near ones look alike/ })
  await expect(map).toBeVisible()
  // What is chosen on the map is what is explained, ringed with those that are most alike.
  const before = page.url()
  await map.locator('path').nth(7).evaluate((mark) => {
    const box = mark.getBoundingClientRect()
    mark.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 }))
  })
  await expect(page).not.toHaveURL(before)
  const number = page.url().split('/').at(-1) as string
  await expect(page.getByRole('textbox', { name: 'Picture', exact: true })).toHaveValue(number)
  await expect(map.locator('path[stroke-width="3"] title')).toHaveText(new RegExp(`^Picture ${number}:`))
  expect(await violations(page)).toEqual([])
  if (process.env['LOOK']) await look(page, 'explain', 'Layer by layer')
  // The same network without the studio, up to the epoch at which it was stopped.
  await goTo(page, 'Deploy')
  await page.getByRole('tab', { name: 'Code twin' }).click()
  const twin = page.locator('pre[aria-label="twin.py"]')
  await expect(twin).toContainText('torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.ReLU(),')
  await expect(twin).not.toContainText('range(9000)')
  if (process.env['LOOK']) await look(page, 'twin')
})
