/**
 * Makes sure there is a Chromium to drive and says which one: CHROMIUM_PATH, Debian's, Playwright's own
 * download, or, as root on Debian, `apt-get install chromium`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const debian = '/usr/bin/chromium'

async function playwrightsOwn() {
  const { chromium } = await import('playwright')
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined
}

export async function ensureBrowser(log = (line) => process.stderr.write(`${line}\n`)) {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`invalid CHROMIUM_PATH; no such file: ${chosen}`)
    return chosen
  }
  if (existsSync(debian)) return debian
  const own = await playwrightsOwn()
  if (own) return own
  log('No Chromium found; fetching one (Playwright, else Debian).')
  spawnSync('npx', ['playwright', 'install', '--with-deps', 'chromium'], { stdio: 'ignore', timeout: 180_000 })
  const fetched = await playwrightsOwn()
  if (fetched) return fetched
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  }
  if (existsSync(debian)) return debian
  throw new Error('missing browser; install Chromium and set CHROMIUM_PATH to it')
}
