/** The built app in Chromium, for cases that time what a person waits for: from the click to the answer on the page. */
import { existsSync } from 'node:fs'
import { chromium, type Page } from 'playwright'
import { browserArgs, chromiumPath } from '../support/chromium.ts'
import { serveFolder } from '../support/static-server.ts'

export interface Studio {
  readonly page: Page
  close(): Promise<void>
}

const built = process.env['GLASSHOUSE_DIST'] ?? 'dist'

/** A fresh profile each time, so that nothing of an earlier run is cached or stored. @param args flags instead of those the tests use */
export async function openStudio(args?: readonly string[]): Promise<Studio> {
  if (!existsSync(`${built}/index.html`)) {
    process.stderr.write('missing build; run: npm run build\n')
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
