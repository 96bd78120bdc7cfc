/**
 * Folds side by side: some here, some in workers beside this one. A worker takes part once it is ready, so that a
 * short job never waits for one to start. One that dies costs its fold a second try, in a fresh worker and never
 * here: what killed it may not take the job along.
 */
import type { Context, Progress } from '../core/context.ts'
import { asStudioError } from '../core/errors.ts'
import type { FoldAnswer, FoldPool, FoldTask } from '../core/run/fold.ts'
import type { Savepoint } from '../core/savepoint.ts'

/** A worker that does folds, one after the other. */
export interface FoldSeat {
  readonly alive: boolean
  /** Resolves once it can take folds; rejects where it could not be started. */
  ready(): Promise<void>
  run(call: number, task: 'fold', input: { readonly datasetId: string; readonly task: FoldTask }, onProgress: (batch: readonly Progress[]) => void, savepoint?: Savepoint): Promise<FoldAnswer>
  abandon(call: number): void
  hold(call: number, held: boolean): void
  end(): void
}

export interface FoldPoolInit {
  /** Folds at a time, the one here included; at least 1. */
  readonly lanes: number
  here(task: FoldTask, context: Context): Promise<FoldAnswer>
  /** A fresh worker. */
  start(): FoldSeat
  /** What the workers read. */
  readonly datasetId: string
}
/** A pool that its host can end; whoever only does folds has no need to. */
export interface EndingFoldPool extends FoldPool {
  /** Ends all its workers and starts no other; folds that are away are lost. Any number of times. */
  end(): void
}
type Lane = FoldSeat | 'here'
interface Waiting {
  readonly notHere: boolean
  give(lane: Lane): void
  refuse(error: unknown): void
}

/** Between two looks at whether the job is still wanted while a fold is away. */
const lookEveryMs = 50
/** Workers that may fail to start or die at their work before the pool goes on without new ones. */
const mostLosses = 4

export function foldPool({ lanes, here, start, datasetId }: FoldPoolInit): EndingFoldPool {
  const free: Lane[] = ['here']
  const waiting: Waiting[] = []
  /** Starting, free and away. */
  const seats = new Set<FoldSeat>()
  const losses: unknown[] = []
  let starting = 0
  let calls = 0
  let ended = false

  function lose(seat: FoldSeat, error: unknown): void {
    seat.end()
    seats.delete(seat)
    losses.push(error)
    serve()
  }
  function serve(): void {
    for (const lane of [...free]) {
      if (lane === 'here' || lane.alive) continue
      free.splice(free.indexOf(lane), 1)
      seats.delete(lane)
    }
    for (let at = 0; at < waiting.length && free.length > 0; ) {
      const { notHere, give } = waiting[at] as Waiting
      const lane = free.findIndex((one) => !(notHere && one === 'here'))
      if (lane < 0) at++
      else {
        waiting.splice(at, 1)
        give(free.splice(lane, 1)[0] as Lane)
      }
    }
    const startsMore = !ended && losses.length < mostLosses
    // Folds may be fewer than lanes: no more workers than wait for one.
    while (startsMore && starting < waiting.length && seats.size < lanes - 1) {
      const seat = start()
      seats.add(seat)
      starting++
      const started = seat.ready().finally(() => starting--)
      started.then(
        () => release(seat),
        (error: unknown) => lose(seat, error),
      )
    }
    // Nobody will come for these.
    if (seats.size === 0 && !startsMore) for (const { refuse } of waiting.filter(({ notHere }) => notHere)) refuse(losses.at(-1))
  }
  function release(lane: Lane): void {
    // One that was ended takes no more.
    if (lane === 'here' || seats.has(lane)) free.push(lane)
    serve()
  }
  const laneFor = (notHere: boolean): Promise<Lane> =>
    new Promise((resolve, reject) => {
      const entry: Waiting = {
        notHere,
        give: resolve,
        refuse: (error) => {
          waiting.splice(waiting.indexOf(entry), 1)
          reject(error)
        },
      }
      waiting.push(entry)
      serve()
    })

  /** The context's own law holds for a fold that is away: whatever its checkpoint throws ends the wait. */
  async function away(seat: FoldSeat, task: FoldTask, context: Context): Promise<FoldAnswer> {
    const call = ++calls
    let settled = false
    const answer = seat.run(call, 'fold', { datasetId, task }, (batch) => batch.forEach(context.report), context.savepoint).finally(() => (settled = true))
    answer.then(
      () => release(seat),
      (error: unknown) => {
        if (asStudioError(error).code === 'worker-lost') lose(seat, error)
        else release(seat)
      },
    )
    let told = false
    const tell = (): void => {
      const held = context.held?.() ?? false
      if (held !== told) seat.hold(call, (told = held))
    }
    // Beside the checkpoints: the job may be held while one of them yields, which then lasts as long as that.
    const telling = setInterval(tell, lookEveryMs)
    const wanted = async (): Promise<never> => {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
        if (settled) return new Promise(() => {})
        await context.checkpoint()
      }
    }
    try {
      return await Promise.race([answer, wanted()])
    } catch (error) {
      if (!settled) seat.abandon(call)
      throw error
    } finally {
      clearInterval(telling)
    }
  }

  async function attempt(task: FoldTask, context: Context, notHere: boolean): Promise<FoldAnswer> {
    const lane = await laneFor(notHere)
    if (lane !== 'here') return away(lane, task, context)
    try {
      return await here(task, context)
    } finally {
      release(lane)
    }
  }

  return {
    lanes,
    end() {
      ended = true
      const all = [...seats]
      seats.clear()
      for (const seat of all) {
        const at = free.indexOf(seat)
        if (at >= 0) free.splice(at, 1)
        seat.end()
      }
      serve()
    },
    async fold(task, context) {
      try {
        return await attempt(task, context, false)
      } catch (error) {
        if (asStudioError(error).code !== 'worker-lost') throw error
        // What the dead one kept since is known only where it lies.
        return attempt(task, context.savepoint ? { ...context, savepoint: context.savepoint.anew() } : context, true)
      }
    },
  }
}
