/** Pictures in a terminal: from folders to a bundle, and from the bundle to answers. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildCli } from '../../../src/cli/build.mjs'
import { bytesOf, openZip } from '../../../src/core/zip.ts'
import { fixture, png } from '../../support/pictures.ts'
import { startServer, unpack } from '../../support/served-bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-pictures-'))
const at = (...names: readonly string[]): string => join(folder, ...names)
const glasshouse = (...argv: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
  new Promise((resolve) => execFile(process.execPath, ['dist-cli/glasshouse.mjs', ...argv], (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err })))
const striped = (across: boolean, seed: number) => png(40, 32, (x, y) => (Math.floor(((across ? y : x) + seed) / (4 + (seed % 4))) % 2 === 0 ? [240, 240, 230] : [20, 30, 60]))

beforeAll(async () => {
  await buildCli()
  for (const [k, name] of ['across', 'down'].entries()) {
    mkdirSync(at('stripes', name), { recursive: true })
    for (let i = 0; i < 10; i++) writeFileSync(at('stripes', name, `${i}.png`), striped(k === 0, 1 + 3 * i))
  }
  writeFileSync(at('stripes', 'down', 'words.jpg'), 'words')
  for (const [name, count] of [['many', 6], ['more', 6], ['single', 1]] as const) {
    mkdirSync(at('lone', name), { recursive: true })
    for (let i = 0; i < count; i++) writeFileSync(at('lone', name, `${i}.png`), striped(name === 'many', 2 + i * 5))
  }
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('folders become a bundle that verifies, and it and its pipeline.json name new pictures alike', async () => {
  const bundle = at('stripes.zip')
  const trained = await glasshouse('train', at('stripes'), '--json', '--out', bundle)
  expect(trained).toMatchObject({ code: 0, err: expect.stringMatching(/^note: 1 of 21 files are left out; the first is stripes\/down\/words.jpg: .*holds text/m) })
  expect(JSON.parse(trained.out)).toMatchObject({ task: 'classification', rows: 20, estimator: 'logistic-regression' })
  // Golden pictures, and with a folder every one in it: graph against pipeline.json.
  const verified = await glasshouse('verify', bundle, '--rows', at('stripes'))
  expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/^verified stripes: .*\nverified pictures: graph and pipeline\.json answer 20 of 21 pictures of stripes, at most .* apart \(allowed 1×10⁻⁵\), 0 ties, 0 other labels\n$/), err: expect.stringContaining('note: stripes/down/words.jpg: ') })

  mkdirSync(at('new'))
  mkdirSync(at('odd', 'across'), { recursive: true })
  for (const name of ['animated.gif', 'rgb16.png']) writeFileSync(at('odd', 'across', name), fixture(name))
  expect((await glasshouse('predict', bundle, at('odd'))).err).toMatch(/^note: 1 picture has 16 bits a channel and is read with 8; 1 is animated: its first frame is taken; the first: odd\/across\/animated.gif$/m)
  for (const name of ['across', 'down']) writeFileSync(at('new', `${name}.png`), striped(name === 'across', 50))
  const answered = await glasshouse('predict', bundle, at('new'), at('stripes', 'down', 'words.jpg'))
  const lines = answered.out.trim().split(/\r?\n/).map((line) => line.split(','))
  expect(lines.map(([file, label]) => [file, label])).toEqual([['file', 'prediction'], ['new/across.png', 'across'], ['new/down.png', 'down'], ['words.jpg', '']])
  expect(answered).toMatchObject({ code: 0, err: expect.stringContaining('words.jpg') })
  const inside = await openZip(bytesOf(readFileSync(bundle)))
  writeFileSync(at('pipeline.json'), await inside.read('pipeline.json'))
  const again = await glasshouse('predict', at('pipeline.json'), at('new'), '--out', at('answers.csv'))
  expect(again.code).toBe(0)
  const own = readFileSync(at('answers.csv'), 'utf8').trim().split(/\r?\n/).map((line) => line.split(','))
  expect(own.map(([, label]) => label)).toEqual(['prediction', 'across', 'down'])
  // The graph answers in 32 bits.
  for (const line of [1, 2]) expect(Math.abs(Number(own[line]?.[2]) - Number(lines[line]?.[2]))).toBeLessThan(1e-5)

  // The bundle's own test: golden rows on every route, forms too, and all that must be refused.
  await unpack(readFileSync(bundle), at('unpacked'))
  const tested = startServer(at('unpacked'), {}, ['--test'])
  expect([await tested.exit, tested.output().trim().split('\n').at(-1)]).toEqual([0, expect.stringMatching(/^\d+ passed, 0 failed$/)])

  const server = at('server.mjs')
  expect((await glasshouse('single', bundle, '--out', server)).code).toBe(0)
  const child = spawn(process.execPath, [server], { env: { ...process.env, PORT: '0', METRICS_PORT: 'off', REQUEST_LOG: at('asked.ndjson') }, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    let told = ''
    for await (const part of child.stdout) if (/"port":\d+/.test((told += String(part)))) break
    const image = readFileSync(at('new', 'down.png')).toString('base64')
    const address = `http://127.0.0.1:${/"port":(\d+)/.exec(told)?.[1]}/predict`
    const answer = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rows: [{ image }] }) })
    const json = (await answer.json()) as { predictions: unknown[] }
    expect(json).toMatchObject({ predictions: [{ label: 'down' }] })
    // The same as a form, as curl -F sends it.
    const form = new FormData()
    for (const name of ['down', 'across']) form.append('image', new Blob([readFileSync(at('new', `${name}.png`))]), `${name}.png`)
    const formed = (await (await fetch(address, { method: 'POST', body: form })).json()) as { predictions: unknown[] }
    expect(formed).toMatchObject({ predictions: [json.predictions[0], { label: 'across' }] })
    // What was asked, without the pictures, says whether answers are distributed as they were.
    for (let i = 0; i < 7; i++) expect((await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rows: Array.from({ length: 4 }, () => ({ image })) }) })).status).toBe(200)
    await expect.poll(() => readFileSync(at('asked.ndjson'), 'utf8').trim().split('\n').length).toBe(31)
    const watched = await glasshouse('monitor', bundle, at('asked.ndjson'), '--json')
    expect(JSON.parse(watched.out)).toMatchObject({
      source: { kind: 'log', rows: 31, answered: 31 },
      columns: [{ name: 'image', untested: 'Pictures have no values to compare.' }],
      answers: [{ drift: { test: 'psi', drifted: true } }],
      verdict: { level: 'watch', text: 'No input could be compared. The answers are distributed otherwise too.' },
    })
    for (let i = 0; i < 63; i++) form.append('image', new Blob(['x']), 'x')
    expect(await (await fetch(address, { method: 'POST', body: form })).json()).toEqual({ error: expect.stringMatching(/^invalid form; .*\b64 (files|fields)/) as string })
  } finally {
    child.kill('SIGKILL')
  }
}, 180_000)

describe('a run on other pictures', () => {
  const network = JSON.parse(readFileSync('test/golden/backbones.json', 'utf8')) as { readonly file: string }
  beforeAll(() => {
    writeFileSync(at('tiny.onnx'), Buffer.from(network.file, 'base64'))
    // Other stripes, and a third of them more.
    for (const [k, name] of ['across', 'down'].entries()) {
      mkdirSync(at('later', name), { recursive: true })
      for (let i = 0; i < 13; i++) writeFileSync(at('later', name, `${i}.png`), striped(k === 0, 40 + 3 * i))
    }
    // And a class that was not there before.
    mkdirSync(at('later', 'both'), { recursive: true })
    writeFileSync(at('later', 'both', 'deep.png'), fixture('rgb16.png'))
    for (let i = 1; i < 13; i++) writeFileSync(at('later', 'both', `${i}.png`), png(40, 32, (x, y) => [x * y * (i + 1), 20, 60].map((level) => level % 256) as [number, number, number]))
  })
  it.each([
    ['the network that ships', 'ships', ['--seed', '7'], 96],
    ['a network of one’s own', 'own', ['--network', at('tiny.onnx'), '--declare', 'range=imagenet'], 12],
    ['a network from scratch', 'scratch', ['--estimator', 'cnn', '--param', 'maxIter=2', '--param', 'layers=[{"type":"conv","filters":4},{"type":"max-pool"}]', '--param', 'backend=wasm'], 1],
  ])('%s', async (_, name, words, features) => {
    const bundle = at(`${name}.zip`)
    const first = await glasshouse('train', at('stripes'), ...words, '--out', bundle, '--json')
    expect(first.code, first.err).toBe(0)
    expect(JSON.parse(first.out)).toMatchObject({ rows: 20 })
    await unpack(readFileSync(bundle), at(name))
    const again = await glasshouse('retrain', at(name, 'run.json'), at('later'), '--out', at(`${name}-again.zip`), '--json')
    expect(again.code, again.err).toBe(0)
    expect(again.err).toMatch(/^note: 1 picture has 16 bits a channel and is read with 8: later\/both\/deep.png$/m)
    const [before, after] = [JSON.parse(first.out), JSON.parse(again.out)] as [Record<string, unknown>, Record<string, unknown>]
    expect(after).toMatchObject({ rows: 39, estimator: before['estimator'], params: before['params'], seed: before['seed'] })
    const verified = await glasshouse('verify', at(`${name}-again.zip`), '--rows', at('stripes', 'across'))
    expect(verified.out).toMatch(/golden rows answered, .* 0 other labels;.*\nverified pictures: .* 10 of 10 pictures of across, .* 0 other labels/)
    // The same run but for the pictures: the network too, byte for byte.
    const [was, is] = await Promise.all([bundle, at(`${name}-again.zip`)].map(async (path) => JSON.parse(new TextDecoder().decode(await (await openZip(bytesOf(readFileSync(path)))).read('run.json'))) as { spec: { recipe: object; split: object }; features: readonly object[] }))
    expect(is?.spec).toMatchObject({ recipe: was?.spec.recipe, split: was?.spec.split })
    expect(is?.features).toHaveLength(features)
    if (name !== 'own') return
    // The bundle's own code: the head learns again, through the network cut out of its graph.
    writeFileSync(at(name, 'code', 'twin.mts'), readFileSync(at(name, 'code', 'twin.ts'), 'utf8').replace("'glasshouse'", JSON.stringify(resolve('dist-cli/api.mjs'))))
    const twin = spawnSync(process.execPath, [resolve('node_modules/tsx/dist/cli.mjs'), 'twin.mts'], { cwd: at(name, 'code'), encoding: 'utf8', env: { ...process.env, DATA: at('stripes') } })
    const scores = twin.stdout.trim().split('\n').map((line) => line.split(/\s+/))
    expect(scores.map(([metric]) => metric), twin.stderr).toContain('log-loss')
    for (const [metric, value, , studio] of scores) expect(value, metric).toBe(studio)
  }, 120_000)
})

it.each([
  [['retrain', at('own', 'run.json'), 'test/fixtures/wine.csv'], 2, /the run learnt from pictures/],
  [['retrain', at('ships', 'run.json'), at('stripes', 'down')], 3, /two folders are needed/],
  [['train', at('stripes'), '--network', at('none.onnx')], 2, /no such file/],
  [['train', at('stripes'), '--network', at('stripes', 'down', 'words.jpg')], 1, /unsupported file; a network is an .onnx file/],
  [['train', at('stripes'), '--network', at('tiny.onnx'), '--estimator', 'cnn'], 2, /learns from the pixels themselves: cnn/],
  [['train', at('stripes'), '--network', at('tiny.onnx'), '--declare', 'output=nothing'], 2, /the file offers .*logits: nothing/],
  [['train', at('stripes'), '--network', at('tiny.onnx'), '--declare', 'height=64'], 3, /invalid height; the file says 32: 64/],
  [['train', at('stripes'), '--declare', 'range=unit'], 2, /missing --network/],
  [['train', at('stripes'), '--network', at('tiny.onnx'), '--declare', 'range=wide'], 2, /range; not one of unit, signed/],
  [['train', 'test/fixtures/wine.csv', '--target', 'kind', '--network', at('tiny.onnx')], 2, /it looks at pictures/],
  [['train', at('stripes', 'down')], 3, /two folders are needed, and there is one, down/],
  [['train', at('lone')], 3, /needs 2 pictures at least, one to learn from and one to judge by: single has 1/],
  [['train', at('stripes'), '--target', 'file'], 2, /pictures have one, label/],
  [['train', at('stripes'), '--estimator', 'ridge'], 2, /names no classes: ridge/],
  [['train', at('stripes'), '--weight', 'x'], 2, /--weight/],
  [['train', at('nowhere.zip')], 2, /no such file/],
])('%j is refused with one line', async (argv, code, words) => {
  const ended = await glasshouse(...argv)
  expect([ended.code, ended.out]).toEqual([code, ''])
  expect(ended.err.trim()).toMatch(words)
  expect(ended.err.trim().split('\n')).toHaveLength(1)
}, 60_000)
