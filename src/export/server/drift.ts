/** How the rows that come in lie in the bins of the reference profile: counts that fade, and nothing of the rows themselves. */
import { binOfFeed, binOfNumber, binOfText, stabilityIndex } from '../../core/bundle/reference.ts'
import type { ReferenceBins, ReferenceProfile } from '../../core/bundle/reference.ts'
import type { Feed } from '../../core/bundle/encode.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'

/** An index of fewer rows is mostly noise. */
const fewestRows = 200
/** When this many rows are counted all counts are halved: old rows fade. */
const windowRows = 20_000

class Counts {
  readonly bins: ReferenceBins
  readonly counts: Float64Array
  constructor(bins: ReferenceBins) {
    this.bins = bins
    this.counts = new Float64Array(bins.shares.length)
  }
  add(bin: number): void {
    this.counts[bin] = (this.counts[bin] as number) + 1
  }
  halve(): void {
    for (let b = 0; b < this.counts.length; b++) this.counts[b] = (this.counts[b] as number) / 2
  }
}

export class DriftWindow {
  readonly #inputs: readonly (Counts & { readonly name?: string })[]
  readonly #names: readonly string[]
  readonly #answers: Counts
  #rows = 0

  constructor(reference: ReferenceProfile) {
    this.#inputs = reference.inputs.map((bins) => new Counts(bins))
    this.#names = reference.inputs.map(({ name }) => name)
    this.#answers = new Counts(reference.answers)
  }

  add(feeds: readonly Feed[], answer: ServedAnswer, rows: number): void {
    for (let row = 0; row < rows; row++) {
      this.#inputs.forEach((counts, i) => counts.add(binOfFeed(counts.bins, feeds[i] as Feed, row)))
      const value = answer.answers[row] as number | string
      this.#answers.add(typeof value === 'string' ? binOfText(this.#answers.bins, value) : binOfNumber(this.#answers.bins, value))
    }
    this.#rows += rows
    if (this.#rows < windowRows) return
    this.#rows /= 2
    for (const counts of this.#inputs) counts.halve()
    this.#answers.halve()
  }

  get rows(): number {
    return this.#rows
  }
  /** Column -> population stability index; empty while there are too few rows. */
  inputs(): (readonly [column: string, index: number])[] {
    return this.#rows < fewestRows ? [] : this.#inputs.map((counts, i) => [this.#names[i] as string, stabilityIndex(counts.bins, counts.counts)] as const)
  }
  answers(): number | undefined {
    return this.#rows < fewestRows ? undefined : stabilityIndex(this.#answers.bins, this.#answers.counts)
  }
}
