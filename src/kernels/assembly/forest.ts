/**
 * Inner loops of growing random forests, on a memory laid out by src/core/estimators/tree/forest.ts. The plain
 * twin in src/kernels/forest-plain.ts defines the meaning; both leave the same bits behind.
 */

import { naturalLog } from './shared/float'

export function enterClasses(rows: usize, count: u32, weights: usize, codes: usize, classes: u32, nodeWeight: usize, nodeCode: usize, totals: usize): u32 {
  memory.fill(totals, 0, <usize>(classes + 1) << 3)
  let all: f64 = 0
  let present: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(rows + (<usize>i << 2))
    const w = load<f64>(weights + (row << 3))
    const code = load<u32>(codes + (row << 2))
    const cell = totals + (<usize>code << 3)
    const before = load<f64>(cell)
    if (before == 0) present++
    store<f64>(cell, before + w)
    store<f64>(nodeWeight + (<usize>i << 3), w)
    store<u32>(nodeCode + (<usize>i << 2), code)
    all += w
  }
  store<f64>(totals + (<usize>classes << 3), all)
  return present
}

export function enterValues(rows: usize, count: u32, weights: usize, values: usize, nodeWeight: usize, nodeValue: usize, totals: usize): u32 {
  let w: f64 = 0
  let s: f64 = 0
  let q: f64 = 0
  let varies: u32 = 0
  const first = load<f64>(values + (<usize>load<u32>(rows) << 3))
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(rows + (<usize>i << 2))
    const weight = load<f64>(weights + (row << 3))
    const y = load<f64>(values + (row << 3))
    const wy = weight * y
    if (y != first) varies = 1
    store<f64>(nodeWeight + (<usize>i << 3), weight)
    store<f64>(nodeValue + (<usize>i << 3), wy)
    w += weight
    s += wy
    q += wy * y
  }
  store<f64>(totals, w)
  store<f64>(totals + 8, s)
  store<f64>(totals + 16, q)
  return varies
}

// @ts-ignore: decorator
@inline
function entropyPart(cells: usize, classes: u32, weight: f64): f64 {
  let sum: f64 = 0
  for (let k: u32 = 0; k < classes; k++) {
    const c = load<f64>(cells + (<usize>k << 3))
    if (c > 0) sum += c * naturalLog(c / weight)
  }
  return sum
}

// @ts-ignore: decorator
@inline
function squaresPart(cells: usize, classes: u32, weight: f64): f64 {
  let sum: f64 = 0
  for (let k: u32 = 0; k < classes; k++) {
    const c = load<f64>(cells + (<usize>k << 3))
    sum += c * c
  }
  return sum / weight
}

// @ts-ignore: decorator
@inline
function mark(counts: usize, bin: usize): void {
  const at = counts + 1024 + ((bin >> 5) << 2)
  store<u32>(at, load<u32>(at) | (<u32>1 << (<u32>bin & 31)))
  const cell = counts + (bin << 2)
  store<u32>(cell, load<u32>(cell) + 1)
}

export function searchClasses(column: usize, rows: usize, count: u32, nodeWeight: usize, nodeCode: usize, classes: u32, totals: usize, entropy: u32, minRows: u32, hist: usize, counts: usize, best: usize): u32 {
  const cellBytes = <usize>classes << 3
  for (let i: u32 = 0; i < count; i++) {
    const bin = <usize>load<u8>(column + <usize>load<u32>(rows + (<usize>i << 2)))
    const cell = hist + bin * cellBytes + (<usize>load<u32>(nodeCode + (<usize>i << 2)) << 3)
    store<f64>(cell, load<f64>(cell) + load<f64>(nodeWeight + (<usize>i << 3)))
    mark(counts, bin)
  }
  // Behind the bins: the left side's sums, then the right side's.
  const left = hist + (cellBytes << 8)
  const right = left + cellBytes
  memory.fill(left, 0, cellBytes)
  memory.copy(right, totals, cellBytes)
  const all = load<f64>(totals + cellBytes)
  let leftWeight: f64 = 0
  let leftRows: u32 = 0
  let touched: u32 = 0
  let open = false
  let openProxy: f64 = 0
  let openBin: u32 = 0
  let improved: u32 = 0
  for (let word: u32 = 0; word < 8; word++) {
    const at = counts + 1024 + (<usize>word << 2)
    let bits = load<u32>(at)
    store<u32>(at, 0)
    while (bits != 0) {
      const bin = (word << 5) + ctz(bits)
      bits &= bits - 1
      touched++
      if (open) {
        store<f64>(best, openProxy)
        store<u32>(best + 8, openBin)
        store<u32>(best + 12, bin)
        improved = 2
        open = false
      }
      const cell = hist + <usize>bin * cellBytes
      for (let k: usize = 0; k < cellBytes; k += 8) {
        const amount = load<f64>(cell + k)
        store<f64>(cell + k, 0)
        store<f64>(left + k, load<f64>(left + k) + amount)
        store<f64>(right + k, load<f64>(right + k) - amount)
        leftWeight += amount
      }
      const countAt = counts + (<usize>bin << 2)
      leftRows += load<u32>(countAt)
      store<u32>(countAt, 0)
      const rightRows = count - leftRows
      if (leftRows < minRows || rightRows < minRows || rightRows == 0) continue
      const rightWeight = all - leftWeight
      const proxy = entropy != 0 ? entropyPart(left, classes, leftWeight) + entropyPart(right, classes, rightWeight) : squaresPart(left, classes, leftWeight) + squaresPart(right, classes, rightWeight)
      if (proxy > load<f64>(best)) {
        open = true
        openProxy = proxy
        openBin = bin
      }
    }
  }
  return improved | (touched > 1 ? 1 : 0)
}

export function searchValues(column: usize, rows: usize, count: u32, nodeWeight: usize, nodeValue: usize, totals: usize, minRows: u32, hist: usize, counts: usize, best: usize): u32 {
  for (let i: u32 = 0; i < count; i++) {
    const bin = <usize>load<u8>(column + <usize>load<u32>(rows + (<usize>i << 2)))
    const cell = hist + (bin << 4)
    store<f64>(cell, load<f64>(cell) + load<f64>(nodeWeight + (<usize>i << 3)))
    store<f64>(cell + 8, load<f64>(cell + 8) + load<f64>(nodeValue + (<usize>i << 3)))
    mark(counts, bin)
  }
  const all = load<f64>(totals)
  const sum = load<f64>(totals + 8)
  let leftWeight: f64 = 0
  let leftSum: f64 = 0
  let leftRows: u32 = 0
  let touched: u32 = 0
  let open = false
  let openProxy: f64 = 0
  let openBin: u32 = 0
  let improved: u32 = 0
  for (let word: u32 = 0; word < 8; word++) {
    const at = counts + 1024 + (<usize>word << 2)
    let bits = load<u32>(at)
    store<u32>(at, 0)
    while (bits != 0) {
      const bin = (word << 5) + ctz(bits)
      bits &= bits - 1
      touched++
      if (open) {
        store<f64>(best, openProxy)
        store<u32>(best + 8, openBin)
        store<u32>(best + 12, bin)
        improved = 2
        open = false
      }
      const cell = hist + (<usize>bin << 4)
      leftWeight += load<f64>(cell)
      leftSum += load<f64>(cell + 8)
      store<f64>(cell, 0)
      store<f64>(cell + 8, 0)
      const countAt = counts + (<usize>bin << 2)
      leftRows += load<u32>(countAt)
      store<u32>(countAt, 0)
      const rightRows = count - leftRows
      if (leftRows < minRows || rightRows < minRows || rightRows == 0) continue
      const rightSum = sum - leftSum
      const proxy = leftSum * leftSum / leftWeight + rightSum * rightSum / (all - leftWeight)
      if (proxy > load<f64>(best)) {
        open = true
        openProxy = proxy
        openBin = bin
      }
    }
  }
  return improved | (touched > 1 ? 1 : 0)
}

export function range(column: usize, rows: usize, count: u32, out: usize): void {
  let low: f32 = load<f32>(column + (<usize>load<u32>(rows) << 2))
  let high: f32 = low
  for (let i: u32 = 1; i < count; i++) {
    const x = load<f32>(column + (<usize>load<u32>(rows + (<usize>i << 2)) << 2))
    low = select<f32>(x, low, x < low)
    high = select<f32>(x, high, x > high)
  }
  store<f32>(out, low)
  store<f32>(out + 4, high)
}

export function thresholdClasses(column: usize, threshold: f32, rows: usize, count: u32, nodeWeight: usize, nodeCode: usize, classes: u32, totals: usize, entropy: u32, minRows: u32, hist: usize): f64 {
  const cellBytes = <usize>classes << 3
  const left = hist + (cellBytes << 8)
  const right = left + cellBytes
  memory.fill(left, 0, cellBytes)
  let leftWeight: f64 = 0
  let leftRows: u32 = 0
  // A drawn threshold halves the rows: a branch on it would be guessed wrongly every other time, and
  // so would a select of floats, which engines make a branch. Times 0 or 1, and adding 0, change no bit.
  if (classes == 2) {
    let first: f64 = 0
    let second: f64 = 0
    for (let i: u32 = 0; i < count; i++) {
      const goes = <u32>(load<f32>(column + (<usize>load<u32>(rows + (<usize>i << 2)) << 2)) <= threshold)
      const w = load<f64>(nodeWeight + (<usize>i << 3)) * <f64>(<i32>goes)
      const ofSecond = w * <f64>(<i32>load<u32>(nodeCode + (<usize>i << 2)))
      first += w - ofSecond
      second += ofSecond
      leftWeight += w
      leftRows += goes
    }
    store<f64>(left, first)
    store<f64>(left + 8, second)
  } else {
    for (let i: u32 = 0; i < count; i++) {
      const goes = <u32>(load<f32>(column + (<usize>load<u32>(rows + (<usize>i << 2)) << 2)) <= threshold)
      const w = load<f64>(nodeWeight + (<usize>i << 3)) * <f64>(<i32>goes)
      const cell = left + (<usize>load<u32>(nodeCode + (<usize>i << 2)) << 3)
      store<f64>(cell, load<f64>(cell) + w)
      leftWeight += w
      leftRows += goes
    }
  }
  if (leftRows < minRows || count - leftRows < minRows) return -Infinity
  for (let k: usize = 0; k < cellBytes; k += 8) store<f64>(right + k, load<f64>(totals + k) - load<f64>(left + k))
  const rightWeight = load<f64>(totals + cellBytes) - leftWeight
  return entropy != 0 ? entropyPart(left, classes, leftWeight) + entropyPart(right, classes, rightWeight) : squaresPart(left, classes, leftWeight) + squaresPart(right, classes, rightWeight)
}

export function thresholdValues(column: usize, threshold: f32, rows: usize, count: u32, nodeWeight: usize, nodeValue: usize, totals: usize, minRows: u32): f64 {
  let leftWeight: f64 = 0
  let leftSum: f64 = 0
  let leftRows: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const goes = <u32>(load<f32>(column + (<usize>load<u32>(rows + (<usize>i << 2)) << 2)) <= threshold)
    const share = <f64>(<i32>goes)
    leftWeight += load<f64>(nodeWeight + (<usize>i << 3)) * share
    leftSum += load<f64>(nodeValue + (<usize>i << 3)) * share
    leftRows += goes
  }
  if (leftRows < minRows || count - leftRows < minRows) return -Infinity
  const rightSum = load<f64>(totals + 8) - leftSum
  return leftSum * leftSum / leftWeight + rightSum * rightSum / (load<f64>(totals) - leftWeight)
}

export function partitionBins(column: usize, last: u32, rows: usize, count: u32, scratch: usize): u32 {
  let left = rows
  let right = scratch
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (<usize>i << 2))
    const goes = <usize>(<u32>load<u8>(column + <usize>row) <= last)
    store<u32>(left, row)
    store<u32>(right, row)
    left += goes << 2
    right += (1 - goes) << 2
  }
  memory.copy(left, scratch, right - scratch)
  return <u32>((left - rows) >> 2)
}

export function partitionValues(column: usize, threshold: f32, rows: usize, count: u32, scratch: usize): u32 {
  let left = rows
  let right = scratch
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (<usize>i << 2))
    const goes = <usize>(load<f32>(column + (<usize>row << 2)) <= threshold)
    store<u32>(left, row)
    store<u32>(right, row)
    left += goes << 2
    right += (1 - goes) << 2
  }
  memory.copy(left, scratch, right - scratch)
  return <u32>((left - rows) >> 2)
}
