/**
 * `npm test`: types, then the suites in Node, in a real browser, and on the built app. Ends with one line
 * `N passed, N failed`, made from the runners' own JSON reports; a suite that reports nothing has failed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBrowser } from './browser.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'glasshouse-test-'))
const totals = { passed: 0, failed: 0 }
const started = performance.now()

function step(name, command, args, env = {}) {
  const from = performance.now()
  process.stdout.write(`\n== ${name}\n`)
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })
  process.stdout.write(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} after ${((performance.now() - from) / 1000).toFixed(0)} s\n`)
  return status === 0
}
/** A step that counts as one test. */
function check(name, command, args) {
  if (step(name, command, args)) totals.passed++
  else totals.failed++
}
/** A runner that writes a JSON report; read(report) gives [passed, failed]. */
function suite(name, args, report, read, env = {}) {
  const file = join(scratch, report)
  const ok = step(name, 'npx', [...args(file)], env)
  const [passed, failed] = existsSync(file) ? read(JSON.parse(readFileSync(file, 'utf8'))) : [0, 0]
  totals.passed += passed
  totals.failed += failed
  if (!ok && failed === 0) totals.failed++
  if (ok && passed === 0) totals.failed++
}
const vitest = (project) => (file) => ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
const vitestCounts = (report) => [report.numPassedTests, report.numFailedTests]

try {
  const browser = await ensureBrowser()
  process.env.CHROMIUM_PATH = browser
  process.stdout.write(`Browser: ${browser}\n`)
  check('kernels', 'npm', ['run', '--silent', 'kernels'])
  check('types: core', 'npx', ['tsc', '-p', 'tsconfig.core.json'])
  check('types: workers', 'npx', ['tsc', '-p', 'tsconfig.workers.json'])
  check('types: node', 'npx', ['tsc', '-p', 'tsconfig.node.json'])
  check('types: page', 'npx', ['svelte-check', '--tsconfig', 'tsconfig.json', '--fail-on-warnings', '--output', 'human'])
  suite('unit, contract, golden, property', vitest('node'), 'node.json', vitestCounts)
  suite('browser', vitest('browser'), 'browser.json', vitestCounts)
  check('build', 'npx', ['vite', 'build', '--logLevel', 'warn'])
  suite(
    'end to end',
    () => ['playwright', 'test', '--reporter=line,json'],
    'e2e.json',
    ({ stats }) => {
      if (stats.flaky > 0) process.stdout.write(`${stats.flaky} passed at the second try only\n`)
      return [stats.expected + stats.flaky, stats.unexpected]
    },
    { PLAYWRIGHT_JSON_OUTPUT_NAME: join(scratch, 'e2e.json') },
  )
} catch (error) {
  process.stdout.write(`${error.message}\n`)
  totals.failed++
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.stdout.write(`\n${((performance.now() - started) / 60_000).toFixed(1)} minutes\n${totals.passed} passed, ${totals.failed} failed\n`)
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1
