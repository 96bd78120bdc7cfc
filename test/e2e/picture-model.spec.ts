/** From dropped pictures to a bundle that is asked again as its server would: the pretrained network with a head. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCli } from '../../src/cli/build.mjs'
import { bytesOf, openZip, zip } from '../../src/core/zip.ts'
import { openCard } from '../support/card-page.ts'
import { png } from '../support/pictures.ts'
import { startServer, unpack } from '../support/served-bundle.ts'
import { expect, goTo, test } from './studio.ts'

const network = JSON.parse(readFileSync('test/golden/backbones.json', 'utf8')) as { file: string }
const kinds = ['across', 'down', 'rings'] as const
/** Stripes one way, stripes the other, rings; of several widths and tints. */
const drawn = (kind: (typeof kinds)[number], seed: number) =>
  png(44, 40, (x, y) => {
    const at = kind === 'across' ? y : kind === 'down' ? x : Math.hypot(x - 22, y - 20)
    const tint = (seed * 53) % 120
    return Math.floor((at + seed) / (4 + (seed % 5))) % 2 === 0 ? [255 - tint, 230, tint] : [tint, 20, 60]
  })
const entries = kinds.flatMap((kind) => Array.from({ length: 10 }, (_, i) => ({ name: `shapes/${kind}/${i}.png`, bytes: drawn(kind, i) })))

test.beforeAll(() => buildCli())

test('three classes are dropped, a head learns them, and the export passes its check', async ({ studio: page }) => {
  await page.locator('input[type=file]').setInputFiles({ name: 'shapes.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await expect(page.getByText('30 pictures in 3 classes')).toBeVisible()
  await goTo(page, 'Train')
  await page.getByRole('radio', { name: 'Logistic regression' }).check()
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await page.getByRole('button', { name: 'Train logistic regression' }).click()
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  // A cell of the confusion matrix shows its pictures; a label is mended there, and the same model learns again.
  await goTo(page, 'Evaluate')
  await page.getByRole('link', { name: 'Logistic regression' }).first().click()
  await page.getByRole('tab', { name: 'Errors', exact: true }).click()
  await page.getByRole('button', { name: /^across called across/ }).click()
  const cell = page.getByRole('list', { name: 'Pictures of the chosen cell' })
  await expect(cell.locator('img').first()).toHaveAttribute('src', /^blob:/)
  await cell.getByRole('combobox').first().selectOption('=rings')
  if (process.env['LOOK']) await page.screenshot({ path: `${process.env['LOOK']}-cell.png`, fullPage: true })
  await page.getByRole('button', { name: 'Train again' }).click()
  // Runs of the old labels are not among those of the new.
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(1, { timeout: 60_000 })
  await goTo(page, 'Data')
  await expect(page.getByRole('listbox', { name: 'rings, 11 pictures' })).toBeVisible()
  await goTo(page, 'Deploy')
  await expect(page.getByRole('tab')).toHaveText(['Export a bundle', 'Try it on pictures', 'Train elsewhere', 'Code twin'])
  await page.getByRole('button', { name: 'Check and build' }).click()
  const download = page.getByRole('button', { name: /^Download .*\.zip/ })
  await expect(download).toBeVisible({ timeout: 60_000 })
  const size = page.getByRole('region', { name: 'Size and speed' })
  await expect(size).toContainText(/Time for a decoded picture of 90 × 130\s*[\d.]+ ms/)
  await expect(size).toContainText(/\d MB, with the graph and ONNX Runtime inside/)
  const [file] = await Promise.all([page.waitForEvent('download'), download.click()])
  // What the browser made, asked again in a terminal with the decoders of the bundle's server.
  expect(execFileSync('node', ['dist-cli/glasshouse.mjs', 'verify', await file.path()], { encoding: 'utf8' })).toMatch(/golden rows answered, .* 0 other labels/)

  // As a job for PyTorch it takes its training pictures along as numbers; the answer is a run beside it.
  await page.getByRole('tab', { name: 'Train elsewhere' }).click()
  await expect(page.getByText('The job holds the training pictures as numbers')).toBeVisible()
  if (process.env['LOOK']) await page.screenshot({ path: `${process.env['LOOK']}-elsewhere.png`, fullPage: true })
  const [sent] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the job' }).click()])
  const job = await openZip(bytesOf(new Uint8Array(readFileSync(await sent.path()))))
  const { parts, prepared, classes, ...told } = JSON.parse(new TextDecoder().decode(await job.read('job.json'))) as { parts: string; prepared: { width: number }; classes: readonly string[] }
  expect(await job.read('pictures.x')).toHaveLength(parts.length * prepared.width * 4)
  const ones = (count: number): number[] => new Array<number>(count).fill(1)
  const linear = { coefficients: ones(prepared.width * 3), intercepts: ones(3), featureScales: ones(prepared.width), facts: {} }
  const answer = { version: 1, kind: 'glasshouse-elsewhere', job: { ...told, classes }, rows: { train: parts.length, valid: 0 }, split: 'as in the studio', workers: 1, seconds: 1, versions: { torch: '1.13.1' }, linear }
  await goTo(page, 'Train')
  await page.getByRole('button', { name: 'Bring in', exact: true }).click()
  await page.getByRole('dialog', { name: 'Bring in a model' }).getByLabel('ONNX file, bundle or JSON').setInputFiles({ name: 'result.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(answer)) })
  await expect(page.getByRole('row', { name: /, elsewhere.*Done/ })).toBeVisible({ timeout: 60_000 })
})

test('a network of one’s own is tried, brought in, learnt through and exported', async ({ studio: page, browser }) => {
  await page.locator('input[type=file]').setInputFiles({ name: 'shapes.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await expect(page.getByText('30 pictures in 3 classes')).toBeVisible()
  await goTo(page, 'Train')
  await page.getByRole('radio', { name: 'Logistic regression' }).check()
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await page.getByRole('button', { name: 'Bring in a network' }).click()
  const dialog = page.getByRole('dialog', { name: 'Bring in a network for pictures' })
  const chosen = dialog.locator('input[type=file]')
  await chosen.setInputFiles({ name: 'notes.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from('hello') })
  await expect(dialog.getByRole('alert')).toContainText('Invalid ONNX file')
  await chosen.setInputFiles({ name: 'tiny.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from(network.file, 'base64') })
  await dialog.getByRole('combobox', { name: 'Levels' }).selectOption('imagenet')
  await dialog.getByRole('button', { name: 'Try it on pictures' }).click()
  await expect(dialog.getByText('12 numbers a picture')).toBeVisible({ timeout: 60_000 })
  await dialog.getByRole('button', { name: 'Bring in and use' }).click()
  await expect(page.getByRole('combobox', { name: 'Network that looks' })).toHaveValue(/^[0-9a-f]{64}$/)
  await page.getByRole('button', { name: 'Train logistic regression' }).click()
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  // It is judged, explained and questioned like the one that ships.
  await goTo(page, 'Evaluate')
  await page.getByRole('link', { name: 'Logistic regression' }).first().click()
  await page.getByRole('tab', { name: 'Errors', exact: true }).click()
  await expect(page.getByRole('button', { name: /^across called across/ })).toBeVisible()
  await goTo(page, 'Explain')
  await expect(page.getByRole('img', { name: /The picture as the model sees it/ })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('combobox', { name: 'Explanation' })).toHaveValue('grad-cam')
  await expect(page.getByText(/(Check against|With) random slopes in place of those of the model on top/)).toBeVisible()
  await expect(page.getByText(/one that was brought in answers here, and shows no slopes\.$/)).toBeVisible()
  if (process.env['LOOK']) await page.screenshot({ path: `${process.env['LOOK']}-own-cam.png`, fullPage: true })
  await page.getByRole('combobox', { name: 'Explanation' }).selectOption('occlusion')
  await expect(page.getByText(/(Check against|With) random weights in the model on top/)).toBeVisible()
  await expect(page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^(across|down|rings)$/ }) })).toHaveCount(8)
  await page.getByRole('combobox', { name: 'Lay out by' }).selectOption('pca')
  await expect(page.getByRole('img', { name: /pictures; near ones look alike/ })).toBeVisible()
  await goTo(page, 'Deploy')
  await page.getByRole('button', { name: 'Check and build' }).click()
  const download = page.getByRole('button', { name: /^Download .*\.zip/ })
  await expect(download).toBeVisible({ timeout: 60_000 })
  const [file] = await Promise.all([page.waitForEvent('download'), download.click()])
  expect(execFileSync('node', ['dist-cli/glasshouse.mjs', 'verify', await file.path()], { encoding: 'utf8' })).toMatch(/golden rows answered, .* 0 other labels/)
  const folder = mkdtempSync(join(tmpdir(), 'glasshouse-own-'))
  await unpack(readFileSync(await file.path()), folder)
  const server = startServer(folder)
  try {
    const form = new FormData()
    form.append('image', new Blob([drawn('down', 33)]), 'new.png')
    const answer = await fetch(`${await server.url()}/predict`, { method: 'POST', body: form })
    const { predictions } = (await answer.json()) as { predictions: { label: string; probabilities: Record<string, number> }[] }
    expect(predictions[0]?.label).toMatch(/^(across|down|rings)$/)
    // The same file in the card, from the disk: the server's decoder and runtime are native, the card's are the browser's.
    const card = await openCard(browser, join(folder, 'MODEL_CARD.html'))
    await card.page.getByLabel('A picture of yours').setInputFiles({ name: 'new.png', mimeType: 'image/png', buffer: Buffer.from(drawn('down', 33)) })
    await card.says(predictions[0]?.label as string, Object.values(predictions[0]?.probabilities ?? {}), 1e-5)
    await card.close()
  } finally {
    server.child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})
