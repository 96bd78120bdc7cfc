/** Faults of workers and devices while they compute: what was saved stays, the page goes on, and it is said. */
import type { Page } from '@playwright/test'
import { randomTable, serveHalting, someRowsKept, startImport } from './fault-tools.ts'
import { chooseTarget, expect, goTo, listen, openSample, test, trainModel } from './studio.ts'

/** Minutes of training, unless it is left to a graphics card that is about to go. */
async function trainLong(page: Page, backend = 'Automatic'): Promise<void> {
  await openSample(page, 'German credit')
  await chooseTarget(page, 'credit_risk')
  await goTo(page, 'Train')
  await page.getByRole('radio', { name: 'Neural network (MLP)' }).check()
  await page.getByRole('textbox', { name: 'Epochs at most' }).fill('10000')
  await page.getByRole('checkbox', { name: 'Stop early' }).uncheck()
  if (backend === 'Automatic') await page.getByRole('textbox', { name: 'Hidden layers' }).fill('512, 512')
  else {
    await page.getByText('More', { exact: true }).click()
    await page.getByRole('combobox', { name: 'Compute backend' }).selectOption({ label: backend })
  }
  await page.getByRole('button', { name: /^train/i }).last().click()
}
const liveCurve = (page: Page) => page.getByRole('region', { name: 'Train neural network (MLP)' }).getByRole('img', { name: 'training loss' })

test('F6: a crashed tab leaves an interrupted run, once, and a project that can be written', async ({ studio }) => {
  await trainLong(studio)
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

for (const backend of ['WebGL', 'WebGPU']) {
  test(`F17: the GPU process dies while ${backend} trains: the run goes on elsewhere and says so`, async ({ studio, browser, expected }) => {
    // The browser and tfjs report the lost device themselves.
    expected.push(/./)
    await trainLong(studio, backend)
    await expect(liveCurve(studio)).toBeVisible({ timeout: 60_000 })
    const session = await browser.newBrowserCDPSession()
    await session.send('Browser.crashGpuProcess')
    await session.detach()
    // What is left of 10,000 epochs takes our own kernels a few seconds.
    await expect(studio.getByRole('row', { name: /Neural network.*Done/ })).toBeVisible({ timeout: 90_000 })
    await expect(studio.getByRole('region', { name: 'Neural network (MLP)', exact: true })).toContainText(new RegExp(`${backend.toLowerCase()} in epoch \\d+: missing ${backend.toLowerCase()} device; it was lost while in use`))
  })
}

test('F19: a loss that explodes stops the run and names the learning rate', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Neural network (MLP)' }).check()
  const rate = studio.getByRole('textbox', { name: 'Learning rate' })
  await rate.fill('1e9')
  await rate.press('Tab')
  await studio.getByRole('button', { name: /^train/i }).last().click()
  await expect(studio.getByRole('row', { name: /Neural network.*Failed/ })).toBeVisible({ timeout: 60_000 })
  await expect(studio.getByRole('main')).toContainText(/invalid loss; not below 10,000 in epoch 1 with learningRateInit 1000000000: /i)
})

const keepWorkers = () => {
  const made: Worker[] = []
  const Native = Worker
  Object.defineProperty(globalThis, 'madeWorkers', { value: made })
  globalThis.Worker = class extends Native {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options)
      made.push(this)
    }
  }
}
const killWorkers = (page: Page) =>
  page.evaluate(() => {
    for (const worker of (globalThis as unknown as { madeWorkers: Worker[] }).madeWorkers) worker.terminate()
  })
// A worker's death is to be noticed within 2 s, times four for a busy machine.
const noticed = { timeout: 8000 }

test('F20: a worker that dies in an import is missed within seconds, and replaced', async ({ page, server }) => {
  await page.addInitScript(keepWorkers)
  const heard: string[] = []
  listen(page, [], heard)
  await page.goto(server.url)
  await startImport(page, 'long.csv', randomTable(150_000))
  await someRowsKept(page)
  await killWorkers(page)
  await expect(page.getByRole('alert')).toContainText('Missing answer; the ingest worker ended', noticed)
  await expect(page.getByRole('alert')).toContainText('What was saved is safe. Start it again: a new worker takes over.')
  await startImport(page, 'short.csv', Buffer.from('a,b\n1,x\n2,y\n3,x\n'))
  await expect(page.getByRole('grid', { name: /Rows of/ })).toBeVisible()
  expect(heard).toEqual([])
})

test('F20: a worker that dies in a training leaves a failed run, and the next one trains', async ({ page, server }) => {
  await page.addInitScript(keepWorkers)
  const heard: string[] = []
  listen(page, [], heard)
  await page.goto(server.url)
  await trainLong(page)
  await expect(liveCurve(page)).toBeVisible()
  await killWorkers(page)
  await expect(page.getByRole('row', { name: /Neural network.*Failed/ })).toBeVisible(noticed)
  await expect(page.getByRole('main')).toContainText(/missing answer; the compute worker ended/i)
  await trainModel(page, 'Logistic regression')
  await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('row', { name: /Neural network.*Failed/ })).toHaveCount(1)
  expect(heard).toEqual([])
})

test('F20: a worker that dies while it writes its run leaves no half of it', async ({ browser }) => {
  const server = await serveHalting()
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.addInitScript(keepWorkers)
    const heard: string[] = []
    listen(page, [], heard)
    await page.goto(server.url)
    await openSample(page, 'Palmer penguins')
    await chooseTarget(page, 'species')
    // With its baseline, which the next ones need not wait for.
    await trainModel(page, 'Decision tree')
    await expect(page.getByRole('row', { name: /Decision tree.*Done/ })).toBeVisible()
    for (const write of [1, 2]) {
      server.haltAt('compute', write)
      await trainModel(page, 'Logistic regression')
      await server.halted()
      await killWorkers(page)
      server.release()
      server.haltAt('compute', 0)
      // Before its first write there is no run to fail.
      if (write === 1) await expect(page.getByText('Not trained: missing answer; the compute worker ended What was saved is safe. Start it again: a new worker takes over.')).toBeVisible(noticed)
      await expect(page.getByRole('row', { name: /Logistic regression.*Failed/ })).toHaveCount(write - 1, noticed)
      await expect(page.getByRole('row', { name: /Logistic regression.*(Done|Training)/ })).toHaveCount(0)
    }
    await trainModel(page, 'Logistic regression')
    await expect(page.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(1)
    await page.goto(`${server.url}#/`)
    await page.getByRole('button', { name: 'Check what is stored' }).click()
    await expect(page.getByText('Everything that is stored was read and is whole.')).toBeVisible()
    expect(heard).toEqual([])
  } finally {
    await context.close()
    await server.stop()
  }
})

test('a cancelled training is over for the page at once, and the next one starts', async ({ studio }) => {
  await trainLong(studio)
  const stop = studio.getByRole('button', { name: 'Stop and keep the best' })
  await expect(stop).toBeVisible()
  await studio.getByRole('main').getByRole('button', { name: 'Cancel', exact: true }).click()
  await expect(stop).toBeHidden({ timeout: 1000 })
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
})
