/** A host without headers, and no service worker to stamp them: no memory is shared, and boosting gives the same bits. */
import { createHash } from 'node:crypto'
import type { Page } from '@playwright/test'
import { serveFolder } from '../support/static-server.ts'
import { built, chooseTarget, expect, goTo, listen, openSample, test } from './studio.ts'

interface Grown {
  readonly threads: number
  /** Text of every array of the model, in order of name. */
  readonly text: string
}
/** The models of gradient boosting as they are stored, read past the app. */
const grown = (page: Page): Promise<Grown[]> =>
  page.evaluate(
    () =>
      new Promise<Grown[]>((resolve, reject) => {
        const request = indexedDB.open('glasshouse')
        request.onerror = () => reject(new Error('not opened'))
        request.onsuccess = () => {
          const db = request.result
          const tx = db.transaction(['runs', 'models'])
          const runs = tx.objectStore('runs').getAll()
          const models = tx.objectStore('models').getAll()
          tx.oncomplete = () => {
            db.close()
            const threads = new Map((runs.result as { id: string; run: { environment: { threads: number } } }[]).map(({ id, run }) => [id, run.environment.threads]))
            const own = (models.result as { runId: string; model: { estimator: string; arrays: Record<string, ArrayLike<number>> } }[]).filter(({ model }) => model.estimator === 'hist-gradient-boosting')
            resolve(own.map(({ runId, model }) => ({ threads: threads.get(runId) as number, text: Object.entries(model.arrays).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, array]) => `${name} ${Array.from(array).join(' ')}`).join('\n') })))
          }
        }
      }),
  )

async function boosted(page: Page): Promise<Grown> {
  await openSample(page, 'Diamonds')
  await chooseTarget(page, 'price')
  await goTo(page, 'Train')
  await page.getByRole('radio', { name: 'Gradient boosting', exact: true }).check()
  await page.getByRole('spinbutton', { name: 'Rounds', exact: true }).or(page.getByRole('textbox', { name: 'Rounds', exact: true })).first().fill('10')
  await page.getByRole('button', { name: /^train gradient/i }).last().click()
  await expect.poll(async () => (await grown(page)).length, { timeout: 60_000 }).toBe(1)
  return (await grown(page))[0] as Grown
}

test('boosting has the same bits on a page that shares memory and on one that does not', async ({ studio, browser, expected }) => {
  expect(await studio.evaluate(() => crossOriginIsolated)).toBe(true)
  const shared = await boosted(studio)
  expect(shared.threads).toBeGreaterThan((await studio.evaluate(() => navigator.hardwareConcurrency)) > 2 ? 1 : 0)
  const bare = await serveFolder(built, { headers: false })
  const context = await browser.newContext({ serviceWorkers: 'block' })
  try {
    const page = await context.newPage()
    const heard: string[] = []
    listen(page, expected, heard)
    await page.goto(bare.url)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    const alone = await boosted(page)
    expect(alone.threads).toBe(1)
    expect(alone.text.length).toBeGreaterThan(10_000)
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
    expect(digest(alone.text)).toBe(digest(shared.text))
    expect(heard, 'unexpected console output').toEqual([])
  } finally {
    await context.close()
    await bare.stop()
  }
})
