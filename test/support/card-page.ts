/** A model card opened from the disk, as its reader opens it: offline, every complaint and every address asked for kept. */
import { pathToFileURL } from 'node:url'
import { expect, type Browser, type Page } from '@playwright/test'
import { violations } from './axe.ts'

export interface CardPage {
  readonly page: Page
  /** Waits until the card says this class, with these probabilities in the order of the bars. @param tolerance of each */
  says(label: string, probabilities: ArrayLike<number>, tolerance: number): Promise<void>
  /** axe finds nothing, nothing was complained of, nothing but the file was asked for; then it is closed. */
  close(): Promise<void>
}

/** @param path of MODEL_CARD.html, one whose model is the graph; it is loaded */
export async function openCard(browser: Browser, path: string): Promise<CardPage> {
  const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => request.url().startsWith('file:') || complaints.push(request.url()))
  await page.goto(pathToFileURL(path).href)
  await page.getByRole('button', { name: 'Load the model' }).click()
  await expect(page.locator('#loading')).toHaveText(/^The model is run by onnxruntime-web \d/, { timeout: 120_000 })
  const shares = (): Promise<number[]> => page.locator('#bars meter').evaluateAll((bars) => bars.map((bar) => (bar as HTMLMeterElement).value))
  return {
    page,
    async says(label, probabilities, tolerance) {
      const wanted = Array.from(probabilities)
      await expect.poll(async () => (await shares()).map((share, c) => Math.abs(share - (wanted[c] as number)) <= tolerance), { message: `${label}: ${wanted.join(', ')}` }).toEqual(wanted.map(() => true))
      await expect(page.locator('#answer')).toHaveText(new RegExp(`: ${label}$`))
    },
    async close() {
      if (process.env['LOOK']) await look(page, process.env['LOOK'])
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      expect(complaints).toEqual([])
      await context.close()
    },
  }
}

async function look(page: Page, path: string): Promise<void> {
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 844 })
      await page.screenshot({ path: `${path}-card-${(await page.title()).replaceAll(/\W+/g, '-')}-${width}-${colorScheme}.png` })
    }
  }
}
