/**
 * Writes a picture of every screen in four settings: light and dark, wide and narrow. Where a screen
 * scrolls, a second picture (…-whole) shows all of it.
 *   npm run shots -- [folder outside the repository] [only the screens whose name holds this]
 * Needs a built app (npm run build).
 */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { browserArgs, chromiumPath } from './chromium.ts'
import { walkScreens } from './screens.ts'
import { serveFolder } from './static-server.ts'

const built = process.env['GLASSHOUSE_DIST'] ?? 'dist'
const [wanted, only = ''] = process.argv.slice(2)
const folder = wanted === undefined ? mkdtempSync(join(tmpdir(), 'glasshouse-shots-')) : resolve(wanted)
if (!existsSync(join(built, 'index.html'))) throw new Error(`missing ${join(built, 'index.html')}; run npm run build first`)
if (!relative(process.cwd(), folder).startsWith('..')) throw new Error(`invalid folder; not outside the repository: ${folder}`)
mkdirSync(folder, { recursive: true })

const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const
const tallest = 3200

/** How many pixels of the screen are hidden below the fold of whatever scrolls. */
const hiddenBelow = (page: Page): Promise<number> =>
  page.evaluate(() => {
    let most = 0
    for (const element of document.querySelectorAll<HTMLElement>('main, main *')) {
      const { overflowY } = getComputedStyle(element)
      // A table scrolls through its rows whatever the height of the window; so does a frame in what scrolls.
      if ((overflowY !== 'auto' && overflowY !== 'scroll') || element.parentElement?.closest('[data-scrolls]') || element.closest('[role=grid]')) continue
      element.dataset['scrolls'] = ''
      most = Math.max(most, element.scrollHeight - element.clientHeight)
    }
    return most
  })
/** Fonts, charts and transitions have come to rest: two equal pictures in a row, within 3 s. */
async function settle(page: Page): Promise<Buffer> {
  let last = await page.screenshot()
  for (let i = 0; i < 12; i++) {
    await page.waitForTimeout(250)
    const next = await page.screenshot()
    if (next.equals(last)) break
    last = next
  }
  return last
}

const server = await serveFolder(built)
const executablePath = chromiumPath()
const browser = await chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args: [...browserArgs] })
const context = await browser.newContext({ viewport: sizes.wide, reducedMotion: 'reduce' })
const page = await context.newPage()
let number = 0
let pictures = 0
try {
  await walkScreens(page, server.url, async (screen) => {
    number++
    if (!screen.includes(only)) return
    for (const [size, viewport] of Object.entries(sizes)) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize(viewport)
        await settle(page)
        const path = join(folder, `${String(number).padStart(2, '0')}-${screen}-${colorScheme}-${size}`)
        await page.screenshot({ path: `${path}.png` })
        pictures++
        const hidden = await hiddenBelow(page)
        if (hidden < 24) continue
        await page.setViewportSize({ width: viewport.width, height: Math.min(tallest, viewport.height + hidden) })
        await settle(page)
        await page.screenshot({ path: `${path}-whole.png` })
        pictures++
      }
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize(sizes.wide)
  })
} catch (error) {
  await page.screenshot({ path: join(folder, 'stopped-here.png') })
  throw error
} finally {
  await browser.close()
  await server.stop()
  console.log(`${pictures} pictures of ${number} screens in ${folder}`)
}
