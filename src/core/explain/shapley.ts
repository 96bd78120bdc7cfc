/**
 * Interventional Shapley values of one row by asking any model: what each column gives when it enters, over all orders
 * and over the rows of training that lend the other columns their cells. Asked exactly where that is cheap, else
 * background row by background row, until the bands are small or time is up.
 */
import type { Context } from '../context.ts'
import type { Matrix } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import { studentCritical } from '../math/distributions.ts'
import { createRng } from '../math/rng.ts'
import { type Draw, differing, everyCoalition, mix, mostEnumerated, onePermutation, partsOf, type Segment, type Table } from './coalitions.ts'

export interface ShapleyOptions {
  readonly seed: number
  /** Rows that the background was drawn from without replacement; at least as many as it has. */
  readonly population: number
  /** Widest band that is small enough, as a share of all that columns move together (the sum of the sizes of the parts), in (0, 1). */
  readonly tolerance: number
  /** Most milliseconds. */
  readonly milliseconds: number
  /** Most questions for which every coalition against every background row is asked. */
  readonly exactQuestions: number
  /** Share of the work done, in [0, 1], never falling. */
  readonly onShare?: (share: number) => void
}
/** Why it ended: all coalitions were asked; the bands are small; no more background rows; time is up; the person stopped it. */
export type ShapleyEnd = 'exact' | 'converged' | 'rows' | 'time' | 'stopped'
export interface ShapleyValues {
  /** Mean answer for the background rows that were used. */
  readonly base: number
  /** Half the width of its 95 % band, against the mean of the population. */
  readonly baseBand: number
  /** The model's answer for the row: base plus all parts, up to rounding. */
  readonly answer: number
  /** Shape (columns). */
  readonly parts: Float64Array
  /** Shape (columns): half widths of 95 % bands, against the values of the whole population and all orders. */
  readonly bands: Float64Array
  /** Rows that the model was asked about. */
  readonly questions: number
  /** Background rows used. */
  readonly rows: number
  readonly ended: ShapleyEnd
}

/** Background rows before the first look at the bands, and how many more for each later one. */
const firstLook = 64
const lookFactor = 1.5
/** Of one call of the model: long enough to keep it busy, short enough to be stopped in between. */
const callMs = 60
const mostRows = 8192
const mostNumbers = 4_000_000

/**
 * @param ask the model's answers, one a row, finite
 * @throws StudioError unsupported where time is up before two background rows were done; bad-data for answers that are no numbers
 */
export async function shapleyValues(ask: (X: Matrix) => Promise<ArrayLike<number>>, table: Table, options: ShapleyOptions, context: Context): Promise<ShapleyValues> {
  const { background, columns, own } = table
  const { seed, population, tolerance, milliseconds, exactQuestions } = options
  const begun = context.now()
  const elapsed = (): number => context.now() - begun
  let questions = 0
  const asked = async (X: Matrix): Promise<ArrayLike<number>> => {
    const answers = await ask(X)
    questions += X.rows
    for (let i = 0; i < X.rows; i++) if (!Number.isFinite(answers[i])) throw new StudioError({ code: 'bad-data', message: `invalid answer of the model; parts are of finite numbers: ${answers[i]}` })
    return answers
  }
  const answer = (await asked(own))[0] as number
  const tally = new Tally(columns.length, background.rows, population)
  const differs = new Map<number, Uint32Array>()
  const differsAt = (row: number): Uint32Array => {
    const known = differs.get(row) ?? differing(table, row)
    differs.set(row, known)
    return known
  }
  const exact = isCheap(background.rows, differsAt, exactQuestions)
  const drawAt = (turn: number): Draw => {
    const row = turn % background.rows
    const bare = turn < background.rows
    return exact ? everyCoalition(row, differsAt(row), bare) : onePermutation(row, differsAt(row), columns.length, bare, createRng(seed).fork(`order ${turn}`))
  }

  let call = 32
  let share = 0
  let [turn, look] = [0, exact ? background.rows : Math.min(background.rows, firstLook)]
  /** Of a draw: questions answered; the draw that is under way is last. */
  let current: { draw: Draw; next: number } | undefined
  const told = (next: number): void => {
    share = Math.max(share, Math.min(1, next, 1))
    options.onShare?.(share)
  }
  const ended = (how: ShapleyEnd): ShapleyValues => {
    told(1)
    const { base, baseBand, parts, bands } = tally.values()
    return { base, baseBand, answer, parts, bands, questions, rows: tally.rows, ended: how }
  }
  for (;;) {
    const segments: Segment[] = []
    const done: Draw[] = []
    const room = Math.max(1, Math.min(call, mostRows, Math.floor(mostNumbers / own.features.length)))
    let filled = 0
    while (filled < room && (current || turn < look)) {
      current ??= { draw: drawAt(turn++), next: 0 }
      const { draw, next }: { draw: Draw; next: number } = current
      const to = Math.min(draw.questions, next + room - filled)
      if (to > next) segments.push({ draw, from: next, to })
      filled += to - next
      if (to === draw.questions) {
        done.push(draw)
        current = undefined
      } else current.next = to
    }
    if (filled > 0) {
      const before = context.now()
      const answers = await asked(mix(table, segments))
      let at = 0
      for (const { draw, from, to } of segments) for (let k = from; k < to; k++) draw.answers[k] = answers[at++] as number
      call = Math.max(16, Math.round(room * Math.min(2, Math.max(0.25, callMs / Math.max(1, context.now() - before)))))
    }
    for (const draw of done) tally.add(draw, answer)
    await context.checkpoint()
    told(Math.max(elapsed() / milliseconds, exact ? tally.draws / background.rows : 0))
    if (!current && turn >= look) {
      if (exact) return ended('exact')
      const state = tally.against(tolerance)
      if (state === 'converged' || state === 'rows') return ended(state)
      // Each look in this many draws again: a look is itself work, and a look too many stops by luck.
      look = tally.draws < background.rows ? Math.min(background.rows, Math.ceil(look * lookFactor)) : look + Math.max(1, Math.min(background.rows, Math.ceil(look * (lookFactor - 1))))
    }
    if (elapsed() >= milliseconds) {
      if (tally.rows >= 2) return ended('time')
      throw new StudioError({
        code: 'unsupported',
        message: `unsupported question; ${columns.length} columns of this model take longer than the time allowed: ${milliseconds / 1000} s`,
        hint: 'Allow more time.',
      })
    }
    if (context.stopping() && tally.rows >= 2) return ended('stopped')
  }
}

function isCheap(rows: number, differsAt: (row: number) => Uint32Array, most: number): boolean {
  let questions = 0
  for (let row = 0; row < rows; row++) {
    const d = differsAt(row).length
    questions += 2 ** d
    if (d > mostEnumerated || questions > most) return false
  }
  return true
}

interface RowTally {
  /** The model's answer for the background row. */
  readonly bare: number
  readonly exact: boolean
  draws: number
  /** Shape (columns): mean over the draws, and sum of squared distances from it (from the second draw on). */
  readonly mean: Float64Array
  spread?: Float64Array
}

/** Means and standard errors: two-stage sampling (Cochran 1977, section 10.6), rows of a finite population and orders of each. */
class Tally {
  readonly #columns: number
  readonly #most: number
  readonly #population: number
  readonly #rows: (RowTally | undefined)[] = []
  rows = 0
  draws = 0

  constructor(columns: number, most: number, population: number) {
    this.#columns = columns
    this.#most = most
    this.#population = Math.max(population, most)
  }

  add(draw: Draw, answer: number): void {
    this.draws++
    let row = this.#rows[draw.row]
    if (!row) {
      row = { bare: draw.answers[0] as number, exact: draw.exact, draws: 0, mean: new Float64Array(this.#columns) }
      this.#rows[draw.row] = row
      this.rows++
    }
    const found = partsOf(draw, answer, row.bare)
    row.draws++
    if (row.draws === 2) row.spread = new Float64Array(this.#columns)
    for (let place = 0; place < draw.order.length; place++) {
      const column = draw.order[place] as number
      const before = row.mean[column] as number
      const step = (found[place] as number) - before
      const after = before + step / row.draws
      row.mean[column] = after
      if (row.spread) row.spread[column] = (row.spread[column] as number) + step * ((found[place] as number) - after)
    }
  }

  values(): Pick<ShapleyValues, 'base' | 'baseBand' | 'parts' | 'bands'> & { /** Squared standard errors from the orders alone. */ readonly within: Float64Array; readonly total: Float64Array } {
    const known = this.#rows.filter((row) => row !== undefined)
    const m = known.length
    const parts = new Float64Array(this.#columns)
    const between = new Float64Array(this.#columns)
    const within = new Float64Array(this.#columns)
    let base = 0
    let baseSpread = 0
    known.forEach(({ bare, mean }, i) => {
      const off = bare - base
      base += off / (i + 1)
      baseSpread += off * (bare - base)
      for (let column = 0; column < this.#columns; column++) {
        const step = (mean[column] as number) - (parts[column] as number)
        const now = (parts[column] as number) + step / (i + 1)
        parts[column] = now
        between[column] = (between[column] as number) + step * ((mean[column] as number) - now)
      }
    })
    const freedom = Math.max(1, m - 1)
    for (const { exact, draws, spread } of known) {
      if (exact) continue
      // A row with one draw says nothing of its own orders: all that differs between rows is taken for it.
      for (let column = 0; column < this.#columns; column++) within[column] = (within[column] as number) + (spread && draws > 1 ? (spread[column] as number) / (draws - 1) / draws : (between[column] as number) / freedom)
    }
    const share = m / this.#population
    const total = within.map((own, column) => ((1 - share) * (between[column] as number)) / freedom / m + (share * own) / m / m)
    const critical = studentCritical(0.05, freedom)
    const bandOf = (variance: number): number => (variance > 0 ? critical * Math.sqrt(variance) : 0)
    return { base, baseBand: bandOf(((1 - share) * baseSpread) / freedom / m), parts, bands: total.map(bandOf), within: within.map((own) => (share * own) / m / m), total }
  }

  /** Whether every band is small enough, or no more draws could make it so. */
  against(tolerance: number): 'converged' | 'rows' | 'open' {
    const { parts, bands, within, total } = this.values()
    const wanted = tolerance * parts.reduce((sum, part) => sum + Math.abs(part), 0)
    let worst = 0
    bands.forEach((band, column) => (worst = band > (bands[worst] as number) ? column : worst))
    if (this.rows > 1 && (bands[worst] ?? 0) <= wanted) return 'converged'
    // With all background rows in, only the part of the error that orders cause can still fall.
    const all = this.rows === this.#most
    return all && (within[worst] as number) < (total[worst] as number) / 4 ? 'rows' : 'open'
  }
}
