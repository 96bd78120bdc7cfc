import { defineConfig } from '@playwright/test'
import { browserArgs, chromiumPath } from './test/support/chromium.ts'

const executablePath = chromiumPath()

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  // Two cores: one journey at a time leaves the second core to the workers under test.
  workers: 1,
  // A shared machine stalls at times: one second try there, reported as flaky. By hand nothing is forgiven.
  retries: process.env['CI'] ? 1 : 0,
  // A cap on what hangs, not a measure: a journey takes seconds, and a shared machine may be twenty times slower.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  use: {
    launchOptions: { ...(executablePath === undefined ? {} : { executablePath }), args: [...browserArgs] },
    viewport: { width: 1280, height: 800 },
    trace: 'off',
  },
})
