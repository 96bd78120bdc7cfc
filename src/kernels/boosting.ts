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
import { type Call, type Crew, runHere, Team } from './crew.ts'

/** Bins of a feature in a histogram; the last one holds missing values. */
export const binsPerFeature = 256
export const missingBin = 255
/** A histogram cell: unsigned hessian sum in the low, signed gradient sum in the high 32 bits. */
export const cellBytes = 8
export const rowPadding = 64

export interface BoostingKernels {
  readonly compiled: boolean
  readonly buffer: ArrayBufferLike
  /** How many threads `run` may use. */
  readonly threads: number
  /**
   * Runs lists of calls that do not touch one another's results: those of a list one after the other on one thread, the
   * lists in any order, the last ones first. @returns what the calls return, in their order
   */
  run(lists: readonly (readonly Call[])[]): readonly number[]
  /**
   * Ends of at most maxBins bins of the sample's values (src/kernels/thresholds.ts), in f32[256] padded with Infinity.
   * sample: u32[count], places among the values; work: `thresholdsWork(count)` bytes. @returns how many, plus 256 where a value is missing
   */
  findThresholds(values: number, sample: number, count: number, maxBins: number, work: number, thresholds: number): number
  /** Bin = number of thresholds below the value. */
  binColumn(values: number, count: number, thresholds: number, column: number): void
  /** Columns of `rows` bins, one after the other, to rows [from, from + count) of `stride` bytes each. */
  turn(columns: number, rows: number, features: number, from: number, count: number, rowMajor: number, stride: number): void
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
  /** Adds rows to a histogram of `histogramBytes(stride)` bytes; stride (padded features) is a multiple of 4. Up to 15 bytes behind a row are read. */
  histogram(rowMajor: number, stride: number, rows: number, count: number, packed: number, hist: number): void
  /** Fills bytes with zeros. */
  clear(from: number, bytes: number): void
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
  /** Rows in each bin of each feature: u32[stride * 256], cleared first. */
  countBins(rowMajor: number, stride: number, rows: number, count: number, counts: number): void
  /** As search, with at least minRows of the node's totalRows on either side. counts: those of its features, as countBins leaves them. */
  searchCounted(hist: number, counts: number, features: number, lastBins: number, modes: number, totalG: number, totalH: number, totalRows: number, minRows: number, lambda: number, minH: number, minScore: number, out: number): void
  /** Rows whose bin goes left. */
  countLeft(column: number, rows: number, count: number, goesLeft: number): number
  /** Stable partition of u32 rows by goesLeft (u8[256]) of their bin; returns the number on the left. */
  partition(column: number, rows: number, count: number, goesLeft: number, scratch: number): number
  /** Makes one partition of pieces that were parted one by one, in their order. pieces: u32 pairs of rows and rows on the left. @returns rows on the left */
  join(rows: number, pieces: number, count: number, scratch: number): number
  /** f64 sums of gradients and hessians in the order of rows. */
  sumRows(gradient: number, hessian: number, rows: number, count: number, sums: number): void
  /** raw[row] += value in float32. */
  addToRows(raw: number, rows: number, count: number, value: number): void
}

/** Bytes of a histogram, and behind it of the rows that are brought near before they are added to it. */
export const histogramBytes = (stride: number): number => stride * binsPerFeature * cellBytes + 32 * (8 + Math.ceil(stride / 16) * 16)

/** Bytes that findThresholds works in. */
export const thresholdsWork = (count: number): number => (2 * (count + 1) + 2049) * 4

/** Runs calls that do not touch one another's results, each by itself. */
export const runEach = (kernels: BoostingKernels, calls: readonly Call[]): readonly number[] => kernels.run(calls.map((call) => [call]))

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledBoostingKernels(wasm: ArrayBuffer, bytes: number): Promise<BoostingKernels> {
  const { exports } = await WebAssembly.instantiate(await compileOnce('boosting', wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  return { ...(exports as unknown as BoostingKernels), compiled: true, buffer: memory.buffer, threads: 1, run: (lists) => runHere(exports, lists) }
}

/** The same on a memory that helpers share. @param wasm of boosting-shared.wasm; @throws RangeError where memory is refused */
export async function sharedBoostingKernels(wasm: ArrayBuffer, bytes: number, crew: Crew): Promise<{ readonly kernels: BoostingKernels; readonly team: Team }> {
  const module = await compileOnce('boosting-shared', wasm)
  const pages = Math.ceil(bytes / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const team = new Team(crew, module, memory, exports)
  return { team, kernels: { ...(exports as unknown as BoostingKernels), compiled: true, buffer: memory.buffer, threads: team.threads, run: (lists) => team.runLists(lists) } }
}

export { Layout } from './layout.ts'
export { plainBoostingKernels }
