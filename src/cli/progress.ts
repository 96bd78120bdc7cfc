/**
 * Progress on standard error. A terminal gets one line that moves; a log gets a whole line now and then,
 * the first only once something takes long, so that a quick command says nothing but its answer.
 */
import type { Progress } from '../core/context.ts'

export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}
const movesEveryMs = 100
const linesEveryMs = 5000
/** A forecast from less than this share of the work or this time would jump about. */
const forecastShare = 0.02
const forecastMs = 500

const phaseWords: ReadonlyMap<string, string> = new Map([
  ['load', 'Loading rows'],
  ['fit', 'Training'],
  ['train', 'Training'],
  ['boosting', 'Growing trees'],
  ['growing', 'Growing trees'],
  ['evaluate', 'Evaluating'],
  ['cross-validate', 'Cross-validating'],
])

/** Seconds as a person says them. */
export function spoken(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

export class ProgressLine {
  readonly #to: Terminal
  readonly #now: () => number
  #phase = ''
  #prefix = ''
  #phaseSince = 0
  #saidAt: number
  #drawn = false

  constructor(to: Terminal, now: () => number) {
    this.#to = to
    this.#now = now
    this.#saidAt = now()
  }

  /** Stands before every phase from now on, such as "Fold 2 of 5". */
  within(prefix: string): void {
    this.#prefix = prefix
    this.#phase = ''
  }

  report(progress: Progress): void {
    if (progress.kind !== 'step') return
    const now = this.#now()
    if (progress.phase !== this.#phase) {
      this.#phase = progress.phase
      this.#phaseSince = now
    }
    if (now - this.#saidAt < (this.#to.isTTY ? movesEveryMs : linesEveryMs)) return
    this.#saidAt = now
    const text = this.#text(progress.done, progress.total, now - this.#phaseSince)
    if (!this.#to.isTTY) this.#to.write(`${text}\n`)
    else {
      this.#to.write(`\r\u001b[K${text.slice(0, (this.#to.columns || 80) - 1)}`)
      this.#drawn = true
    }
  }

  #text(done: number, total: number, elapsed: number): string {
    const share = total > 0 ? Math.min(1, done / total) : 0
    const words = phaseWords.get(this.#phase) ?? this.#phase
    const left = share > forecastShare && share < 1 && elapsed > forecastMs ? `, about ${spoken((elapsed / share - elapsed) / 1000)} left` : ''
    return `${this.#prefix === '' ? '' : `${this.#prefix}: `}${words} ${Math.floor(share * 100)}%${left}`
  }

  /** A line that stays, above the one that moves. */
  note(text: string): void {
    this.clear()
    this.#to.write(`${text}\n`)
  }
  clear(): void {
    if (this.#drawn) this.#to.write('\r\u001b[K')
    this.#drawn = false
  }
}
