/** Pictures through the pretrained network to a classifier, and from it to a bundle. */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import type { Progress } from '../../../src/core/context.ts'
import { pictureProblem, toBase64 } from '../../../src/core/bundle/pictures.ts'
import { readPlainRequest } from '../../../src/core/bundle/requests.ts'
import { parseStrictJson } from '../../../src/core/bundle/strict-json.ts'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { onnxOfTfjs } from '../../../src/core/images/backbone/tfjs.ts'
import { resize } from '../../../src/core/images/resize.ts'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import { answer } from '../../../src/core/onnx/runner.ts'
import { bytesOf, zip } from '../../../src/core/zip.ts'
import { liveModel, mostGraphBytes } from '../../../src/export/card-live.ts'
import { openBundleZip } from '../../../src/export/open-bundle.ts'
import { openPictureFile } from '../../../src/export/server/picture.ts'
import { verifyBundle } from '../../../src/export/verify-bundle.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { defaultRecipe } from '../../../src/core/recipe/default-recipe.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { datasetRecord } from '../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { createProject, savePlan, takeOver } from '../../../src/storage/projects.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { openRun } from '../../../src/tasks/opened-run.ts'
import { picturesAdd } from '../../../src/tasks/pictures-add.ts'
import { predictPictures } from '../../../src/tasks/predict-pictures.ts'
import { picturesCommit } from '../../../src/tasks/pictures-commit.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { train } from '../../../src/tasks/train.ts'
import { expectAllClose } from '../../support/expect-all-close.ts'
import { nodeContext } from '../../support/node-context.ts'
import { openPng } from '../../support/open-png.ts'
import { png } from '../../support/pictures.ts'

/** Stripes one way, stripes the other way, and rings, each with its own width, place and colour. */
const classes = ['across', 'down', 'rings'] as const
export function drawn(kind: (typeof classes)[number], seed: number): Uint8Array<ArrayBuffer> {
  const period = 4 + (seed % 5)
  const tint = (seed * 53) % 120
  return png(40 + (seed % 7), 36 + (seed % 5), (x, y) => {
    const at = kind === 'across' ? y : kind === 'down' ? x : Math.hypot(x - 20, y - 18)
    return Math.floor((at + seed) / period) % 2 === 0 ? [255 - tint, 230, tint] : [tint, 20, 60]
  })
}

let host: Host
let projectId: string
let token: number
let spec: RunSpec
let opened = 0
/** Of the run of one head, for the tests behind. */
let exported: Awaited<ReturnType<typeof deployExport>>

beforeAll(async () => {
  const store = createMemoryStore()
  host = {
    store,
    context: nodeContext(),
    environment: { app: 'test', userAgent: 'node', threads: 1 },
    openPicture: (bytes, type) => {
      opened++
      return openPng(bytes, type)
    },
    openRunner: async () => nodeRunner(),
  }
  projectId = (await createProject(store, 'Shapes')).id
  token = await takeOver(store, projectId)
  await savePlan(store, projectId, token, { datasetId: null, target: null, split: null, recipe: null, pictures: { classes: [...classes] } })
  const files = classes.flatMap((kind) => Array.from({ length: 10 }, (_, i) => ({ path: `${kind}/${i}.png`, file: new Blob([drawn(kind, i * 3 + classes.indexOf(kind))]) })))
  await picturesAdd({ projectId, token, files, source: 'file' }, host)
  const { datasetId } = await picturesCommit({ projectId, token, name: 'Shapes' }, host)
  const { columns } = await datasetRecord(store, datasetId as string)
  spec = {
    version: 1,
    projectId,
    datasetId: datasetId as string,
    target: { column: 'label', task: 'multiclass' },
    split: { strategy: { kind: 'stratified', column: 'label' }, validShare: 0.3, testShare: 0.1, seed: 1 },
    recipe: defaultRecipe(estimators.get('logistic-regression').tags, columns, 'label'),
    estimator: { id: 'logistic-regression', params: {} },
    seed: 1,
  }
})

it('a baseline opens no picture', async () => {
  opened = 0
  await train({ runId: 'run-guess', token, spec: { ...spec, recipe: defaultRecipe(estimators.get('baseline').tags, (await datasetRecord(host.store, spec.datasetId)).columns, 'label'), estimator: { id: 'baseline', params: {} }, folds: 3 } }, { ...host, openRunner: () => Promise.reject(new Error('no network is needed')) })
  const run = await readRun(host.store, 'run-guess')
  expect([opened, run.status, run.crossValidation?.folds]).toEqual([0, 'succeeded', 3])
  expect(run.evaluation?.scores.find(({ metric }) => metric === 'accuracy')?.value).toBeCloseTo(1 / 3, 1)
})

it('a head learns from embeddings, which are made once a picture', async () => {
  opened = 0
  await train({ runId: 'run-one', token, spec }, host)
  const run = await readRun(host.store, 'run-one')
  expect(opened).toBe(30)
  expect(run.features).toHaveLength(96)
  expect(run.evaluation?.scores.find(({ metric }) => metric === 'accuracy')?.value).toBeGreaterThan(0.8)
  await train({ runId: 'run-two', token, spec }, host)
  expect(opened).toBe(30)
  expect((await readRun(host.store, 'run-two')).evaluation).toEqual(run.evaluation)
})

it('the bundle holds the whole way from pixels to a label, and its server decodes files to the same answers', async () => {
  const made = await deployExport({ runId: 'run-one', name: 'Shapes', intendedUse: '', limitations: '' }, host)
  exported = made
  expect(made.certificate).toMatchObject({ passed: true, labelsDifferent: 0 })
  expect(made.certificate.rows).toBeGreaterThanOrEqual(9)
  expect(made.zip).not.toBeNull()
  expect(made.card).toMatch(/nsfwjs 4.3.0 by Infinite Red, Inc. \(MIT\)/)
  // The card asks for nothing that no page of pictures has, and speaks of pictures.
  expect(made.card).toMatch(/\| 1 picture in, label/)
  expect(made.card).toContain('MODEL\\_CARD.html holds the model itself')
  expect(made.card).not.toMatch(/permutation importance|\b(training|validation|test|golden) rows|\d rows (for|from \w+\.|together)|slice of rows|over rows|columns filled/i)
  expect(made.card).toMatch(/\| Parity with the studio \| \d+ validation and test pictures: /)
  expect(made.leftOut.filter(({ reason }) => reason.includes('what becomes of a picture is in the graph')).map(({ path }) => path)).toEqual(['code/prepare.mjs'])
  // What it takes to run it: the pretrained network alone has 143,712 weights and biases.
  expect(made.cost.numbers).toBeGreaterThan(143_712)
  expect(made.cost.times.map(({ rows, ms, times }) => [rows, ms > 0, times >= 5])).toEqual([[1, true, true]])
  expect(made.card).toMatch(/\| Time to answer \| [\d.]+ ms for one decoded picture of 90 x 130 \(median of \d+ times.*?\); the graph alone, onnxruntime-node/)
  expect(made.signature.inputs).toMatchObject([{ name: 'image', kind: 'image', tensor: 'uint8' }])
  expect(await verifyBundle(made.zip as Uint8Array, nodeRunner(), openPictureFile)).toMatchObject({ passed: true })
  const { model, signature, files: inside } = await openBundleZip(bytesOf(made.zip as Uint8Array))
  const session = await nodeRunner().open(model)
  const files = classes.map((kind) => toBase64(drawn(kind, 77)))
  const request = readPlainRequest(signature, parseStrictJson(JSON.stringify({ rows: files.map((image) => ({ image })) }), 8))
  const served = await answer(session, signature, request.feeds, request.rows, openPictureFile)
  await session.close()
  expect(served.answers).toEqual(classes)
  // Behind the resize the layers for TensorFlow.js say the same; plain tfjs loads them in test/unit/core/code/layers.test.ts.
  const layers = await nodeRunner().open(onnxOfTfjs(new TextDecoder().decode(inside.get('tfjs/model.json')), new Map([['weights.bin', inside.get('tfjs/weights.bin') as Uint8Array]])))
  for (const [row, file] of files.entries()) {
    const pixels = resize(await openPictureFile(file), 224, 224, 'cover')
    const planes = Float32Array.from(pixels, (_, i) => pixels[(i % 50_176) * 3 + Math.floor(i / 50_176)] as number)
    const said = (await layers.run(new Map([['picture', { type: 'float', values: planes, dims: [1, 3, 224, 224] }]]), 1)).get('output') as Float32Array
    expectAllClose(said, Array.from(served.probabilities as ArrayLike<number>).slice(row * 3, row * 3 + 3), { absolute: 1e-4 })
  }
  await layers.close()
})

it('the card is one file that holds the graph and a runtime for it, and lets nothing else run', async () => {
  const { zip: bytes, page, signature } = exported
  const { files, model } = await openBundleZip(bytesOf(bytes as Uint8Array))
  const html = new TextDecoder().decode(files.get('MODEL_CARD.html'))
  expect(page).toEqual({ holds: 'graph', bytes: files.get('MODEL_CARD.html')?.length })
  const data = (id: string): Buffer => gunzipSync(Buffer.from(new RegExp(`<script type="text/plain" id="${id}">([^<]*)</script>`).exec(html)?.[1] ?? '', 'base64'))
  expect(data('graph').equals(model)).toBe(true)
  expect(data('runtime').equals(Buffer.from(await host.context.asset('onnxruntime-wasm')))).toBe(true)
  const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => text as string)
  expect(scripts).toHaveLength(1)
  const hash = createHash('sha256').update(scripts[0] as string).digest('base64')
  expect(/http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]).toBe(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'`)
  expect(html.replace(scripts[0] as string, '')).not.toMatch(/\b(src|href)=|<(img|link|iframe|object)\b/)

  const { pipeline } = await openRun(host, 'run-one')
  expect(await liveModel(pipeline, signature, [], new Uint8Array(mostGraphBytes + 1), host.context)).toEqual({ kind: 'missing', reason: `unsupported size; a page carries a graph of at most ${mostGraphBytes} bytes: ${mostGraphBytes + 1}` })
})

it('a run names pictures that it never saw, in zips too, and says of each file why it cannot', async () => {
  await train({ runId: 'run-tried', token, spec }, host)
  const run = await readRun(host.store, 'run-tried')
  const files = [
    { path: 'new.zip', file: new Blob([zip(classes.map((kind) => ({ name: `any/${kind}.png`, bytes: drawn(kind, 77) })))]) },
    { path: 'words.jpg', file: new Blob(['words']) },
    { path: 'broken.zip', file: new Blob(['PK']) },
  ]
  const { answered, thumbnails, csv } = await predictPictures({ runId: 'run-tried', threshold: run.threshold, files }, host)
  expect(answered.map(({ file, answer }) => [file, answer?.label])).toEqual([...classes.map((kind) => [`any/${kind}.png`, kind]), ['words.jpg', undefined], ['broken.zip', undefined]])
  expect(answered[3]?.problem).toMatch(/holds text/)
  expect(thumbnails.map((thumbnail) => thumbnail !== undefined)).toEqual([true, true, true, false, false])
  const lines = new TextDecoder().decode(csv).trim().split(/\r?\n/)
  expect(lines[0]).toBe('file,prediction,probability of across,probability of down,probability of rings,problem')
  expect(lines).toHaveLength(6)
  await expect(predictPictures({ runId: 'none', threshold: 0.5, files }, host)).rejects.toMatchObject({ code: 'bad-data' })
})

it('a picture that is none, or claims too much, is refused by its header', () => {
  expect(pictureProblem(toBase64(png(1, 1, () => [0, 0, 0], [65_535, 65_535])))).toMatch(/65,535/)
  expect(pictureProblem('aGVsbG8=')).toMatch(/./)
  expect(pictureProblem(7)).toMatch(/base64/)
  expect(pictureProblem(toBase64(drawn('down', 1)))).toBeUndefined()
})

it('a network from scratch starts at once the second time, tells which validation pictures it still gets wrong, and says why it diverges', async () => {
  opened = 0
  const missed: Extract<Progress, { kind: 'missed' }>[] = []
  const watching = { ...host, context: nodeContext({ report: (progress) => void (progress.kind === 'missed' && missed.push(progress)) }) }
  const { columns } = await datasetRecord(host.store, spec.datasetId)
  const layers = JSON.stringify([{ type: 'conv', filters: 4 }, { type: 'max-pool' }])
  const network: RunSpec = { ...spec, recipe: defaultRecipe(estimators.get('cnn').tags, columns, 'label'), estimator: { id: 'cnn', params: { layers, maxIter: 3, backend: 'wasm', earlyStopping: false } } }
  await train({ runId: 'net-one', token, spec: network }, watching)
  expect(opened).toBe(30)
  expect(missed[0]?.rows.length).toBe(Math.min(12, missed[0]?.count ?? 0))
  const sealed = new Set((await host.store.read(['splits'], (tx) => tx.get('splits', 'net-one')))?.test)
  for (const { row, label } of missed.flatMap(({ rows }) => rows)) expect([sealed.has(row), classes.includes(label as never)]).toEqual([false, true])
  await train({ runId: 'net-two', token, spec: network }, watching)
  expect(opened).toBe(30)
  expect((await readRun(host.store, 'net-two')).evaluation).toEqual((await readRun(host.store, 'net-one')).evaluation)
  const wild = { ...network, estimator: { id: 'cnn', params: { ...network.estimator.params, learningRateInit: 1e9 } } }
  await expect(train({ runId: 'net-wild', token, spec: wild }, watching)).rejects.toMatchObject({ code: 'diverged', message: expect.stringMatching(/in epoch 2 with learningRateInit 1000000000: \S+$/), hint: expect.stringMatching(/0.001 is a good start/) })
  expect((await readRun(host.store, 'net-one')).status).toBe('succeeded')
})
