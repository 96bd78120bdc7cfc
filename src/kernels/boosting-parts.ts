/**
 * The kernels that go over all rows, in parts of fixed size on as many threads as there are: sums are made of the
 * parts' sums in their order, so they have the same bits on one thread and on several.
 */
import { runEach } from './boosting.ts'
import type { BoostingKernels } from './boosting.ts'
import type { Call } from './crew.ts'
import type { Layout } from './layout.ts'

/** Rows of a part; a multiple of the rows that the kernels take at once. */
export const partRows = 2 ** 14
const slotBytes = 64

/** Room for the sums that parts leave behind. */
export const layOutParts = (layout: Layout, rows: number): number => layout.take(Math.ceil(rows / partRows) * slotBytes)

/** @param slots of layOutParts, for the most rows that gradients are asked for */
export function inParts(kernels: BoostingKernels, slots: number): BoostingKernels {
  const f64 = new Float64Array(kernels.buffer)
  const slot = (part: number): number => slots + part * slotBytes

  const perPart = (count: number, callOf: (from: number, count: number, part: number) => Call): readonly Call[] =>
    Array.from({ length: Math.ceil(count / partRows) }, (_, part) => callOf(part * partRows, Math.min(partRows, count - part * partRows), part))
  /** @param first of the three sums that the kernel writes, @param last of them */
  const addUp = (calls: readonly Call[], sums: number, first: number, last: number): void => {
    runEach(kernels, calls)
    for (let k = first; k <= last; k++) {
      let sum = 0
      for (let part = 0; part < calls.length; part++) sum += f64[(slot(part) >>> 3) + k] as number
      f64[(sums >>> 3) + k] = sum
    }
  }

  return {
    ...kernels,
    binaryGradients(raw, sign, count, gradient, hessian, sums) {
      addUp(perPart(count, (from, rows, part) => ['binaryGradients', raw + from * 4, sign + from * 4, rows, gradient + from * 4, hessian + from * 4, slot(part)]), sums, 0, 2)
    },
    softmax(raw, classes, stride, labels, count, probabilities, sums) {
      addUp(perPart(count, (from, rows, part) => ['softmax', raw + from * 4, classes, stride, labels + from * 4, rows, probabilities + from * 4, slot(part)]), sums, 2, 2)
    },
    classGradients(probabilities, labels, label, count, gradient, hessian, sums) {
      addUp(perPart(count, (from, rows, part) => ['classGradients', probabilities + from * 4, labels + from * 4, label, rows, gradient + from * 4, hessian + from * 4, slot(part)]), sums, 0, 1)
    },
    squaredGradients(raw, target, count, gradient, hessian, sums) {
      addUp(perPart(count, (from, rows, part) => ['squaredGradients', raw + from * 4, target + from * 4, rows, gradient + from * 4, hessian + from * 4, slot(part)]), sums, 0, 2)
    },
    exponential(values, count) {
      runEach(kernels, perPart(count, (from, rows) => ['exponential', values + from * 4, rows]))
    },
    quantise(gradient, hessian, count, gradientScale, hessianScale, packed) {
      runEach(kernels, perPart(count, (from, rows) => ['quantise', gradient + from * 4, hessian + from * 4, rows, gradientScale, hessianScale, packed + from * 8]))
    },
  }
}
