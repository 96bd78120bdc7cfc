/** Nearest pictures in the space that a model looks at: training pictures as honest proxies for what it learnt from. */
import type { Context } from '../../context.ts'

/** Pictures on a map: neighbours are found by comparing all with all. */
export const mostOnMap = 1500

/** Row-major numbers, one row a picture. */
export interface Points {
  readonly values: Float32Array
  readonly rows: number
  readonly width: number
}
export interface Neighbours {
  /** Shape (queries, k): rows of the points, nearest first. */
  readonly rows: Uint32Array
  /** Shape (queries, k): Euclidean distances. */
  readonly distances: Float32Array
  readonly k: number
}

/** Each row divided by its length, so that distances say how much directions differ: sqrt(2 - 2 cosine). */
export function unitRows({ values, rows, width }: Points): Points {
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    let square = 0
    for (let j = 0; j < width; j++) square += (values[row * width + j] as number) ** 2
    const factor = square > 0 ? 1 / Math.sqrt(square) : 0
    for (let j = 0; j < width; j++) out[row * width + j] = (values[row * width + j] as number) * factor
  }
  return { values: out, rows, width }
}

/**
 * The k nearest points of each query, by all distances; ties go to the earlier row.
 * @param skipSelf query i is point i, and not its own neighbour
 */
export async function nearest(points: Points, queries: Points, k: number, skipSelf: boolean, context: Pick<Context, 'checkpoint'>): Promise<Neighbours> {
  const { width } = points
  const most = Math.min(k, points.rows - (skipSelf ? 1 : 0))
  const rows = new Uint32Array(queries.rows * most)
  const distances = new Float32Array(queries.rows * most)
  const squares = new Float64Array(most)
  for (let query = 0; query < queries.rows; query++) {
    const base = query * width
    const out = rows.subarray(query * most, query * most + most)
    let found = 0
    for (let row = 0; row < points.rows; row++) {
      if (skipSelf && row === query) continue
      const limit = found < most ? Number.POSITIVE_INFINITY : (squares[most - 1] as number)
      let square = 0
      for (let j = 0, at = row * width; j < width && square < limit; j++, at++) {
        const off = (queries.values[base + j] as number) - (points.values[at] as number)
        square += off * off
      }
      if (!(square < limit)) continue
      let place = found < most ? found++ : most - 1
      for (; place > 0 && (squares[place - 1] as number) > square; place--) {
        squares[place] = squares[place - 1] as number
        out[place] = out[place - 1] as number
      }
      squares[place] = square
      out[place] = row
    }
    for (let i = 0; i < most; i++) distances[query * most + i] = Math.sqrt(squares[i] as number)
    if (query % 16 === 15) await context.checkpoint()
  }
  return { rows, distances, k: most }
}
