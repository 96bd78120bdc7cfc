/**
 * The plain twin of assembly/boosting.ts: it defines what the compiled kernels mean, and takes over
 * where WebAssembly is refused. Float32 steps are rounded one by one (Math.fround), in the same order.
 */
import type { BoostingKernels } from './boosting.ts'
import { runHere } from './crew.ts'
import { exponentialOf, naturalLog } from './float.ts'
import { sorted } from './sort.ts'
import { thresholdsOf } from './thresholds.ts'

const f = Math.fround
const roundingMagic = 6755399441055744
const floor = f(1e-15)

/** @param bytes size of the buffer; @throws RangeError where memory is refused */
export function plainBoostingKernels(bytes: number): BoostingKernels {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 64) * 64)
  const u8 = new Uint8Array(buffer)
  const i32 = new Int32Array(buffer)
  const u32 = new Uint32Array(buffer)
  const f32 = new Float32Array(buffer)
  const f64 = new Float64Array(buffer)
  /** @param counts undefined where rows are not counted */
  const scan = (hist: number, counts: number | undefined, features: number, lastBins: number, modes: number, totalG: number, totalH: number, totalRows: number, minRows: number, lambda: number, minH: number, minScore: number, out: number): void => {
    const at = out >>> 3
    f64[at] = minScore
    f64[at + 1] = 0
    f64[at + 2] = 0
    i32.set([-1, 0, 0], (out >>> 2) + 6)
    for (let feature = 0; feature < features; feature++) {
      const mode = u8[modes + feature]
      if (mode === 0) continue
      const base = (hist >>> 2) + feature * 512
      const rowsIn = (bin: number): number => (counts === undefined ? 0 : (u32[(counts >>> 2) + feature * 256 + bin] as number))
      const isEmpty = (bin: number): boolean => (counts === undefined ? u32[base + 2 * bin] === 0 && i32[base + 2 * bin + 1] === 0 : rowsIn(bin) === 0)
      const last = u8[lastBins + feature] as number
      const passes = mode === 2 && !isEmpty(255) ? 2 : 1
      for (let pass = 0; pass < passes; pass++) {
        let g = pass === 1 ? (i32[base + 511] as number) : 0
        let h = pass === 1 ? (u32[base + 510] as number) : 0
        let rows = pass === 1 ? rowsIn(255) : 0
        const stop = passes === 2 && pass === 0 ? last + 1 : last
        for (let bin = 0; bin < stop; bin++) {
          if (isEmpty(bin)) continue
          g += i32[base + 2 * bin + 1] as number
          h += u32[base + 2 * bin] as number
          rows += rowsIn(bin)
          const hr = totalH - h
          if (h < minH || hr < minH || rows < minRows || totalRows - rows < minRows) continue
          const gr = totalG - g
          const a = h + lambda
          const b = hr + lambda
          const score = (g * g * b + gr * gr * a) / (a * b)
          if (score > (f64[at] as number)) {
            f64[at] = score
            f64[at + 1] = g
            f64[at + 2] = h
            i32.set([feature, bin, pass], (out >>> 2) + 6)
          }
        }
      }
    }
  }
  const functions: Omit<BoostingKernels, 'compiled' | 'buffer' | 'threads' | 'run'> = {
    binColumn(values, count, thresholds, column) {
      const from = values >>> 2
      const edges = thresholds >>> 2
      for (let i = 0; i < count; i++) {
        const x = f32[from + i] as number
        let at = 0
        for (let step = 128; step > 0; step >>= 1) if ((f32[edges + at + step - 1] as number) < x) at += step
        u8[column + i] = x !== x ? 255 : at
      }
    },
    turn(columns, rows, features, from, count, rowMajor, stride) {
      for (let i = from; i < from + count; i++) for (let feature = 0; feature < features; feature++) u8[rowMajor + i * stride + feature] = u8[columns + feature * rows + i] as number
    },
    findThresholds(values, sample, count, maxBins, _work, thresholds) {
      const present = new Float32Array(count)
      let n = 0
      for (let i = 0; i < count; i++) {
        const x = f32[(values >>> 2) + (u32[(sample >>> 2) + i] as number)] as number
        if (x === x) present[n++] = x
      }
      const found = thresholdsOf(sorted(present.subarray(0, n)), maxBins)
      f32.fill(Number.POSITIVE_INFINITY, thresholds >>> 2, (thresholds >>> 2) + 256)
      f32.set(found, thresholds >>> 2)
      return found.length | (n < count ? 256 : 0)
    },
    exponential(values, count) {
      const from = values >>> 2
      for (let i = 0; i < count; i++) f32[from + i] = exponentialOf(f32[from + i] as number)
    },
    binaryGradients(raw, sign, count, gradient, hessian, sums) {
      const [r, s, g, h] = [raw >>> 2, sign >>> 2, gradient >>> 2, hessian >>> 2]
      const abs = [0, 0, 0, 0]
      const hes = [0, 0, 0, 0]
      const product = [1, 1, 1, 1]
      let loss = 0
      for (let i = 0; i < count; i++) {
        const lane = i & 3
        const label = f32[s + i] as number
        const margin = f((f32[r + i] as number) * label)
        const e = exponentialOf(-Math.abs(margin))
        const large = f(1 / f(1 + e))
        const small = f(e * large)
        const wrong = margin >= 0 ? small : large
        const right = margin >= 0 ? large : small
        const curvature = f(small * large)
        f32[g + i] = -label * wrong
        f32[h + i] = curvature
        abs[lane] = (abs[lane] as number) + wrong
        hes[lane] = (hes[lane] as number) + curvature
        product[lane] = (product[lane] as number) * Math.max(right, floor)
        if ((i & 63) >= 60) {
          loss -= naturalLog(product[lane] as number)
          product[lane] = 1
        }
      }
      const at = sums >>> 3
      f64[at] = (abs[0] as number) + (abs[1] as number) + (abs[2] as number) + (abs[3] as number)
      f64[at + 1] = (hes[0] as number) + (hes[1] as number) + (hes[2] as number) + (hes[3] as number)
      f64[at + 2] = loss
    },
    softmax(raw, classes, stride, labels, count, probabilities, sums) {
      const [r, y, p] = [raw >>> 2, labels >>> 2, probabilities >>> 2]
      const padded = Math.ceil(count / 4) * 4
      let loss = 0
      let product = 1
      for (let i = 0; i < padded; i++) {
        let top = f32[r + i] as number
        for (let k = 1; k < classes; k++) top = Math.max(top, f32[r + k * stride + i] as number)
        let total = 0
        for (let k = 0; k < classes; k++) {
          const e = exponentialOf(f((f32[r + k * stride + i] as number) - top))
          f32[p + k * stride + i] = e
          total = f(total + e)
        }
        for (let k = 0; k < classes; k++) f32[p + k * stride + i] = (f32[p + k * stride + i] as number) / total
        if (i < count) product *= Math.max(f32[p + (u32[y + i] as number) * stride + i] as number, 1e-15)
        if ((i & 3) === 3) {
          loss -= naturalLog(product)
          product = 1
        }
      }
      f64[(sums >>> 3) + 2] = loss
    },
    classGradients(probabilities, labels, label, count, gradient, hessian, sums) {
      const [p, y, g, h] = [probabilities >>> 2, labels >>> 2, gradient >>> 2, hessian >>> 2]
      let abs = 0
      let hes = 0
      for (let i = 0; i < count; i++) {
        const probability = f32[p + i] as number
        const slope = u32[y + i] === label ? f(probability - 1) : probability
        const curvature = f(probability * f(1 - probability))
        f32[g + i] = slope
        f32[h + i] = curvature
        abs += Math.abs(slope)
        hes += curvature
      }
      f64[sums >>> 3] = abs
      f64[(sums >>> 3) + 1] = hes
    },
    squaredGradients(raw, target, count, gradient, hessian, sums) {
      const [r, t, g, h] = [raw >>> 2, target >>> 2, gradient >>> 2, hessian >>> 2]
      let abs = 0
      let loss = 0
      for (let i = 0; i < count; i++) {
        const slope = f((f32[r + i] as number) - (f32[t + i] as number))
        f32[g + i] = slope
        f32[h + i] = 1
        abs += Math.abs(slope)
        loss += slope * slope
      }
      f64[sums >>> 3] = abs
      f64[(sums >>> 3) + 1] = count
      f64[(sums >>> 3) + 2] = loss
    },
    quantise(gradient, hessian, count, gradientScale, hessianScale, packed) {
      const [g, h, q] = [gradient >>> 2, hessian >>> 2, packed >>> 2]
      for (let i = 0; i < count; i++) {
        u32[q + 2 * i] = (f32[h + i] as number) * hessianScale + roundingMagic - roundingMagic
        i32[q + 2 * i + 1] = (f32[g + i] as number) * gradientScale + roundingMagic - roundingMagic
      }
    },
    histogram(rowMajor, stride, rows, count, packed, hist) {
      const [from, q, base] = [rows >>> 2, packed >>> 2, hist >>> 2]
      for (let i = 0; i < count; i++) {
        const row = u32[from + i] as number
        const h = u32[q + 2 * row] as number
        const g = i32[q + 2 * row + 1] as number
        const bins = rowMajor + row * stride
        for (let feature = 0; feature < stride; feature++) {
          const cell = base + feature * 512 + (u8[bins + feature] as number) * 2
          u32[cell] = (u32[cell] as number) + h
          i32[cell + 1] = (i32[cell + 1] as number) + g
        }
      }
    },
    clear(from, bytes) {
      u8.fill(0, from, from + bytes)
    },
    subtract(parent, child, out, bytes) {
      for (let at = 0; at < bytes >>> 2; at += 2) {
        u32[(out >>> 2) + at] = (u32[(parent >>> 2) + at] as number) - (u32[(child >>> 2) + at] as number)
        i32[(out >>> 2) + at + 1] = (i32[(parent >>> 2) + at + 1] as number) - (i32[(child >>> 2) + at + 1] as number)
      }
    },
    add(from, into, bytes) {
      for (let at = 0; at < bytes >>> 2; at += 2) {
        u32[(into >>> 2) + at] = (u32[(into >>> 2) + at] as number) + (u32[(from >>> 2) + at] as number)
        i32[(into >>> 2) + at + 1] = (i32[(into >>> 2) + at + 1] as number) + (i32[(from >>> 2) + at + 1] as number)
      }
    },
    search(hist, features, lastBins, modes, totalG, totalH, lambda, minH, minScore, out) {
      scan(hist, undefined, features, lastBins, modes, totalG, totalH, 0, 0, lambda, minH, minScore, out)
    },
    searchCounted(hist, counts, features, lastBins, modes, totalG, totalH, totalRows, minRows, lambda, minH, minScore, out) {
      scan(hist, counts, features, lastBins, modes, totalG, totalH, totalRows, minRows, lambda, minH, minScore, out)
    },
    countBins(rowMajor, stride, rows, count, counts) {
      u32.fill(0, counts >>> 2, (counts >>> 2) + stride * 256)
      for (let i = 0; i < count; i++) {
        const bins = rowMajor + (u32[(rows >>> 2) + i] as number) * stride
        for (let feature = 0; feature < stride; feature++) {
          const cell = (counts >>> 2) + feature * 256 + (u8[bins + feature] as number)
          u32[cell] = (u32[cell] as number) + 1
        }
      }
    },
    countLeft(column, rows, count, goesLeft) {
      let left = 0
      for (let i = 0; i < count; i++) left += u8[goesLeft + (u8[column + (u32[(rows >>> 2) + i] as number)] as number)] as number
      return left
    },
    partition(column, rows, count, goesLeft, scratch) {
      const from = rows >>> 2
      let left = from
      let right = scratch >>> 2
      for (let i = 0; i < count; i++) {
        const row = u32[from + i] as number
        const goes = u8[goesLeft + (u8[column + row] as number)] as number
        // Both are written and one is kept: the compiled twin saves a branch, and scratch shows it.
        u32[left] = row
        u32[right] = row
        left += goes
        right += 1 - goes
      }
      u32.copyWithin(left, scratch >>> 2, right)
      return left - from
    },
    join(rows, pieces, count, scratch) {
      const [first, aside] = [rows >>> 2, scratch >>> 2]
      let [from, left, right] = [first, first, aside]
      for (let k = 0; k < count; k++) {
        const all = u32[(pieces >>> 2) + 2 * k] as number
        const lefts = u32[(pieces >>> 2) + 2 * k + 1] as number
        u32.copyWithin(right, from + lefts, from + all)
        right += all - lefts
        u32.copyWithin(left, from, from + lefts)
        left += lefts
        from += all
      }
      u32.copyWithin(left, aside, right)
      return left - first
    },
    sumRows(gradient, hessian, rows, count, sums) {
      let g = 0
      let h = 0
      for (let i = 0; i < count; i++) {
        const row = u32[(rows >>> 2) + i] as number
        g += f32[(gradient >>> 2) + row] as number
        h += f32[(hessian >>> 2) + row] as number
      }
      f64[sums >>> 3] = g
      f64[(sums >>> 3) + 1] = h
    },
    addToRows(raw, rows, count, value) {
      const amount = f(value)
      for (let i = 0; i < count; i++) {
        const at = (raw >>> 2) + (u32[(rows >>> 2) + i] as number)
        f32[at] = (f32[at] as number) + amount
      }
    },
  }
  return { ...functions, compiled: false, buffer, threads: 1, run: (lists) => runHere(functions, lists) }
}
