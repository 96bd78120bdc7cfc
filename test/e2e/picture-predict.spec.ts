/** A model of pictures is tried: live from the camera, on files, on a drawing. */
import type { Page } from '@playwright/test'
import { layersFiles } from '../../src/core/code/layers.ts'
import { zip } from '../../src/core/zip.ts'
import { violations } from '../support/axe.ts'
import { chromiumPath } from '../support/chromium.ts'
import { fixture, png } from '../support/pictures.ts'
import { expect, goTo, test } from './studio.ts'

// Without a GPU: an emulated one takes longer over handing out a frame than the model over looking at it.
test.use({ launchOptions: { args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'], ...(chromiumPath() ? { executablePath: chromiumPath() as string } : {}) } })

/** Stripes one way or the other, each with its own width and place. */
const striped = (across: boolean, seed: number) => png(48, 40, (x, y) => (Math.floor(((across ? y : x) + seed) / (4 + (seed % 4))) % 2 === 0 ? [240, 240, 230] : [20, 30, 60 + ((x * y * seed) % 20)]))
const entries = [true, false].flatMap((across) => Array.from({ length: 10 }, (_, i) => ({ name: `stripes/${across ? 'across' : 'down'}/${i}.png`, bytes: striped(across, 1 + i * 3) })))

async function axe(page: Page): Promise<void> {
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)))
  expect(await violations(page)).toEqual([])
}
async function look(page: Page, name: string): Promise<void> {
  if (!process.env['LOOK']) return
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: `${process.env['LOOK']}-${name}-${scheme}.png`, fullPage: true })
  }
  await page.setViewportSize({ width: 390, height: 844 })
  await page.screenshot({ path: `${process.env['LOOK']}-${name}-390.png`, fullPage: true })
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'light' })
}

test('from the finished run straight to the camera, to files and to the sketch pad', async ({ studio: page }) => {
  await page.locator('input[type=file]').setInputFiles({ name: 'stripes.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await expect(page.getByText('20 pictures in 2 classes')).toBeVisible()
  await goTo(page, 'Train')
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await page.getByRole('button', { name: /^Train / }).click()
  await page.getByRole('link', { name: 'Try it' }).click({ timeout: 60_000 })
  await expect(page.getByRole('tab', { name: 'Try it on pictures' })).toHaveAttribute('aria-selected', 'true')

  // Files first, since the pictures came as files; what cannot be opened says why and stops no other.
  const chooser = page.locator('input[type=file]')
  await chooser.setInputFiles([
    { name: 'new-across.png', mimeType: 'image/png', buffer: Buffer.from(striped(true, 50)) },
    { name: 'new-down.png', mimeType: 'image/png', buffer: Buffer.from(striped(false, 50)) },
    { name: 'print.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(fixture('cmyk.jpg')) },
  ])
  await expect(page.getByText('2 pictures named; 1 file could not be opened.')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('button', { name: /across .*new-across.png/ })).toHaveAttribute('aria-pressed', 'true')
  await expect(page.getByRole('button', { name: /down .*new-down.png/ }).locator('img')).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download CSV' }).click()
  const csv = await (await (await download).createReadStream()).toArray()
  expect(Buffer.concat(csv).toString()).toMatch(/^file,prediction,probability of across,probability of down,problem\r?\nnew-across.png,across,0\.\d+/)
  await page.getByRole('button', { name: /not opened/ }).click()
  await expect(page.getByText(/CMYK/)).toBeVisible()
  await axe(page)
  await look(page, 'files')

  // Why one of them was named so, and what would change it, though it is none of the data.
  await page.getByRole('button', { name: /down .*new-down.png/ }).click()
  await page.getByRole('button', { name: 'See why' }).click()
  await expect(page.getByText('new-down.png is new')).toBeVisible()
  const why = page.getByRole('region', { name: 'Prediction' })
  await expect(why.getByText('It is not among the data')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('img', { name: /coloured is what speaks for down/ })).toBeVisible()
  await axe(page)
  await look(page, 'why')
  // Pixel by pixel, back through the network that ships: it can be called off, and says how far its parts add up.
  const way = page.getByRole('combobox', { name: 'Explanation' })
  await way.selectOption('integrated-gradients')
  await page.getByRole('group', { name: 'Explanation under way' }).getByRole('button', { name: 'Cancel' }).click()
  await expect(way).toHaveValue('grad-cam')
  await way.selectOption('integrated-gradients')
  await expect(page.getByText(/^The parts add up to the difference of the scores but for [\d.]+% of it\. Check against random slopes/)).toBeVisible({ timeout: 60_000 })
  await look(page, 'pixelwise')
  await page.getByRole('tab', { name: 'What if' }).click()
  await expect(why.getByText('It is not among the data')).toBeVisible()
  await page.getByRole('slider', { name: 'Turn' }).fill('90')
  await expect(why.locator('li .change').first()).not.toBeEmpty()
  // Another by paste, then one of the data again, from a grid of pictures.
  await page.evaluate((bytes) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([new Uint8Array(bytes)], 'x.png', { type: 'image/png' }))
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }))
  }, [...striped(true, 61)])
  await expect(page.getByText(/^pasted .* is new/)).toBeVisible()
  await expect(page.getByRole('slider', { name: 'Turn' })).toHaveValue('0')
  await page.getByRole('button', { name: 'Back to the data' }).click()
  await page.getByRole('button', { name: 'Choose' }).click()
  await page.getByRole('dialog', { name: 'Choose a picture' }).getByRole('button', { name: /^down, / }).first().click()
  await expect(why.getByText('In the data it is down')).toBeVisible()
  await goTo(page, 'Deploy')
  await page.getByRole('tab', { name: 'Try it on pictures' }).click()

  await page.getByText('Draw', { exact: true }).click()
  const pad = await page.locator('canvas').boundingBox()
  if (!pad) throw new Error('no pad')
  for (let k = 0; k < 5; k++) {
    await page.mouse.move(pad.x + 30, pad.y + 30 + k * 55)
    await page.mouse.down()
    await page.mouse.move(pad.x + 260, pad.y + 30 + k * 55, { steps: 3 })
    await page.mouse.up()
  }
  const said = page.getByRole('region', { name: 'What the model says' })
  await expect(said.getByText(/^(across|down)$/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(said.getByText('Draw something')).toBeVisible()

  await page.getByText('Camera', { exact: true }).click()
  const speed = said.getByText(/pictures a second/)
  await expect(speed).toBeVisible()
  await page.waitForTimeout(Number(process.env['WATCH_MS'] ?? 0))
  if (process.env['WATCH_MS']) process.stderr.write(`${await speed.textContent()}\n`)
  await axe(page)
  await look(page, 'camera')
  // Unplugged: said so, no bars of the past, and it goes on when it is back.
  await page.evaluate(() => {
    const [track] = (document.querySelector('video')?.srcObject as MediaStream).getVideoTracks()
    track?.stop()
    track?.dispatchEvent(new Event('ended'))
  })
  await expect(page.getByRole('alert').filter({ hasText: 'The camera went away' })).toBeVisible()
  await expect(speed).toBeHidden()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(speed).toBeVisible()

  // Edits of a picture of the data: by mouse, by slider and by keyboard, each with its way back.
  await goTo(page, 'Explain')
  await page.getByRole('tab', { name: 'What if' }).click()
  const picture = page.getByRole('application', { name: /The picture as it is edited/ })
  const card = page.getByRole('region', { name: 'Prediction' })
  await expect(card).toBeVisible()
  const sure = async () => (await card.locator('li .num:not(.change)').allTextContents()).join(' ')
  const first = await sure()
  await page.getByRole('slider', { name: 'Turn' }).fill('90')
  await expect.poll(sure).not.toBe(first)
  const turnedAway = await sure()
  const box = await picture.boundingBox()
  if (!box) throw new Error('no picture')
  await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.3 * box.height)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.7 * box.width, box.y + 0.6 * box.height, { steps: 4 })
  await page.mouse.up()
  await expect.poll(sure).not.toBe(turnedAway)
  await picture.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  await page.getByText('Crop', { exact: true }).click()
  await page.mouse.move(box.x + 0.1 * box.width, box.y + 0.1 * box.height)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.9 * box.width, box.y + 0.8 * box.height, { steps: 2 })
  await page.mouse.up()
  await expect(page.getByRole('slider', { name: 'Cut from the bottom' })).toHaveAttribute('aria-valuetext', '20%')
  await axe(page)
  await look(page, 'what-if')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('slider', { name: 'Cut from the bottom' })).toHaveAttribute('aria-valuetext', '0%')
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect.poll(sure).toBe(first)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(sure).not.toBe(first)
})

test('through a layers model of TensorFlow.js of one’s own: live, on files, and what if', async ({ studio: page }) => {
  // Stripes of both ways, as a person's network might see them.
  const edges = Float32Array.from({ length: 3 * 3 * 3 * 4 }, (_, i) => Math.sin(i * 1.7))
  const { json, weights } = layersFiles(
    {
      inputShape: [24, 24, 3],
      layers: [
        { className: 'Conv2D', config: { filters: 4, kernel_size: [3, 3], strides: [1, 1], padding: 'same', use_bias: false, activation: 'relu' }, weights: [{ name: 'kernel', shape: [3, 3, 3, 4], values: edges }] },
        { className: 'MaxPooling2D', config: { pool_size: [1, 4], strides: [1, 4], padding: 'valid' }, weights: [] },
        { className: 'GlobalAveragePooling2D', config: {}, weights: [] },
      ],
    },
    'weights.bin',
  )
  await page.locator('input[type=file]').setInputFiles({ name: 'stripes.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await expect(page.getByText('20 pictures in 2 classes')).toBeVisible()
  await goTo(page, 'Train')
  await page.getByRole('radio', { name: 'Logistic regression' }).check()
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await page.getByRole('button', { name: 'Bring in a network' }).click()
  const dialog = page.getByRole('dialog', { name: 'Bring in a network for pictures' })
  // Without its weights it is not let in; chosen together they are.
  const model = { name: 'model.json', mimeType: 'application/json', buffer: Buffer.from(json) }
  await dialog.locator('input[type=file]').setInputFiles(model)
  await expect(dialog.getByRole('alert')).toContainText('a file that was not chosen with it: weights.bin')
  await dialog.locator('input[type=file]').setInputFiles([model, { name: 'weights.bin', mimeType: 'application/octet-stream', buffer: Buffer.from(weights) }])
  await dialog.getByRole('button', { name: 'Try it on pictures' }).click()
  await expect(dialog.getByText('4 numbers a picture')).toBeVisible({ timeout: 60_000 })
  await dialog.getByRole('button', { name: 'Bring in and use' }).click()
  await expect(page.getByRole('combobox', { name: 'Network that looks' })).toHaveValue(/^[0-9a-f]{64}$/)
  await page.getByRole('button', { name: /^Train / }).click()
  await page.getByRole('link', { name: 'Try it' }).click({ timeout: 60_000 })
  await page.locator('input[type=file]').setInputFiles({ name: 'new-across.png', mimeType: 'image/png', buffer: Buffer.from(striped(true, 50)) })
  await expect(page.getByRole('button', { name: /(across|down) .*new-across.png/ })).toBeVisible({ timeout: 30_000 })
  await page.getByText('Camera', { exact: true }).click()
  await expect(page.getByRole('region', { name: 'What the model says' }).getByText(/pictures a second/)).toBeVisible()
  await goTo(page, 'Explain')
  await expect(page.getByRole('combobox', { name: 'Explanation' })).toHaveValue('grad-cam', { timeout: 30_000 })
  await page.getByRole('tab', { name: 'What if' }).click()
  const card = page.getByRole('region', { name: 'Prediction' })
  const sure = async () => (await card.locator('li .num:not(.change)').allTextContents()).join(' ')
  await expect(card).toBeVisible()
  const first = await sure()
  await page.getByRole('slider', { name: 'Turn' }).fill('90')
  await expect.poll(sure).not.toBe(first)
  await goTo(page, 'Deploy')
  await page.getByRole('tab', { name: 'Export a bundle' }).click()
  await page.getByRole('button', { name: 'Check and build' }).click()
  await expect(page.getByRole('button', { name: /^Download .*\.zip/ })).toBeVisible({ timeout: 60_000 })
})
