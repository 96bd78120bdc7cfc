/** What a session is opened with: graphs of very many nodes as they are, because rewriting them grows with the square of their number. */
import { expect, test } from 'vitest'
import type { OnnxGraph } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { ortRunner, type Ort } from '../../../../src/core/onnx/runner-ort.ts'

const chain = (nodes: number): OnnxGraph => ({
  name: 'chain',
  nodes: Array.from({ length: nodes }, (_, i) => ({ name: `n${i}`, opType: 'Neg', domain: '', inputs: [i === 0 ? 'x' : `v${i - 1}`], outputs: [i === nodes - 1 ? 'y' : `v${i}`], attributes: {} })),
  initializers: [],
  inputs: [{ name: 'x', type: 'float', shape: ['N', 1] }],
  outputs: [{ name: 'y', type: 'float', shape: ['N', 1] }],
  metadata: {},
})

test.each([
  [3000, undefined],
  [3001, 'disabled'],
])('%i nodes', async (nodes, level) => {
  const asked: (string | undefined)[] = []
  const ort = { InferenceSession: { create: async (_bytes: Uint8Array, options: { graphOptimizationLevel?: string }) => void asked.push(options.graphOptimizationLevel) } }
  await ortRunner(ort as unknown as Ort, 'a runtime').open(encodeOnnx(chain(nodes)))
  expect(asked).toEqual([level])
})

test('bytes that are no graph are left to the runtime to refuse', async () => {
  const ort = { InferenceSession: { create: async () => Promise.reject(new Error('no graph')) } }
  await expect(ortRunner(ort as unknown as Ort, 'a runtime').open(Uint8Array.of(255, 255))).rejects.toThrow('a runtime refused it: no graph')
})
