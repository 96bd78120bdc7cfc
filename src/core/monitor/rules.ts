/**
 * Which test answers "is this column distributed otherwise now?", and from where on the answer is yes. The defaults are
 * Evidently's (0.4): few reference rows get a test with a p, many a distance, because with many rows every test is
 * significant. A person may choose another test for a column.
 */
import { countBetween, jensenShannon, populationStability, sharesOf, sturgesEdges, wassersteinNormed } from './distances.ts'
import { chiSquareFit, kolmogorovSmirnov, proportionsZ, type TestResult } from './hypotheses.ts'
import type { Values } from './values.ts'

export type DriftTestId = 'ks' | 'chi-square' | 'z' | 'wasserstein' | 'jensen-shannon' | 'psi'

export interface DriftTest {
  readonly id: DriftTestId
  readonly label: string
  /** One sentence a newcomer understands. */
  readonly help: string
  /** A p that falls, or a distance that grows. */
  readonly says: 'p' | 'distance'
  readonly limit: number
  /** Numbers only; the others take names too. */
  readonly numbersOnly: boolean
  /** p where `says` is p. */
  run(reference: Values, current: Values): { readonly statistic: number; readonly p?: number }
  isDrift(result: { readonly statistic: number; readonly p?: number }): boolean
}

const byP = (test: Omit<DriftTest, 'says' | 'limit' | 'isDrift' | 'run'> & { run(reference: Values, current: Values): TestResult }, closed: boolean): DriftTest => ({
  ...test,
  says: 'p',
  limit: 0.05,
  isDrift: ({ p }) => p !== undefined && (closed ? p <= 0.05 : p < 0.05),
})
const byDistance = (test: Omit<DriftTest, 'says' | 'limit' | 'isDrift'>): DriftTest => ({ ...test, says: 'distance', limit: 0.1, isDrift: ({ statistic }) => statistic >= 0.1 })

/** Numbers with more different values than this in the reference are binned, others are categories. */
const fewValues = 20

const counted = (reference: Values, current: Values): { readonly reference: Float64Array; readonly current: Float64Array } => {
  const [p, q] = [reference.counts(), current.counts()]
  const names = [...new Set([...p.keys(), ...q.keys()])]
  return { reference: Float64Array.from(names, (name) => p.get(name) ?? 0), current: Float64Array.from(names, (name) => q.get(name) ?? 0) }
}
/** Counts of both sides in the same bins. */
function binned(reference: Values, current: Values): ReturnType<typeof counted> {
  if (reference.kind !== 'numbers' || current.kind !== 'numbers' || reference.distinct <= fewValues) return counted(reference, current)
  const [a, b] = [reference.sorted, current.sorted]
  const low = Math.min(a[0] as number, b[0] ?? (a[0] as number))
  const high = Math.max(a.at(-1) as number, b.at(-1) ?? (a.at(-1) as number))
  const edges = sturgesEdges(low, high, a.length + b.length)
  return { reference: countBetween(a, edges), current: countBetween(b, edges) }
}
const shares = (reference: Values, current: Values): readonly [Float64Array, Float64Array] => {
  const counts = binned(reference, current)
  return [sharesOf(counts.reference), sharesOf(counts.current)]
}
const sorted = (values: Values): Float64Array => (values.kind === 'numbers' ? values.sorted : new Float64Array(0))

export const driftTests: readonly DriftTest[] = [
  byP({ id: 'ks', label: 'Kolmogorov-Smirnov', help: 'The largest gap between the two cumulative shares, and how often chance alone makes one as large.', numbersOnly: true, run: (a, b) => kolmogorovSmirnov(sorted(a), sorted(b)) }, true),
  byP(
    {
      id: 'chi-square',
      label: 'Chi-square',
      help: 'Whether the values come as often as the reference makes one expect.',
      numbersOnly: false,
      run(a, b) {
        const { reference, current } = counted(a, b)
        return chiSquareFit(reference, current)
      },
    },
    false,
  ),
  byP(
    {
      id: 'z',
      label: 'Two shares (z)',
      help: 'Whether one of two values has become more or less frequent than chance explains.',
      numbersOnly: false,
      run(a, b) {
        const { reference, current } = counted(a, b)
        // The last value against the rest; of two it does not matter which.
        return reference.length < 2 ? { statistic: 0, p: 1 } : proportionsZ(reference.at(-1) as number, a.count, current.at(-1) as number, b.count)
      },
    },
    false,
  ),
  byDistance({ id: 'wasserstein', label: 'Wasserstein distance', help: 'How far the values have to be moved on average, in standard deviations of the reference.', numbersOnly: true, run: (a, b) => ({ statistic: wassersteinNormed(sorted(a), sorted(b)) }) }),
  byDistance({ id: 'jensen-shannon', label: 'Jensen-Shannon distance', help: 'How different the shares are: 0 is equal, 0.83 has nothing in common.', numbersOnly: false, run: (a, b) => ({ statistic: jensenShannon(...shares(a, b)) }) }),
  byDistance({ id: 'psi', label: 'Population stability index', help: 'A difference of shares that weighs rare values; 0 is equal.', numbersOnly: false, run: (a, b) => ({ statistic: populationStability(...shares(a, b)) }) }),
]
export const driftTest = (id: DriftTestId): DriftTest => driftTests.find((test) => test.id === id) as DriftTest

/** Up to this many reference values a test with a p is the default. */
const smallReference = 1000

/** @param distinct different values in both together */
export function defaultTest(kind: Values['kind'], distinct: number, referenceRows: number): DriftTestId {
  const small = referenceRows <= smallReference
  if (kind === 'numbers' && distinct > 5) return small ? 'ks' : 'wasserstein'
  if (!small) return 'jensen-shannon'
  return distinct > 2 ? 'chi-square' : 'z'
}
