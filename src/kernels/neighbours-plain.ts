/** Plain twin of assembly/neighbours.ts: it measures every point. */
import type { NeighbourKernels } from './neighbours.ts'

/** Beyond it all are equally far. */
const largestFloat = 3.4028234663852886e38

export function plainNeighbourKernels(bytes: number): NeighbourKernels {
  const buffer = new ArrayBuffer(bytes)
  const f32 = new Float32Array(buffer)
  const u32 = new Uint32Array(buffer)
  return {
    compiled: false,
    buffer,
    search(panels, _norms, points, features, queries, _bounds, k, distances, indices, from, to) {
      for (let q = 0; q < 4; q++) {
        const list = (distances >>> 2) + q * k
        const found = (indices >>> 2) + q * k
        const last = list + k - 1
        for (let point = from; point < to && point < points; point++) {
          let at = (panels >>> 2) + (point >>> 3) * features * 8 + (point & 7)
          let query = (queries >>> 2) + q
          let sum = 0
          for (let j = 0; j < features; j++, at += 8, query += 4) {
            const d = (f32[at] as number) - (f32[query] as number)
            sum += d * d
          }
          const distance = Math.fround(Math.min(sum, largestFloat))
          if (!(distance < (f32[last] as number))) continue
          let place = k - 1
          for (; place > 0 && (f32[list + place - 1] as number) > distance; place--) {
            f32[list + place] = f32[list + place - 1] as number
            u32[found + place] = u32[found + place - 1] as number
          }
          f32[list + place] = distance
          u32[found + place] = point
        }
      }
    },
  }
}
