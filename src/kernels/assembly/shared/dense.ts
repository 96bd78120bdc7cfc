/**
 * Inner loops of a dense network's training step, on a memory laid out by src/kernels/neural.ts. Every
 * function has a plain twin in src/kernels/neural-plain.ts that defines its meaning; both leave the same
 * bits behind. Pointers and strides are bytes; float32 throughout, each element summed in order.
 */
import { exp4, naturalLog } from './float'

// @ts-ignore: decorator
@inline
function columns8(a: usize, aCol: usize, b: usize, bRow: usize, c: usize, start: usize, k: u32): void {
  let s0 = start ? v128.load(start) : f32x4.splat(0)
  let s1 = start ? v128.load(start, 16) : f32x4.splat(0)
  for (let p: u32 = 0; p < k; p++) {
    const x = v128.load32_splat(a)
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(b)))
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(b, 16)))
    a += aCol
    b += bRow
  }
  v128.store(c, s0)
  v128.store(c, s1, 16)
}

export function multiply(a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, c: usize, cRow: usize, start: usize, startRow: usize, m: u32, n: u32, k: u32): void {
  const whole: u32 = m & ~3
  for (let j: u32 = 0; j < n; j += 8) {
    const bPanel = b + ((<usize>j) << 2)
    const cPanel = c + ((<usize>j) << 2)
    const from = start ? start + ((<usize>j) << 2) : 0
    for (let i: u32 = 0; i < whole; i += 4) {
      let r0 = a + (<usize>i) * aRow
      let r1 = r0 + aRow
      let r2 = r1 + aRow
      let r3 = r2 + aRow
      let bAt = bPanel
      let s00 = f32x4.splat(0)
      let s01 = s00
      let s10 = s00
      let s11 = s00
      let s20 = s00
      let s21 = s00
      let s30 = s00
      let s31 = s00
      if (from) {
        let first = from + (<usize>i) * startRow
        s00 = v128.load(first)
        s01 = v128.load(first, 16)
        first += startRow
        s10 = v128.load(first)
        s11 = v128.load(first, 16)
        first += startRow
        s20 = v128.load(first)
        s21 = v128.load(first, 16)
        first += startRow
        s30 = v128.load(first)
        s31 = v128.load(first, 16)
      }
      for (let p: u32 = 0; p < k; p++) {
        const b0 = v128.load(bAt)
        const b1 = v128.load(bAt, 16)
        bAt += bRow
        const x0 = v128.load32_splat(r0)
        s00 = f32x4.add(s00, f32x4.mul(x0, b0))
        s01 = f32x4.add(s01, f32x4.mul(x0, b1))
        const x1 = v128.load32_splat(r1)
        s10 = f32x4.add(s10, f32x4.mul(x1, b0))
        s11 = f32x4.add(s11, f32x4.mul(x1, b1))
        const x2 = v128.load32_splat(r2)
        s20 = f32x4.add(s20, f32x4.mul(x2, b0))
        s21 = f32x4.add(s21, f32x4.mul(x2, b1))
        const x3 = v128.load32_splat(r3)
        s30 = f32x4.add(s30, f32x4.mul(x3, b0))
        s31 = f32x4.add(s31, f32x4.mul(x3, b1))
        r0 += aCol
        r1 += aCol
        r2 += aCol
        r3 += aCol
      }
      let out = cPanel + (<usize>i) * cRow
      v128.store(out, s00)
      v128.store(out, s01, 16)
      out += cRow
      v128.store(out, s10)
      v128.store(out, s11, 16)
      out += cRow
      v128.store(out, s20)
      v128.store(out, s21, 16)
      out += cRow
      v128.store(out, s30)
      v128.store(out, s31, 16)
    }
    for (let i: u32 = whole; i < m; i++) columns8(a + (<usize>i) * aRow, aCol, bPanel, bRow, cPanel + (<usize>i) * cRow, from ? from + (<usize>i) * startRow : 0, k)
  }
}

export function transpose(a: usize, aRow: usize, rows: u32, columns: u32, out: usize, outRow: usize): void {
  for (let i: u32 = 0; i < rows; i++) {
    const from = a + (<usize>i) * aRow
    const to = out + ((<usize>i) << 2)
    for (let j: u32 = 0; j < columns; j++) store<f32>(to + (<usize>j) * outRow, load<f32>(from + ((<usize>j) << 2)))
  }
}

export function sumColumns(a: usize, aRow: usize, rows: u32, columns: u32, out: usize): void {
  for (let j: u32 = 0; j < columns; j += 4) {
    let at = a + ((<usize>j) << 2)
    let sum = f32x4.splat(0)
    for (let i: u32 = 0; i < rows; i++) {
      sum = f32x4.add(sum, v128.load(at))
      at += aRow
    }
    v128.store(out + ((<usize>j) << 2), sum)
  }
}

export function gather(source: usize, rowBytes: usize, rows: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) memory.copy(out + (<usize>i) * rowBytes, source + (<usize>load<u32>(rows + ((<usize>i) << 2))) * rowBytes, rowBytes)
}

/** 0 ReLU, 1 tanh, 2 logistic; columns beyond `real` are zeroed. */
export function activate(a: usize, rows: u32, columns: u32, real: u32, kind: u32): void {
  const zero = f32x4.splat(0)
  const one = f32x4.splat(1)
  const end = a + ((<usize>rows * columns) << 2)
  if (kind == 0) {
    for (let at = a; at < end; at += 16) v128.store(at, f32x4.max(v128.load(at), zero))
  } else if (kind == 1) {
    for (let at = a; at < end; at += 16) {
      const x = v128.load(at)
      const e = exp4(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)))
      const size = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e))
      v128.store(at, v128.bitselect(f32x4.neg(size), size, f32x4.lt(x, zero)))
    }
  } else {
    for (let at = a; at < end; at += 16) {
      const x = v128.load(at)
      const e = exp4(f32x4.neg(f32x4.abs(x)))
      const whole = f32x4.add(one, e)
      v128.store(at, v128.bitselect(f32x4.div(e, whole), f32x4.div(one, whole), f32x4.lt(x, zero)))
    }
  }
  if (real < columns) {
    for (let i: u32 = 0; i < rows; i++) memory.fill(a + ((<usize>i * columns + real) << 2), 0, (<usize>(columns - real)) << 2)
  }
}

/** delta *= the activation's slope, told from its output. */
export function slope(delta: usize, output: usize, count: u32, kind: u32): void {
  const zero = f32x4.splat(0)
  const one = f32x4.splat(1)
  const bytes = (<usize>count) << 2
  for (let at: usize = 0; at < bytes; at += 16) {
    const y = v128.load(output + at)
    const d = v128.load(delta + at)
    if (kind == 0) v128.store(delta + at, v128.and(d, f32x4.gt(y, zero)))
    else if (kind == 1) v128.store(delta + at, f32x4.mul(d, f32x4.sub(one, f32x4.mul(y, y))))
    else v128.store(delta + at, f32x4.mul(d, f32x4.mul(y, f32x4.sub(one, y))))
  }
}

export function logLoss(logits: usize, rows: u32, columns: u32, targets: usize, classes: u32, scale: f32, out: usize): void {
  let loss: f64 = 0
  let right: u32 = 0
  for (let i: u32 = 0; i < rows; i++) {
    const z = logits + ((<usize>i * columns) << 2)
    const y = targets + ((<usize>i * classes) << 2)
    let top = load<f32>(z)
    for (let j: u32 = 1; j < classes; j++) top = max(top, load<f32>(z + ((<usize>j) << 2)))
    let own: f32 = 0
    let first = true
    for (let j: u32 = 0; j < classes; j++) {
      const label = load<f32>(y + ((<usize>j) << 2))
      const logit = load<f32>(z + ((<usize>j) << 2))
      if (label != 0) own = logit - top
      if (first && logit == top) {
        first = false
        if (label != 0) right++
      }
    }
    const tops = f32x4.splat(top)
    for (let j: u32 = 0; j < columns; j += 4) v128.store(z + ((<usize>j) << 2), exp4(f32x4.sub(v128.load(z + ((<usize>j) << 2)), tops)))
    let total: f32 = 0
    for (let j: u32 = 0; j < classes; j++) total += load<f32>(z + ((<usize>j) << 2))
    for (let j: u32 = 0; j < classes; j++) {
      const at = z + ((<usize>j) << 2)
      store<f32>(at, (load<f32>(at) / total - load<f32>(y + ((<usize>j) << 2))) * scale)
    }
    for (let j: u32 = classes; j < columns; j++) store<f32>(z + ((<usize>j) << 2), 0)
    loss += naturalLog(<f64>total) - <f64>own
  }
  store<f64>(out, loss)
  store<f64>(out, <f64>right, 8)
}

export function squaredLoss(outputs: usize, rows: u32, columns: u32, targets: usize, scale: f32, out: usize): void {
  let loss: f64 = 0
  for (let i: u32 = 0; i < rows; i++) {
    const at = outputs + ((<usize>i * columns) << 2)
    const off = load<f32>(at) - load<f32>(targets + ((<usize>i) << 2))
    store<f32>(at, off * scale)
    loss += <f64>off * <f64>off * 0.5
  }
  store<f64>(out, loss)
  store<f64>(out, 0, 8)
}

/** a *= factor; count a multiple of 4. */
export function scaleBy(a: usize, count: u32, factor: f32): void {
  const factors = f32x4.splat(factor)
  const end = a + ((<usize>count) << 2)
  for (; a < end; a += 16) v128.store(a, f32x4.mul(v128.load(a), factors))
}

/** Adds to a, number by number and in order, what lies at each further multiple of `stride` bytes; count a multiple of 4. */
export function addParts(a: usize, stride: usize, parts: u32, count: u32): void {
  const end = a + ((<usize>count) << 2)
  for (; a < end; a += 16) {
    let sum = v128.load(a)
    let at = a
    for (let part: u32 = 1; part < parts; part++) {
      at += stride
      sum = f32x4.add(sum, v128.load(at))
    }
    v128.store(a, sum)
  }
}

export function adam(theta: usize, m: usize, v: usize, gradient: usize, count: u32, decay: f32, rate: f32, epsilon: f32): void {
  const decays = f32x4.splat(decay)
  const rates = f32x4.splat(rate)
  const epsilons = f32x4.splat(epsilon)
  const keepM = f32x4.splat(0.9)
  const addM = f32x4.splat(0.1)
  const keepV = f32x4.splat(0.999)
  const addV = f32x4.splat(0.001)
  const bytes = (<usize>count) << 2
  for (let at: usize = 0; at < bytes; at += 16) {
    const t = v128.load(theta + at)
    const g = f32x4.add(v128.load(gradient + at), f32x4.mul(decays, t))
    const first = f32x4.add(f32x4.mul(keepM, v128.load(m + at)), f32x4.mul(addM, g))
    const second = f32x4.add(f32x4.mul(keepV, v128.load(v + at)), f32x4.mul(addV, f32x4.mul(g, g)))
    v128.store(m + at, first)
    v128.store(v + at, second)
    v128.store(theta + at, f32x4.sub(t, f32x4.mul(rates, f32x4.div(first, f32x4.add(f32x4.sqrt(second), epsilons)))))
  }
}
