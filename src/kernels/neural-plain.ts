/**
 * The plain twin of assembly/neural.ts: it defines what the compiled kernels mean. Float32 steps are rounded
 * one by one (Math.fround), in the same order.
 */
import { plainConvolutionKernels } from './convolution-plain.ts'
import { plainPictureLayerKernels } from './picture-layers-plain.ts'
import { activationCodes, type NeuralKernels } from './neural.ts'
import { exponentialOf, naturalLog } from './float.ts'

const f = Math.fround
const [keepM, addM, keepV, addV] = [f(0.9), f(0.1), f(0.999), f(0.001)] as const

function activation(x: number, kind: number): number {
  if (kind === activationCodes.relu) return Math.max(x, 0)
  const e = exponentialOf(kind === activationCodes.tanh ? f(Math.abs(x) * -2) : -Math.abs(x))
  const whole = f(1 + e)
  if (kind === activationCodes.tanh) {
    const size = f(f(1 - e) / whole)
    return x < 0 ? -size : size
  }
  return f((x < 0 ? e : 1) / whole)
}

/** @param bytes size of the buffer */
export function plainNeuralKernels(bytes: number): NeuralKernels {
  const buffer = new ArrayBuffer(Math.ceil(bytes / 64) * 64)
  const f32 = new Float32Array(buffer)
  const f64 = new Float64Array(buffer)
  const u32 = new Uint32Array(buffer)
  const u8 = new Uint8Array(buffer)
  const at = (pointer: number): number => f32[pointer >>> 2] as number
  const multiply: NeuralKernels['multiply'] = (a, aRow, aCol, b, bRow, c, cRow, start, startRow, m, n, k) => {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = start === 0 ? 0 : at(start + i * startRow + j * 4)
        for (let p = 0; p < k; p++) sum = f(sum + f(at(a + i * aRow + p * aCol) * at(b + p * bRow + j * 4)))
        f32[(c + i * cRow + j * 4) >>> 2] = sum
      }
    }
  }
  return {
    ...plainConvolutionKernels(buffer, multiply),
    ...plainPictureLayerKernels(buffer),
    buffer,
    multiply,
    transpose(a, aRow, rows, columns, out, outRow) {
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) f32[(out + j * outRow + i * 4) >>> 2] = at(a + i * aRow + j * 4)
    },
    sumColumns(a, aRow, rows, columns, out) {
      for (let j = 0; j < columns; j++) {
        let sum = 0
        for (let i = 0; i < rows; i++) sum = f(sum + at(a + i * aRow + j * 4))
        f32[(out >>> 2) + j] = sum
      }
    },
    gather(source, rowBytes, rows, count, out) {
      for (let i = 0; i < count; i++) {
        const from = source + (u32[(rows >>> 2) + i] as number) * rowBytes
        u8.copyWithin(out + i * rowBytes, from, from + rowBytes)
      }
    },
    activate(a, rows, columns, real, kind) {
      const from = a >>> 2
      for (let i = 0; i < rows * columns; i++) {
        const isPadding = i % columns >= real
        f32[from + i] = isPadding ? 0 : activation(f32[from + i] as number, kind)
      }
    },
    slope(delta, output, count, kind) {
      const [d, o] = [delta >>> 2, output >>> 2]
      for (let i = 0; i < count; i++) {
        const y = f32[o + i] as number
        const before = f32[d + i] as number
        if (kind === activationCodes.relu) f32[d + i] = y > 0 ? before : 0
        else if (kind === activationCodes.tanh) f32[d + i] = before * f(1 - f(y * y))
        else f32[d + i] = before * f(y * f(1 - y))
      }
    },
    logLoss(logits, rows, columns, targets, classes, scale, out) {
      const factor = f(scale)
      let [loss, right] = [0, 0]
      for (let i = 0; i < rows; i++) {
        const z = (logits >>> 2) + i * columns
        const y = (targets >>> 2) + i * classes
        let top = f32[z] as number
        for (let j = 1; j < classes; j++) top = Math.max(top, f32[z + j] as number)
        if (f32[y + f32.subarray(z, z + classes).indexOf(top)] !== 0) right++
        let own = 0
        for (let j = 0; j < classes; j++) if (f32[y + j] !== 0) own = f((f32[z + j] as number) - top)
        let total = 0
        for (let j = 0; j < classes; j++) {
          f32[z + j] = exponentialOf(f((f32[z + j] as number) - top))
          total = f(total + (f32[z + j] as number))
        }
        for (let j = 0; j < classes; j++) f32[z + j] = f(f((f32[z + j] as number) / total) - (f32[y + j] as number)) * factor
        f32.fill(0, z + classes, z + columns)
        loss += naturalLog(total) - own
      }
      f64.set([loss, right], out >>> 3)
    },
    squaredLoss(outputs, rows, columns, targets, scale, out) {
      const factor = f(scale)
      let loss = 0
      for (let i = 0; i < rows; i++) {
        const o = (outputs >>> 2) + i * columns
        const off = f((f32[o] as number) - at(targets + i * 4))
        f32[o] = off * factor
        loss += off * off * 0.5
      }
      f64.set([loss, 0], out >>> 3)
    },
    scaleBy(a, count, factor) {
      for (let i = a >>> 2; i < (a >>> 2) + count; i++) f32[i] = (f32[i] as number) * f(factor)
    },
    addParts(a, stride, parts, count) {
      for (let i = 0; i < count; i++) {
        let sum = at(a + i * 4)
        for (let part = 1; part < parts; part++) sum = f(sum + at(a + part * stride + i * 4))
        f32[(a >>> 2) + i] = sum
      }
    },
    adam(theta, m, v, gradient, count, decay, rate, epsilon) {
      const [t, first, second, g] = [theta >>> 2, m >>> 2, v >>> 2, gradient >>> 2]
      const [decays, rates, epsilons] = [f(decay), f(rate), f(epsilon)]
      for (let i = 0; i < count; i++) {
        const weight = f32[t + i] as number
        const slope = f((f32[g + i] as number) + f(decays * weight))
        const nextM = f(f(keepM * (f32[first + i] as number)) + f(addM * slope))
        const nextV = f(f(keepV * (f32[second + i] as number)) + f(addV * f(slope * slope)))
        f32[first + i] = nextM
        f32[second + i] = nextV
        f32[t + i] = weight - f(rates * f(nextM / f(f(Math.sqrt(nextV)) + epsilons)))
      }
    },
  }
}
