/** Shapes and numbers of parameters, layer by layer, as Keras and PyTorch count them; and what does not fit, by name. */
import { expect, test } from 'vitest'
import { checkLayer, parseLayers, planNetwork, trainable } from '../../../../src/core/estimators/neural/layer-table.ts'

const table = (...layers: readonly object[]) => layers.map(checkLayer)

test('each layer by hand', () => {
  const plan = planNetwork(
    table(
      { type: 'conv', filters: 10, size: 3, padding: 'valid' },
      { type: 'batch-norm' },
      { type: 'depthwise', size: 5, padding: 'same' },
      { type: 'max-pool' },
      { type: 'conv', filters: 7, size: 2, padding: 'same' },
      { type: 'dropout', rate: 0.5 },
      { type: 'average-pool' },
      { type: 'dense', units: 12 },
      { type: 'batch-norm' },
      { type: 'dense', units: 4 },
    ),
    [21, 20, 3],
    6,
  )
  expect(plan.rows.map(({ output, parameters }) => [...output, parameters])).toEqual([
    [19, 18, 10, (3 * 3 * 3 + 1) * 10],
    // Scale and shift; mean and variance are not learnt.
    [19, 18, 10, 2 * 10],
    [19, 18, 10, (5 * 5 + 1) * 10],
    [9, 9, 10, 0],
    [9, 9, 7, (2 * 2 * 10 + 1) * 7],
    [9, 9, 7, 0],
    [4, 4, 7, 0],
    [1, 1, 12, (4 * 4 * 7 + 1) * 12],
    [1, 1, 12, 2 * 12],
    [1, 1, 4, (12 + 1) * 4],
  ])
  // The last dense layer joins them.
  expect(plan.parameters).toBe(280 + 20 + 260 + 287 + 1356 + 24 + 52 + (4 + 1) * 6)
  expect(plan.problem).toBeUndefined()
})

test('a global average leaves a number a channel', () => {
  const { rows, parameters } = planNetwork(table({ type: 'depthwise' }, { type: 'global-average' }), [8, 6, 3], 2)
  expect(rows.map(({ output }) => output)).toEqual([[8, 6, 3], [1, 1, 3]])
  expect(parameters).toBe((3 * 3 + 1) * 3 + (3 + 1) * 2)
})

test.each([
  [[{ type: 'conv', size: 7, padding: 'valid' }, { type: 'conv', size: 7, padding: 'valid' }], 'invalid layer 2 (convolution); its kernel of 7 is larger than the picture, 4 x 4 by now'],
  [[{ type: 'max-pool' }, { type: 'max-pool' }, { type: 'max-pool' }, { type: 'average-pool' }], 'invalid layer 4 (average pooling); it halves a picture that is 1 x 1 by now'],
  [[{ type: 'dense', units: 4096 }, { type: 'dense', units: 4096 }, { type: 'dense', units: 4096 }], 'invalid layers; at most 20,000,000 parameters: 34,803,714'],
])('%j', (layers, problem) => {
  expect(planNetwork(table(...layers), [10, 10, 3], 2).problem).toBe(problem)
  expect(() => trainable(table(...layers), [10, 10, 3], 2)).toThrow(problem)
})

test.each([
  ['[{"type":"conv","filters":0}]', 'invalid filters of layer 1 (convolution); not in [1, 512]: 0'],
  ['[{"type":"conv"},{"type":"warp"}]', /unknown type of layer 2; .*: warp/],
  ['[{"type":"dropout","rate":1}]', 'invalid rate of layer 1 (dropout); not in [0, 0.9]: 1'],
  ['{}', /not a list/],
  ['large', /neither small, medium nor a list/],
])('%s is refused', (text, message) => {
  expect(() => parseLayers(text)).toThrow(message)
})
