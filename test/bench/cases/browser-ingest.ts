/**
 * The same 45 MB CSV dropped into the built app in Chromium: read, typed, profiled and committed to
 * IndexedDB, from the click to the table on the page. Quality is the number of cells kept.
 */
import { join } from 'node:path'
import { importCsv, openStudio } from '../studio.ts'
import type { Bench } from '../harness.ts'

export const bench: Bench = {
  peer: 'ingest.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['pandas', 'python3-pandas'],
  ],
  async load(folder) {
    return async () => {
      const { page, close } = await openStudio()
      const ms = await importCsv(page, join(folder, 'table.csv'))
      const [rows, columns] = ((await page.locator('main').innerText()).match(/([\d,]+) rows × ([\d,]+) columns/) ?? []).slice(1).map((text) => Number(text.replaceAll(',', '')))
      await close()
      return { ms, quality: (rows ?? 0) * (columns ?? 0) }
    }
  },
}
