/**
 * The inner loops of histogram gradient boosting behind one interface: compiled (AssemblyScript, WASM
 * SIMD) where its bytes are at hand, plain TypeScript otherwise, with the same bits in every result.
 *
 * All data lie in one buffer; pointers are byte offsets into it. Rows are padded to `rowPadding`.
 * Sums of histograms are integers, so they do not depend on the order of rows (Shi et al. 2022,
 * "Quantized Training of Gradient Boosting Decision Trees"; ours keeps as many bits as the sums leave
 * room for instead of 2 to 5 with random rounding).
 */
import { plainBoostingKernels } from './boosting-plain.ts'
import { compileOnce } from './compile.ts'
import { type Call, type Crew, Team } from './crew.ts'

/** Bins of a feature in a histogram; the last one holds missing values. */
export const binsPerFeature = 256
export const missingBin = 255
/** A histogram cell: unsigned hessian sum in the low, signed gradient sum in the high 32 bits. */
export const cellBytes = 8
export const rowPadding = 64

export interface BoostingKernels {
  readonly compiled: boolean
  readonly buffer: ArrayBufferLike
  /** Bin = number of thresholds below the value; writes bin i at rowMajor + i * stride and at column + i. thresholds: f32[255], padded with Infinity. */
  binColumn(values: number, count: number, thresholds: number, rowMajor: number, stride: number, column: number): void
  /** In place, f32; count a multiple of 4. Values below -87 count as -87. */
  exponential(values: number, count: number): void
  /** Log loss of sign (+1, -1) under raw scores; writes f32 gradients and hessians, sums f64: |gradient|, hessian, loss. */
  binaryGradients(raw: number, sign: number, count: number, gradient: number, hessian: number, sums: number): void
  /** Planes of `stride` raw scores a class to planes of probabilities; f64 loss at sums + 16. Planes padded to 4 rows. */
  softmax(raw: number, classes: number, stride: number, labels: number, count: number, probabilities: number, sums: number): void
  /** One class of a softmax: p - [label], p (1 - p); sums as in binaryGradients, without loss. */
  classGradients(probabilities: number, labels: number, label: number, count: number, gradient: number, hessian: number, sums: number): void
  /** Squared error: raw - target, 1; loss is the sum of squares. */
  squaredGradients(raw: number, target: number, count: number, gradient: number, hessian: number, sums: number): void
  /** Rounds scaled gradients (signed) and hessians (unsigned) to 32 bits each, packed in one cell a row. */
  quantise(gradient: number, hessian: number, count: number, gradientScale: number, hessianScale: number, packed: number): void
  /** Adds rows to a histogram; stride (padded features) is a multiple of 4. */
  histogram(rowMajor: number, stride: number, rows: number, count: number, packed: number, hist: number): void
  /** out = parent - child, cell by cell; bytes a multiple of 16. */
  subtract(parent: number, child: number, out: number, bytes: number): void
  /** Adds a histogram to another, cell by cell; bytes a multiple of 16. */
  add(from: number, into: number, bytes: number): void
  /**
   * The numeric split with the largest score GL^2 / (HL + lambda) + GR^2 / (HR + lambda) above minScore and
   * both hessians >= minH; of equals the lowest feature, then missing right before left, then the lowest bin.
   * lastBins, modes: u8[features]; mode 0 skips the feature, 2 has missing values in the data.
   * out: f64 score, GL, HL; i32 feature (-1 where none), bin, missing goes left.
   */
  search(hist: number, features: number, lastBins: number, modes: number, totalG: number, totalH: number, lambda: number, minH: number, minScore: number, out: number): void
  /** Stable partition of u32 rows by goesLeft (u8[256]) of their bin; returns the number on the left. */
  partition(column: number, rows: number, count: number, goesLeft: number, scratch: number): number
  /** f64 sums of gradients and hessians in the order of rows. */
  sumRows(gradient: number, hessian: number, rows: number, count: number, sums: number): void
  /** raw[row] += value in float32. */
  addToRows(raw: number, rows: number, count: number, value: number): void
  /** Where there are several threads: runs calls that do not touch one another's results, on all of them. */
  each?(calls: readonly Call[]): void
}

/** Runs calls that do not touch one another's results, on as many threads as there are. */
export function runEach(kernels: BoostingKernels, calls: readonly Call[]): void {
  if (kernels.each) {
    kernels.each(calls)
    return
  }
  const functions = kernels as unknown as Record<string, (...numbers: number[]) => unknown>
  for (const [name, ...numbers] of calls) functions[name]?.(...numbers)
}

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledBoostingKernels(wasm: ArrayBuffer, bytes: number): Promise<BoostingKernels> {
  const { exports } = await WebAssembly.instantiate(await compileOnce('boosting', wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  const functions = exports as unknown as Omit<BoostingKernels, 'buffer' | 'compiled'>
  return { ...functions, compiled: true, buffer: memory.buffer, partition: (...args) => functions.partition(...args) >>> 0 }
}

/** The same on a memory that helpers share. @param wasm of boosting-shared.wasm; @throws RangeError where memory is refused */
export async function sharedBoostingKernels(wasm: ArrayBuffer, bytes: number, crew: Crew): Promise<{ readonly kernels: BoostingKernels; readonly team: Team }> {
  const module = await compileOnce('boosting-shared', wasm)
  const pages = Math.ceil(bytes / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const functions = exports as unknown as Omit<BoostingKernels, 'buffer' | 'compiled'>
  const team = new Team(crew, module, memory, exports)
  return { team, kernels: { ...functions, compiled: true, buffer: memory.buffer, partition: (...args) => functions.partition(...args) >>> 0 } }
}

export { Layout } from './layout.ts'
export { plainBoostingKernels }
