/** The built command as a process: exit codes, what stands on which stream, and the page's numbers. */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildCli } from '../../../src/cli/build.mjs'
import { defaultSplit } from '../../../src/core/data/default-split.ts'
import type { Task } from '../../../src/core/data/target.ts'
import { openZip, bytesOf, zip } from '../../../src/core/zip.ts'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { train } from '../../../src/tasks/train.ts'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import { crossValidate, foldsLike } from '../../../src/core/run/cross-validate.ts'
import { loadDataset } from '../../../src/storage/datasets.ts'
import { ingestSample, specFor } from '../../support/host.ts'
import { nodeContext } from '../../support/node-context.ts'

const logistic = estimators.all.find((entry) => entry.id.startsWith('logistic'))?.id ?? ''
const folder = mkdtempSync(join(tmpdir(), 'glasshouse-cli-'))
const at = (name: string): string => join(folder, name)
const file = (name: string, text: string): string => {
  writeFileSync(at(name), text)
  return at(name)
}
interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}
function glasshouse(...argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist-cli/glasshouse.mjs', ...argv], { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }))
  })
}
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
/** What was said on standard error, less the progress that a slow machine gets to see. */
const notes = (err: string): string[] => lines(err).filter((line) => !/ \d+ ?%(, about .+ left)?$/.test(line))
/** y follows x with a class in every third row. */
const rows = (count: number, row: (i: number) => string, header: string): string => `${header}\n${Array.from({ length: count }, (_, i) => row(i)).join('\n')}\n`

beforeAll(() => buildCli(), 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('train', () => {
  it.each<[sample: string, target: string, task: Task, estimator: string, params: Record<string, number>]>([
    ['german-credit.csv', 'credit_risk', 'binary', 'hist-gradient-boosting', { maxIter: 30 }],
    ['german-credit.csv', 'credit_risk', 'binary', logistic, {}],
    ['penguins.csv', 'species', 'multiclass', 'decision-tree', { maxDepth: 4 }],
    ['penguins.csv', 'species', 'multiclass', 'mlp', { maxIter: 10 }],
    ['penguins.csv', 'body_mass_g', 'regression', 'ridge', { alpha: 2 }],
  ])('gives for %s, %s (%s) by %s the bits that the page tasks give', async (sample, target, task, estimator, params) => {
    const page = await ingestSample(sample)
    const { host, projectId, token } = page
    const spec = { ...specFor(page, { column: target, task }, estimator, params, 5), projectId, split: defaultSplit({ column: target, task }) }
    await train({ runId: 'run-1', token, spec }, host)
    const { evaluation, rows: parts, warnings } = await readRun(host.store, 'run-1')
    const { code, out, err } = await glasshouse('train', `public/samples/${sample}`, '--target', target, '--estimator', estimator, '--seed', '5', '--json', ...Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]))
    expect([code, notes(err)]).toEqual([0, warnings.map((warning) => `note: ${warning}`)])
    const answer = JSON.parse(out) as { metrics: Record<string, number>; rows: number }
    const named = new Map(evaluation?.scores.map(({ metric, value }) => [metric.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), value]))
    expect(Object.keys(answer.metrics)).toEqual(task === 'regression' ? ['rmse', 'mae', 'r2'] : ['accuracy', 'balancedAccuracy', 'f1Macro', 'rocAuc', 'logLoss'])
    for (const [name, value] of Object.entries(answer.metrics)) expect(value, name).toBe(named.get(name))
    expect(answer.rows).toBe((parts?.train ?? 0) + (parts?.valid ?? 0) + (parts?.test ?? 0))
  })

  it('prints one object with the promised keys, and nothing else on standard output', async () => {
    const { out, err, code } = await glasshouse('train', 'test/fixtures/wine.csv', '--target', 'cultivar', '--json', '--param', 'maxIter=20')
    expect([code, notes(err)]).toEqual([0, []])
    expect(lines(out)).toHaveLength(1)
    const answer = JSON.parse(out) as Record<string, unknown>
    expect(Object.keys(answer)).toEqual(['task', 'rows', 'features', 'estimator', 'params', 'seed', 'seconds', 'metrics'])
    expect(answer).toMatchObject({ task: 'classification', rows: 178, features: 13, estimator: 'hist-gradient-boosting', seed: 1, params: { maxIter: 20, learningRate: 0.1 } })
  })
  it('adds the mean and spread over folds, by the core that the page asks', async () => {
    const page = await ingestSample('penguins.csv')
    const target = { column: 'species', task: 'multiclass' } as const
    const spec = { ...specFor(page, target, 'decision-tree', {}, 3), split: defaultSplit(target) }
    const data = await loadDataset(page.host.store, page.datasetId)
    const rows = Uint32Array.from({ length: data.rows }, (_, row) => row)
    const { result } = await crossValidate(spec, data, rows, foldsLike({ ...spec.split, seed: 3 }, target, 4), nodeContext())
    const { code, out } = await glasshouse('train', 'public/samples/penguins.csv', '--target', 'species', '--estimator', 'decision-tree', '--seed', '3', '--cv', '4', '--json')
    expect(code).toBe(0)
    const { cv } = JSON.parse(out) as { cv: { folds: number; metrics: Record<string, { mean: number; sd: number }> } }
    expect(Object.keys(cv)).toEqual(['folds', 'metrics'])
    expect(cv.folds).toBe(4)
    expect(Object.keys(cv.metrics)).toEqual(['accuracy', 'balancedAccuracy', 'f1Macro', 'rocAuc', 'logLoss'])
    for (const { metric, mean, sd } of result.scores) {
      const name = metric.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      if (cv.metrics[name]) expect(cv.metrics[name], name).toEqual({ mean, sd })
    }
    expect(cv.metrics['accuracy']?.mean).toBeGreaterThan(0.85)
  })
  it('leaves a column out that only counts the rows and takes it in when told to; a score that no number holds says why', async () => {
    const counted = file('counted.csv', rows(120, (i) => `${i + 1},${(i * 7) % 12},${(i % 12) * 1e199}`, 'n,x,y'))
    const plain = await glasshouse('train', counted, '--target', 'y', '--estimator', 'ridge', '--json')
    expect(notes(plain.err)).toEqual([
      'note: RMSE is undefined: a prediction is not a finite number, or too large to be squared',
      'note: R² is undefined: a prediction is not a finite number, or too large to be squared',
      'note: no features, since they only count or name the rows: n; --use COLUMN takes one in',
    ])
    expect(JSON.parse(plain.out)).toMatchObject({ features: 1, metrics: { rmse: null, r2: null } })
    const told = await glasshouse('train', counted, '--target', 'y', '--estimator', 'ridge', '--use', 'n', '--json')
    expect([(JSON.parse(told.out) as { features: number }).features, notes(told.err).filter((line) => line.includes('--use'))]).toEqual([2, []])
    expect((await glasshouse('train', counted, '--target', 'y', '--use', 'm')).code).toBe(2)
    // The only column there is counts for something.
    const { code, out } = await glasshouse('train', file('alone.csv', rows(60, (i) => `${i + 1},${i % 7}`, 'n,y')), '--target', 'y', '--task', 'regression', '--estimator', 'ridge', '--json')
    expect([code, (JSON.parse(out) as { features: number }).features]).toEqual([0, 1])
  })
  it('prints tables without --json', async () => {
    const { out, code } = await glasshouse('train', 'test/fixtures/wine.csv', '--target', 'cultivar', '--estimator', 'baseline')
    expect(code).toBe(0)
    expect(out).toMatch(/rows +178: 106 training, 36 validation, 36 test \(sealed\)/)
    expect(out).toMatch(/balancedAccuracy +0\.3333/)
  })
  it('reads whole numbers without a gap as classes, and as numbers where regression is asked for', async () => {
    const path = file('codes.csv', rows(60, (i) => `${i},${i % 3}`, 'x,y'))
    expect(JSON.parse((await glasshouse('train', path, '--target', 'y', '--json')).out)).toMatchObject({ task: 'classification' })
    expect(JSON.parse((await glasshouse('train', path, '--target', 'y', '--json', '--task', 'regression')).out)).toMatchObject({ task: 'regression' })
  })
  it('reads the numbers of an id or of 0 and 1 as numbers where regression is asked for', async () => {
    for (const [name, header] of [['id.csv', 'x,price_index'], ['flag.csv', 'x,flag']] as const) {
      const target = header.slice(2)
      const path = file(name, rows(60, (i) => `${(i * 7) % 60},${target === 'flag' ? i % 2 : 1000 + i}`, header))
      expect(JSON.parse((await glasshouse('train', path, '--target', target, '--task', 'regression', '--json')).out)).toMatchObject({ task: 'regression', rows: 60 })
    }
  })
  it('weighs rows by a column, 0 and 1 too, which is no feature then, of the bundle neither', async () => {
    const path = file('weights.csv', rows(90, (i) => `${2 * i},${(i * 7) % 11},${i % 3 === 0 ? 0 : 1},${i + ((i * 7) % 11) * (i % 3)}`, 'x,z,w,y'))
    const argv = ['train', path, '--target', 'y', '--task', 'regression', '--estimator', 'ridge', '--json']
    const [weighed, plain] = [await glasshouse(...argv, '--weight', 'w', '--cv', '3'), await glasshouse(...argv)]
    expect([weighed.code, lines(weighed.err)]).toEqual([0, ['note: Training weighs each row by w; every score counts each row once.']])
    const answer = JSON.parse(weighed.out) as { metrics: unknown; cv: { folds: number } }
    expect(answer).toMatchObject({ features: 2, sampleWeight: 'w', cv: { folds: 3 } })
    expect(JSON.parse(plain.out)).toMatchObject({ features: 3 })
    expect(answer.metrics).not.toEqual((JSON.parse(plain.out) as { metrics: unknown }).metrics)
    const out = at('weighed.zip')
    expect(await glasshouse('train', path, '--target', 'y', '--task', 'regression', '--estimator', 'ridge', '--weight', 'w', '--out', out)).toMatchObject({ code: 0, out: expect.stringMatching(/weight +w\n/) })
    const bundle = await openZip(bytesOf(readFileSync(out)))
    expect(bundle.names).toContain('code/twin.py')
    expect((JSON.parse(new TextDecoder().decode(await bundle.read('signature.json'))) as { inputs: { name: string }[] }).inputs.map(({ name }) => name)).toEqual(['x', 'z'])
    // The run of an unpacked bundle again: its kinds too, for w alone would be read as no and yes.
    for (const name of ['run.json', 'signature.json']) writeFileSync(at(name), await bundle.read(name))
    const again = await glasshouse('retrain', at('run.json'), path, '--json')
    expect(JSON.parse(again.out)).toMatchObject({ estimator: 'ridge', sampleWeight: 'w', metrics: answer.metrics })
    expect(await glasshouse('retrain', at('run.json'), file('other.csv', 'x,z\n1,2\n'))).toMatchObject({ code: 3, err: expect.stringContaining('missing column') })
    expect(await glasshouse('retrain', at('signature.json'), path)).toMatchObject({ code: 3, err: expect.stringContaining('invalid signature.json; spec') })
  }, 60_000)
  it('says which rows it left out, and trains on the others', async () => {
    const path = file('holes.csv', rows(60, (i) => (i === 3 ? '1' : `${i},${i % 10 === 0 ? '' : i % 2 === 0 ? 'a' : 'b'}`), 'x,y'))
    const { code, out, err } = await glasshouse('train', path, '--target', 'y', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ rows: 53 })
    expect(lines(err)).toEqual([expect.stringMatching(/^note: 1 of 60 rows do not fit.* line 5: The row has 1 cell/), expect.stringMatching(/^note: 6 rows are in no part: the target is missing/)])
  })
})

describe('bad usage ends with 2, bad data with 3, one line each', () => {
  const good = 'test/fixtures/wine.csv'
  const cases: [number, RegExp, string[]][] = [
    [2, /missing command; one of train, retrain, predict, verify, monitor, single, serve/, []],
    [2, /unknown command; .*: learn/, ['learn']],
    [2, /missing --target/, ['train', good]],
    [2, /unknown column; the file has alcohol, .*: colour/, ['train', good, '--target', 'colour']],
    [2, /unknown estimator; not one of baseline, .*: oracle/, ['train', good, '--target', 'cultivar', '--estimator', 'oracle']],
    [2, /unsupported estimator for classification; that can be done by baseline, .*: ridge/, ['train', good, '--target', 'cultivar', '--estimator', 'ridge']],
    [2, /unknown parameter of ridge; not one of alpha, .*: depth/, ['train', good, '--target', 'alcohol', '--estimator', 'ridge', '--param', 'depth=3']],
    [2, /invalid alpha of ridge; not in .*: -1/, ['train', good, '--target', 'alcohol', '--estimator', 'ridge', '--param', 'alpha=-1']],
    [2, /invalid --task; not one of auto, classification, regression: both/, ['train', good, '--target', 'cultivar', '--task', 'both']],
    [2, /invalid --cv; not a whole number in \[2, 1000\]: 1/, ['train', good, '--target', 'cultivar', '--cv', '1']],
    [2, /invalid --seed; .*: -1/, ['train', good, '--target', 'cultivar', '--seed', '-1']],
    [2, /invalid file; there is no such file: /, ['train', at('none.csv'), '--target', 'cultivar']],
    [2, /invalid --out; its folder cannot be written/, ['train', good, '--target', 'cultivar', '--out', at('no/such/x.zip')]],
    [2, /invalid --port; .*: 70000/, ['serve', 'x.zip', '--port', '70000']],
    [2, /missing FILE\.\.\.; needed are BUNDLE.zip FILE\.\.\./, ['predict', 'x.zip']],
    [2, /unknown --weight; the file has alcohol, .*: say/, ['train', good, '--target', 'cultivar', '--weight', 'say']],
    [2, /invalid --weight; the target cannot weigh its own rows: cultivar/, ['train', good, '--target', 'cultivar', '--weight', 'cultivar']],
    [3, /invalid sample weight; w must be a finite number of at least 0 in every training row: -\d+ in row/, ['train', file('below.csv', rows(60, (i) => `${i},${-1 - (i % 5)},${i % 2 === 0 ? 'a' : 'b'}`, 'x,w,y')), '--target', 'y', '--weight', 'w']],
    [3, /missing data; .*the file is empty/, ['train', file('empty.csv', ''), '--target', 'y']],
    [3, /missing rows; .*only the header/, ['train', file('header.csv', 'x,y\n'), '--target', 'y']],
    [3, /it has one value only, so there is nothing to tell apart: y \(1 of its values could not be read, so that row is left out; the first on line 9: Not a finite number: "x"\)/, ['train', file('unread.csv', rows(300, (i) => `${i},${i === 7 ? 'x' : 5}`, 'x,y')), '--target', 'y']],
    [3, /it has one value only/, ['train', file('one.csv', rows(30, (i) => `${i},a`, 'x,y')), '--target', 'y']],
    [3, /more than there are rows \(178\): 179/, ['train', good, '--target', 'cultivar', '--cv', '179', '--estimator', 'baseline']],
    [3, /stratified folds need at least 2 rows of each: rare has 1/, ['train', file('rare.csv', rows(40, (i) => `${i},${i === 7 ? 'rare' : 'common'}`, 'x,y')), '--target', 'y', '--cv', '3', '--estimator', 'baseline']],
    [3, /every value is missing: y/, ['train', file('gone.csv', rows(30, (i) => `${i},`, 'x,y')), '--target', 'y']],
    [3, /a date cannot be predicted/, ['train', file('dates.csv', rows(30, (i) => `${i},2024-03-${10 + (i % 20)}`, 'x,y')), '--target', 'y']],
    [3, /free text cannot be predicted/, ['train', file('text.csv', rows(60, (i) => `${i},"a sentence of several words, numbered ${i}, and long enough to be one"`, 'x,y')), '--target', 'y']],
    [3, /regression needs a numeric column, and this one is categorical: y/, ['train', file('names.csv', rows(30, (i) => `${i},${'abc'[i % 3] as string}`, 'x,y')), '--target', 'y', '--task', 'regression']],
    [3, /classification needs few different values, and this column has 150: y/, ['train', file('many.csv', rows(150, (i) => `${i % 7},${i / 4}`, 'x,y')), '--target', 'y', '--task', 'classification']],
    [3, /invalid text; .*binary data/, ['train', file('binary.csv', '\u0000\u0001\u0002'.repeat(500)), '--target', 'y']],
    [3, /invalid zip; /, ['verify', file('not.zip', 'no zip at all')]],
    [3, /invalid zip; /, ['predict', at('not.zip'), good]],
    [3, /invalid zip; /, ['serve', at('not.zip')]],
  ]
  it.each(cases)('%i %s', async (code, message, argv) => {
    const ended = await glasshouse(...argv)
    expect(ended.out).toBe('')
    expect(lines(ended.err)).toEqual([expect.stringMatching(message)])
    expect(ended.code).toBe(code)
  })
  it('help and version are answers', async () => {
    expect(await glasshouse('--help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('glasshouse predict BUNDLE.zip FILE.csv') })
    expect(await glasshouse('--version')).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})

describe('a bundle', () => {
  const bundle = at('penguins.zip')
  beforeAll(async () => {
    const { code, err } = await glasshouse('train', 'public/samples/penguins.csv', '--target', 'species', '--param', 'maxIter=20', '--out', bundle)
    expect([code, notes(err)]).toEqual([0, []])
  }, 60_000)

  it('has the graph, the signature and the golden rows of the page export, bit for bit', async () => {
    const page = await ingestSample('penguins.csv')
    const { store } = page.host
    const host = { ...page.host, openRunner: async () => nodeRunner() }
    const target = { column: 'species', task: 'multiclass' } as const
    const spec = { ...specFor(page, target, 'hist-gradient-boosting', { maxIter: 20 }), split: defaultSplit(target) }
    await train({ runId: 'run-1', token: page.token, spec }, host)
    expect((await readRun(store, 'run-1')).status).toBe('succeeded')
    const exported = await deployExport({ runId: 'run-1', name: 'penguins', intendedUse: '', limitations: '' }, host)
    const [ours, theirs] = await Promise.all([readFileSync(bundle), exported.zip as Uint8Array].map((bytes) => openZip(bytesOf(bytes))))
    if (!ours || !theirs) throw new Error('no zip')
    expect(ours.names).toEqual(theirs.names)
    for (const name of ['signature.json', 'golden.json', 'package.json']) expect(await ours.read(name), name).toEqual(await theirs.read(name))
    // The names of run and dataset are drawn anew; they stand in the graph's metadata, behind everything that computes.
    const [own, other] = await Promise.all([ours.read('model.onnx'), theirs.read('model.onnx')])
    const computes = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, Buffer.from(bytes).indexOf('data_hash'))
    expect(computes(own).length).toBeGreaterThan(10_000)
    expect(computes(own)).toEqual(computes(other))
  })
  it('answers every row of a file with cells that no spreadsheet runs', async () => {
    const header = 'species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year'
    const { code, out, err } = await glasshouse('predict', bundle, 'public/samples/penguins.csv')
    expect(code).toBe(0)
    expect(lines(err).length).toBeLessThan(8)
    const [first, second] = out.split('\r\n') as [string, string]
    expect(first.startsWith(header)).toBe(true)
    expect(first).toMatch(/,prediction,probability of Adelie,probability of Chinstrap,probability of Gentoo$/)
    expect(second).toMatch(/,Adelie,0\.9\d+,/)
    const odd = file('odd.csv', `${header}\n=1+1,Dream,40,18,190,4000,male,2008\n`)
    expect((await glasshouse('predict', bundle, odd, '--out', at('answers.csv'))).out).toBe('')
    expect(readFileSync(at('answers.csv'), 'utf8')).toContain("\r\n'=1+1,Dream,40,18,190,4000,male,2008,")
  })
  it('reads prices, shares and times of day by the layouts that training found', async () => {
    const priced = file('priced.csv', rows(200, (i) => `"$${(1000 + i * 7).toLocaleString('en')}.50",${i % 90}.5%,03/${10 + (i % 20)}/2021 0${1 + (i % 9)}:15 PM,${i % 3 === 0 ? 'a' : 'b'}`, 'price,share,seen,y'))
    const trained = await glasshouse('train', priced, '--target', 'y', '--estimator', logistic, '--out', at('priced.zip'))
    expect([trained.code, trained.err]).toEqual([0, ''])
    const answered = await glasshouse('predict', at('priced.zip'), priced, '--out', at('priced-answers.csv'))
    expect(answered.code).toBe(0)
    expect(answered.err).not.toContain('gets no prediction')
    const [, ...answers] = lines(readFileSync(at('priced-answers.csv'), 'utf8'))
    expect(answers).toHaveLength(200)
    for (const line of answers) expect(line.trim()).toMatch(/,[ab],[ab],0\.\d+,0\.\d+$/)
  })
  it('names a column that vanished', async () => {
    const { code, out, err } = await glasshouse('predict', bundle, file('less.csv', 'island,sex\nDream,male\n'))
    expect([code, out]).toEqual([3, ''])
    expect(lines(err)).toEqual([expect.stringMatching(/missing columns; the model reads .* and the file has no bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, year/)])
  })
  it('is verified, and is not once a byte was changed', async () => {
    expect(await glasshouse('verify', bundle)).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/golden rows/) })
    const onRows = await glasshouse('verify', bundle, '--rows', 'public/samples/penguins.csv')
    expect(onRows).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^verified rows: graph and pipeline\.json answer 344 of 344 rows of penguins\.csv, at most .* apart \(allowed 1×10⁻⁵\), 0 ties, 0 other labels$/m) })
    expect(await glasshouse('verify', bundle, '--rows', file('other.csv', 'a,b\n1,2\n'))).toMatchObject({ code: 3, err: expect.stringContaining('missing columns; other.csv has no island, ') })
    const opened = await openZip(bytesOf(readFileSync(bundle)))
    const entries = await Promise.all(opened.names.map(async (name) => ({ name, bytes: await opened.read(name) })))
    for (const changed of ['model.onnx', 'golden.json', 'server/server.mjs']) {
      const forged = entries.map(({ name, bytes }) => ({ name, bytes: name === changed ? bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)) : bytes }))
      writeFileSync(at('forged.zip'), zip(forged))
      const { code, out, err } = await glasshouse('verify', at('forged.zip'))
      expect([code, out]).toEqual([3, ''])
      expect(lines(err)).toEqual([expect.stringContaining(changed)])
    }
  })
  it('is served by its own server until the command is ended', async () => {
    copyFileSync(bundle, at('served.zip'))
    const { spawn } = await import('node:child_process')
    const server = spawn(process.execPath, ['dist-cli/glasshouse.mjs', 'serve', at('served.zip'), '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DRAIN_DELAY_MS: '0' } })
    const port = await new Promise<number>((resolve, reject) => {
      server.stdout.on('data', (text: Buffer) => {
        const found = /"port":(\d+)/.exec(text.toString())
        if (found) resolve(Number(found[1]))
      })
      server.once('close', (code) => reject(new Error(`ended with ${code}`)))
    })
    const row = { island: 'Dream', bill_length_mm: 40, bill_depth_mm: 18, flipper_length_mm: 190, body_mass_g: 4000, sex: 'male', year: 2008 }
    const asked = await fetch(`http://127.0.0.1:${port}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rows: [row] }) })
    expect({ status: asked.status, body: await asked.json() }).toMatchObject({ status: 200, body: { predictions: [{ label: expect.any(String) }] } })
    const ended = new Promise((resolve) => server.once('close', resolve))
    server.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
