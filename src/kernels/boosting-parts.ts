/**
 * The kernels of boosting on one thread or several, with the same bits: sums over all rows are made of the sums
 * of parts of fixed size in their order, histograms are whole numbers, a partition is stable, and of equal splits
 * the lowest feature wins wherever the features were searched.
 */
import type { BoostingKernels } from './boosting.ts'
import type { Call, Team } from './crew.ts'
import type { Layout } from './layout.ts'

/** Rows of a part; a multiple of the rows that the kernels take at once. */
const partRows = 2 ** 14
const slotBytes = 64
const cellsBytes = 256 * 8
/** Fewer rows or features than these are not worth sharing. */
const fewRows = 4096
const fewFeatures = 8

/** Room for what parts leave behind. */
export interface PartsLayout {
  readonly slots: number
  readonly histograms: number
}

export function layOutParts(layout: Layout, rows: number, stride: number, threads: number): PartsLayout {
  return {
    slots: layout.take(Math.max(threads, Math.ceil(rows / partRows)) * slotBytes),
    histograms: layout.take((threads - 1) * stride * cellsBytes),
  }
}

/** @param rows the most that gradients are asked for; @param team of a compiled instance on a shared memory; without it, this thread alone */
export function inParts(kernels: BoostingKernels, at: PartsLayout, team?: Team): BoostingKernels {
  const functions = kernels as unknown as Record<string, (...numbers: number[]) => number | undefined>
  const run = (calls: readonly Call[]): readonly number[] => (team ? team.run(calls) : calls.map(([name, ...numbers]) => functions[name]?.(...numbers) ?? 0))
  const f64 = new Float64Array(kernels.buffer)
  const u32 = new Uint32Array(kernels.buffer)
  const u8 = new Uint8Array(kernels.buffer)
  const slot = (part: number): number => at.slots + part * slotBytes

  const perPart = (count: number, callOf: (from: number, count: number, part: number) => Call): readonly Call[] =>
    Array.from({ length: Math.ceil(count / partRows) }, (_, part) => callOf(part * partRows, Math.min(partRows, count - part * partRows), part))
  /** @param first of the three sums that the kernel writes, @param last of them */
  const addUp = (calls: readonly Call[], sums: number, first: number, last: number): void => {
    run(calls)
    for (let k = first; k <= last; k++) {
      let sum = 0
      for (let part = 0; part < calls.length; part++) sum += f64[(slot(part) >>> 3) + k] as number
      f64[(sums >>> 3) + k] = sum
    }
  }

  const alike: BoostingKernels = {
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
  }
  if (!team) return alike

  const shares = (count: number): readonly number[] => Array.from({ length: team.threads + 1 }, (_, k) => Math.floor((count * k) / team.threads))
  return {
    ...alike,
    each(calls) {
      team.run(calls)
    },
    binColumn(values, count, thresholds, rowMajor, stride, column) {
      run(perPart(count, (from, rows) => ['binColumn', values + from * 4, rows, thresholds, rowMajor + from * stride, stride, column + from]))
    },
    exponential(values, count) {
      run(perPart(count, (from, rows) => ['exponential', values + from * 4, rows]))
    },
    quantise(gradient, hessian, count, gradientScale, hessianScale, packed) {
      run(perPart(count, (from, rows) => ['quantise', gradient + from * 4, hessian + from * 4, rows, gradientScale, hessianScale, packed + from * 8]))
    },
    histogram(rowMajor, stride, rows, count, packed, hist) {
      if (count < fewRows) {
        kernels.histogram(rowMajor, stride, rows, count, packed, hist)
        return
      }
      const bytes = stride * cellsBytes
      const ends = shares(count)
      const into = (k: number): number => (k === 0 ? hist : at.histograms + (k - 1) * bytes)
      u8.fill(0, at.histograms, at.histograms + (team.threads - 1) * bytes)
      run(Array.from({ length: team.threads }, (_, k) => ['histogram', rowMajor, stride, rows + (ends[k] as number) * 4, (ends[k + 1] as number) - (ends[k] as number), packed, into(k)] as const))
      for (let k = 1; k < team.threads; k++) kernels.add(into(k), hist, bytes)
    },
    search(hist, features, lastBins, modes, totalG, totalH, lambda, minH, minScore, out) {
      if (features < fewFeatures) {
        kernels.search(hist, features, lastBins, modes, totalG, totalH, lambda, minH, minScore, out)
        return
      }
      const ends = shares(features)
      run(Array.from({ length: team.threads }, (_, k) => {
        const from = ends[k] as number
        return ['search', hist + from * cellsBytes, (ends[k + 1] as number) - from, lastBins + from, modes + from, totalG, totalH, lambda, minH, minScore, slot(k)] as const
      }))
      let best = 0
      for (let k = 1; k < team.threads; k++) if ((f64[slot(k) >>> 3] as number) > (f64[slot(best) >>> 3] as number)) best = k
      u8.copyWithin(out, slot(best), slot(best) + 36)
      if (best > 0) u32[(out >>> 2) + 6] = (u32[(out >>> 2) + 6] as number) + (ends[best] as number)
    },
    partition(column, rows, count, goesLeft, scratch) {
      if (count < fewRows) return kernels.partition(column, rows, count, goesLeft, scratch)
      const ends = shares(count)
      const lefts = run(Array.from({ length: team.threads }, (_, k) => ['partition', column, rows + (ends[k] as number) * 4, (ends[k + 1] as number) - (ends[k] as number), goesLeft, scratch + (ends[k] as number) * 4] as const))
      // Each share is in order, left before right: the rights step aside, the lefts close up, the rights follow.
      const [first, aside] = [rows >>> 2, scratch >>> 2]
      let [left, right] = [lefts[0] as number, 0]
      lefts.forEach((own, k) => {
        const [from, to] = [first + (ends[k] as number), first + (ends[k + 1] as number)]
        u32.copyWithin(aside + right, from + own, to)
        right += to - from - own
        if (k === 0) return
        u32.copyWithin(first + left, from, from + own)
        left += own
      })
      u32.copyWithin(first + left, aside, aside + right)
      return left
    },
  }
}
