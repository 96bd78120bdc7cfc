/** Every screen, in light and dark, wide and narrow, by touch: axe finds nothing, nothing scrolls sideways, nothing is too small. */
import type { Page } from '@playwright/test'
import { violations } from '../support/axe.ts'
import { walkScreens } from '../support/screens.ts'
import { chooseTarget, expect, openSample, test, trainModel } from './studio.ts'

const wide = { width: 1280, height: 800 }
const narrow = { width: 390, height: 844 }

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

/** Controls that a finger misses: less than 24 px high or wide. */
const tooSmall = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
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

test.describe('on a touch screen of 390 px', () => {
  test.use({ viewport: narrow, hasTouch: true, isMobile: true, serviceWorkers: 'allow' })
  // One walk, because to reach the screens takes longer than to look at them: by touch at 390 px, and on each the
  // eyes of a desk, too. The other journeys walk at 1280 px with a mouse.
  test('axe finds nothing on any screen, none scrolls sideways, and a finger hits every control', async ({ studio, server }) => {
    test.setTimeout(900_000)
    const found: string[] = []
    const seen: string[] = []
    const device = await studio.context().newCDPSession(studio)
    const asDevice = async (size: { width: number; height: number }, touch: boolean): Promise<void> => {
      await device.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: touch })
      await device.send('Emulation.setTouchEmulationEnabled', { enabled: touch })
      await settled(studio)
    }
    await studio.emulateMedia({ reducedMotion: 'reduce' })
    await walkScreens(studio, server.url, async (screen) => {
      seen.push(screen)
      const note = (place: string, lines: readonly (string | undefined)[]) => found.push(...lines.flatMap((line) => (line === undefined ? [] : [`${screen}, ${place}: ${line}`])))
      const look = async (place: string): Promise<void> => {
        note(place, [await overflow(studio), ...(await violations(studio))])
        await studio.emulateMedia({ colorScheme: 'dark' })
        await settled(studio)
        // Names, roles and order are the same in both colour schemes.
        note(`${place}, dark`, await violations(studio, ['color-contrast', 'link-in-text-block']))
        await studio.emulateMedia({ colorScheme: 'light' })
      }
      await settled(studio)
      note('touch', await tooSmall(studio))
      await look('390 wide')
      await asDevice(wide, false)
      await look('1280 wide')
      // A phone of the smallest kind, and 1280 at 400 %.
      await asDevice({ ...wide, width: 320 }, false)
      note('320 wide', [await overflow(studio)])
      await asDevice(narrow, true)
    })
    expect(seen.length).toBeGreaterThan(25)
    expect([...new Set(found)]).toEqual([])
  })
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
