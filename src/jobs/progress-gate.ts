/** The law of progress on its way out: at most ten batches a second, never backwards, and it always ends. */
import type { Progress } from '../core/context.ts'

type Step = Extract<Progress, { kind: 'step' }>

const betweenMs = 100
/** Curve points a batch holds before every second one is dropped; the run's record keeps them all. */
const mostPoints = 500

export interface ProgressGate {
  report(progress: Progress): void
  /** Sends what is held, if it is time. */
  breathe(): void
  /** Sends the rest; after a success the last phase is shown as done. */
  end(succeeded: boolean): void
}

export function progressGate(send: (batch: readonly Progress[]) => void, now: () => number): ProgressGate {
  let points: Progress[] = []
  let note: Progress | undefined
  /** The last one says it all. */
  let missed: Progress | undefined
  /** Ended phases not yet sent, then the present one. */
  let steps: Step[] = []
  let current: Step | undefined
  let sentAt = Number.NEGATIVE_INFINITY
  let over = false

  const flush = (): void => {
    const batch = [...steps, ...points, ...(missed ? [missed] : []), ...(note ? [note] : [])]
    steps = []
    points = []
    note = missed = undefined
    sentAt = now()
    if (batch.length > 0) send(batch)
  }
  const set = (step: Step): void => {
    if (steps.at(-1)?.phase === step.phase) steps.pop()
    steps.push(step)
    current = step
  }
  const step = (next: Step): void => {
    const total = Number.isFinite(next.total) && next.total > 0 ? next.total : 1
    const done = Math.min(total, Math.max(0, Number.isFinite(next.done) ? next.done : 0))
    if (current && current.phase !== next.phase && current.done < current.total) set({ ...current, done: current.total })
    if (current?.phase === next.phase) {
      // Measured against its own total, so that a total that grows does not look like a step back.
      const share = Math.max(done / total, current.done / current.total)
      set({ ...next, total, done: Math.min(total, Math.max(done, share * total)) })
    } else set({ ...next, total, done })
  }
  const breathe = (): void => {
    if (now() - sentAt >= betweenMs) flush()
  }

  return {
    report(progress) {
      if (over) return
      if (progress.kind === 'step') step(progress)
      else if (progress.kind === 'note') note = progress
      else if (progress.kind === 'missed') missed = progress
      else {
        points.push(progress)
        if (points.length > mostPoints) points = points.filter((_, index) => index % 2 === 1)
      }
      breathe()
    },
    breathe,
    end(succeeded) {
      if (over) return
      over = true
      if (succeeded && current && current.done < current.total) set({ ...current, done: current.total })
      flush()
    },
  }
}
