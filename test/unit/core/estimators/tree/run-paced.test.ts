import { expect, test } from 'vitest'
import { runPaced } from '../../../../../src/core/estimators/tree/run-paced.ts'
import { plainBoostingKernels } from '../../../../../src/kernels/boosting.ts'

const words = (buffer: ArrayBufferLike): Uint32Array => new Uint32Array(buffer)

test('steps of a piece of work run in order, and what the first ones return comes back in the order of the work', async () => {
  const kernels = plainBoostingKernels(4096)
  const memory = words(kernels.buffer)
  memory.set([5, 1, 9, 9], 16)
  let rests = 0
  const pieces = (at: number, size: number, left: number): number => (memory.set([size, left], at >>> 2), at)
  const found = await runPaced(
    kernels,
    [
      [[['clear', 72, 4], ['join', 64, pieces(1024, 1, 1), 1, 512]], [['add', 64, 256, 16]], [['add', 64, 256, 16]]],
      [[['join', 64, pieces(1032, 1, 0), 1, 512]]],
    ],
    async () => void rests++,
  )
  expect(found).toEqual([[0, 1], [0]])
  // Added twice, after the clearing.
  expect(Array.from(memory.subarray(64, 68))).toEqual([10, 2, 0, 18])
  expect(rests).toBe(3)
})
