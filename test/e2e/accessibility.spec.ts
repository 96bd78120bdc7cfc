/** Every screen, in light and dark, wide and narrow: axe finds nothing, and nothing scrolls sideways. */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { walkScreens } from '../support/screens.ts'
import { chooseTarget, expect, openSample, test, trainModel } from './studio.ts'

const wide = { width: 1280, height: 800 }
const narrow = { width: 390, height: 844 }

/** What axe finds, a line each: rule, element, and what to do. */
async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  const builder = new AxeBuilder({ page })
  const { violations } = await (rules ? builder.withRules([...rules]) : builder).analyze()
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} · ${node.failureSummary?.replace(/\s+/g, ' ').slice(0, 300) ?? ''}`))
}
/** How far the page scrolls sideways, in pixels, and what sticks out most. Tables scroll in frames of their own. */
const overflow = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => {
    const places = [document.documentElement, ...document.querySelectorAll<HTMLElement>('main, main .work, main .start, aside .inside, dialog[open]')]
    const wrong = places.find((place) => place.scrollWidth > place.clientWidth + 1)
    if (!wrong) return undefined
    const edge = wrong.getBoundingClientRect().right
    const out = [...wrong.querySelectorAll<HTMLElement>('*')].find((element) => element.getBoundingClientRect().right > edge + 1)
    return `${wrong.tagName}.${wrong.className} by ${wrong.scrollWidth - wrong.clientWidth} px: ${out?.outerHTML.slice(0, 160) ?? ''}`
  })
/** Two frames, so that what follows the size has followed. */
const settled = (page: Page) => page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))))

test('axe finds nothing on any screen, and no screen scrolls sideways', async ({ studio, server }) => {
  test.setTimeout(420_000)
  const found: string[] = []
  const seen: string[] = []
  await studio.emulateMedia({ reducedMotion: 'reduce' })
  await walkScreens(studio, server.url, async (screen) => {
    seen.push(screen)
    for (const viewport of [wide, narrow]) {
      await studio.setViewportSize(viewport)
      for (const colorScheme of ['light', 'dark'] as const) {
        await studio.emulateMedia({ colorScheme })
        await settled(studio)
        // Names, roles and order are the same in both colour schemes.
        found.push(...(await violations(studio, colorScheme === 'dark' ? ['color-contrast', 'link-in-text-block'] : undefined)).map((line) => `${screen}, ${colorScheme}, ${viewport.width}: ${line}`))
      }
    }
    // 320 is a phone of the smallest kind, and 1280 at 400 %.
    for (const width of [320, narrow.width, wide.width]) {
      await studio.setViewportSize({ ...wide, width })
      await settled(studio)
      const out = await overflow(studio)
      if (out !== undefined) found.push(`${screen}, ${width} wide: ${out}`)
    }
    await studio.setViewportSize(wide)
    await studio.emulateMedia({ colorScheme: 'light' })
  })
  expect(seen.length).toBeGreaterThan(25)
  expect(found).toEqual([])
})

test.describe('at 200 % zoom', () => {
  test.use({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 })
  test('a person gets from a sample to a run, and reaches every control', async ({ studio }) => {
    await openSample(studio, 'Palmer penguins')
    expect(await overflow(studio)).toBeUndefined()
    const grid = await studio.getByRole('grid').boundingBox()
    expect(grid?.height, 'room for some rows').toBeGreaterThan(120)
    await chooseTarget(studio, 'species')
    expect(await overflow(studio)).toBeUndefined()
    await trainModel(studio, 'Logistic regression')
    await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
    expect(await overflow(studio)).toBeUndefined()
    expect(await violations(studio)).toEqual([])
  })
})

test('nothing moves for a person who asked for less motion', async ({ studio }) => {
  await studio.emulateMedia({ reducedMotion: 'reduce' })
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  const longest = await studio.evaluate(() => {
    const seconds = (text: string) => Math.max(...text.split(',').map((part) => (part.trim().endsWith('ms') ? Number.parseFloat(part) / 1000 : Number.parseFloat(part))))
    return Math.max(...[...document.querySelectorAll('*')].map((element) => {
      const style = getComputedStyle(element)
      return Math.max(seconds(style.transitionDuration), seconds(style.animationDuration))
    }))
  })
  expect(longest).toBeLessThanOrEqual(0.001)
})

test.describe('on a touch screen of 390 px', () => {
  test.use({ viewport: narrow, hasTouch: true, isMobile: true })
  test('every control of the journey is at least 24 px high and wide', async ({ studio, server }) => {
    test.setTimeout(240_000)
    const small: string[] = []
    await walkScreens(studio, server.url, async (screen) => {
      await settled(studio)
      const out = await overflow(studio)
      if (out !== undefined) small.push(`${screen}: ${out}`)
      const found = await studio.evaluate(() => {
        const controls = [...document.querySelectorAll<HTMLElement | SVGElement>('button, a[href], input, select, textarea, summary, [role=slider], [role=tab]')]
        return controls.flatMap((control) => {
          // A checkbox counts with its label; a link inside a sentence is exempt (WCAG 2.2, 2.5.8).
          const target = control.closest('label') ?? control
          const box = target.getBoundingClientRect()
          const isInline = control.tagName === 'A' && getComputedStyle(control).display === 'inline' && control.closest('table') === null
          const isShown = control.checkVisibility({ visibilityProperty: true }) && box.width > 2 && box.height > 2 && !control.closest('.visually-hidden')
          // The whole drawing takes the pointer, not only its round handle.
          const isInDrawing = control instanceof SVGElement
          const isInSentence = isInDrawing || isInline || (control.closest('p') !== null && getComputedStyle(control).display.startsWith('inline'))
          return !isShown || isInSentence || (box.width >= 23.9 && box.height >= 23.9) ? [] : [`${Math.round(box.width)} x ${Math.round(box.height)}: ${control.outerHTML.slice(0, 140)}`]
        })
      })
      small.push(...found.map((line) => `${screen}: ${line}`))
    })
    expect([...new Set(small)]).toEqual([])
  })
})

test('forced colours keep what is chosen and where the focus is', async ({ studio }) => {
  await studio.emulateMedia({ forcedColors: 'active' })
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  const current = studio.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: 'Prepare', exact: true })
  const other = studio.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: 'Data', exact: true })
  const look = (element: Element) => {
    const { backgroundColor, color, borderColor, outline, fontWeight, textDecorationLine } = getComputedStyle(element)
    return [backgroundColor, color, borderColor, outline, fontWeight, textDecorationLine].join(' ')
  }
  expect(await current.evaluate(look)).not.toBe(await other.evaluate(look))
  await studio.keyboard.press('Tab')
  const outline = await studio.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)
  expect(outline).not.toBe('none')
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
})
