/** The second load needs no server: every lazy chunk, worker, wasm and sample is there (F24). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { zip } from '../../src/core/zip.ts'
import { chromiumPath, journeyArgs } from '../support/chromium.ts'
import { png } from '../support/pictures.ts'
import { chooseTarget, expect, goTo, listen, openSample, test, trainModel } from './studio.ts'

test.use({ serviceWorkers: 'allow' })

test('with the server gone and the browser restarted, the journey still works', async ({ server }) => {
  const profile = mkdtempSync(join(tmpdir(), 'glasshouse-profile-'))
  const executablePath = chromiumPath()
  const launch = () => chromium.launchPersistentContext(profile, { ...(executablePath ? { executablePath } : {}), args: [...journeyArgs], viewport: { width: 1280, height: 800 } })
  const first = await launch()
  const opening = await first.newPage()
  await opening.goto(server.url)
  await expect(opening.getByText('Offline ready').first()).toBeVisible({ timeout: 60_000 })
  await first.close()
  await server.stop()

  const second = await launch()
  const page = await second.newPage()
  const heard: string[] = []
  listen(page, [/Failed to update a ServiceWorker|service-worker\.js/], heard)
  await page.goto(server.url)
  await openSample(page, 'German credit')
  await chooseTarget(page, 'credit_risk')
  await trainModel(page, 'Gradient boosting')
  await expect(page.getByRole('row', { name: /Gradient boosting.*Done/ })).toBeVisible({ timeout: 60_000 })
  await trainModel(page, 'Neural network (MLP)')
  await expect(page.getByRole('row', { name: /Neural network.*Done/ })).toBeVisible({ timeout: 90_000 })

  // Pictures too: decoder, pretrained network, explanation and export are all on the device.
  await page.goto(server.url)
  const tile = (red: boolean, i: number) => png(24, 24, (x, y) => [red ? 200 : 20 + x + i, 40 + ((y * i) % 30), red ? 30 : 210])
  const entries = [true, false].flatMap((red) => Array.from({ length: 12 }, (_, i) => ({ name: `${red ? 'red' : 'blue'}/${i}.png`, bytes: tile(red, i) })))
  await page.locator('input[type=file]').setInputFiles({ name: 'tiles.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await expect(page.getByText('24 pictures in 2 classes')).toBeVisible()
  await trainModel(page, 'Logistic regression')
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  await goTo(page, 'Explain')
  await expect(page.getByRole('img', { name: /The picture as the model sees it/ })).toBeVisible({ timeout: 30_000 })
  await goTo(page, 'Deploy')
  await page.getByRole('button', { name: 'Check and build' }).click()
  await expect(page.getByRole('button', { name: /^Download .*\.zip/ })).toBeVisible({ timeout: 60_000 })
  expect(heard).toEqual([])
  await second.close()
  rmSync(profile, { recursive: true, force: true })
})

test('can be installed', async ({ studio }) => {
  const session = await studio.context().newCDPSession(studio)
  const { installabilityErrors } = (await session.send('Page.getInstallabilityErrors')) as { installabilityErrors: { errorId: string }[] }
  // A test browser window counts as private, where nothing can be installed; nothing else may be wrong.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([])
})
