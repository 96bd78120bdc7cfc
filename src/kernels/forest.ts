/**
 * The inner loops of growing forests behind one interface: compiled where its bytes are at hand, plain
 * TypeScript otherwise, with the same bits in every result. All data lie in one buffer; pointers are byte
 * offsets into it. A node is a stretch of the row list; its weights and targets are gathered side by side once,
 * so that each feature reads only its own column at the node's rows.
 *
 * Scores of a split ("proxy") grow as it gets better and leave out what is the same for all splits of a node:
 * squares of sums over weights for Gini and squared error, weight times negative entropy for entropy.
 */
import { plainForestKernels } from './forest-plain.ts'

export interface ForestKernels {
  readonly compiled: boolean
  readonly buffer: ArrayBuffer
  /** Gathers weights (f64) and codes (u32); totals f64: weight by class, then of all. Returns the number of classes present. */
  enterClasses(rows: number, count: number, weights: number, codes: number, classes: number, nodeWeight: number, nodeCode: number, totals: number): number
  /** Gathers weights and weighted values (f64); totals f64: weight, weighted sum, weighted squares. Returns 1 where values differ. */
  enterValues(rows: number, count: number, weights: number, values: number, nodeWeight: number, nodeValue: number, totals: number): number
  /**
   * The best split of a column of bins (u8) that beats the f64 at `best`; writes the proxy there, the last bin on
   * the left and the first on the right (u32) behind it. Both sides keep minRows rows. Returns 1 where the
   * column varies in the node, plus 2 where the split is new.
   * hist: f64 (258, classes), counts: u32 (256 + 8), all zero before and after, but for the last two rows of hist.
   */
  searchClasses(column: number, rows: number, count: number, nodeWeight: number, nodeCode: number, classes: number, totals: number, entropy: number, minRows: number, hist: number, counts: number, best: number): number
  /** The same for values; hist: f64 (256, 2). */
  searchValues(column: number, rows: number, count: number, nodeWeight: number, nodeValue: number, totals: number, minRows: number, hist: number, counts: number, best: number): number
  /** Smallest and largest value (f32) of a column of f32. */
  range(column: number, rows: number, count: number, out: number): void
  /** The proxy of one split of a column of f32, -Infinity where a side has fewer than minRows rows. */
  thresholdClasses(column: number, threshold: number, rows: number, count: number, nodeWeight: number, nodeCode: number, classes: number, totals: number, entropy: number, minRows: number, hist: number): number
  thresholdValues(column: number, threshold: number, rows: number, count: number, nodeWeight: number, nodeValue: number, totals: number, minRows: number): number
  /** Stable partition of the rows; bins up to `last`, or values up to `threshold`, go left. Returns how many did. */
  partitionBins(column: number, last: number, rows: number, count: number, scratch: number): number
  partitionValues(column: number, threshold: number, rows: number, count: number, scratch: number): number
}

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledForestKernels(wasm: ArrayBuffer, bytes: number): Promise<ForestKernels> {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  return { ...(exports as unknown as Omit<ForestKernels, 'buffer' | 'compiled'>), compiled: true, buffer: memory.buffer }
}

export { plainForestKernels }
