/**
 * Each graph's SHA-256 beside the verdict of onnx's checker (onnx_graphs.py). A changed graph has no verdict:
 * `npm run golden`, or onnx_graphs.py alone, asks the checker again. With ONNX_GRAPHS set, writes the graphs there.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { fromBase64 } from '../../src/core/bundle/pictures.ts'
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import { columnFrom, type TextColumn } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import { featureWidth } from '../../src/core/data/matrix.ts'
import type { Task } from '../../src/core/data/target.ts'
import { cnn } from '../../src/core/estimators/neural/cnn.ts'
import { sha256 } from '../../src/core/ids.ts'
import { admitBackbone, backboneResource, offerOf } from '../../src/core/images/backbone/own.ts'
import { pixelKey } from '../../src/core/images/pixel-form.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { GraphBuilder, type ResourceName } from '../../src/core/onnx/graph.ts'
import { pipelineToOnnx } from '../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { ownEmbedding } from '../../src/core/recipe/own-embedding.ts'
import type { RecipeSpec } from '../../src/core/recipe/step.ts'
import { foreignInterface } from '../../src/core/run/adopt-model.ts'
import { train } from '../../src/core/run/train.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { graphOf, onnxCases } from '../support/onnx-cases.ts'
import { picturesOf, targetFor } from '../support/tables.ts'
import backbones from './backbones.json' with { type: 'json' }
import golden from './onnx.json' with { type: 'json' }

const folder = process.env['ONNX_GRAPHS']
const verdicts = new Map(golden.graphs.map(({ name, ...verdict }) => [name, verdict]))

// What tfjs says when it wakes up in Node.
beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

/** A network of pictures, with every kind of layer. */
async function networkGraph(task: Task): Promise<Uint8Array<ArrayBuffer>> {
  const X = picturesOf({ rows: 40 })
  const layers = '[{"type":"conv","filters":4,"activation":"none"},{"type":"batch-norm"},{"type":"depthwise"},{"type":"max-pool"},{"type":"dropout"},{"type":"dense","units":6}]'
  const model = await cnn.fit(X, targetFor(task, X), { params: checkParams(cnn.id, cnn.params, { layers, maxIter: 2, batchSize: 16, backend: 'wasm' }) as never, seed: 3 }, nodeContext())
  const graph = new GraphBuilder()
  const width = featureWidth(X.features[0] as (typeof X.features)[number])
  const { tensor } = cnn.toOnnx(model.state(), graph.input('features', 'float', ['N', width]), graph)
  graph.nameAs(tensor, 'out')
  graph.output('out', 'float', ['N', task === 'binary' ? 2 : 3])
  return encodeOnnx(graph.build('cnn'))
}
/** A small network of PyTorch as the Train page takes it in. */
async function brought() {
  const torch = fromBase64(backbones.file)
  const { file, size } = await admitBackbone(torch, { layout: 'planes', height: backbones.side, width: backbones.side, colours: 'rgb', range: 'imagenet', output: offerOf(torch).outputs[0]?.tensor as string }, nodeRunner())
  const params = { backbone: await sha256(file), height: backbones.side, width: backbones.side, size, crop: 'cover' }
  const form = ownEmbedding.representation?.(params)
  return { file, params, key: form ? pixelKey(form) : '', resource: backboneResource(params.backbone) }
}
/** From the bytes of a picture through each step of pictures to a class; what the steps see is made up. */
async function pictureGraph(step: 'image-pixels' | 'image-embedding' | 'own-embedding'): Promise<Uint8Array<ArrayBuffer>> {
  const rows = 30
  const own = step === 'own-embedding' ? await brought() : undefined
  const params: ParamValues = { 'image-pixels': { size: 8, colour: 'grey', layout: 'numbers' }, 'image-embedding': {}, 'own-embedding': own?.params ?? {} }[step]
  const { key, size } = { 'image-pixels': { key: 'pixels:8x8x1:cover', size: 64 }, 'image-embedding': { key: 'embedding:mobilenet-v2:224:cover', size: 96 }, 'own-embedding': { key: own?.key ?? '', size: own?.params.size ?? 0 } }[step]
  const rng = createRng(7)
  const image = { ...(columnFrom('image', 'image', Array.from({ length: rows }, (_, row) => `picture ${row}`)) as TextColumn), tensors: new Map([[key, Float32Array.from({ length: rows * size }, () => rng.next())]]) }
  const label = columnFrom('label', 'categorical', Array.from({ length: rows }, (_, row) => ['cat', 'dog', 'owl'][row % 3] as string))
  const dataset: Dataset = { id: 'pictures', name: 'pictures', rows, columns: [image, label], source: { kind: 'derived', fileName: 'pictures', bytes: 0, sha256: '0'.repeat(64) } }
  const recipe: RecipeSpec = { version: 1, excluded: [], steps: [{ id: 'p', step, columns: { by: 'kind', kinds: ['image'] }, params }] }
  const { pipeline, split } = await train(
    { version: 1, projectId: 'p', datasetId: dataset.id, target: { column: 'label', task: 'multiclass' }, split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.1, seed: 1 }, recipe, estimator: { id: 'logistic-regression', params: {} }, seed: 3 },
    dataset,
    nodeContext(),
  )
  const signature = await signatureOf(pipeline, dataset.columns, split.train, { name: 'pictures', threshold: 0.5 })
  const backbone = readFileSync(new URL('../../src/core/images/backbone/mobilenet-v2.bin', import.meta.url))
  return encodeOnnx(pipelineToOnnx(pipeline, signature, new Map(), new Map<ResourceName, Uint8Array>([['mobilenet-v2.bin', new Uint8Array(backbone)], ...(own ? [[own.resource, own.file] as const] : [])])))
}
const cases = [
  ...onnxCases.map((item) => ({ name: item.name, graph: async () => (await graphOf(item)).bytes })),
  ...(['image-pixels', 'image-embedding', 'own-embedding'] as const).map((step) => ({ name: `logistic-regression, multiclass, ${step}`, graph: () => pictureGraph(step) })),
  ...cnn.tasks.map((task) => ({ name: `cnn, ${task}, pixels`, graph: () => networkGraph(task) })),
]

const ofTables = new Set(onnxCases.map(({ name }) => name))

test.each(cases)('onnx checks $name', async (item) => {
  const bytes = await item.graph()
  // What leaves comes in again: each graph of a table passes the judgement of strangers' files.
  if (ofTables.has(item.name)) expect(foreignInterface(bytes).inputs.every(({ column, width }) => column !== undefined && width === 1)).toBe(true)
  const hash = await sha256(bytes)
  if (folder) {
    writeFileSync(join(folder, `${hash}.onnx`), bytes)
    writeFileSync(join(folder, `${hash}.txt`), item.name)
    return
  }
  expect(verdicts.get(item.name)).toEqual({ sha256: hash, verdict: 'valid', ir: 8, opsets: expect.arrayContaining(['ai.onnx 17']) })
})

test('no verdict is left of a graph that is gone', () => {
  if (!folder) expect([...verdicts.keys()].sort()).toEqual(cases.map(({ name }) => name).sort())
})
