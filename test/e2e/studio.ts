/**
 * What every end-to-end test starts from: the built app on a server of its own that can be stopped, a
 * page that fails the test on any console line or page error, and the steps of the journey by role and label.
 */
import { expect, test as base, type Page } from '@playwright/test'
import { serveFolder, type StaticServer } from '../support/static-server.ts'

/** The folder with the built app. */
export const built = process.env['GLASSHOUSE_DIST'] ?? 'dist'

interface Fixtures {
  readonly server: StaticServer
  readonly studio: Page
  /** Patterns of console lines that the test expects. */
  readonly expected: RegExp[]
}

/** Playwright's own word where a test runs without the service worker. */
const blocked = /Service Worker registration blocked/

export function listen(page: Page, expected: readonly RegExp[], heard: string[]): void {
  const hear = (line: string) => {
    if (![blocked, ...expected].some((pattern) => pattern.test(line))) heard.push(line)
  }
  page.on('console', (message) => hear(`console.${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => hear(`page error: ${error.message}`))
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const server = await serveFolder(built)
    await use(server)
    await server.stop()
  },
  expected: async ({}, use) => use([]),
  studio: async ({ page, server, expected }, use) => {
    const heard: string[] = []
    listen(page, expected, heard)
    await page.goto(server.url)
    await use(page)
    expect(heard, 'unexpected console output').toEqual([])
  },
})
export { expect }

/** From the start page to the data page of a sample. */
export async function openSample(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: title }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  await expect(page.getByRole('grid')).toBeVisible()
}

/** By the rail, which lists the pages that are available. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

export async function chooseTarget(page: Page, column: string): Promise<void> {
  await goTo(page, 'Prepare')
  await expect(page.getByRole('heading', { level: 1, name: 'Prepare' })).toBeVisible()
  const select = page.getByRole('combobox', { name: 'Column' }).first()
  const option = await select.locator('option').filter({ hasText: `${column} – ` }).first().getAttribute('value')
  await select.selectOption(option)
}

/** Trains with the defaults of one estimator and waits for its run. */
export async function trainModel(page: Page, label: string): Promise<void> {
  await goTo(page, 'Train')
  await page.getByRole('radio', { name: label }).check()
  await page.getByRole('button', { name: /^train/i }).last().click()
}
