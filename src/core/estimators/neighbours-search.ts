/** Finds the nearest fitted rows of each row, on kernels laid out for one search. */
import { compiledNeighbourKernels, plainNeighbourKernels, pointsPerPanel, queriesAtOnce, type NeighbourKernels } from '../../kernels/neighbours.ts'
import { Layout } from '../../kernels/layout.ts'
import type { Matrix } from '../data/matrix.ts'
import type { PredictContext } from './estimator.ts'

export interface Neighbours {
  /** Row-major, shape (rows, k), nearest first; of equal ones the earlier. */
  readonly indices: Uint32Array
  /** As indices: squared, at float32. */
  readonly distances: Float32Array
}

/** Below this many multiplications the compiled kernel is not worth its start. */
const smallWork = 2e7
const queriesPerBatch = 4096
/** Points of one walk stay in the second cache while all queries of a batch pass by. */
const chunkBytes = 192 * 1024
const largestFloat = 3.4028234663852886e38

async function kernelsFor(work: number, bytes: number, context: PredictContext | undefined): Promise<NeighbourKernels> {
  if (context && work > smallWork) {
    try {
      return await compiledNeighbourKernels(await context.asset('neighbours.wasm'), bytes)
    } catch {
      // A host without the compiled kernel gets the same neighbours from the plain one, later.
    }
  }
  return plainNeighbourKernels(bytes)
}

/**
 * @param points row-major, shape (count, features)
 * @param k at most count
 */
export async function nearestRows(points: Float32Array, count: number, X: Matrix, k: number, context?: PredictContext): Promise<Neighbours> {
  const p = X.features.length
  const batch = Math.min(queriesPerBatch, Math.ceil(X.rows / queriesAtOnce) * queriesAtOnce)
  const padded = Math.ceil(count / pointsPerPanel) * pointsPerPanel
  const layout = new Layout()
  const at = {
    panels: layout.take(padded * p * 4),
    norms: layout.take(padded * 4),
    queries: layout.take(batch * p * 4),
    bounds: layout.take(batch * 4),
    distances: layout.take(batch * k * 4),
    indices: layout.take(batch * k * 4),
  }
  const kernels = await kernelsFor(X.rows * count * p, layout.bytes, context)
  const f32 = new Float32Array(kernels.buffer)
  const u32 = new Uint32Array(kernels.buffer)
  let longest = 0
  for (let i = 0; i < count; i++) {
    let squares = 0
    for (let j = 0, to = (at.panels >>> 2) + (i >>> 3) * p * 8 + (i & 7); j < p; j++, to += 8) {
      const x = points[i * p + j] as number
      f32[to] = x
      squares += x * x
    }
    f32[(at.norms >>> 2) + i] = squares / 2
    if (squares > longest) longest = squares
  }
  const found: Neighbours = { indices: new Uint32Array(X.rows * k), distances: new Float32Array(X.rows * k) }
  const chunk = Math.max(8, Math.floor(chunkBytes / (p * 4 * 8)) * 8)
  for (let from = 0; from < X.rows; from += batch) {
    const rows = Math.min(batch, X.rows - from)
    const groups = Math.ceil(rows / queriesAtOnce)
    f32.fill(0, at.queries >>> 2, (at.queries >>> 2) + groups * queriesAtOnce * p)
    f32.fill(Number.POSITIVE_INFINITY, at.distances >>> 2, (at.distances >>> 2) + groups * queriesAtOnce * k)
    for (let i = 0; i < rows; i++) {
      let squares = 0
      for (let j = 0, to = (at.queries >>> 2) + (i >>> 2) * p * 4 + (i & 3); j < p; j++, to += 4) {
        const x = (X.features[j] as Matrix['features'][number]).values[from + i] as number
        f32[to] = x
        squares += x * x
      }
      // Each of the p products and differences may be off by half a unit of the sizes involved; twice that is safe.
      const error = (p + 8) * 2 ** -23 * (Math.sqrt(longest * squares) + longest / 2 + squares / 2)
      f32[(at.bounds >>> 2) + i] = error < largestFloat ? error - squares / 2 : Number.POSITIVE_INFINITY
    }
    // What fills the last group is searched for too, and ends at once: nothing is nearer than its own limit.
    for (let i = rows; i < groups * queriesAtOnce; i++) {
      f32[(at.bounds >>> 2) + i] = Number.NEGATIVE_INFINITY
      f32.fill(0, (at.distances >>> 2) + i * k, (at.distances >>> 2) + i * k + k)
    }
    for (let start = 0; start < count; start += chunk) {
      const end = Math.min(padded, start + chunk)
      for (let group = 0; group < groups; group++) {
        const first = group * queriesAtOnce
        kernels.search(at.panels, at.norms, count, p, at.queries + first * p * 4, at.bounds + first * 4, k, at.distances + first * k * 4, at.indices + first * k * 4, start, end)
        if (!kernels.compiled && (group & 7) === 7) await context?.checkpoint()
      }
      await context?.checkpoint()
    }
    found.distances.set(f32.subarray(at.distances >>> 2, (at.distances >>> 2) + rows * k), from * k)
    found.indices.set(u32.subarray(at.indices >>> 2, (at.indices >>> 2) + rows * k), from * k)
  }
  return found
}
