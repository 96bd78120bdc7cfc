/** The plain twin of assembly/forest.ts: it defines what the compiled kernels mean, and serves where there are none. */
import { naturalLog } from './float.ts'
import type { ForestKernels } from './forest.ts'

/** @param bytes size of the buffer; @throws RangeError where memory is refused */
export function plainForestKernels(bytes: number): ForestKernels {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 64) * 64)
  const u8 = new Uint8Array(buffer)
  const u32 = new Uint32Array(buffer)
  const f32 = new Float32Array(buffer)
  const f64 = new Float64Array(buffer)
  /** Sum of squares over the weight, or weight times the negative entropy. Cells are words of f64. */
  const part = (cells: number, classes: number, weight: number, entropy: number): number => {
    let sum = 0
    for (let k = 0; k < classes; k++) {
      const c = f64[cells + k] as number
      if (entropy === 0) sum += c * c
      else if (c > 0) sum += c * naturalLog(c / weight)
    }
    return entropy === 0 ? sum / weight : sum
  }
  const mark = (counts: number, bin: number): void => {
    const word = counts + 256 + (bin >>> 5)
    u32[word] = (u32[word] as number) | (1 << (bin & 31))
    u32[counts + bin] = (u32[counts + bin] as number) + 1
  }
  /** Bins in order, each emptied as it is passed; `pass` moves one left and returns its proxy, or nothing where a side is too small. */
  const scan = (counts: number, count: number, minRows: number, best: number, move: (bin: number) => void, proxyOf: () => number): number => {
    let [leftRows, touched, improved, openBin, openProxy] = [0, 0, 0, -1, 0]
    for (let word = 0; word < 8; word++) {
      let bits = u32[counts + 256 + word] as number
      u32[counts + 256 + word] = 0
      while (bits !== 0) {
        const bin = word * 32 + (31 - Math.clz32(bits & -bits))
        bits &= bits - 1
        touched++
        if (openBin >= 0) {
          f64[best >>> 3] = openProxy
          u32[(best >>> 2) + 2] = openBin
          u32[(best >>> 2) + 3] = bin
          improved = 2
          openBin = -1
        }
        move(bin)
        leftRows += u32[counts + bin] as number
        u32[counts + bin] = 0
        const rightRows = count - leftRows
        if (leftRows < minRows || rightRows < minRows || rightRows === 0) continue
        const proxy = proxyOf()
        if (proxy > (f64[best >>> 3] as number)) [openBin, openProxy] = [bin, proxy]
      }
    }
    return improved | (touched > 1 ? 1 : 0)
  }
  const partition = (rows: number, count: number, scratch: number, goesLeft: (row: number) => boolean): number => {
    let left = rows >>> 2
    let right = scratch >>> 2
    for (let i = 0; i < count; i++) {
      const row = u32[(rows >>> 2) + i] as number
      const goes = Number(goesLeft(row))
      // Both are written and one is kept: the compiled twin saves a branch, and scratch shows it.
      u32[left] = row
      u32[right] = row
      left += goes
      right += 1 - goes
    }
    u32.copyWithin(left, scratch >>> 2, right)
    return left - (rows >>> 2)
  }
  return {
    compiled: false,
    buffer,
    enterClasses(rows, count, weights, codes, classes, nodeWeight, nodeCode, totals) {
      const at = totals >>> 3
      f64.fill(0, at, at + classes + 1)
      let [all, present] = [0, 0]
      for (let i = 0; i < count; i++) {
        const row = u32[(rows >>> 2) + i] as number
        const w = f64[(weights >>> 3) + row] as number
        const code = u32[(codes >>> 2) + row] as number
        const before = f64[at + code] as number
        if (before === 0) present++
        f64[at + code] = before + w
        f64[(nodeWeight >>> 3) + i] = w
        u32[(nodeCode >>> 2) + i] = code
        all += w
      }
      f64[at + classes] = all
      return present
    },
    enterValues(rows, count, weights, values, nodeWeight, nodeValue, totals) {
      let [w, s, q, varies] = [0, 0, 0, 0]
      const first = f64[(values >>> 3) + (u32[rows >>> 2] as number)]
      for (let i = 0; i < count; i++) {
        const row = u32[(rows >>> 2) + i] as number
        const weight = f64[(weights >>> 3) + row] as number
        const y = f64[(values >>> 3) + row] as number
        const wy = weight * y
        if (y !== first) varies = 1
        f64[(nodeWeight >>> 3) + i] = weight
        f64[(nodeValue >>> 3) + i] = wy
        w += weight
        s += wy
        q += wy * y
      }
      f64.set([w, s, q], totals >>> 3)
      return varies
    },
    searchClasses(column, rows, count, nodeWeight, nodeCode, classes, totals, entropy, minRows, hist, counts, best) {
      const cells = hist >>> 3
      for (let i = 0; i < count; i++) {
        const bin = u8[column + (u32[(rows >>> 2) + i] as number)] as number
        const cell = cells + bin * classes + (u32[(nodeCode >>> 2) + i] as number)
        f64[cell] = (f64[cell] as number) + (f64[(nodeWeight >>> 3) + i] as number)
        mark(counts >>> 2, bin)
      }
      const left = cells + 256 * classes
      const right = left + classes
      f64.fill(0, left, right)
      f64.copyWithin(right, totals >>> 3, (totals >>> 3) + classes)
      const all = f64[(totals >>> 3) + classes] as number
      let leftWeight = 0
      const move = (bin: number): void => {
        for (let k = 0; k < classes; k++) {
          const amount = f64[cells + bin * classes + k] as number
          f64[cells + bin * classes + k] = 0
          f64[left + k] = (f64[left + k] as number) + amount
          f64[right + k] = (f64[right + k] as number) - amount
          leftWeight += amount
        }
      }
      return scan(counts >>> 2, count, minRows, best, move, () => part(left, classes, leftWeight, entropy) + part(right, classes, all - leftWeight, entropy))
    },
    searchValues(column, rows, count, nodeWeight, nodeValue, totals, minRows, hist, counts, best) {
      const cells = hist >>> 3
      for (let i = 0; i < count; i++) {
        const bin = u8[column + (u32[(rows >>> 2) + i] as number)] as number
        const cell = cells + bin * 2
        f64[cell] = (f64[cell] as number) + (f64[(nodeWeight >>> 3) + i] as number)
        f64[cell + 1] = (f64[cell + 1] as number) + (f64[(nodeValue >>> 3) + i] as number)
        mark(counts >>> 2, bin)
      }
      const all = f64[totals >>> 3] as number
      const sum = f64[(totals >>> 3) + 1] as number
      let [leftWeight, leftSum] = [0, 0]
      const move = (bin: number): void => {
        leftWeight += f64[cells + bin * 2] as number
        leftSum += f64[cells + bin * 2 + 1] as number
        f64.fill(0, cells + bin * 2, cells + bin * 2 + 2)
      }
      return scan(counts >>> 2, count, minRows, best, move, () => {
        const rightSum = sum - leftSum
        return (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / (all - leftWeight)
      })
    },
    range(column, rows, count, out) {
      let low = f32[(column >>> 2) + (u32[rows >>> 2] as number)] as number
      let high = low
      for (let i = 1; i < count; i++) {
        const x = f32[(column >>> 2) + (u32[(rows >>> 2) + i] as number)] as number
        if (x < low) low = x
        if (x > high) high = x
      }
      f32[out >>> 2] = low
      f32[(out >>> 2) + 1] = high
    },
    thresholdClasses(column, threshold, rows, count, nodeWeight, nodeCode, classes, totals, entropy, minRows, hist) {
      const left = (hist >>> 3) + 256 * classes
      const right = left + classes
      f64.fill(0, left, right)
      let [leftWeight, leftRows] = [0, 0]
      for (let i = 0; i < count; i++) {
        if ((f32[(column >>> 2) + (u32[(rows >>> 2) + i] as number)] as number) > threshold) continue
        const w = f64[(nodeWeight >>> 3) + i] as number
        const cell = left + (u32[(nodeCode >>> 2) + i] as number)
        f64[cell] = (f64[cell] as number) + w
        leftWeight += w
        leftRows++
      }
      if (leftRows < minRows || count - leftRows < minRows) return Number.NEGATIVE_INFINITY
      for (let k = 0; k < classes; k++) f64[right + k] = (f64[(totals >>> 3) + k] as number) - (f64[left + k] as number)
      return part(left, classes, leftWeight, entropy) + part(right, classes, (f64[(totals >>> 3) + classes] as number) - leftWeight, entropy)
    },
    thresholdValues(column, threshold, rows, count, nodeWeight, nodeValue, totals, minRows) {
      let [leftWeight, leftSum, leftRows] = [0, 0, 0]
      for (let i = 0; i < count; i++) {
        if ((f32[(column >>> 2) + (u32[(rows >>> 2) + i] as number)] as number) > threshold) continue
        leftWeight += f64[(nodeWeight >>> 3) + i] as number
        leftSum += f64[(nodeValue >>> 3) + i] as number
        leftRows++
      }
      if (leftRows < minRows || count - leftRows < minRows) return Number.NEGATIVE_INFINITY
      const rightSum = (f64[(totals >>> 3) + 1] as number) - leftSum
      return (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / ((f64[totals >>> 3] as number) - leftWeight)
    },
    partitionBins: (column, last, rows, count, scratch) => partition(rows, count, scratch, (row) => (u8[column + row] as number) <= last),
    partitionValues: (column, threshold, rows, count, scratch) => partition(rows, count, scratch, (row) => (f32[(column >>> 2) + row] as number) <= threshold),
  }
}
