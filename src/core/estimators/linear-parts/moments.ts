/**
 * What least squares needs of the data: weighted means, and products of centred columns, from one pass over
 * the rows. Columns are less the mean of a few rows while they are multiplied, so that a mean far from zero
 * costs no digits, and what that mean was off by is taken away at the end.
 */
import { blockRows, columnBytes, compiledMomentKernels, plainMomentKernels } from '../../../kernels/moments.ts'
import type { MomentKernels } from '../../../kernels/moments.ts'
import { Layout } from '../../../kernels/layout.ts'
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import { StudioError } from '../../errors.ts'
import { checkNumbers, checkShape, featureScales } from '../linear.ts'

export interface Moments {
  /** Sum of weights. */
  readonly total: number
  /** Shape (features); zeros where nothing is centred. */
  readonly means: Float64Array
  readonly yMean: number
  /** Row-major, shape (features, features): sums of weight x_i x_j, centred. */
  readonly gram: Float64Array
  /** Shape (features): sums of weight x_j y, centred. */
  readonly along: Float64Array
  /** Sum of weight y y, centred. */
  readonly ySquares: number
  /** Shape (features): population standard deviation, without weights. */
  readonly scales: Float64Array
}

/** Cells that are copied to the kernels at once. */
const chunkCells = 2 ** 17
/** Products of one call of the kernel, some tens of milliseconds at most. */
const productsPerCall = 2 ** 24
const sampledRows = 1024

/**
 * @param owner the estimator's id; @param weights shape (rows), not negative, not all 0; undefined where each is 1
 * @throws StudioError bad-data as checkNumbers
 */
export async function momentsOf(owner: string, X: Matrix, y: Float64Array, weights: Float64Array | undefined, centre: boolean, context: Context): Promise<Moments> {
  checkShape(owner, X, y.length)
  const n = X.rows
  const p = X.features.length
  const columns = Math.ceil(p / 4) * 4
  const weighed = weights?.some((weight) => weight !== 1) ? weights : undefined
  const chunk = Math.min(Math.max(1, Math.floor(chunkCells / p / blockRows)), Math.ceil(n / blockRows)) * blockRows
  const layout = new Layout()
  const at = {
    cells: layout.take(p * chunk * 4),
    target: layout.take(chunk * 8),
    weights: layout.take(weighed ? chunk * 8 : 0),
    shifts: layout.take((p + 1) * 8),
    sums: layout.take((p + 1) * 8),
    block: layout.take((columns + 1) * columnBytes),
    left: layout.take(weighed ? (columns + 1) * columnBytes : 0),
    gram: layout.take(columns * columns * 8),
    along: layout.take((columns + 1) * 8),
  }
  const kernels = await kernelsOf(layout.bytes, context)
  const f32 = new Float32Array(kernels.buffer)
  const f64 = new Float64Array(kernels.buffer)
  const shifts = f64.subarray(at.shifts >>> 3, (at.shifts >>> 3) + p + 1)
  if (centre) {
    X.features.forEach(({ values }, j) => (shifts[j] = sampleMean(values, n)))
    shifts[p] = sampleMean(y, n)
  }
  const left = weighed ? at.left : at.block
  // Pairs of rows of the result that one call may take.
  const step = Math.max(2, 2 * Math.floor(productsPerCall / (2 * columns * blockRows)))
  const chunks = Math.ceil(n / chunk)
  const perReport = Math.max(1, Math.ceil(chunks / 100))
  for (let from = 0, done = 1; from < n; from += chunk, done++) {
    const count = Math.min(chunk, n - from)
    X.features.forEach(({ values }, j) => f32.set(values.subarray(from, from + count), (at.cells >>> 2) + j * chunk))
    f64.set(y.subarray(from, from + count), at.target >>> 3)
    if (weighed) f64.set(weighed.subarray(from, from + count), at.weights >>> 3)
    if (step >= p) kernels.blocks(at.cells, chunk * 4, p, columns, at.target, weighed ? at.weights : 0, count, at.shifts, at.block, left, at.sums, at.gram, at.along)
    else for (let row = 0; row < count; row += blockRows) {
      kernels.centre(at.cells + row * 4, chunk * 4, p, columns, at.target + row * 8, weighed ? at.weights + row * 8 : 0, Math.min(blockRows, count - row), at.shifts, at.block, at.left, at.sums)
      kernels.along(at.block, left, columns, at.along)
      for (let i = 0; i < p; i += step) {
        kernels.products(at.block, left, columns, i, Math.min(columns, i + step), at.gram)
        await context.checkpoint()
      }
    }
    if (done % perReport === 0 || done === chunks) context.report({ kind: 'step', phase: 'fit', done, total: chunks })
    await context.checkpoint()
  }
  const raw = f64.subarray(at.gram >>> 3, (at.gram >>> 3) + columns * columns)
  const rawAlong = f64.subarray(at.along >>> 3, (at.along >>> 3) + columns + 1)
  // Not finite here is not finite in a row, and the check there finds which.
  for (let j = 0; j < p; j++) if (!Number.isFinite(raw[j * columns + j])) checkNumbers(owner, X, n)

  const total = weighed ? weighed.reduce((sum, weight) => sum + weight, 0) : n
  const off = Float64Array.from({ length: p + 1 }, (_, j) => (centre ? (f64[(at.sums >>> 3) + j] as number) / total : 0))
  const centred = (sum: number, i: number, j: number): number => sum - total * (off[i] as number) * (off[j] as number)
  const gram = new Float64Array(p * p)
  for (let i = 0; i < p; i++) {
    gram[i * p + i] = Math.max(0, centred(raw[i * columns + i] as number, i, i))
    for (let j = i + 1; j < p; j++) gram[i * p + j] = gram[j * p + i] = centred(raw[i * columns + j] as number, i, j)
  }
  return {
    total,
    means: Float64Array.from({ length: p }, (_, j) => (shifts[j] as number) + (off[j] as number)),
    yMean: (shifts[p] as number) + (off[p] as number),
    gram,
    along: Float64Array.from({ length: p }, (_, j) => centred(rawAlong[j] as number, j, p)),
    ySquares: Math.max(0, centred(rawAlong[columns] as number, p, p)),
    scales: weighed || !centre ? featureScales(X) : Float64Array.from({ length: p }, (_, j) => Math.sqrt((gram[j * p + j] as number) / n)),
  }
}

/** The mean of up to 1,024 rows from everywhere. */
function sampleMean(values: Float32Array | Float64Array, rows: number): number {
  const count = Math.min(sampledRows, rows)
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[Math.floor((i * rows) / count)] as number
  return sum / count
}

async function kernelsOf(bytes: number, context: Context): Promise<MomentKernels> {
  let wasm: ArrayBuffer | undefined
  try {
    wasm = await context.asset('moments.wasm')
  } catch {
    // A host without the compiled kernels gets the same sums from the plain ones, later.
  }
  try {
    return wasm ? await compiledMomentKernels(wasm, bytes) : plainMomentKernels(bytes)
  } catch (cause) {
    throw new StudioError({ code: 'out-of-memory', message: `missing memory; the products of so many features need ${Math.ceil(bytes / 2 ** 20)} MiB`, hint: 'Use fewer columns, or close other tabs.', cause })
  }
}
