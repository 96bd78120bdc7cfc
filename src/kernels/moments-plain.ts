/**
 * The plain twin of assembly/moments.ts: it defines what the compiled kernels mean, and takes over where
 * WebAssembly is refused. Sums of a block run in as many lanes as the compiled ones have.
 */
import { blockRows } from './moments.ts'
import type { MomentKernels } from './moments.ts'

/** @param bytes size of the buffer; @throws RangeError where memory is refused */
export function plainMomentKernels(bytes: number): MomentKernels {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 64) * 64)
  const f32 = new Float32Array(buffer)
  const f64 = new Float64Array(buffer)

  const weigh = (column: number, count: number, weights: number, left: number, sum: number): void => {
    f64.fill(0, column + count, column + blockRows)
    if (weights > 0) {
      f64.fill(0, left + count, left + blockRows)
      for (let i = 0; i < count; i++) f64[left + i] = (f64[weights + i] as number) * (f64[column + i] as number)
    }
    const from = weights > 0 ? left : column
    const lanes = new Float64Array(8)
    for (let i = 0; i < blockRows; i++) lanes[i & 7] = (lanes[i & 7] as number) + (f64[from + i] as number)
    const [a0, a1, b0, b1, c0, c1, d0, d1] = lanes as unknown as [number, number, number, number, number, number, number, number]
    f64[sum] = (f64[sum] as number) + (a0 + b0 + (c0 + d0) + (a1 + b1 + (c1 + d1)))
  }
  /** out[j] += a times each of the columns. */
  const addProducts = (a: number, first: number, columns: number, out: number): void => {
    for (let j = 0; j < columns; j++) {
      const b = first + j * blockRows
      let [even, odd] = [0, 0]
      for (let k = 0; k < blockRows; k += 2) {
        even += (f64[a + k] as number) * (f64[b + k] as number)
        odd += (f64[a + k + 1] as number) * (f64[b + k + 1] as number)
      }
      f64[out + j] = (f64[out + j] as number) + (even + odd)
    }
  }

  const kernels: MomentKernels = {
    compiled: false,
    buffer,
    blocks(cells, plane, features, columns, target, weights, count, shifts, block, left, sums, gram, out) {
      for (let row = 0; row < count; row += blockRows) {
        kernels.centre(cells + row * 4, plane, features, columns, target + row * 8, weights > 0 ? weights + row * 8 : 0, Math.min(blockRows, count - row), shifts, block, left, sums)
        kernels.along(block, left, columns, out)
        kernels.products(block, left, columns, 0, columns, gram)
      }
    },
    centre(cells, plane, features, columns, target, weights, count, shifts, block, left, sums) {
      for (let j = 0; j < features; j++) {
        const from = (cells + j * plane) >>> 2
        const column = (block >>> 3) + j * blockRows
        const shift = f64[(shifts >>> 3) + j] as number
        for (let i = 0; i < count; i++) f64[column + i] = (f32[from + i] as number) - shift
        weigh(column, count, weights >>> 3, (left >>> 3) + j * blockRows, (sums >>> 3) + j)
      }
      const column = (block >>> 3) + columns * blockRows
      const shift = f64[(shifts >>> 3) + features] as number
      for (let i = 0; i < count; i++) f64[column + i] = (f64[(target >>> 3) + i] as number) - shift
      weigh(column, count, weights >>> 3, (left >>> 3) + columns * blockRows, (sums >>> 3) + features)
    },
    products(block, left, columns, from, to, gram) {
      for (let i = from; i < to; i++) {
        const first = i & ~3
        addProducts((left >>> 3) + i * blockRows, (block >>> 3) + first * blockRows, columns - first, (gram >>> 3) + i * columns + first)
      }
    },
    along(block, left, columns, out) {
      addProducts((left >>> 3) + columns * blockRows, block >>> 3, columns + 1, out >>> 3)
    },
  }
  return kernels
}
