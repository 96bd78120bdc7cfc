/**
 * Cards whose model is the graph itself, from the disk and offline: a forest too large for a program, a network from
 * scratch. What they say is held against onnxruntime-node on the bundle's model.onnx.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { buildCli } from '../../src/cli/build.mjs'
import { encodeRows } from '../../src/core/bundle/encode.ts'
import type { Signature } from '../../src/core/bundle/signature.ts'
import { editPicture, noEdits } from '../../src/core/images/edit.ts'
import type { Pixels } from '../../src/core/images/luma.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { answer } from '../../src/core/onnx/runner.ts'
import { openCard } from '../support/card-page.ts'
import { png } from '../support/pictures.ts'
import { unpack } from '../support/served-bundle.ts'

/** Both runtimes add in float32 in an order of their own: what the parity certificate allows. */
const tolerance = 1e-5
let folder: string
test.beforeAll(async () => {
  await buildCli()
  folder = mkdtempSync(join(tmpdir(), 'glasshouse-card-'))
})
test.afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Trains in a terminal, opens the bundle. */
async function bundle(name: string, args: readonly string[]) {
  const place = join(folder, name)
  execFileSync('node', ['dist-cli/glasshouse.mjs', 'train', ...args, '--out', `${place}.zip`], { stdio: ['ignore', 'ignore', 'pipe'] })
  await unpack(readFileSync(`${place}.zip`), place)
  const signature = JSON.parse(readFileSync(join(place, 'signature.json'), 'utf8')) as Signature
  return { card: join(place, 'MODEL_CARD.html'), signature, session: await nodeRunner().open(new Uint8Array(readFileSync(join(place, 'model.onnx')))) }
}

/** On a phone the answer stays on top, in 40 % of the height at most, while the last control is used. */
async function answerStays(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.locator('#controls :is(input, select)').last().focus()
  await page.evaluate(() => document.activeElement?.scrollIntoView({ block: 'start' }))
  const box = await page.locator('#says').boundingBox()
  expect(box?.y).toBeCloseTo(0, 0)
  expect(box?.height).toBeLessThanOrEqual(0.41 * 844)
  await expect(page.locator('#answer')).toBeInViewport()
}

test('a table model too large for a program is asked through the graph: numbers, a moment, names that are no markup, what is missing', async ({ browser }) => {
  const lines = Array.from({ length: 240 }, (_, i) => [(i * 37) % 100, i % 9 === 0 ? '' : ((i * 53) % 71) / 7, `2020-${String(1 + (i % 12)).padStart(2, '0')}-15`, ['red', '<b>', 'green'][i % 3], (i * 37) % 100 > 50 ? 'up' : 'down'].join(','))
  writeFileSync(join(folder, 'wide.csv'), ['a,b,when,kind,label', ...lines].join('\n'))
  // 1,230 x 1,230 weights between two layers: more than a readable program may have.
  const { card, signature, session } = await bundle('wide', [join(folder, 'wide.csv'), '--target', 'label', '--estimator', 'mlp', '--param', 'hiddenLayerSizes=1230,1230', '--param', 'maxIter=2'])
  const opened = await openCard(browser, card)
  const { page } = opened
  const says = async (row: readonly unknown[]): Promise<void> => {
    const { answers, probabilities = [] } = await answer(session, signature, encodeRows(signature, 1, (_, i) => row[i]), 1)
    await opened.says(String(answers[0]), probabilities, tolerance)
  }
  // Of two classes the curve is the positive one's until somebody picks; what the numbers on it mean is said.
  await expect(page.locator('#bars [aria-pressed=true]')).toHaveText(signature.classes[1] as string)
  await expect(page.getByText('A class name is a button')).toBeVisible()
  await expect(page.locator('#caption')).toHaveText(/and at 0\.5, dashed, the answer turns$/)
  expect(await page.locator('#axis').innerText()).toMatch(/^1\s+0\.5\s+0$/)
  await page.getByLabel('b, exact', { exact: true }).fill('4.5')
  await page.getByLabel('when, exact', { exact: true }).fill('2020-03-15T00:00')
  await page.getByLabel('kind', { exact: true }).selectOption('<b>')
  await page.getByLabel('a, exact', { exact: true }).fill('20')
  await says([20, 4.5, '2020-03-15', '<b>'])
  await page.getByRole('slider', { name: 'a', exact: true }).press('End')
  const end = Number(await page.getByLabel('a, exact', { exact: true }).inputValue())
  expect(end).toBeGreaterThan(99)
  await expect(page.locator('.control').first().locator('.note')).toHaveText('Training saw 0 to 99.')
  await says([end, 4.5, '2020-03-15', '<b>'])
  await page.getByLabel('kind', { exact: true }).selectOption('(never seen in training)')
  await page.locator('.control').filter({ has: page.getByLabel('b, exact', { exact: true }) }).getByRole('checkbox', { name: 'missing' }).check()
  await says([end, null, '2020-03-15', 'never seen'])
  await page.getByLabel('b, exact', { exact: true }).fill('')
  await expect(page.getByText('Empty: answered as missing.')).toBeVisible()
  await says([end, null, '2020-03-15', 'never seen'])
  await page.getByRole('button', { name: signature.classes[0] as string, exact: true }).click()
  await expect(page.getByText(new RegExp(`^probability of ${signature.classes[0]} as b goes from 0 to 10, all else as set`))).toBeVisible()
  await answerStays(page)
  await opened.close()
})

test('a network from scratch names a picture that is opened, drawn on, lit, blurred and turned as the studio would', async ({ browser }) => {
  const colour = (across: boolean, seed: number) => (x: number, y: number): [number, number, number] => (Math.floor(((across ? y : x) + seed) / (3 + (seed % 3))) % 2 === 0 ? [240, 240, 230] : [20, 30, 60 + (seed % 20)])
  for (const kind of ['across', 'down']) {
    mkdirSync(join(folder, 'stripes', kind), { recursive: true })
    for (let i = 0; i < 20; i++) writeFileSync(join(folder, 'stripes', kind, `${i}.png`), png(20 + (i % 5), 18 + (i % 7), colour(kind === 'across', i)))
  }
  const { card, signature, session } = await bundle('stripes', [join(folder, 'stripes'), '--estimator', 'cnn', '--param', 'maxIter=8'])
  const [width, height] = [31, 26]
  const pixels: Pixels = { width, height, channels: 3, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour(false, 33)(Math.floor(i / 3) % width, Math.floor(i / 3 / width))[i % 3] as number) }
  const opened = await openCard(browser, card)
  const { page } = opened
  const says = async (edited: Pixels): Promise<void> => {
    const { answers, probabilities = [] } = await answer(session, signature, [{ type: 'string', values: [''] }], 1, () => edited)
    await opened.says(String(answers[0]), probabilities, tolerance)
  }
  await page.getByLabel('A picture of yours').setInputFiles({ name: 'new.png', mimeType: 'image/png', buffer: Buffer.from(png(width, height, colour(false, 33))) })
  await says(pixels)
  await page.getByRole('slider', { name: 'Brightness' }).fill('-0.3')
  await page.getByRole('slider', { name: 'Contrast' }).fill('0.25')
  await page.getByRole('slider', { name: 'Turn' }).fill('40')
  await page.getByRole('slider', { name: 'Blur' }).fill('0.05')
  await page.getByRole('slider', { name: 'Cut from the left' }).fill('0.2')
  const edits = { ...noEdits, brightness: -0.3, contrast: 0.25, rotate: 40, blur: 0.05, crop: { ...noEdits.crop, left: 0.2 } }
  await says(editPicture(pixels, edits))
  await page.getByRole('button', { name: 'As it was' }).click()
  await says(pixels)
  // A dab in the middle, by keyboard.
  await page.getByRole('combobox', { name: 'Paint with' }).selectOption('grey')
  await page.getByRole('application').press('Space')
  await says(editPicture(pixels, { ...noEdits, strokes: [{ colour: [128, 128, 128], radius: 0.06, points: [0.5, 0.5] }] }))
  await page.getByLabel('A picture of yours').setInputFiles({ name: 'words.png', mimeType: 'image/png', buffer: Buffer.from('words') })
  await expect(page.locator('#answer')).toHaveText(/^invalid picture/)
  await page.getByRole('button', { name: 'Draw on black' }).click()
  await says({ width: 280, height: 280, channels: 3, data: new Uint8Array(280 * 280 * 3) })
  await answerStays(page)
  await opened.close()
})
