/**
 * Sums and products of columns behind one interface: compiled (AssemblyScript, WASM SIMD) where its bytes are
 * at hand, plain TypeScript otherwise, with the same bits in every result. Everything is added in float64.
 *
 * All data lie in one buffer; pointers are byte offsets. A block holds `blockRows` rows, a column after the other in
 * float64: the features, zeros up to `columns` (a multiple of 4), then the target. Rows that are not there are zeros.
 */
import { compileOnce } from './compile.ts'
import { plainMomentKernels } from './moments-plain.ts'

export const blockRows = 128
export const columnBytes = blockRows * 8

export interface MomentKernels {
  readonly compiled: boolean
  readonly buffer: ArrayBuffer
  /**
   * Fills a block with up to 128 rows less a shift each, and adds the columns' sums.
   * @param cells f32 (features planes of `plane` bytes); @param target f64 (count)
   * @param weights f64 (count), or 0 where each is 1; left then stays as it is, else it is the block times the weights
   * @param shifts f64 (features + 1); @param sums f64 (features + 1)
   */
  centre(cells: number, plane: number, features: number, columns: number, target: number, weights: number, count: number, shifts: number, block: number, left: number, sums: number): void
  /**
   * gram[i, j] += left column i times block column j, for rows i in [from, to) and j from the multiple of 4 at or below i.
   * @param from and @param to are even; @param gram f64 (columns, columns)
   */
  products(block: number, left: number, columns: number, from: number, to: number, gram: number): void
  /** centre, along and all products of a block after the other, for any number of rows: a call a block would cost a tenth of the work. */
  blocks(cells: number, plane: number, features: number, columns: number, target: number, weights: number, count: number, shifts: number, block: number, left: number, sums: number, gram: number, out: number): void
  /** out[j] += left column of the target times block column j; the last of out, f64 (columns + 1), is the target's own. */
  along(block: number, left: number, columns: number, out: number): void
}

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledMomentKernels(wasm: ArrayBuffer, bytes: number): Promise<MomentKernels> {
  const { exports } = await WebAssembly.instantiate(await compileOnce('moments', wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  return { ...(exports as unknown as Omit<MomentKernels, 'buffer' | 'compiled'>), compiled: true, buffer: memory.buffer }
}

export { plainMomentKernels }
