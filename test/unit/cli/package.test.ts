/** What `npm pack` packs, installed into an empty folder: `glasshouse` must do there what it does here, with nothing else installed. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildCli } from '../../../src/cli/build.mjs'
import { bytesOf, openZip } from '../../../src/core/zip.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-package-'))
const empty = join(folder, 'empty')
const data = resolve('test/fixtures/wine.csv')
const npm = (cwd: string, ...argv: string[]): string => execFileSync('npm', argv, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const glasshouse = (...argv: string[]): string => execFileSync(join(empty, 'node_modules/.bin/glasshouse'), argv, { cwd: empty, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(async () => {
  await buildCli()
  npm('.', 'pack', '--ignore-scripts', '--pack-destination', folder)
  const [packed] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  mkdirSync(empty)
  writeFileSync(join(empty, 'package.json'), '{"private":true}\n')
  npm(empty, 'install', '--offline', '--ignore-scripts', join(folder, packed as string))
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('needs no other package and holds no sources', () => {
  expect(readdirSync(join(empty, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['glasshouse'])
  expect(existsSync(join(empty, 'node_modules/glasshouse/src/core'))).toBe(false)
})
it.each([['hist-gradient-boosting', '--param', 'maxIter=20'], ['mlp', '--param', 'maxIter=5']])('trains %s with the numbers of the checkout', (estimator, ...more) => {
  const argv = ['train', data, '--target', 'cultivar', '--estimator', estimator, ...more, '--json']
  const here = JSON.parse(execFileSync(process.execPath, ['dist-cli/glasshouse.mjs', ...argv], { encoding: 'utf8' })) as { metrics: unknown }
  expect((JSON.parse(glasshouse(...argv)) as { metrics: unknown }).metrics).toEqual(here.metrics)
})
it('is a module, too, which the TypeScript twin of a run calls', () => {
  const program = `import { retrain } from 'glasshouse'
const recipe = { version: 1, excluded: [], steps: [] }
const { scores, parts } = await retrain({ file: ${JSON.stringify(data)}, spec: { version: 1, target: { column: 'cultivar', task: 'multiclass' }, split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 }, recipe, estimator: { id: 'decision-tree', params: {} }, seed: 1 } })
console.log(JSON.stringify({ parts: parts.length, accuracy: scores.find(({ metric }) => metric === 'accuracy').value }))`
  const { parts, accuracy } = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: empty, encoding: 'utf8' })) as { parts: number; accuracy: number }
  expect(parts).toBe(178)
  expect(accuracy).toBeGreaterThan(0.8)
})
it('exports, verifies, predicts and serves by the ONNX Runtime inside it', async () => {
  glasshouse('train', data, '--target', 'cultivar', '--param', 'maxIter=20', '--out', 'wine.zip')
  expect(glasshouse('verify', 'wine.zip')).toMatch(/^verified wine: .*onnxruntime-web/)
  expect(glasshouse('predict', 'wine.zip', data, '--out', 'answers.csv')).toBe('')
  // Our own JSON of the same pipeline, without a graph: the same labels, and shares that differ by the graph's rounding.
  const zip = await openZip(bytesOf(new Uint8Array(readFileSync(join(empty, 'wine.zip')))))
  writeFileSync(join(empty, 'pipeline.json'), await zip.read('pipeline.json'))
  glasshouse('predict', 'pipeline.json', data, '--out', 'own.csv')
  const [graph, own] = ['answers.csv', 'own.csv'].map((name) => readFileSync(join(empty, name), 'utf8').trim().split(/\r?\n/).map((line) => line.split(','))) as [string[][], string[][]]
  expect(own.length).toBe(graph.length)
  own.forEach((cells, row) => cells.forEach((cell, i) => (row > 0 && i >= cells.length - 3 ? expect(Math.abs(Number(cell) - Number(graph[row]?.[i]))).toBeLessThanOrEqual(1e-5) : expect(cell).toBe(graph[row]?.[i]))))
  const server = spawn(join(empty, 'node_modules/.bin/glasshouse'), ['serve', 'wine.zip', '--port', '0'], { cwd: empty, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, DRAIN_DELAY_MS: '0' } })
  const ended = new Promise((resolve) => server.once('close', resolve))
  const port = await new Promise<string>((resolve, reject) => {
    server.stdout.on('data', (text: Buffer) => {
      const found = /"port":(\d+)/.exec(text.toString())
      if (found) resolve(found[1] as string)
    })
    server.once('close', (code) => reject(new Error(`ended with ${code}`)))
  })
  expect(await (await fetch(`http://127.0.0.1:${port}/v2/health/ready`)).json()).toEqual({ live: true, ready: true })
  server.kill('SIGTERM')
  expect(await ended).toBe(0)
})
