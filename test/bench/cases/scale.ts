/**
 * Boosting in a tab of Chromium from 10^4 to 10^7 rows x 20: time of the fit and the peak of the renderer's
 * process, which holds the page, its workers and all their memory. 20 trees of depth 6, on the threads the app
 * would take. Gates: under 3 GB, and at most twice the time a row that 10^6 rows take.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright'
import { build } from 'vite'
import { chromiumPath } from '../../support/chromium.ts'
import { serveFolder } from '../../support/static-server.ts'

const sizes = [10_000, 100_000, 1_000_000, 10_000_000]
const rounds = 20
const limitBytes = 3e9
const note = `A row costs more where there are few: each of up to 64 nodes a tree costs the same whatever its rows (256 cells a feature
are cleared, subtracted and searched, and in small nodes searched again with rows counted against minSamplesLeaf), and
kernels and helpers start once a fit. From 10^5 rows on the rows themselves are most of it.
`

/** The largest VmHWM among the renderers below a process. */
function rendererPeak(root: number): number {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]))
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (pid: number): boolean => pid === root || (parents.has(pid) && below(parents.get(pid) as number))
  let peak = 0
  for (const pid of parents.keys()) {
    if (!below(pid)) continue
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) continue
      peak = Math.max(peak, 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]))
    } catch {
      // It has ended meanwhile.
    }
  }
  return peak
}

export async function run(json: boolean): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'scale-'))
  const threads = Math.max(1, availableParallelism() - 1)
  const base = fileURLToPath(new URL('../scale/', import.meta.url))
  await build({ root: base, base: './', configFile: false, logLevel: 'warn', worker: { format: 'es' }, build: { outDir: folder, emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0 } })
  const server = await serveFolder(folder)
  const perRow: number[] = []
  let good = true
  try {
    if (!json) process.stdout.write('rows  fit_s  s_a_million_rows  renderer_peak_mb\n')
    for (const rows of sizes) {
      const executablePath = chromiumPath()
      const browserServer = await chromium.launchServer({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] })
      try {
        const browser = await chromium.connect(browserServer.wsEndpoint())
        const page = await browser.newPage()
        await page.goto(`${server.url}?rows=${rows}&rounds=${rounds}&threads=${threads}`)
        await page.waitForFunction(() => document.title.startsWith('{'), undefined, { timeout: 1_800_000 })
        const result = JSON.parse(await page.title()) as { ms: number; error?: string }
        if (result.error) throw new Error(result.error)
        const peak = rendererPeak(browserServer.process().pid as number)
        perRow.push((result.ms * 1000) / rows)
        good &&= peak < limitBytes
        const line = { name: 'scale', rows, features: 20, trees: rounds, threads, ms: Math.round(result.ms), peak_bytes: peak }
        process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${rows}  ${(result.ms / 1000).toFixed(2)}  ${(perRow.at(-1) as number).toFixed(2)}  ${Math.round(peak / 1e6)}\n`)
      } finally {
        await browserServer.close()
      }
    }
    if (!json) process.stdout.write(note)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return good && (perRow[3] as number) <= 2 * (perRow[2] as number)
}
