/**
 * `npm test`: types and the build, then the suites in Node, in a real browser, and on the built app. Ends with one
 * line `N passed, N failed`, made from the runners' own JSON reports; a suite that reports nothing has failed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
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
/** Steps that keep one core busy each, as many at a time as there are cores; each one's output in one piece, at its end. */
async function checks(steps) {
  const waiting = [...steps]
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, command, args] = next
      const from = performance.now()
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      const said = []
      child.stdout.on('data', (bytes) => said.push(bytes))
      child.stderr.on('data', (bytes) => said.push(bytes))
      const status = await new Promise((resolve) => child.on('error', resolve).on('close', resolve))
      process.stdout.write(`\n== ${name}\n${Buffer.concat(said)}== ${name}: ${status === 0 ? 'ok' : 'FAILED'} after ${((performance.now() - from) / 1000).toFixed(0)} s\n`)
      if (status === 0) totals.passed++
      else totals.failed++
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
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
// Vitest would leave a core to an editor that nobody has open.
const vitest = (project) => (file) => ['vitest', 'run', '--project', project, '--maxWorkers=100%', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
const vitestCounts = (report) => [report.numPassedTests, report.numFailedTests]

try {
  const browser = await ensureBrowser()
  process.env.CHROMIUM_PATH = browser
  process.stdout.write(`Browser: ${browser}\n`)
  check('kernels', 'npm', ['run', '--silent', 'kernels'])
  // The longest first.
  await checks([
    ['types: page', 'npx', ['svelte-check', '--tsconfig', 'tsconfig.json', '--fail-on-warnings', '--output', 'human']],
    ['build', 'npx', ['vite', 'build', '--logLevel', 'warn']],
    ['types: node', 'npx', ['tsc', '-p', 'tsconfig.node.json']],
    ['types: workers', 'npx', ['tsc', '-p', 'tsconfig.workers.json']],
    ['types: core', 'npx', ['tsc', '-p', 'tsconfig.core.json']],
  ])
  suite('unit, contract, golden, property', vitest('node'), 'node.json', vitestCounts)
  suite('browser', vitest('browser'), 'browser.json', vitestCounts)
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
