/** Networks that a person brings in: from their file to a model, a bundle and another machine. */
import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs-core'
import * as tfl from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { beforeAll, describe, expect, it } from 'vitest'
import { fromBase64 } from '../../../src/core/bundle/pictures.ts'
import { StudioError } from '../../../src/core/errors.ts'
import { mapsOf, type SeenMaps } from '../../../src/core/images/backbone/maps.ts'
import { admitBackbone, offerOf, type BackboneDeclaration } from '../../../src/core/images/backbone/own.ts'
import { backboneLimits } from '../../../src/core/images/backbone/limits.ts'
import { onnxOfTfjs } from '../../../src/core/images/backbone/tfjs.ts'
import { GraphBuilder } from '../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import { ownRecipe } from '../../../src/core/recipe/own-embedding.ts'
import { bytesOf, zip } from '../../../src/core/zip.ts'
import { readProjectFile } from '../../../src/export/project-read.ts'
import { writeProjectFile } from '../../../src/export/project-write.ts'
import { openPictureFile } from '../../../src/export/server/picture.ts'
import { verifyBundle } from '../../../src/export/verify-bundle.ts'
import { adoptProject } from '../../../src/storage/adopt-project.ts'
import { listBackbones } from '../../../src/storage/backbones.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { projectParts } from '../../../src/storage/project-parts.ts'
import { createProject, takeOver } from '../../../src/storage/projects.ts'
import { deleteRun, eraseRun, listRuns, readRun } from '../../../src/storage/runs.ts'
import { backboneBring, backboneLook, backboneRemove, backboneTry } from '../../../src/tasks/backbone.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { explainPicture } from '../../../src/tasks/explain-picture.ts'
import { picturesAdd } from '../../../src/tasks/pictures-add.ts'
import { picturesCommit } from '../../../src/tasks/pictures-commit.ts'
import { predictPictures } from '../../../src/tasks/predict-pictures.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { train } from '../../../src/tasks/train.ts'
import { expectAllClose } from '../../support/expect-all-close.ts'
import { expectConsole } from '../../support/fail-on-console.ts'
import { nodeContext } from '../../support/node-context.ts'
import { openPng } from '../../support/open-png.ts'
import { png } from '../../support/pictures.ts'

const golden = JSON.parse(readFileSync(new URL('../../golden/backbones.json', import.meta.url), 'utf8')) as { side: number; file: string; embedding: number[]; logits: number[] }
const torchFile = fromBase64(golden.file)
const declared: BackboneDeclaration = { layout: 'planes', height: golden.side, width: golden.side, colours: 'rgb', range: 'imagenet', output: 'logits' }
const made = (side: number): Float32Array => {
  const values = new Float32Array(side * side * 3)
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) for (let c = 0; c < 3; c++) values[(y * side + x) * 3 + c] = ((x * 7 + y * 13 + c * 53 + Math.floor((x * y) / 8)) % 256) / 255
  return values
}
async function ask(file: Uint8Array<ArrayBuffer>, pixels: Float32Array, [height, width]: readonly [number, number]): Promise<Float32Array> {
  const session = await nodeRunner().open(file)
  const answer = (await session.run(new Map([['pixels', { type: 'float', values: pixels, dims: [1, height, width, 3] }]]), 1)).get('embedding') as Float32Array
  await session.close()
  return answer
}

describe('an ONNX file of PyTorch', () => {
  const offer = offerOf(torchFile)
  it('says what it takes, and offers what its last layer is told before its classes', () => {
    expect(offer).toMatchObject({ producer: 'pytorch', layout: 'planes', height: 32, width: 32 })
    expect(offer.outputs.map(({ label }) => label)).toEqual(['What its last dense layer is told', 'Its output logits, 5'])
  })
  it.each([['embedding', 0, golden.embedding], ['logits', 1, golden.logits]] as const)('%s: the numbers of PyTorch', async (_, at, expected) => {
    const { file, size } = await admitBackbone(torchFile, { ...declared, output: offer.outputs[at]?.tensor as string }, nodeRunner())
    expect(size).toBe(expected.length)
    // Float32 through five layers, in another order of sums.
    expectAllClose(await ask(file, made(golden.side), [32, 32]), expected, { absolute: 1e-5 })
  })
  it('its maps are those whose means describe a picture; a network that ends in classes has none', async () => {
    const maps = async (at: number) => {
      const { file, size } = await admitBackbone(torchFile, { ...declared, output: offer.outputs[at]?.tensor as string }, nodeRunner())
      return mapsOf(nodeContext(), nodeRunner(), { height: 32, width: 32, channels: 3, crop: 'cover', backbone: 'own', size }, async () => file, made(32))
    }
    const { height, width, channels, values } = (await maps(0)) as SeenMaps
    expect([height, width, channels]).toEqual([16, 16, 12])
    const means = Float32Array.from({ length: 12 }, (_, c) => values.reduce((sum, value, i) => (i % 12 === c ? sum + value / 256 : sum), 0))
    expectAllClose(means, golden.embedding, { absolute: 1e-5 })
    expect(await maps(1)).toBeUndefined()
  })
  it('colours and levels are as declared', async () => {
    const answers: Float32Array[] = []
    for (const other of [{}, { colours: 'bgr' }, { range: 'unit' }, { range: 'signed' }, { range: 'levels' }] as const) answers.push(await ask((await admitBackbone(torchFile, { ...declared, ...other }, nodeRunner())).file, made(32), [32, 32]))
    expect(new Set(answers.map((answer) => answer.join())).size).toBe(5)
  })
})

/** A graph of ours as a stranger's file. */
const foreign = (build: (graph: GraphBuilder, x: string) => string, shape: readonly (number | string)[] = ['N', 3, 16, 16]): Uint8Array<ArrayBuffer> => {
  const graph = new GraphBuilder()
  graph.nameAs(build(graph, graph.input('x', 'float', shape)), 'y')
  graph.output('y', 'float', ['N', 'size'])
  return encodeOnnx(graph.build('foreign'))
}
const small: BackboneDeclaration = { layout: 'planes', height: 16, width: 16, colours: 'rgb', range: 'unit', output: 'y' }
const mean = (graph: GraphBuilder, x: string): string => graph.node('ReduceMean', [x], { axes: { kind: 'ints', value: [2, 3] }, keepdims: { kind: 'int', value: 0 } })

it.each([
  ['an operator that is not on the list', foreign((graph, x) => graph.node('NonZero', [x])), /operators that are not run here: NonZero/],
  ['a loop in disguise: two values of one name', Uint8Array.from(torchFile, (byte, i) => (i > 200 && i < 260 ? 255 : byte)), /invalid ONNX file/],
  ['something else than a picture', foreign((graph, x) => graph.node('Relu', [x]), ['N', 7]), /shape \[N, 3, height, width\]/],
  ['more than three colours', foreign(mean, ['N', 5, 16, 16]), /three colours: \? x 5 x 16 x 16/],
  ['a fixed batch', foreign(mean, [8, 3, 16, 16]), /one picture or any number of them: 8/],
  ['an answer that does not depend on the picture', foreign((graph, x) => graph.node('Mul', [mean(graph, x), graph.floats('zero', [0])])), /says the same of two different pictures/],
  ['weights that are no numbers', foreign((graph, x) => graph.node('Mul', [mean(graph, x), graph.floats('nan', [Number.NaN])])), /finite numbers/],
  ['an answer as large as the picture', foreign((graph, x) => graph.node('Flatten', [graph.node('Concat', Array.from({ length: 8 }, () => x), { axis: { kind: 'int', value: 1 } })], { axis: { kind: 'int', value: 1 } })), /1 to 4096 numbers/],
  ['a graph that cannot run', foreign((graph, x) => graph.node('MatMul', [x, graph.floats('w', new Float32Array(35), [7, 5])])), /cannot run it on a picture/],
])('refused: %s', async (_, file, expected) => {
  await expect((async () => admitBackbone(file, small, nodeRunner()))()).rejects.toThrow(expected)
})

it('maps are averaged over places, and a size that the file leaves open is said by the person', async () => {
  const file = foreign((graph, x) => graph.node('Conv', [x, graph.floats('k', Float32Array.from({ length: 2 * 3 * 9 }, (_, i) => Math.sin(i)), [2, 3, 3, 3])]), ['N', 3, 'H', 'W'])
  expect(offerOf(file)).not.toHaveProperty('height')
  const kept = await admitBackbone(file, { ...small, height: 24, width: 20 }, nodeRunner())
  expect(kept.size).toBe(2)
  expect(await ask(kept.file, new Float32Array(24 * 20 * 3).fill(0.5), [24, 20])).toHaveLength(2)
})

/** As `model.save` writes it. */
async function saved(model: tfl.LayersModel): Promise<{ json: string; weights: Uint8Array<ArrayBuffer> }> {
  let kept: tf.io.ModelArtifacts | undefined
  await model.save({ save: async (artifacts: tf.io.ModelArtifacts) => ((kept = artifacts), { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } }) })
  const { modelTopology, weightSpecs, weightData } = kept as tf.io.ModelArtifacts
  return { json: JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] }), weights: new Uint8Array(weightData as ArrayBuffer) }
}

describe('a layers model of TensorFlow.js', () => {
  const { layers } = tfl
  let seed = 1
  const drawn = () => tfl.initializers.randomUniform({ minval: -0.6, maxval: 0.6, seed: seed++ })
  const positive = () => tfl.initializers.randomUniform({ minval: 0.4, maxval: 1.5, seed: seed++ })
  function functional(): tfl.LayersModel {
    const conv = (filters: number, options: object = {}) => layers.conv2d({ filters, kernelSize: 3, padding: 'same', kernelInitializer: drawn(), biasInitializer: drawn(), ...options })
    const input = tfl.input({ shape: [19, 23, 3] })
    let x = conv(6, { strides: 2, useBias: false }).apply(layers.zeroPadding2d({ padding: [[0, 1], [2, 1]] as unknown as [number, number] }).apply(input)) as tfl.SymbolicTensor
    x = layers.batchNormalization({ gammaInitializer: positive(), betaInitializer: drawn(), movingMeanInitializer: drawn(), movingVarianceInitializer: positive() }).apply(x) as tfl.SymbolicTensor
    x = layers.reLU({ maxValue: 6 }).apply(x) as tfl.SymbolicTensor
    const deep = layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', depthMultiplier: 2, depthwiseInitializer: drawn(), biasInitializer: drawn(), activation: 'sigmoid' }).apply(x) as tfl.SymbolicTensor
    const thin = conv(6, { kernelSize: 1, activation: 'tanh' }).apply(deep) as tfl.SymbolicTensor
    x = layers.add().apply([x, thin]) as tfl.SymbolicTensor
    x = layers.concatenate().apply([layers.averagePooling2d({ poolSize: 2, padding: 'same' }).apply(x) as tfl.SymbolicTensor, layers.maxPooling2d({ poolSize: 2, padding: 'same' }).apply(x) as tfl.SymbolicTensor]) as tfl.SymbolicTensor
    x = layers.separableConv2d({ filters: 5, kernelSize: 3, depthwiseInitializer: drawn(), pointwiseInitializer: drawn(), biasInitializer: drawn() }).apply(x) as tfl.SymbolicTensor
    x = layers.flatten().apply(layers.leakyReLU({ alpha: 0.2 }).apply(x)) as tfl.SymbolicTensor
    return tfl.model({ inputs: input, outputs: layers.dense({ units: 7, activation: 'softmax', kernelInitializer: drawn(), biasInitializer: drawn() }).apply(x) as tfl.SymbolicTensor })
  }
  const sequential = (): tfl.LayersModel =>
    tfl.sequential({ layers: [layers.conv2d({ inputShape: [19, 23, 3], filters: 4, kernelSize: [3, 5], strides: [2, 1], dilationRate: 1, activation: 'elu', kernelInitializer: drawn() }), layers.dropout({ rate: 0.5 }), layers.globalAveragePooling2d({}), layers.reshape({ targetShape: [1, 1, 4] }), layers.conv2d({ filters: 3, kernelSize: 1, kernelInitializer: drawn() }), layers.activation({ activation: 'swish' as 'relu' }), layers.flatten()] })

  it.each([['functional', functional], ['sequential', sequential]] as const)('%s: the numbers of tfjs', async (_, build) => {
    expectConsole(/TensorFlow.js in Node/)
    await tf.setBackend('cpu')
    const model = build()
    const { json, weights } = await saved(model)
    const file = onnxOfTfjs(json, new Map([['weights.bin', weights]]))
    const kept = await admitBackbone(file, { layout: 'planes', height: 19, width: 23, colours: 'rgb', range: 'unit', output: 'output' }, nodeRunner())
    const pixels = Float32Array.from({ length: 19 * 23 * 3 }, (_, i) => ((i * 37) % 256) / 255)
    const expected = tf.tidy(() => Array.from((model.predict(tf.tensor4d(pixels, [1, 19, 23, 3])) as tf.Tensor).dataSync()))
    model.dispose()
    expectAllClose(await ask(kept.file, pixels, [19, 23]), expected, { absolute: 1e-5 })
  })
  it('what is not known is named, and what is missing too', async () => {
    const model = tfl.sequential({ layers: [layers.conv2d({ inputShape: [16, 16, 3], filters: 2, kernelSize: 3 }), layers.upSampling2d({}), layers.globalMaxPooling2d({})] })
    const { json, weights } = await saved(model)
    model.dispose()
    const files = new Map([['weights.bin', weights]])
    expect(() => onnxOfTfjs(json, files)).toThrow('layers that are not known here: UpSampling2D')
    const known = json.replace('UpSampling2D', 'Dropout')
    expect(() => onnxOfTfjs(known, new Map())).toThrow('missing weights; model.json names a file that was not chosen with it: weights.bin')
    expect(() => onnxOfTfjs(known, new Map([['weights.bin', weights.subarray(4)]]))).toThrow('end too early')
    expect(() => onnxOfTfjs('{"format":"graph-model","modelTopology":{"node":[]},"weightsManifest":[]}', files)).toThrow('it is a graph model')
    expect(() => onnxOfTfjs('['.repeat(100_000), files)).toThrow('nested deeper')
    // A small file that is named often is a large network; it is refused before anything is put together.
    const often = JSON.parse(known) as { weightsManifest: { paths: string[] }[] }
    const group = often.weightsManifest[0] as { paths: string[] }
    const count = Math.floor(backboneLimits.bytes / 2 ** 20) + 1
    group.paths = new Array<string>(count).fill('weights.bin')
    expect(() => onnxOfTfjs(JSON.stringify(often), new Map([['weights.bin', new Uint8Array(2 ** 20)]]))).toThrow(`its weights may have ${backboneLimits.bytes} bytes in all: ${count * 2 ** 20}`)
    for (let i = 0; i < 300; i++) {
      // Bytes of the JSON are changed; it converts, or says why not.
      const at = (i * 7919) % known.length
      try {
        onnxOfTfjs(`${known.slice(0, at)}${'0"{[}]x:,-'[i % 10]}${known.slice(at + 1)}`, files)
      } catch (error) {
        expect(error).toMatchObject({ name: 'StudioError' })
        expect((error as { code: string }).code).not.toBe('bug')
      }
    }
  })
})

describe('in a project', () => {
  const kinds = ['across', 'down'] as const
  const picture = (kind: (typeof kinds)[number], seed: number) => png(36, 40, (x, y) => (Math.floor(((kind === 'across' ? y : x) + seed) / (4 + (seed % 4))) % 2 === 0 ? [230, 220, seed * 9] : [20, 20, 60]))
  let host: Host
  let projectId: string
  let token: number
  let datasetId: string
  beforeAll(async () => {
    const store = createMemoryStore()
    host = { store, context: nodeContext(), environment: { app: 'test', userAgent: 'node', threads: 1 }, openPicture: openPng, openRunner: async () => nodeRunner() }
    projectId = (await createProject(store, 'Own')).id
    token = await takeOver(store, projectId)
    await picturesAdd({ projectId, token, files: kinds.flatMap((kind) => Array.from({ length: 10 }, (_, i) => ({ path: `${kind}/${i}.png`, file: new Blob([picture(kind, i)]) }))), source: 'file' }, host)
    datasetId = (await picturesCommit({ projectId, token, name: 'Own' }, host)).datasetId as string
  })

  it('it is tried, kept, learnt through, explained, exported, verified, and travels with the project', async () => {
    const files = [new File([zip([{ name: 'net/tiny.onnx', bytes: torchFile }])], 'tiny.zip')]
    const { name, offer } = await backboneLook({ files }, host)
    expect(name).toBe('tiny')
    const declaration = { ...declared, output: offer.outputs[0]?.tensor as string }
    const trial = await backboneTry({ files, declaration, projectId, datasetId, target: 'label' }, host)
    expect(trial).toMatchObject({ size: 12, looked: 20 })
    expect(trial.pictures[0]).toHaveLength(32 * 32 * 3)
    expect(trial.alike?.chance).toBeCloseTo(9 / 19)
    const facts = await backboneBring({ projectId, token, files, declaration, name }, host)
    const recipe = ownRecipe(facts)
    await train({ runId: 'run', token, spec: { version: 1, projectId, datasetId, target: { column: 'label', task: 'binary' }, split: { strategy: { kind: 'stratified', column: 'label' }, validShare: 0.3, testShare: 0.1, seed: 1 }, recipe, estimator: { id: 'logistic-regression', params: {} }, seed: 1 } }, host)
    const run = await readRun(host.store, 'run')
    expect(run.features).toHaveLength(12)
    const { zip: bundle, certificate, card } = await deployExport({ runId: 'run', name: 'Own', intendedUse: '', limitations: '' }, host)
    expect(certificate).toMatchObject({ passed: true, labelsDifferent: 0 })
    expect(card).toContain('a network that was brought in, tiny')
    expect(await verifyBundle(bundle as Uint8Array, nodeRunner(), openPictureFile)).toMatchObject({ passed: true })

    // Another machine: everything but the training is asked there.
    const there = createMemoryStore()
    const copy = await adoptProject(there, await readProjectFile(bytesOf(await writeProjectFile(await projectParts(host.store, projectId), { checkpoint: async () => {} })), { checkpoint: async () => {} }))
    expect(await listBackbones(there, copy)).toMatchObject([{ hash: facts.hash, name: 'tiny', size: 12 }])
    const [moved] = await listRuns(there, copy)
    const asked = { runId: moved?.id as string, threshold: 0.5, files: [{ path: 'new.png', file: new Blob([picture('down', 31)]) }] }
    const answers = [await predictPictures(asked, { ...host, store: there }), await predictPictures({ ...asked, runId: 'run' }, host)]
    expect(answers[0]).toEqual(answers[1])
    for (const method of ['grad-cam', 'occlusion'] as const) {
      const found = await explainPicture({ runId: asked.runId, picture: { row: 0 }, method }, { ...host, store: there })
      expect(found).toMatchObject({ method, methods: ['grad-cam', 'occlusion'], heat: { width: 32, height: 32 } })
      expect(found.nearest).toHaveLength(8)
    }

    // What looks through it keeps it, from the bin and from the queue too; then it goes.
    const removal = () => backboneRemove({ projectId, token, hash: facts.hash }, host)
    await expect((async () => removal())()).rejects.toThrow(`models look through this network: “${run.name}”`)
    await deleteRun(host.store, 'run', token)
    await expect((async () => removal())()).rejects.toThrow(`“${run.name}” (in the bin)`)
    await eraseRun(host.store, 'run', token)
    const queued = { id: 'next', projectId, version: 1, spec: run.spec, place: 1 } as const
    await host.store.write(['waiting'], (tx) => tx.put('waiting', queued))
    await expect((async () => removal())()).rejects.toThrow('1 in the queue')
    await host.store.write(['waiting'], (tx) => tx.delete('waiting', 'next'))
    await expect((async () => backboneRemove({ projectId, token: token - 1, hash: facts.hash }, host))()).rejects.toMatchObject({ code: 'read-only' })
    await removal()
    expect(await listBackbones(host.store, projectId)).toEqual([])
  })

  it('one that is called off while it is read is not kept', async () => {
    const ending = { ...host, context: { ...host.context, checkpoint: async () => { throw new StudioError({ code: 'cancelled', message: 'stopped' }) } } }
    const declaration = { ...declared, output: offerOf(torchFile).outputs[0]?.tensor as string }
    await expect((async () => backboneBring({ projectId, token, files: [new File([torchFile], 'tiny.onnx')], declaration, name: 'tiny' }, ending))()).rejects.toMatchObject({ code: 'cancelled' })
    expect(await listBackbones(host.store, projectId)).toEqual([])
  })
})
