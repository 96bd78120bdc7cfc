/**
 * Exact nearest neighbours behind one interface: compiled where its bytes are at hand, plain TypeScript
 * otherwise, with the same neighbours. Distances are squared, summed in float64 and compared at float32, as
 * the served graph compares; of equal ones the earlier point is nearer.
 *
 * All data lie in one buffer; pointers are byte offsets. Points lie in panels of 8: for each feature the values of
 * the 8 points. Queries come four at a time, for each feature the values of the 4.
 */
import { plainNeighbourKernels } from './neighbours-plain.ts'

export const pointsPerPanel = 8
export const queriesAtOnce = 4

export interface NeighbourKernels {
  readonly compiled: boolean
  readonly buffer: ArrayBuffer
  /**
   * Looks among points [from, to), from a multiple of 8, for the k nearest of 4 queries.
   * @param norms f32 (points, padded to 8): half the squared length of each point
   * @param bounds f32 (4): how much half a squared distance may be missed by float32, less half the squared length of the query
   * @param distances f32 (4, k), squared, ascending, begun at Infinity
   * @param indices u32 (4, k)
   */
  search(panels: number, norms: number, points: number, features: number, queries: number, bounds: number, k: number, distances: number, indices: number, from: number, to: number): void
}

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledNeighbourKernels(wasm: ArrayBuffer, bytes: number): Promise<NeighbourKernels> {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  return { ...(exports as unknown as Omit<NeighbourKernels, 'buffer' | 'compiled'>), compiled: true, buffer: memory.buffer }
}

export { plainNeighbourKernels }
