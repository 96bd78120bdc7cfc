/** One column then and now: whether it is distributed otherwise, by how much, and what of it training never saw. */
import { sharesOf, spreadOf, totalVariation, countBetween, wassersteinNormed } from './distances.ts'
import { proportionsZ } from './hypotheses.ts'
import { defaultTest, driftTest, type DriftTestId } from './rules.ts'
import type { Numbers, Values } from './values.ts'
import { quantile } from '../evaluate/bootstrap.ts'

export interface DriftOf {
  readonly test: DriftTestId
  readonly statistic: number
  /** null where the test is a distance. */
  readonly p: number | null
  readonly limit: number
  readonly drifted: boolean
}
/** Both sides in the same bins. */
export interface Picture {
  /** Numbers: ends of the bins; the first and last hold all beyond them too. Names: absent. */
  readonly edges?: readonly number[]
  readonly names?: readonly string[]
  /** True where the last name stands for all others. */
  readonly others?: boolean
  readonly reference: readonly number[]
  readonly current: readonly number[]
}
export interface Side {
  /** Values that are there. */
  readonly count: number
  readonly missing: number
  readonly mean?: number
  readonly sd?: number
  readonly median?: number
  readonly min?: number
  readonly max?: number
}
export interface ColumnDrift {
  readonly name: string
  readonly kind: 'numbers' | 'names' | 'moments' | 'none'
  /** Why there is no test, as a sentence; then `drift` is absent. */
  readonly untested?: string
  readonly drift?: DriftOf
  /** Numbers: Wasserstein distance in sd of the reference. Names: share of rows that changed sides. */
  readonly effect?: number
  readonly reference: Side
  readonly current: Side
  /** The share of missing values is another: p of two shares under 0.01, and a point apart at least. */
  readonly missingChanged: boolean
  /** Names that the reference never had, most frequent first, at most 10 of them; how many there are, and rows. */
  readonly unseen?: { readonly names: readonly { readonly name: string; readonly rows: number }[]; readonly distinct: number; readonly rows: number }
  /** Numbers beyond the ends of the reference. */
  readonly beyond?: { readonly below: number; readonly above: number }
  readonly picture?: Picture
  /** Loss of the model's score when this column is shuffled, where that was measured. */
  readonly importance?: number
}

const pictureBins = 24
const pictureNames = 10

/** @param test default: by the rules */
export function testDrift(reference: Values, current: Values, test?: DriftTestId): DriftOf | { readonly untested: string } {
  if (reference.count === 0) return { untested: 'The reference has no value here.' }
  if (current.count === 0) return { untested: 'There is no value here now.' }
  const chosen = test === undefined || (driftTest(test).numbersOnly && reference.kind === 'names') ? defaultTest(reference.kind, distinctTogether(reference, current), reference.count) : test
  const { run, limit, isDrift, says } = driftTest(chosen)
  const result = run(reference, current)
  return { test: chosen, statistic: result.statistic, p: says === 'p' ? (result.p as number) : null, limit, drifted: isDrift(result) }
}

/** Exact where it is small: larger numbers are all alike to the rules. */
function distinctTogether(reference: Values, current: Values): number {
  const most = Math.max(reference.distinct, current.distinct)
  return most > 5 ? most : new Set([...reference.counts().keys(), ...current.counts().keys()]).size
}

/** @param moments the values are UTC seconds: time moves on by itself, so it is told and not tested */
export function columnDrift(name: string, reference: Values | undefined, current: Values | undefined, options: { readonly test?: DriftTestId; readonly moments?: boolean; readonly importance?: number } = {}): ColumnDrift {
  if (!reference || !current) return { name, kind: 'none', untested: 'Pictures and free text have no values to compare.', reference: { count: 0, missing: 0 }, current: { count: 0, missing: 0 }, missingChanged: false }
  const { test, moments = false, importance } = options
  const tested = moments ? { untested: 'Time moves on by itself: the range is shown, nothing is tested.' } : testDrift(reference, current, test)
  const rows = [reference.count + reference.missing, current.count + current.missing] as const
  const missing = proportionsZ(reference.missing, rows[0], current.missing, rows[1])
  const shift = Math.abs(reference.missing / Math.max(1, rows[0]) - current.missing / Math.max(1, rows[1]))
  const both = reference.count > 0 && current.count > 0
  return {
    name,
    kind: moments ? 'moments' : reference.kind,
    ...('untested' in tested ? { untested: tested.untested } : { drift: tested }),
    ...(both && !moments ? { effect: effectOf(reference, current) } : {}),
    reference: sideOf(reference),
    current: sideOf(current),
    missingChanged: missing.p < 0.01 && shift >= 0.01,
    ...(reference.kind === 'names' && reference.count > 0 ? { unseen: unseenOf(reference, current) } : {}),
    ...(reference.kind === 'numbers' && current.kind === 'numbers' && reference.count > 0 && !moments ? { beyond: beyondOf(reference, current) } : {}),
    ...(both ? { picture: pictureOf(reference, current) } : {}),
    ...(importance === undefined ? {} : { importance }),
  }
}

function effectOf(reference: Values, current: Values): number {
  if (reference.kind === 'numbers' && current.kind === 'numbers') return wassersteinNormed(reference.sorted, current.sorted)
  const { reference: p, current: q } = sharesByName(reference, current, [...new Set([...reference.counts().keys(), ...current.counts().keys()])])
  return totalVariation(p, q)
}

function sideOf(values: Values): Side {
  const base = { count: values.count, missing: values.missing }
  if (values.kind === 'names' || values.count === 0) return base
  const { sorted } = values
  let sum = 0
  for (const value of sorted) sum += value
  return { ...base, mean: sum / sorted.length, sd: spreadOf(sorted), median: quantile(sorted, 0.5), min: sorted[0] as number, max: sorted.at(-1) as number }
}

function unseenOf(reference: Values, current: Values): NonNullable<ColumnDrift['unseen']> {
  const known = reference.counts()
  const unseen = [...current.counts()].filter(([name]) => !known.has(name))
  return { names: unseen.slice(0, 10).map(([name, rows]) => ({ name, rows })), distinct: unseen.length, rows: unseen.reduce((sum, [, rows]) => sum + rows, 0) }
}

function beyondOf(reference: Numbers, current: Numbers): NonNullable<ColumnDrift['beyond']> {
  const [low, high] = [reference.sorted[0] as number, reference.sorted.at(-1) as number]
  let [below, above] = [0, 0]
  for (const value of current.sorted) {
    if (value < low) below++
    if (value > high) above++
  }
  return { below, above }
}

function sharesByName(reference: Values, current: Values, names: readonly string[]): { readonly reference: Float64Array; readonly current: Float64Array } {
  const [p, q] = [reference.counts(), current.counts()]
  return { reference: sharesOf(names.map((name) => p.get(name) ?? 0)), current: sharesOf(names.map((name) => q.get(name) ?? 0)) }
}

function pictureOf(reference: Values, current: Values): Picture {
  if (reference.kind === 'numbers' && current.kind === 'numbers' && Math.max(reference.distinct, current.distinct) > pictureNames) {
    const [a, b] = [reference.sorted, current.sorted]
    // A stray value far out must not press all the others into one bin.
    let low = Math.min(quantile(a, 0.005), quantile(b, 0.005))
    let high = Math.max(quantile(a, 0.995), quantile(b, 0.995))
    if (!(high > low)) [low, high] = [Math.min(a[0] as number, b[0] as number), Math.max(a.at(-1) as number, b.at(-1) as number)]
    const edges = Array.from({ length: pictureBins + 1 }, (_, i) => low + ((high - low) * i) / pictureBins)
    return { edges, reference: Array.from(sharesOf(countBetween(a, edges))), current: Array.from(sharesOf(countBetween(b, edges))) }
  }
  const [p, q] = [reference.counts(), current.counts()]
  const numbers = reference.kind === 'numbers'
  const all = [...new Set([...p.keys(), ...q.keys()])].map((name) => ({ name, weight: (p.get(name) ?? 0) / reference.count + (q.get(name) ?? 0) / current.count }))
  const kept = all.sort((x, y) => y.weight - x.weight || (x.name < y.name ? -1 : 1)).slice(0, pictureNames)
  if (numbers) kept.sort((x, y) => Number(x.name) - Number(y.name))
  const names = kept.map(({ name }) => name)
  const share = (counts: ReadonlyMap<string, number>, total: number): number[] => {
    const shares = names.map((name) => (counts.get(name) ?? 0) / total)
    return all.length > kept.length ? [...shares, Math.max(0, 1 - shares.reduce((sum, part) => sum + part, 0))] : shares
  }
  return { names, ...(all.length > kept.length ? { others: true } : {}), reference: share(p, reference.count), current: share(q, current.count) }
}
