/**
 * Each graph's SHA-256 beside the verdict of onnx's checker (onnx_graphs.py). A changed graph has no verdict:
 * `npm run golden`, or onnx_graphs.py alone, asks the checker again. With ONNX_GRAPHS set, writes the graphs there.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { featureWidth } from '../../src/core/data/matrix.ts'
import type { Task } from '../../src/core/data/target.ts'
import { cnn } from '../../src/core/estimators/neural/cnn.ts'
import { sha256 } from '../../src/core/ids.ts'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { checkParams } from '../../src/core/params.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { graphOf, onnxCases } from '../support/onnx-cases.ts'
import { picturesOf, targetFor } from '../support/tables.ts'
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
const cases = [
  ...onnxCases.map((item) => ({ name: item.name, graph: async () => (await graphOf(item)).bytes })),
  ...cnn.tasks.map((task) => ({ name: `cnn, ${task}, pixels`, graph: () => networkGraph(task) })),
]

test.each(cases)('onnx checks $name', async (item) => {
  const bytes = await item.graph()
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
