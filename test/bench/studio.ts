/** The built app in Chromium, for cases that time what a person waits for: from the click to the answer on the page. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright'
import { browserArgs, chromiumPath } from '../support/chromium.ts'
import { serveFolder } from '../support/static-server.ts'

export interface Studio {
  readonly page: Page
  close(): Promise<void>
}

const built = process.env['GLASSHOUSE_DIST'] ?? 'dist'

/** Milliseconds since 1970 of the newest file under the folders. */
const newest = (...folders: string[]): number =>
  Math.max(...folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(folder, name)).mtimeMs)))

/** A fresh profile each time, so that nothing of an earlier run is cached or stored. @param args flags instead of those the tests use */
export async function openStudio(args?: readonly string[]): Promise<Studio> {
  const index = `${built}/index.html`
  if (!existsSync(index) || statSync(index).mtimeMs < newest('src', 'workers')) {
    process.stderr.write(`missing build of the sources as they are in ${built}; run: npm run build\n`)
    process.exit(2)
  }
  const server = await serveFolder(built)
  const executablePath = chromiumPath()
  const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: [...(args ? ['--no-sandbox', ...args] : browserArgs)] })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.setDefaultTimeout(300_000)
  await page.goto(server.url)
  await page.getByText('Offline ready').first().waitFor()
  return {
    page,
    async close() {
      await browser.close()
      await server.stop()
    },
  }
}

/** Drops a CSV in and imports it as guessed. @returns milliseconds from the click on Import to the table */
export async function importCsv(page: Page, path: string): Promise<number> {
  await page.locator('input[type=file]').first().setInputFiles(path)
  const button = page.getByRole('button', { name: 'Import', exact: true })
  await button.waitFor()
  await page.waitForFunction(() => [...document.querySelectorAll('button')].some((item) => item.textContent?.trim() === 'Import' && !item.disabled))
  const start = performance.now()
  await button.click()
  await page.getByRole('tab', { name: 'Columns' }).waitFor()
  return performance.now() - start
}
