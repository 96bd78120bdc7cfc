/**
 * Products of float32 columns with float64 vectors, four columns at a time: each element of the vector
 * is read once for four columns, and the four sums do not wait for one another.
 */

/** out[at + i] += sum over j of c[base + j] * columns[j][from + i]. */
export function addColumns(columns: readonly Float32Array[], from: number, count: number, c: Float64Array, base: number, out: Float64Array, at: number): void {
  const p = columns.length
  let j = 0
  for (; j + 3 < p; j += 4) {
    const [x0, x1, x2, x3] = [columns[j], columns[j + 1], columns[j + 2], columns[j + 3]] as [Float32Array, Float32Array, Float32Array, Float32Array]
    const [c0, c1, c2, c3] = [c[base + j], c[base + j + 1], c[base + j + 2], c[base + j + 3]] as [number, number, number, number]
    if (c0 === 0 && c1 === 0 && c2 === 0 && c3 === 0) continue
    for (let i = 0, row = from; i < count; i++, row++) {
      out[at + i] = (out[at + i] as number) + (c0 * (x0[row] as number) + c1 * (x1[row] as number) + (c2 * (x2[row] as number) + c3 * (x3[row] as number)))
    }
  }
  for (; j < p; j++) {
    const x = columns[j] as Float32Array
    const cj = c[base + j] as number
    if (cj === 0) continue
    for (let i = 0, row = from; i < count; i++, row++) out[at + i] = (out[at + i] as number) + cj * (x[row] as number)
  }
}

/** out[base + j] += sum over i of r[at + i] * columns[j][from + i]. */
export function columnDots(columns: readonly Float32Array[], from: number, count: number, r: Float64Array, at: number, out: Float64Array, base: number): void {
  const p = columns.length
  let j = 0
  for (; j + 3 < p; j += 4) {
    const [x0, x1, x2, x3] = [columns[j], columns[j + 1], columns[j + 2], columns[j + 3]] as [Float32Array, Float32Array, Float32Array, Float32Array]
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let i = 0, row = from; i < count; i++, row++) {
      const value = r[at + i] as number
      s0 += value * (x0[row] as number)
      s1 += value * (x1[row] as number)
      s2 += value * (x2[row] as number)
      s3 += value * (x3[row] as number)
    }
    out[base + j] = (out[base + j] as number) + s0
    out[base + j + 1] = (out[base + j + 1] as number) + s1
    out[base + j + 2] = (out[base + j + 2] as number) + s2
    out[base + j + 3] = (out[base + j + 3] as number) + s3
  }
  for (; j < p; j++) {
    const x = columns[j] as Float32Array
    let sum = 0
    for (let i = 0, row = from; i < count; i++, row++) sum += (r[at + i] as number) * (x[row] as number)
    out[base + j] = (out[base + j] as number) + sum
  }
}
