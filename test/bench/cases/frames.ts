/**
 * Frames of the page while a boosting model and its five folds are trained with all cores, in the built app: the
 * longest and the 99th percentile of the time between two frames, beside those of the same page where nothing is
 * trained. Someone scrolls all the while. Gate: no frame over 200 ms, where the machine has none without training.
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { createRng } from '../../../src/core/math/rng.ts'
import { tell } from '../harness.ts'
import { importCsv, openStudio } from '../studio.ts'

const [rows, features, longestFrame] = [100_000, 20, 200]

async function writeTable(path: string): Promise<void> {
  const rng = createRng(1)
  const out = createWriteStream(path)
  out.write(`${Array.from({ length: features }, (_, f) => `x${f}`).join(',')},y\n`)
  for (let row = 0; row < rows; row++) {
    const x = Array.from({ length: features }, () => rng.normal())
    const yes = (x[0] as number) * (x[1] as number) + Math.abs(x[2] as number) + 0.5 * rng.normal() > 0.8
    if (!out.write(`${x.map((value) => value.toFixed(4)).join(',')},${yes ? 'yes' : 'no'}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

/**
 * Begins to count frames, and turns of the page's own thread: on a machine without a GPU frames wait for a software
 * rasteriser too. As text, for the bench's own compiler gives functions names that the page does not know.
 */
const count = (page: Page) =>
  page.evaluate(`{
    const frames = (globalThis.frames = [])
    const turns = (globalThis.turns = [])
    const note = (gaps, again) => {
      let last = performance.now()
      const next = () => {
        gaps.push(performance.now() - last)
        last = performance.now()
        again(next)
      }
      again(next)
    }
    note(frames, (next) => requestAnimationFrame(next))
    note(turns, (next) => setTimeout(next, 10))
  }`)
interface Gaps {
  readonly longest_ms: number
  readonly p99_ms: number
}
function gapsOf(gaps: number[]): Gaps {
  gaps.sort((a, b) => a - b)
  return { longest_ms: Math.round(gaps.at(-1) ?? 0), p99_ms: Math.round(gaps[Math.floor(gaps.length * 0.99)] ?? 0) }
}
/** Since the last look. */
async function look(page: Page): Promise<{ readonly frames: Gaps; readonly turns: Gaps }> {
  const { frames, turns } = await page.evaluate(() => {
    const { frames, turns } = globalThis as unknown as { frames: number[]; turns: number[] }
    return { frames: frames.splice(0), turns: turns.splice(0) }
  })
  return { frames: gapsOf(frames), turns: gapsOf(turns) }
}

/** Someone scrolls up and down until the end. */
async function lookAbout(page: Page, end: Promise<unknown>): Promise<void> {
  let over = false
  void end.then(() => (over = true))
  await page.mouse.move(800, 400)
  for (let turn = 0; !over; turn++) {
    await page.mouse.wheel(0, turn % 2 === 0 ? 300 : -300)
    await page.waitForTimeout(250)
  }
  await end
}

export async function run(json: boolean): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'frames.csv')
  await writeTable(path)
  const { page, close } = await openStudio(['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'])
  try {
    await importCsv(page, path)
    const rail = page.getByRole('navigation', { name: 'Project' })
    await rail.getByRole('link', { name: 'Prepare', exact: true }).click()
    const target = page.getByRole('combobox', { name: 'Column', exact: true }).first()
    await target.selectOption(await target.locator('option', { hasText: /^y\b/ }).getAttribute('value'))
    await rail.getByRole('link', { name: 'Train', exact: true }).click()
    await page.getByRole('radio', { name: 'Gradient boosting' }).check()
    await page.getByRole('combobox', { name: 'Cross-validation' }).selectOption('5')
    await count(page)
    await look(page)
    await lookAbout(page, page.waitForTimeout(5000))
    const rest = await look(page)
    const measured: Record<string, unknown> = {}
    let good = true
    for (const [at, choice] of (['leave one', 'all'] as const).entries()) {
      await page.getByRole('button', { name: 'Cores for training' }).click()
      await page.getByRole('menuitemradio', { name: new RegExp(`^${choice}`, 'i') }).click()
      await look(page)
      const begun = performance.now()
      await page.getByRole('button', { name: /^Train gradient/ }).click()
      const done = page.getByRole('row', { name: /Gradient boosting.*Done/ }).nth(at).waitFor()
      await lookAbout(page, done)
      const seen = await look(page)
      measured[choice] = { train_s: Number(((performance.now() - begun) / 1000).toFixed(1)), ...seen }
      good &&= seen.frames.longest_ms <= longestFrame
    }
    tell({ name: 'frames', rest, ...measured }, json)
    return good || rest.frames.longest_ms > longestFrame
  } finally {
    await close()
    rmSync(folder, { recursive: true, force: true })
  }
}
