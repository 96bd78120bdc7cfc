import { expect, test } from 'vitest'
import { quietContext } from '../../../../../src/core/context.ts'
import { binRows } from '../../../../../src/core/estimators/tree/binning.ts'
import { layOutGrower } from '../../../../../src/core/estimators/tree/grower-layout.ts'
import { TreeGrower } from '../../../../../src/core/estimators/tree/grower.ts'
import { createPacer } from '../../../../../src/core/estimators/tree/pacer.ts'
import { TreesBuilder } from '../../../../../src/core/estimators/tree/tree.ts'
import type { Trees } from '../../../../../src/core/estimators/tree/tree.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'
import { Layout, plainBoostingKernels } from '../../../../../src/kernels/boosting.ts'

const rows = 600

/** One deep tree on random gradients. @param slots histograms that memory has room for */
async function grow(slots: number | undefined, maxLeafNodes: number): Promise<{ trees: Trees; covered: number[]; gradients: Float32Array }> {
  const rng = createRng(21)
  const features = Array.from({ length: 5 }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: rows }, () => rng.normal()) }))
  const all = Uint32Array.from({ length: rows }, (_, row) => row)
  const layout = new Layout()
  const roomy = layOutGrower(layout, rows, features.length, maxLeafNodes)
  const at = slots === undefined ? roomy : { ...roomy, slots }
  const kernels = plainBoostingKernels(layout.bytes)
  const bins = await binRows(kernels, at, features, all, 64, rng, createPacer(quietContext()))
  const grower = new TreeGrower(kernels, at, rows, bins, { maxLeafNodes, maxDepth: 0, minSamplesLeaf: 3, l2Regularization: 0, maxFeatures: 1 })
  const gradients = new Float32Array(kernels.buffer, at.gradient, rows).map(() => rng.normal())
  new Float32Array(kernels.buffer, at.gradient, rows).set(gradients)
  new Float32Array(kernels.buffer, at.hessian, rows).fill(1)
  const builder = new TreesBuilder(1, 1)
  const sums = { absoluteGradient: gradients.reduce((sum, g) => sum + Math.abs(g), 0), hessian: rows }
  const leaves = await grower.grow(builder, 0, sums, 1, (g, h) => -g / h, rng, createPacer(quietContext()))
  const list = new Uint32Array(kernels.buffer, at.rows, rows)
  return { trees: builder.build(), covered: leaves.flatMap((leaf) => Array.from(list.subarray(leaf.start, leaf.start + leaf.count))), gradients }
}

test.each([0, 120])('with room for few histograms the tree is the same (at most %i leaves)', async (maxLeafNodes) => {
  const roomy = await grow(undefined, maxLeafNodes)
  const tight = await grow(4, maxLeafNodes)
  expect(roomy.trees.feature.length).toBeGreaterThan(150)
  expect(tight.trees).toEqual(roomy.trees)
})

test('leaves part the rows, and hold minus the mean of their gradients', async () => {
  const { trees, covered, gradients } = await grow(undefined, 40)
  expect([...covered].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row))
  const total = trees.value.reduce((sum, value, node) => sum + (trees.feature[node]! < 0 ? value * trees.cover[node]! : 0), 0)
  expect(Math.abs(total + gradients.reduce((a, b) => a + b, 0))).toBeLessThan(1e-9 * rows)
})
