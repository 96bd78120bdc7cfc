/** Pictures from a drop to a dataset: classes, relabelling, undo, a reload, bad files, camera and sketch pad. */
import type { Page } from '@playwright/test'
import { violations } from '../support/axe.ts'
import { chromiumPath, journeyArgs } from '../support/chromium.ts'
import { zip } from '../../src/core/zip.ts'
import { fixture, png } from '../support/pictures.ts'
import { expect, goTo, test } from './studio.ts'

test.use({ launchOptions: { args: [...journeyArgs, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'], ...(chromiumPath() ? { executablePath: chromiumPath() as string } : {}) } })

const hues = { apples: [200, 30, 30], leaves: [30, 160, 40], skies: [60, 90, 220] } as const
/** Soft blobs on a ground of one colour: each different, each of its class. */
const drawn = (hue: readonly [number, number, number], seed: number) =>
  png(40, 32, (x, y) => {
    const spot = Math.hypot(x - ((seed * 7) % 40), y - ((seed * 11) % 32)) < 6 + (seed % 5) ? 60 : 0
    return [Math.min(255, hue[0] + spot), Math.min(255, hue[1] + ((x * seed) % 30)), Math.min(255, hue[2] + ((y * seed) % 30))]
  })
const folders = (count: number) => Object.entries(hues).flatMap(([name, hue], k) => Array.from({ length: count }, (_, i) => ({ name: `things/${name}/${i}.png`, bytes: drawn(hue, 1 + i + 50 * k) })))
const upload = (entries: Parameters<typeof zip>[0], name = 'things.zip') => ({ name, mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })

async function axe(page: Page): Promise<void> {
  // A button that fades from disabled to enabled has no colour of its own on the way.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)))
  expect(await violations(page)).toEqual([])
}

test('three classes are dropped, sorted, and are all there after a reload', async ({ studio: page }) => {
  const bad = [
    { name: 'things/apples/words.jpg', bytes: new TextEncoder().encode('words') },
    { name: 'things/leaves/drawing.svg', bytes: new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>') },
    { name: 'things/skies/bomb.png', bytes: png(1, 1, () => [0, 0, 0], [65_535, 65_535]) },
    { name: 'things/skies/cmyk.jpg', bytes: fixture('cmyk.jpg') },
  ]
  await page.locator('input[type=file]').setInputFiles(upload([...folders(12), ...bad]))
  await expect(page.getByText('Added 36 pictures; 4 files were not added')).toBeVisible()
  await expect(page.getByText('36 pictures in 3 classes')).toBeVisible()
  const apples = page.getByRole('listbox', { name: 'apples, 12 pictures' })
  await expect(apples.getByRole('option').first().locator('img')).toBeVisible()
  await axe(page)

  await page.getByRole('tab', { name: /Not added/ }).click()
  for (const words of [/holds text/, /SVG/, /65,535 x 65,535/, /CMYK/]) await expect(page.getByRole('cell', { name: words })).toBeVisible()
  await axe(page)
  await page.getByRole('tab', { name: 'Pictures', exact: true }).click()

  // By keyboard alone: two apples become leaves, one is deleted and comes back.
  await apples.getByRole('option', { name: 'things/apples/0.png' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Shift+ArrowRight')
  await expect(page.getByRole('complementary', { name: '2 pictures' })).toBeVisible()
  await page.keyboard.press('2')
  await expect(page.getByRole('listbox', { name: 'leaves, 14 pictures' })).toBeVisible()
  await expect(page.getByRole('listbox', { name: 'apples, 10 pictures' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Delete')
  await expect(page.getByText('35 pictures in 3 classes')).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(page.getByText('36 pictures in 3 classes')).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(page.getByRole('listbox', { name: 'apples, 12 pictures' })).toBeVisible()
  await page.keyboard.press('Control+Shift+z')
  await expect(page.getByRole('listbox', { name: 'leaves, 14 pictures' })).toBeVisible()

  // With the mouse: Ctrl adds, the inspector moves both into a class that is new.
  await page.getByRole('option', { name: 'things/skies/0.png' }).click()
  await page.getByRole('option', { name: 'things/skies/2.png' }).click({ modifiers: ['Control'] })
  await page.getByRole('textbox', { name: 'Or into a new class' }).fill('<b>clouds</b>')
  await page.getByRole('button', { name: 'Move' }).click()
  await expect(page.getByRole('listbox', { name: '<b>clouds</b>, 2 pictures' })).toBeVisible()
  await axe(page)
  await page.getByRole('button', { name: 'Close inspector' }).click()
  await page.getByRole('button', { name: 'More for <b>clouds</b>' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('clouds')
  await page.getByRole('button', { name: 'Rename' }).click()
  await expect(page.getByRole('listbox', { name: 'clouds, 2 pictures' })).toBeVisible()

  await page.reload()
  await expect(page.getByRole('listbox', { name: 'leaves, 14 pictures' })).toBeVisible()
  await expect(page.getByRole('listbox', { name: 'clouds, 2 pictures' })).toBeVisible()
  await expect(page.getByText('36 pictures in 4 classes')).toBeVisible()

  // They are a dataset like any other, with its target chosen.
  await goTo(page, 'Prepare')
  await expect(page.getByRole('combobox', { name: 'Column' }).first().locator('option:checked')).toHaveText(/label/)
  // Each step of pictures shows some beside what it makes of them: cut at first, then whole between black bars.
  await page.getByText('My own', { exact: true }).click()
  await page.getByRole('button', { name: /^1\. What a trained network sees/ }).click()
  const seen = page.getByRole('img', { name: /, 224 × 224$/ }).locator('canvas')
  await expect(seen).toHaveCount(4)
  await expect(page.getByRole('figure').filter({ hasText: '224 × 224 pixels' }).locator('img').first()).toHaveAttribute('src', /^blob:/)
  const edge = () => seen.first().evaluate((shown: HTMLCanvasElement) => {
    const draw = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D
    draw.drawImage(shown, -112, -2)
    return [...draw.getImageData(0, 0, 1, 1).data.subarray(0, 3)].reduce((a, b) => a + b)
  })
  expect(await edge()).toBeGreaterThan(200)
  await page.getByRole('combobox', { name: 'Shape' }).selectOption('Whole, with black bars')
  await expect.poll(edge).toBe(0)
  await axe(page)
})

test('a label that the model doubts is told when one comes back from training', async ({ studio: page }) => {
  const plain = (hue: keyof typeof hues, seed: number) => drawn(hues[hue], seed)
  const entries = Array.from({ length: 12 }, (_, i) => i).flatMap((i) => [
    { name: `plain/red/${i}.png`, bytes: plain(i === 3 ? 'skies' : 'apples', 1 + i) },
    { name: `plain/blue/${i}.png`, bytes: plain('skies', 40 + i) },
  ])
  await page.locator('input[type=file]').setInputFiles(upload(entries, 'plain.zip'))
  await expect(page.getByText('24 pictures in 2 classes')).toBeVisible()
  await page.getByRole('button', { name: 'Train', exact: true }).click()
  await expect(page.getByText(/nsfwjs .* by Infinite Red, Inc\., licence MIT, 580 kB/)).toBeVisible()
  await page.getByRole('button', { name: /^Train / }).click()
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  await goTo(page, 'Data')
  await page.getByRole('tab', { name: /Quality ?1/ }).click()
  await page.getByRole('button', { name: 'Is blue' }).click()
  await expect(page.getByRole('button', { name: 'Is blue' })).toBeHidden()
  await page.getByRole('tab', { name: 'Pictures', exact: true }).click()
  await expect(page.getByRole('listbox', { name: 'blue, 13 pictures' })).toBeVisible()
  // One training alone is asked of few pictures; folds judge each by a model that did not learn from it.
  await goTo(page, 'Train')
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await page.getByRole('button', { name: /^Train / }).click()
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(1, { timeout: 60_000 })
  await goTo(page, 'Data')
  await page.getByRole('tab', { name: /Quality/ }).click()
  await page.getByRole('button', { name: 'Train it again with 5 folds' }).click({ timeout: 60_000 })
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(2, { timeout: 60_000 })
  await goTo(page, 'Data')
  await page.getByRole('tab', { name: /Quality/ }).click()
  await expect(page.getByText('Each was judged by a fold that did not learn from it')).toBeVisible({ timeout: 60_000 })
})

test('one class is not enough, and the page says so', async ({ studio: page }) => {
  await page.getByRole('button', { name: 'Pictures', exact: true }).click()
  await expect(page.getByText('Add pictures of at least two kinds')).toBeVisible()
  await axe(page)
  await page.getByRole('button', { name: 'Name the first class' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('only')
  await page.keyboard.press('Enter')
  // Dropped onto the class, whatever folder they are from.
  const handle = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer()
    bytes.forEach((list, i) => transfer.items.add(new File([new Uint8Array(list)], `${i}.png`, { type: 'image/png' })))
    return transfer
  }, [drawn(hues.apples, 1), fixture('animated.gif'), fixture('rgb16.png')].map((bytes) => [...bytes]))
  const section = page.getByRole('region', { name: 'only' })
  await section.dispatchEvent('dragover', { dataTransfer: handle })
  await section.dispatchEvent('drop', { dataTransfer: handle })
  await expect(page.getByRole('listbox', { name: 'only, 3 pictures' })).toBeVisible()
  await expect(page.getByText('it needs a second class')).toBeVisible()
  // What is taken of a file that holds more than a picture of 8 bits is said.
  await expect(page.getByText('Added 3 pictures. 1 picture has 16 bits a channel and is read with 8; 1 is animated: its first frame is taken.')).toBeVisible()
  await page.getByRole('tab', { name: /Taken in part ?2/ }).click()
  await expect(page.getByRole('row', { name: /^1\.png It is animated: its first frame is taken/ })).toBeVisible()
  await expect(page.getByRole('row', { name: /^2\.png It has 16 bits a channel/ })).toBeVisible()
  await axe(page)
  await expect(page.getByRole('button', { name: 'Train', exact: true })).toBeDisabled()
})

test('the camera records while the button is held, says when it goes away, and a sketch is kept', async ({ studio: page }) => {
  await page.getByRole('button', { name: 'Pictures', exact: true }).click()
  await page.getByRole('button', { name: 'Use the camera' }).click()
  const record = page.getByRole('button', { name: 'Hold to record' })
  await expect(record).toBeEnabled()
  await axe(page)
  await record.focus()
  await page.keyboard.down('Space')
  await expect(page.getByRole('status').filter({ hasText: /pictures for “Class 1”/ })).toBeVisible()
  await page.waitForFunction(() => /([3-9]|\d\d) pictures for/.test(document.body.innerText))
  await page.keyboard.up('Space')
  await expect(page.getByRole('listbox', { name: /Class 1, \d+ pictures/ })).toBeVisible()

  // Unplugged in the middle of a recording: whichever camera is left is taken then.
  await page.evaluate(() => {
    const lost = (document.querySelector('video')?.srcObject as MediaStream).getVideoTracks()[0]?.getSettings().deviceId
    const { mediaDevices } = navigator
    const ask = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = (wanted) => (JSON.stringify(wanted).includes(String(lost)) ? Promise.reject(new DOMException('', 'OverconstrainedError')) : ask(wanted))
  })
  await page.keyboard.down('Space')
  await page.waitForTimeout(300)
  await page.evaluate(() => {
    const [track] = (document.querySelector('video')?.srcObject as MediaStream).getVideoTracks()
    track?.stop()
    track?.dispatchEvent(new Event('ended'))
  })
  await expect(page.getByRole('alert').filter({ hasText: 'The camera went away' })).toBeVisible()
  await page.keyboard.up('Space')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('button', { name: 'Hold to record' })).toBeEnabled()
  await page.getByRole('button', { name: 'Close inspector' }).click()

  await page.getByRole('button', { name: 'Draw for Class 1' }).click()
  const box = await page.locator('canvas').boundingBox()
  if (!box) throw new Error('no canvas')
  await page.mouse.move(box.x + 40, box.y + 40)
  await page.mouse.down()
  await page.mouse.move(box.x + 180, box.y + 160, { steps: 6 })
  await page.mouse.up()
  await page.getByRole('button', { name: 'Add to Class 1' }).click()
  await expect(page.getByText('1 sketch added')).toBeVisible()
  // By keyboard alone: a line down, the pen lifted, and away from it.
  const add = page.getByRole('button', { name: 'Add to Class 1' })
  await expect(add).toBeDisabled()
  await page.getByRole('application', { name: /Sketch pad/ }).focus()
  await page.keyboard.press('ArrowUp')
  await expect(add).toBeDisabled()
  await page.keyboard.press('Space')
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight')
  const dark = await page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const data = canvas.getContext('2d')?.getImageData(0, 0, 280, 280).data
    return [[140, 130], [140, 174], [182, 176]].map(([x, y]) => (data?.[((y as number) * 280 + (x as number)) * 4] ?? 255) < 128)
  })
  expect(dark).toEqual([true, true, false])
  // What is drawn turns with its ground.
  const place = () =>
    page.locator('canvas').evaluate(async (canvas: HTMLCanvasElement) => {
      const copy = new OffscreenCanvas(1, 1).getContext('2d')
      copy?.drawImage(await createImageBitmap(canvas, 140, 130, 1, 1), 0, 0)
      return [...(copy?.getImageData(0, 0, 1, 1).data ?? [])]
    })
  const onBlack = page.getByRole('checkbox', { name: 'White on black' })
  await onBlack.check()
  await expect.poll(place).toEqual([255, 255, 255, 255])
  await onBlack.uncheck()
  await expect.poll(place).toEqual([0, 0, 0, 255])
  await add.click()
  await expect(page.getByText('2 sketches added')).toBeVisible()
  await axe(page)
  await page.reload()
  await expect(page.getByRole('option', { name: /^sketch/ })).toHaveCount(2)
  await expect(page.getByRole('option', { name: /^camera/ }).first()).toBeVisible()
})

test('a camera that is blocked or busy is told apart', async ({ studio: page }) => {
  await page.evaluate(() => {
    let times = 0
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', ['NotAllowedError', 'NotReadableError', 'NotFoundError'][times++ % 3]))
  })
  await page.getByRole('button', { name: 'Pictures', exact: true }).click()
  await page.getByRole('button', { name: 'Use the camera' }).click()
  for (const words of ['The camera is blocked', 'The camera is busy', 'No camera was found']) {
    await expect(page.getByText(words)).toBeVisible()
    await page.getByRole('button', { name: 'Try again' }).click()
  }
})

test('a tab that dies in the middle keeps what it said was kept, and the same files go on', async ({ studio: page }) => {
  await page.getByRole('button', { name: 'Handwritten digits' }).first().click()
  await page.waitForFunction(() => Number(/([\d,]+) of 1,000/.exec(document.body.innerText)?.[1]) >= 100)
  const said = await page.evaluate(() => Number(/([\d,]+) of 1,000/.exec(document.body.innerText)?.[1]))
  await page.reload()
  const lead = page.getByText(/^\d+ pictures in \d+ class/)
  await expect(lead).toBeVisible()
  const kept = Number(/\d+/.exec((await lead.textContent()) ?? '')?.[0])
  expect(kept).toBeGreaterThanOrEqual(said)
  expect(kept).toBeLessThan(1000)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add pictures', exact: true }).click()
  await (await chooser).setFiles('public/samples/digits.zip')
  await expect(page.getByText(`Added ${1000 - kept} pictures; ${kept} files were not added`)).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText('1,000 pictures in 10 classes')).toBeVisible()
})
