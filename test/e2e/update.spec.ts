/** A new version waits: it never interrupts a run, and takes over only when asked. */
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveFolder } from '../support/static-server.ts'
import { built, chooseTarget, expect, openSample, test, trainModel } from './studio.ts'

test.use({ serviceWorkers: 'allow' })

test('an update during a run waits for its end', async ({ page }) => {
  const site = mkdtempSync(join(tmpdir(), 'glasshouse-site-'))
  cpSync(built, site, { recursive: true })
  const server = await serveFolder(site)
  await page.goto(server.url)
  await expect(page.getByText('Offline ready').first()).toBeVisible({ timeout: 60_000 })
  await page.reload()
  await openSample(page, 'Diamonds')
  await chooseTarget(page, 'price')
  await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
  await trainModel(page, 'Neural network (MLP)')
  const stop = page.getByRole('button', { name: /stop/i }).first()
  await expect(stop).toBeVisible({ timeout: 30_000 })

  appendFileSync(join(site, 'service-worker.js'), '\n// the next version\n')
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.update()
    for (let i = 0; i < 200 && !registration?.waiting; i++) await new Promise((resolve) => setTimeout(resolve, 50))
    if (!registration?.waiting) throw new Error('the new version did not install')
  })
  await expect(stop).toBeVisible()
  await expect(page.getByText('A new version is ready.')).toHaveCount(0)

  await stop.click()
  await expect(page.getByText('A new version is ready.')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('row', { name: /Neural network.*Done/ })).toBeVisible()
  expect(await page.evaluate(() => 'sameDocument' in globalThis)).toBe(true)

  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload' }).click()])
  expect(await page.evaluate(() => 'sameDocument' in globalThis)).toBe(false)
  await expect(page.getByRole('row', { name: /Neural network.*Done/ })).toBeVisible()
  await server.stop()
  rmSync(site, { recursive: true, force: true })
})
