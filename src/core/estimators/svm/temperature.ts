/**
 * One number that decisions of several classes are multiplied by before their softmax (Guo et al. 2017, "On calibration of
 * modern neural networks"): the order of the classes stays, and only how sure it is is learnt.
 */
import type { Context } from '../../context.ts'
import { exp } from '../../math/elementary.ts'

const most = 1e4
const least = 1e-6

/** Row-major, shape (rows, classes): probabilities from decisions. */
export function softmaxShares(decisions: Float64Array, rows: number, classes: number, temperature: number): Float64Array {
  const out = new Float64Array(rows * classes)
  for (let row = 0; row < rows; row++) {
    let top = Number.NEGATIVE_INFINITY
    for (let c = 0; c < classes; c++) top = Math.max(top, decisions[row * classes + c] as number)
    let sum = 0
    for (let c = 0; c < classes; c++) sum += out[row * classes + c] = exp(temperature * ((decisions[row * classes + c] as number) - top))
    for (let c = 0; c < classes; c++) out[row * classes + c] = (out[row * classes + c] as number) / sum
  }
  return out
}

/**
 * Newton steps on the log loss, whose targets are short of 0 and 1 as Platt's are, so that classes that are always told
 * apart do not ask for more and more.
 * @param decisions row-major, shape (rows, classes), each by a machine that did not see its row
 * @param present classes with rows of some weight: the others have no say
 */
export async function fitTemperature(decisions: Float64Array, codes: Int32Array, weights: Float64Array, classes: number, present: ReadonlySet<number>, context: Context): Promise<number> {
  const rows = codes.length
  const seen = [...present].sort((a, b) => a - b)
  const totals = new Float64Array(classes)
  codes.forEach((code, row) => (totals[code] = (totals[code] as number) + (weights[row] as number)))
  // What is wanted of a row's own class; the others share the rest.
  const own = totals.map((total) => (total + 1) / (total + 2))
  const shares = new Float64Array(seen.length)
  let t = 1
  for (let round = 0; round < 100; round++) {
    let slope = 0
    let bend = 0
    for (let row = 0; row < rows; row++) {
      const weight = weights[row] as number
      if (weight === 0) continue
      const at = row * classes
      const code = codes[row] as number
      let top = Number.NEGATIVE_INFINITY
      for (let i = 0; i < seen.length; i++) top = Math.max(top, decisions[at + (seen[i] as number)] as number)
      let sum = 0
      for (let i = 0; i < seen.length; i++) sum += shares[i] = exp(t * ((decisions[at + (seen[i] as number)] as number) - top))
      let [mean, square, wanted] = [0, 0, 0]
      const other = (1 - (own[code] as number)) / (seen.length - 1)
      for (let i = 0; i < seen.length; i++) {
        const d = (decisions[at + (seen[i] as number)] as number) - top
        const share = (shares[i] as number) / sum
        mean += share * d
        square += share * d * d
        wanted += (seen[i] === code ? (own[code] as number) : other) * d
      }
      slope += weight * (mean - wanted)
      bend += weight * (square - mean * mean)
    }
    await context.checkpoint()
    if (!(bend > 0)) break
    // Half or double at most: far from the optimum the curve is hardly bent.
    const next = Math.min(most, Math.max(least, Math.min(2 * t, Math.max(t / 2, t - slope / bend))))
    const still = Math.abs(next - t) <= 1e-10 * t
    t = next
    if (still) break
  }
  return t
}
