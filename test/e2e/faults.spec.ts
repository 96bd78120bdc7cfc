/** Faults of the browser and the device, each once: nothing acknowledged is lost, and the message is clear. */
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { browserArgs, chromiumPath } from '../support/chromium.ts'
import { chooseTarget, expect, goTo, listen, openSample, test, trainModel } from './studio.ts'

async function withProfile(body: (launch: () => Promise<BrowserContext>, kill: () => void) => Promise<void>): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'glasshouse-fault-'))
  const executablePath = chromiumPath()
  const opened: BrowserContext[] = []
  try {
    await body(async () => {
      const context = await chromium.launchPersistentContext(profile, { ...(executablePath ? { executablePath } : {}), args: [...browserArgs], viewport: { width: 1280, height: 800 } })
      opened.push(context)
      return context
      // The browser notes its process in its profile as host-pid.
    }, () => process.kill(Number(readlinkSync(join(profile, 'SingletonLock')).split('-').at(-1)), 'SIGKILL'))
  } finally {
    for (const context of opened) await context.close().catch(() => {})
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Numbers that do not compress; `n` counts the rows so that holes and doubles would show. */
function randomTable(rows: number, seed = 1): Buffer {
  let state = seed
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  const lines = ['n,a,b,c,d,e,f,g,h']
  for (let row = 0; row < rows; row++) lines.push([row, ...Array.from({ length: 8 }, () => next())].join(','))
  return Buffer.from(`${lines.join('\n')}\n`)
}
const choose = (page: Page, name: string, buffer: Buffer) => page.getByLabel(/^Drop a CSV/).setInputFiles({ name, mimeType: 'text/csv', buffer })
const startImport = async (page: Page, name: string, buffer: Buffer) => {
  await choose(page, name, buffer)
  await page.getByRole('button', { name: 'Import' }).click()
}
/** What is stored of the newest dataset, read past the app. */
const stored = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<{ state: string; rowsCommitted: number; rowsOfChunks: number }[]>((resolve, reject) => {
        const request = indexedDB.open('glasshouse')
        request.onerror = () => reject(new Error('not opened'))
        request.onsuccess = () => {
          const db = request.result
          const tx = db.transaction(['datasets', 'chunks'])
          const datasets = tx.objectStore('datasets').getAll()
          const chunks = tx.objectStore('chunks').getAll()
          tx.oncomplete = () => {
            db.close()
            resolve(datasets.result.map((dataset: { id: string; state: string; rowsCommitted: number }) => ({ state: dataset.state, rowsCommitted: dataset.rowsCommitted, rowsOfChunks: chunks.result.filter((chunk: { datasetId: string }) => chunk.datasetId === dataset.id).reduce((sum: number, chunk: { rows: number }) => sum + chunk.rows, 0) })))
          }
        }
      }),
  )
const someRowsKept = (page: Page) => expect.poll(async () => (await stored(page)).some((dataset) => dataset.rowsCommitted > 0), { intervals: [20] }).toBe(true)

test('F1: a full disk during an import keeps the committed rows and says what can be done', async ({ server }) => {
  await withProfile(async (launch) => {
    const context = await launch()
    const page = await context.newPage()
    const heard: string[] = []
    listen(page, [], heard)
    const session = await context.newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(server.url).origin, quotaSize: 10_000_000 })
    await page.goto(server.url)
    await openSample(page, 'Palmer penguins')
    await page.goto(`${server.url}#/`)
    await startImport(page, 'random.csv', randomTable(200_000))
    const alert = page.getByRole('alert')
    await expect(alert).toContainText('refused to keep more data', { timeout: 60_000 })
    await expect(alert).toContainText(/Delete a project|first rows/)
    const kept = (await stored(page)).find((dataset) => dataset.state !== 'complete')
    expect(kept?.rowsCommitted).toBeGreaterThan(0)
    expect(kept?.rowsOfChunks).toBe(kept?.rowsCommitted)
    await expect(alert).toContainText(/rows \([\d,]+ bytes\) are kept/)
    await expect(page.getByText(/rows kept/)).toBeVisible()
    await page.goto(`${server.url}#/`)
    // The older project opens, for reading at least, with all it had.
    await page.getByRole('link', { name: /Palmer penguins/ }).click()
    await expect(page.getByRole('grid')).toBeVisible()
    await expect(page.getByText('344 rows × 8 columns')).toBeVisible()
    expect(await stored(page)).toContainEqual({ state: 'complete', rowsCommitted: 344, rowsOfChunks: 344 })
    expect(heard).toEqual([])
  })
})

test('F4: a tab closed during an import leaves one that goes on with the same file only', async ({ studio, server }) => {
  const table = randomTable(150_000)
  await startImport(studio, 'long.csv', table)
  await someRowsKept(studio)
  const address = studio.url()
  const next = await studio.context().newPage()
  await studio.close({ runBeforeUnload: false })
  const heard: string[] = []
  listen(next, [], heard)
  await next.goto(address)
  await expect(next.getByText(/rows? kept/)).toBeVisible()
  await next.getByRole('button', { name: 'Go on' }).click()
  await choose(next, 'long.csv', randomTable(150_000, 2))
  await expect(next.getByRole('alert')).toContainText(/must be the one that the import began with/)
  await next.getByRole('button', { name: 'Go on' }).click()
  await choose(next, 'long.csv', table)
  await expect(next.getByRole('grid', { name: /Rows of/ })).toBeVisible({ timeout: 60_000 })
  const [whole] = await stored(next)
  expect(whole).toEqual({ state: 'complete', rowsCommitted: 150_000, rowsOfChunks: 150_000 })
  expect(heard).toEqual([])
  void server
})

test('F6: a crashed tab leaves an interrupted run, once, and a project that can be written', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Neural network (MLP)' }).check()
  await studio.getByLabel('Epochs at most').fill('10000')
  await studio.getByLabel('Stop early').uncheck()
  await studio.getByRole('button', { name: /^train/i }).last().click()
  // The run is recorded once its row is there.
  await expect(studio.getByRole('row', { name: /Neural network/ })).toBeVisible()
  const address = studio.url()
  const context = studio.context()
  const session = await context.newCDPSession(studio)
  const crashed = studio.waitForEvent('crash')
  void session.send('Page.crash').catch(() => {})
  await crashed
  const next = await context.newPage()
  await next.goto(address)
  await expect(next.getByRole('row', { name: /Neural network.*Interrupted/ })).toHaveCount(1)
  await expect(next.getByText(/open in another tab/)).toHaveCount(0)
  await trainModel(next, 'Logistic regression')
  await expect(next.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
})

test('F7: a browser killed during an import shows nothing partial', async ({ server }) => {
  const table = randomTable(60_000)
  await withProfile(async (launch, kill) => {
    for (const point of [0, 120, 260, 420, 640]) {
      const context = await launch()
      const page = context.pages()[0] ?? (await context.newPage())
      await page.goto(server.url)
      await expect(page.getByRole('button', { name: 'Choose a file' })).toBeEnabled()
      for (const dataset of await stored(page)) expect(dataset.rowsOfChunks).toBe(dataset.rowsCommitted)
      await choose(page, `killed-${point}.csv`, table)
      await page.getByRole('button', { name: 'Import' }).click()
      // The random point is the thing under test, not a wait for something.
      await new Promise((resolve) => setTimeout(resolve, point))
      const acknowledged = (await stored(page).catch(() => [])).reduce((sum, dataset) => sum + dataset.rowsCommitted, 0)
      const closed = context.waitForEvent('close')
      kill()
      await closed
      const again = await launch()
      const after = again.pages()[0] ?? (await again.newPage())
      await after.goto(server.url)
      await expect(after.getByRole('button', { name: /^More for killed/ }).first()).toBeVisible()
      const found = await stored(after)
      expect(found.reduce((sum, dataset) => sum + dataset.rowsCommitted, 0)).toBeGreaterThanOrEqual(acknowledged)
      for (const dataset of found) expect(dataset.rowsOfChunks).toBe(dataset.rowsCommitted)
      await again.close()
    }
  })
})

test('F10: a damaged record is passed over and named; the rest opens', async ({ studio, server }) => {
  await openSample(studio, 'Palmer penguins')
  await studio.goto(`${server.url}#/`)
  await openSample(studio, 'German credit')
  await studio.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const request = indexedDB.open('glasshouse')
        request.onsuccess = () => {
          const tx = request.result.transaction('projects', 'readwrite')
          const all = tx.objectStore('projects').getAll()
          all.onsuccess = () => {
            const damaged = all.result.find((project: { name: string }) => project.name.startsWith('Palmer'))
            tx.objectStore('projects').put({ id: damaged.id, version: 1, name: 42 })
          }
          tx.oncomplete = () => {
            request.result.close()
            resolve()
          }
        }
      }),
  )
  await studio.goto(`${server.url}#/`)
  await studio.reload()
  await expect(studio.getByText(/stored record is damaged and was passed over/)).toBeVisible()
  await expect(studio.getByRole('button', { name: /^More for / })).toHaveCount(1)
  await studio.getByRole('link', { name: /German credit/ }).click()
  await expect(studio.getByRole('grid')).toBeVisible()
})

test('F11: of two tabs one writes; taking over stops the other at once', async ({ studio }) => {
  await openSample(studio, 'Palmer penguins')
  const second = await studio.context().newPage()
  await second.goto(studio.url())
  await expect(second.getByText(/open in another tab, so it is read-only here/)).toBeVisible()
  await goTo(second, 'Prepare')
  await expect(second.getByRole('combobox', { name: 'Column' }).first()).toBeDisabled()
  await second.getByRole('button', { name: 'Work here instead' }).click()
  await expect(studio.getByText(/open in another tab, so it is read-only here/)).toBeVisible()
  await chooseTarget(second, 'species')
  await goTo(studio, 'Prepare')
  await expect(studio.getByRole('combobox', { name: 'Column' }).first()).toBeDisabled()
})

test('F15: storage that dies while open is opened again, or the failure is said', async ({ studio, server }) => {
  await openSample(studio, 'Palmer penguins')
  const session = await studio.context().newCDPSession(studio)
  await session.send('Storage.clearDataForOrigin', { origin: new URL(server.url).origin, storageTypes: 'indexeddb' })
  await goTo(studio, 'Prepare')
  const select = studio.getByRole('combobox', { name: 'Column' }).first()
  await select.selectOption({ index: 1 })
  await expect(studio.getByText(/Not saved|lost|no longer|deleted/i).first()).toBeVisible()
})

test('F19: a loss that explodes stops the run and names the learning rate', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Neural network (MLP)' }).check()
  const rate = studio.getByRole('textbox', { name: 'Learning rate' }).or(studio.getByRole('spinbutton', { name: 'Learning rate' })).first()
  await rate.fill('1e9')
  await rate.press('Tab')
  await studio.getByRole('button', { name: /^train/i }).last().click()
  const row = studio.getByRole('row', { name: /Neural network.*(Failed|Done)/ })
  await expect(row).toBeVisible({ timeout: 60_000 })
  await expect(studio.getByRole('main')).toContainText(/learningRateInit (1e9|1000000000|1,000,000,000)/)
  await expect(studio.getByRole('main')).toContainText(/left the finite range|diverged/i)
})

test('F20: a worker that dies in the middle of a call is missed within seconds, and replaced', async ({ page, server }) => {
  await page.addInitScript(() => {
    const made: Worker[] = []
    const Native = Worker
    Object.defineProperty(globalThis, 'madeWorkers', { value: made })
    globalThis.Worker = class extends Native {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options)
        made.push(this)
      }
    }
  })
  const heard: string[] = []
  listen(page, [], heard)
  await page.goto(server.url)
  await startImport(page, 'long.csv', randomTable(150_000))
  await someRowsKept(page)
  await page.evaluate(() => {
    for (const worker of (globalThis as unknown as { madeWorkers: Worker[] }).madeWorkers) worker.terminate()
  })
  await expect(page.getByRole('alert')).toContainText(/worker/i, { timeout: 8000 })
  await startImport(page, 'short.csv', Buffer.from('a,b\n1,x\n2,y\n3,x\n'))
  await expect(page.getByRole('grid', { name: /Rows of/ })).toBeVisible()
  expect(heard).toEqual([])
})

for (const how of ['refuses', 'never answers'] as const) {
  test(`F28: where storage ${how}, the studio works in memory and says so`, async ({ page, server }) => {
    await page.addInitScript((kind) => {
      IDBFactory.prototype.open = function open() {
        if (kind === 'refuses') throw new DOMException('denied', 'SecurityError')
        return new EventTarget() as IDBOpenDBRequest
      }
    }, how)
    const heard: string[] = []
    listen(page, [], heard)
    await page.goto(server.url)
    await expect(page.getByText('Work is not saved')).toBeVisible()
    await openSample(page, 'Palmer penguins')
    await chooseTarget(page, 'species')
    await trainModel(page, 'Logistic regression')
    await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
    await expect(page.getByText('Work is not saved')).toBeVisible()
    expect(heard).toEqual([])
  })
}

test('a cancelled training is over for the page at once, and the next one starts', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Neural network (MLP)' }).check()
  await studio.getByLabel('Epochs at most').fill('10000')
  await studio.getByLabel('Stop early').uncheck()
  await studio.getByRole('button', { name: /^train/i }).last().click()
  const stop = studio.getByRole('button', { name: 'Stop and keep the best' })
  await expect(stop).toBeVisible()
  const main = studio.getByRole('main')
  await main.getByRole('button', { name: 'Cancel', exact: true }).click()
  await expect(stop).toBeHidden({ timeout: 1000 })
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
})
