/** Whether a served model still answers its golden rows as the studio did. */
import type { ServedAnswer } from '../onnx/runner.ts'
import type { GoldenRows } from './golden.ts'
import type { Signature } from './signature.ts'

const tieWidth = 1e-5

/** The first difference as a sentence, or undefined where there is none beyond the tolerance. */
export function goldenProblem(signature: Signature, golden: GoldenRows, answer: ServedAnswer): string | undefined {
  const { values, labels, probabilities } = golden.expected
  for (let row = 0; row < golden.rows.length; row++) {
    const wanted = values ? [values[row] as number] : (probabilities?.[row] ?? [])
    const given = answer.probabilities ?? (answer.answers as ArrayLike<number>)
    for (const [c, expected] of wanted.entries()) {
      const received = given[row * wanted.length + c] as number
      if (!(Math.abs(expected - received) <= golden.tolerance)) return `golden row ${row + 1} (${golden.reasons[row] ?? ''}): expected ${expected}, received ${received}`
    }
    if (!labels || answer.answers[row] === labels[row] || (!golden.tiesFail && hangsOnLess(wanted, signature.threshold))) continue
    return `golden row ${row + 1} (${golden.reasons[row] ?? ''}): expected ${JSON.stringify(labels[row])}, received ${JSON.stringify(answer.answers[row])}`
  }
  return undefined
}

/** Two probabilities, or one and the threshold, within the parity tolerance: the label may go either way. */
function hangsOnLess(probabilities: readonly number[], threshold: number | undefined): boolean {
  if (probabilities.length === 2) return Math.abs((probabilities[1] as number) - (threshold ?? 0.5)) <= tieWidth
  const [second, first] = [...probabilities].sort((a, b) => a - b).slice(-2) as [number, number]
  return first - second <= tieWidth
}
