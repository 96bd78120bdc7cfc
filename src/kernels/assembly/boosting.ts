/**
 * Inner loops of histogram gradient boosting, on a memory laid out by src/kernels/boosting.ts. Every
 * function has a plain twin in src/kernels/boosting-plain.ts that defines its meaning; both leave the
 * same bits behind. Pointers are byte offsets; see the twin for shapes and formulas.
 */

import { exp4, naturalLog } from './shared/float'

const missingBin: u32 = 255
const binsPerFeature: u32 = 256
const roundingMagic: f64 = 6755399441055744.0

export function binColumn(values: usize, count: u32, thresholds: usize, column: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const x = load<f32>(values + ((<usize>i) << 2))
    let at: usize = 0
    for (let step: usize = 128; step > 0; step >>= 1) at += load<f32>(thresholds + ((at + step - 1) << 2)) < x ? step : 0
    store<u8>(column + i, <u8>select<u32>(missingBin, <u32>at, x != x))
  }
}

/** Rows that are turned at once: their cells stay in the nearest cache. */
const turnedRows: u32 = 256

export function turn(columns: usize, rows: u32, features: u32, from: u32, count: u32, rowMajor: usize, stride: u32): void {
  const end = from + count
  for (let start = from; start < end; start += turnedRows) {
    const stop = min(start + turnedRows, end)
    for (let f: u32 = 0; f < features; f++) {
      const column = columns + (<usize>f) * rows
      let to = rowMajor + (<usize>start) * stride + f
      for (let i = start; i < stop; i++) {
        store<u8>(to, load<u8>(column + i))
        to += stride
      }
    }
  }
}

const radixBits: u32 = 11
const radix: u32 = 1 << radixBits

// @ts-ignore: decorator
@inline
function groupAt(starts: usize, group: u32): u32 {
  return load<u32>(starts + ((<usize>group) << 2))
}
// @ts-ignore: decorator
@inline
function floatOfKey(keys: usize, place: u32): f32 {
  const key = load<u32>(keys + ((<usize>place) << 2))
  return reinterpret<f32>(key & 0x80000000 ? key & 0x7fffffff : ~key)
}

/** The twin's formulas are in src/kernels/thresholds.ts; ours sorts whole-number keys in the order of the values. */
export function findThresholds(values: usize, sample: usize, count: u32, maxBins: u32, work: usize, thresholds: usize): u32 {
  let keys = work
  let other = work + (((<usize>count) + 1) << 2)
  const counts = other + (((<usize>count) + 1) << 2)
  let n: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const x = load<f32>(values + ((<usize>load<u32>(sample + ((<usize>i) << 2))) << 2))
    if (x != x) continue
    // Adding zero makes zeros of both signs one.
    const word = reinterpret<u32>(x + 0)
    store<u32>(keys + ((<usize>n) << 2), word & 0x80000000 ? ~word : word | 0x80000000)
    n++
  }
  for (let shift: u32 = 0; shift < 32; shift += radixBits) {
    memory.fill(counts, 0, ((<usize>radix) + 1) << 2)
    for (let i: u32 = 0; i < n; i++) {
      const at = counts + ((<usize>((load<u32>(keys + ((<usize>i) << 2)) >> shift) & (radix - 1))) << 2) + 4
      store<u32>(at, load<u32>(at) + 1)
    }
    for (let d: u32 = 0; d < radix; d++) {
      const at = counts + ((<usize>d) << 2)
      store<u32>(at + 4, load<u32>(at + 4) + load<u32>(at))
    }
    for (let i: u32 = 0; i < n; i++) {
      const key = load<u32>(keys + ((<usize>i) << 2))
      const at = counts + ((<usize>((key >> shift) & (radix - 1))) << 2)
      const place = load<u32>(at)
      store<u32>(other + ((<usize>place) << 2), key)
      store<u32>(at, place + 1)
    }
    const swap = keys
    keys = other
    other = swap
  }
  const starts = other
  let groups: u32 = 0
  let before: u32 = 0
  for (let i: u32 = 0; i < n; i++) {
    const key = load<u32>(keys + ((<usize>i) << 2))
    if (i == 0 || key != before) {
      store<u32>(starts + ((<usize>groups) << 2), i)
      groups++
    }
    before = key
  }
  store<u32>(starts + ((<usize>groups) << 2), n)
  for (let i: usize = 0; i < binsPerFeature; i++) store<f32>(thresholds + (i << 2), Infinity)
  const heavyRows = groups <= maxBins ? 0 : <f64>n / <f64>maxBins
  let lightBins: i32 = maxBins
  let lightRows: i32 = n
  for (let group: u32 = 0; group < groups; group++) {
    const size = groupAt(starts, group + 1) - groupAt(starts, group)
    if (<f64>size < heavyRows) continue
    lightBins--
    lightRows -= size
  }
  let share = <f64>lightRows / <f64>max(1, lightBins)
  let edges: u32 = 0
  let inBin: u32 = 0
  for (let group: u32 = 0; group + 1 < groups && edges + 1 < maxBins; group++) {
    const middle = groupAt(starts, group + 1)
    const size = middle - groupAt(starts, group)
    const heavy = <f64>size >= heavyRows
    const nextHeavy = <f64>(groupAt(starts, group + 2) - middle) >= heavyRows
    inBin += size
    if (!heavy) lightRows -= size
    if (!heavy && <f64>inBin < share && !(nextHeavy && <f64>inBin >= share / 2)) continue
    const a = floatOfKey(keys, middle - 1)
    const b = floatOfKey(keys, middle)
    const between = <f32>(<f64>a / 2 + <f64>b / 2)
    store<f32>(thresholds + ((<usize>edges) << 2), between >= a && between < b ? between : a)
    edges++
    inBin = 0
    if (heavy) continue
    // What rounding gave to this bin is taken from the ones that follow.
    lightBins--
    share = <f64>lightRows / <f64>max(1, lightBins)
  }
  return edges | (n < count ? 256 : 0)
}

export function exponential(values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) v128.store(values + ((<usize>i) << 2), exp4(v128.load(values + ((<usize>i) << 2))))
}

export function binaryGradients(raw: usize, sign: usize, count: u32, gradient: usize, hessian: usize, sums: usize): void {
  const one = f32x4.splat(1)
  const zero = f32x4.splat(0)
  const floor = f32x4.splat(1e-15)
  let absA = f64x2.splat(0)
  let absB = f64x2.splat(0)
  let hesA = f64x2.splat(0)
  let hesB = f64x2.splat(0)
  let loss: f64 = 0
  for (let start: u32 = 0; start < count; start += 64) {
    let prodA = f64x2.splat(1)
    let prodB = f64x2.splat(1)
    for (let i = start; i < start + 64; i += 4) {
      const at = (<usize>i) << 2
      const s = v128.load(sign + at)
      const m = f32x4.mul(v128.load(raw + at), s)
      const e = exp4(f32x4.neg(f32x4.abs(m)))
      const large = f32x4.div(one, f32x4.add(one, e))
      const small = f32x4.mul(e, large)
      const sure = f32x4.ge(m, zero)
      const wrong = v128.bitselect(small, large, sure)
      const h = f32x4.mul(small, large)
      v128.store(gradient + at, f32x4.mul(f32x4.neg(s), wrong))
      v128.store(hessian + at, h)
      absA = f64x2.add(absA, f64x2.promote_low_f32x4(wrong))
      absB = f64x2.add(absB, f64x2.promote_low_f32x4(v128.shuffle<u32>(wrong, wrong, 2, 3, 2, 3)))
      hesA = f64x2.add(hesA, f64x2.promote_low_f32x4(h))
      hesB = f64x2.add(hesB, f64x2.promote_low_f32x4(v128.shuffle<u32>(h, h, 2, 3, 2, 3)))
      const right = f32x4.max(v128.bitselect(large, small, sure), floor)
      prodA = f64x2.mul(prodA, f64x2.promote_low_f32x4(right))
      prodB = f64x2.mul(prodB, f64x2.promote_low_f32x4(v128.shuffle<u32>(right, right, 2, 3, 2, 3)))
    }
    loss -= naturalLog(f64x2.extract_lane(prodA, 0))
    loss -= naturalLog(f64x2.extract_lane(prodA, 1))
    loss -= naturalLog(f64x2.extract_lane(prodB, 0))
    loss -= naturalLog(f64x2.extract_lane(prodB, 1))
  }
  store<f64>(sums, f64x2.extract_lane(absA, 0) + f64x2.extract_lane(absA, 1) + f64x2.extract_lane(absB, 0) + f64x2.extract_lane(absB, 1))
  store<f64>(sums + 8, f64x2.extract_lane(hesA, 0) + f64x2.extract_lane(hesA, 1) + f64x2.extract_lane(hesB, 0) + f64x2.extract_lane(hesB, 1))
  store<f64>(sums + 16, loss)
}

export function softmax(raw: usize, classes: u32, stride: u32, labels: usize, count: u32, probabilities: usize, sums: usize): void {
  let loss: f64 = 0
  const plane = (<usize>stride) << 2
  for (let i: u32 = 0; i < count; i += 4) {
    const at = (<usize>i) << 2
    let top = v128.load(raw + at)
    for (let k: u32 = 1; k < classes; k++) top = f32x4.max(top, v128.load(raw + plane * k + at))
    let total = f32x4.splat(0)
    for (let k: u32 = 0; k < classes; k++) {
      const e = exp4(f32x4.sub(v128.load(raw + plane * k + at), top))
      v128.store(probabilities + plane * k + at, e)
      total = f32x4.add(total, e)
    }
    for (let k: u32 = 0; k < classes; k++) {
      const place = probabilities + plane * k + at
      v128.store(place, f32x4.div(v128.load(place), total))
    }
    let product: f64 = 1
    const end = min(i + 4, count)
    for (let j = i; j < end; j++) product *= max<f64>(<f64>load<f32>(probabilities + plane * load<u32>(labels + ((<usize>j) << 2)) + ((<usize>j) << 2)), 1e-15)
    loss -= naturalLog(product)
  }
  store<f64>(sums + 16, loss)
}

export function classGradients(probabilities: usize, labels: usize, label: u32, count: u32, gradient: usize, hessian: usize, sums: usize): void {
  let abs: f64 = 0
  let hes: f64 = 0
  for (let i: u32 = 0; i < count; i++) {
    const at = (<usize>i) << 2
    const p = load<f32>(probabilities + at)
    const g: f32 = load<u32>(labels + at) == label ? p - 1 : p
    const h: f32 = p * (1 - p)
    store<f32>(gradient + at, g)
    store<f32>(hessian + at, h)
    abs += Math.abs(<f64>g)
    hes += <f64>h
  }
  store<f64>(sums, abs)
  store<f64>(sums + 8, hes)
}

export function squaredGradients(raw: usize, target: usize, count: u32, gradient: usize, hessian: usize, sums: usize): void {
  let abs: f64 = 0
  let loss: f64 = 0
  for (let i: u32 = 0; i < count; i++) {
    const at = (<usize>i) << 2
    const g: f32 = load<f32>(raw + at) - load<f32>(target + at)
    store<f32>(gradient + at, g)
    store<f32>(hessian + at, 1)
    abs += Math.abs(<f64>g)
    loss += <f64>g * <f64>g
  }
  store<f64>(sums, abs)
  store<f64>(sums + 8, <f64>count)
  store<f64>(sums + 16, loss)
}

export function quantise(gradient: usize, hessian: usize, count: u32, gradientScale: f64, hessianScale: f64, packed: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = (<usize>i) << 2
    const g = reinterpret<u64>(<f64>load<f32>(gradient + at) * gradientScale + roundingMagic)
    const h = reinterpret<u64>(<f64>load<f32>(hessian + at) * hessianScale + roundingMagic)
    store<u64>(packed + ((<usize>i) << 3), (g << 32) | (h & 0xffffffff))
  }
}

// @ts-ignore: decorator
@inline
function bump(slots: usize, bins: usize, k: usize, amount: u64): void {
  const slot = slots + ((<usize>load<u8>(bins + k)) << 3) + k * 2048
  store<u64>(slot, load<u64>(slot) + amount)
}

/** Rows that are brought near before they are added: rows of a deep node lie far apart, and the waits for them overlap here. */
const stagedRows: u32 = 32

export function histogram(rowMajor: usize, stride: u32, rows: usize, count: u32, packed: usize, hist: usize): void {
  const wide: usize = (stride + 15) & ~15
  const stage = hist + (<usize>stride) * 2048
  for (let start: u32 = 0; start < count; start += stagedRows) {
    const stop = min(start + stagedRows, count)
    let last = stage
    for (let i = start; i < stop; i++) {
      const row = <usize>load<u32>(rows + ((<usize>i) << 2))
      store<u64>(last, load<u64>(packed + (row << 3)))
      const from = rowMajor + row * stride
      for (let k: usize = 0; k < wide; k += 16) v128.store(last + 8 + k, v128.load(from + k))
      last += 8 + wide
    }
    for (let staged = stage; staged < last; staged += 8 + wide) {
      const amount = load<u64>(staged)
      const end = staged + 8 + stride
      let bins = staged + 8
      let slots = hist
      while (bins + 8 <= end) {
        bump(slots, bins, 0, amount)
        bump(slots, bins, 1, amount)
        bump(slots, bins, 2, amount)
        bump(slots, bins, 3, amount)
        bump(slots, bins, 4, amount)
        bump(slots, bins, 5, amount)
        bump(slots, bins, 6, amount)
        bump(slots, bins, 7, amount)
        bins += 8
        slots += 16384
      }
      if (bins < end) {
        bump(slots, bins, 0, amount)
        bump(slots, bins, 1, amount)
        bump(slots, bins, 2, amount)
        bump(slots, bins, 3, amount)
      }
    }
  }
}

export function clear(from: usize, bytes: usize): void {
  memory.fill(from, 0, bytes)
}

export function subtract(parent: usize, child: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(out + at, i64x2.sub(v128.load(parent + at), v128.load(child + at)))
}

export function add(from: usize, into: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(into + at, i64x2.add(v128.load(into + at), v128.load(from + at)))
}

/** What is surely no better is passed over without a division: products and the quotient round at most this much together. */
const slack: f64 = 1 - 2.0 ** -50

// @ts-ignore: decorator
@inline
function scan(
  counted: bool, hist: usize, counts: usize, features: u32, lastBins: usize, modes: usize,
  totalG: f64, totalH: f64, totalRows: u32, minRows: u32, lambda: f64, minH: f64, minScore: f64, out: usize,
): void {
  let best = minScore
  let surely = minScore * slack
  let bestFeature: i32 = -1
  let bestBin: i32 = 0
  let bestMissingLeft: i32 = 0
  let bestG: f64 = 0
  let bestH: f64 = 0
  for (let f: u32 = 0; f < features; f++) {
    const mode = load<u8>(modes + f)
    if (mode == 0) continue
    const base = hist + (<usize>f) * 2048
    const rowsOf = counts + (<usize>f) * 1024
    const last = <usize>load<u8>(lastBins + f)
    const missing = load<u64>(base + 255 * 8)
    const missingRows: u32 = counted ? load<u32>(rowsOf + 255 * 4) : 0
    const passes: i32 = mode == 2 && (counted ? missingRows != 0 : missing != 0) ? 2 : 1
    for (let pass: i32 = 0; pass < passes; pass++) {
      // Both sums in one word, as in a cell.
      let sum: u64 = pass == 1 ? missing : 0
      let rows: u32 = pass == 1 ? missingRows : 0
      const stop = passes == 2 && pass == 0 ? last + 1 : last
      for (let bin: usize = 0; bin < stop; bin++) {
        // An empty bin scores as the one before it, which is not better: no branch is worth it.
        sum += load<u64>(base + (bin << 3))
        if (counted) {
          rows += load<u32>(rowsOf + (bin << 2))
          if (totalRows - rows < minRows) break
        }
        const g = <f64><i32>(sum >> 32)
        const h = <f64><u32>sum
        const hr = totalH - h
        if (hr < minH) break
        if (h < minH) continue
        if (counted && rows < minRows) continue
        const gr = totalG - g
        const a = h + lambda
        const b = hr + lambda
        const above = g * g * b + gr * gr * a
        const below = a * b
        if (above <= surely * below) continue
        const score = above / below
        if (score > best) {
          best = score
          surely = score * slack
          bestFeature = f
          bestBin = <i32>bin
          bestMissingLeft = pass
          bestG = g
          bestH = h
        }
      }
    }
  }
  store<f64>(out, best)
  store<f64>(out + 8, bestG)
  store<f64>(out + 16, bestH)
  store<i32>(out + 24, bestFeature)
  store<i32>(out + 28, bestBin)
  store<i32>(out + 32, bestMissingLeft)
}

/** Best numeric split of a node; the twin explains the result's layout. */
export function search(
  hist: usize, features: u32, lastBins: usize, modes: usize,
  totalG: f64, totalH: f64, lambda: f64, minH: f64, minScore: f64, out: usize,
): void {
  scan(false, hist, 0, features, lastBins, modes, totalG, totalH, 0, 0, lambda, minH, minScore, out)
}

export function searchCounted(
  hist: usize, counts: usize, features: u32, lastBins: usize, modes: usize,
  totalG: f64, totalH: f64, totalRows: u32, minRows: u32, lambda: f64, minH: f64, minScore: f64, out: usize,
): void {
  scan(true, hist, counts, features, lastBins, modes, totalG, totalH, totalRows, minRows, lambda, minH, minScore, out)
}

export function countBins(rowMajor: usize, stride: u32, rows: usize, count: u32, counts: usize): void {
  memory.fill(counts, 0, (<usize>stride) << 10)
  for (let i: u32 = 0; i < count; i++) {
    let bins = rowMajor + (<usize>load<u32>(rows + ((<usize>i) << 2))) * stride
    const end = bins + stride
    let slots = counts
    while (bins < end) {
      const slot = slots + ((<usize>load<u8>(bins)) << 2)
      store<u32>(slot, load<u32>(slot) + 1)
      bins++
      slots += 1024
    }
  }
}

export function countLeft(column: usize, rows: usize, count: u32, goesLeft: usize): u32 {
  let left: u32 = 0
  for (let i: u32 = 0; i < count; i++) left += load<u8>(goesLeft + load<u8>(column + load<u32>(rows + ((<usize>i) << 2))))
  return left
}

export function partition(column: usize, rows: usize, count: u32, goesLeft: usize, scratch: usize): u32 {
  let left: usize = rows
  let right: usize = scratch
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2))
    const goes = <usize>load<u8>(goesLeft + load<u8>(column + row))
    store<u32>(left, row)
    store<u32>(right, row)
    left += goes << 2
    right += (1 - goes) << 2
  }
  memory.copy(left, scratch, right - scratch)
  return <u32>((left - rows) >> 2)
}

export function join(rows: usize, pieces: usize, count: u32, scratch: usize): u32 {
  let left = rows
  let from = rows
  let aside = scratch
  for (let k: u32 = 0; k < count; k++) {
    const all = (<usize>load<u32>(pieces + ((<usize>k) << 3))) << 2
    const lefts = (<usize>load<u32>(pieces + ((<usize>k) << 3) + 4)) << 2
    memory.copy(aside, from + lefts, all - lefts)
    aside += all - lefts
    memory.copy(left, from, lefts)
    left += lefts
    from += all
  }
  memory.copy(left, scratch, aside - scratch)
  return <u32>((left - rows) >> 2)
}

export function sumRows(gradient: usize, hessian: usize, rows: usize, count: u32, sums: usize): void {
  let g: f64 = 0
  let h: f64 = 0
  for (let i: u32 = 0; i < count; i++) {
    const at = (<usize>load<u32>(rows + ((<usize>i) << 2))) << 2
    g += <f64>load<f32>(gradient + at)
    h += <f64>load<f32>(hessian + at)
  }
  store<f64>(sums, g)
  store<f64>(sums + 8, h)
}

export function addToRows(raw: usize, rows: usize, count: u32, value: f32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = raw + ((<usize>load<u32>(rows + ((<usize>i) << 2))) << 2)
    store<f32>(at, load<f32>(at) + value)
  }
}
