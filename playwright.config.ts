import { defineConfig } from '@playwright/test'
import { chromiumPath, journeyArgs } from './test/support/chromium.ts'

const executablePath = chromiumPath()

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  // A journey mostly waits, for a frame or for one worker: alone it keeps a third of two cores busy. Every test has a
  // profile and a server of its own, what they build together has a lock, and none asks for more than a deadline with a factor of four.
  workers: 2,
  fullyParallel: true,
  // A shared machine stalls at times: one second try there, reported as flaky. By hand nothing is forgiven.
  retries: process.env['CI'] ? 1 : 0,
  // A cap on what hangs, not a measure: a journey takes seconds, and a shared machine may be twenty times slower.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  use: {
    launchOptions: { ...(executablePath === undefined ? {} : { executablePath }), args: [...journeyArgs] },
    viewport: { width: 1280, height: 800 },
    // Installed, it fetches and keeps the whole site for each test's own profile: as much work as a journey. Specs
    // that are about it, and the plain journey, let it in.
    serviceWorkers: 'block',
    trace: 'off',
  },
})
