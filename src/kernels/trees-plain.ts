/** The plain twin of assembly/trees.ts: it defines what the compiled kernel means, and serves where there is none. */
import type { TreeKernels } from './trees.ts'

/** @param bytes size of the buffer; @throws RangeError where memory is refused */
export function plainTreeKernels(bytes: number): TreeKernels {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 64) * 64)
  const u32 = new Uint32Array(buffer)
  const f32 = new Float32Array(buffer)
  const f64 = new Float64Array(buffer)
  /** Which side the row at `row` takes in the node at `node` (both in words): 1 is right. */
  const side = (node: number, row: number): number => {
    const at = row + ((u32[node] as number) >>> 2)
    const code = Math.min(u32[at] as number, u32[node + 4] as number)
    const inside = ((u32[((u32[node + 3] as number) >>> 2) + (code >>> 5)] as number) >>> (code & 31)) & 1
    return Number((f32[at] as number) > (f32[node + 1] as number)) | (1 - inside)
  }
  const next = (node: number, row: number): number => ((u32[node + 2] as number) >>> 2) + Number((f32[row + ((u32[node] as number) >>> 2)] as number) > (f32[node + 1] as number)) * 8
  return {
    compiled: false,
    buffer,
    attribute(trees, count, block, stride, rows, masks, out, outStride, outputStride, width) {
      const first = masks >>> 2
      for (let t = 0; t < count; t++) {
        const [root, nodes, target] = u32.subarray((trees >>> 2) + 4 * t, (trees >>> 2) + 4 * t + 3) as unknown as [number, number, number]
        for (let i = 0; i < rows; i++) {
          const row = (block + i * stride) >>> 2
          const base = out + target * outputStride + i * outStride
          u32[first] = 0xffffffff
          for (let n = 0; n < nodes; n++) {
            const node = (root >>> 2) + n * 8
            const mask = u32[first + n] as number
            const left = u32[node + 2] as number
            const special = u32[node + 6] as number
            if (left !== node * 4) {
              const right = side(node, row)
              const children = first + ((left - root) >>> 5)
              u32[children] = right === 1 ? mask & ~special : mask
              u32[children + 1] = right === 1 ? mask : mask & ~special
              continue
            }
            const d = u32[special >>> 2] as number
            const shares = ((special + (u32[(special >>> 2) + 1] as number)) >>> 3) + (mask & ((1 << d) - 1)) * d
            const values = (u32[node + 5] as number) >>> 3
            for (let k = 0; k < d; k++) {
              const place = (base >>> 3) + (u32[(special >>> 2) + 2 + k] as number)
              for (let w = 0; w < width; w++) {
                const at = place + (w * outputStride) / 8
                f64[at] = (f64[at] as number) + (f64[shares + k] as number) * (f64[values + w] as number)
              }
            }
          }
        }
      }
    },
    score(trees, count, block, stride, rows, scores, outputs, width) {
      const add = (node: number, row: number, target: number): void => {
        const value = (u32[node + 5] as number) >>> 3
        const out = (scores >>> 3) + row * outputs + target
        for (let w = 0; w < width; w++) f64[out + w] = (f64[out + w] as number) + (f64[value + w] as number)
      }
      const step = stride >>> 2
      for (let t = 0; t < count; t++) {
        const [root, depth, target, hasSets] = u32.subarray((trees >>> 2) + 4 * t, (trees >>> 2) + 4 * t + 4) as unknown as [number, number, number, number]
        for (let i = 0; i < rows; i += 4) {
          const row0 = (block >>> 2) + i * step
          const row1 = row0 + step
          const row2 = row1 + step
          const row3 = row2 + step
          let a = root >>> 2
          let b = a
          let c = a
          let d = a
          for (let level = 0; level < depth; level++) {
            if (hasSets !== 0) {
              a = ((u32[a + 2] as number) >>> 2) + side(a, row0) * 8
              b = ((u32[b + 2] as number) >>> 2) + side(b, row1) * 8
              c = ((u32[c + 2] as number) >>> 2) + side(c, row2) * 8
              d = ((u32[d + 2] as number) >>> 2) + side(d, row3) * 8
            } else {
              a = next(a, row0)
              b = next(b, row1)
              c = next(c, row2)
              d = next(d, row3)
            }
          }
          add(a, i, target)
          add(b, i + 1, target)
          add(c, i + 2, target)
          add(d, i + 3, target)
        }
      }
    },
  }
}
