/**
 * The training loop: epochs of shuffled batches, an inner validation share of the training rows for early
 * stopping and "best so far", a checkpoint each epoch, and another backend when a device is lost.
 */
import type { Context } from '../../context.ts'
import { StudioError } from '../../errors.ts'
import { createRng, shuffle } from '../../math/rng.ts'
import { openBackend, within, type Backend, type BackendName, type Refusal } from './backend.ts'
import { initialWeights } from './dense.ts'
import { keepPlace, placeLeft, type TrainingPlace } from './place.ts'
import type { MlpData, StepOptions } from './trainer.ts'

export interface MlpPlan extends StepOptions {
  readonly backend: BackendName | 'auto'
  readonly maxIter: number
  readonly earlyStopping: boolean
  readonly validationFraction: number
  readonly nIterNoChange: number
  readonly tol: number
  readonly seed: number
}
export interface MlpResult {
  readonly theta: Float32Array
  readonly backend: BackendName
  readonly refused: readonly Refusal[]
  readonly losses: readonly string[]
  readonly epochs: number
  readonly bestEpoch: number
  readonly stoppedBecause: 'all epochs done' | 'no more progress' | 'stopped by you' | 'loss left the finite range'
}

/** A batch loss beyond this (NaN included) has exploded: targets are standardised and log loss starts near 1. */
const explosion = 1e4
/** Milliseconds for the first step, which compiles shaders, and for reading weights. */
const firstLimit = 15_000
/**
 * A later step that takes longer than this, and than 20 of the slowest so far, counts as a lost device:
 * WebGL hangs silently after a context loss.
 */
const stepLimit = 2000

export async function fitMlp(data: MlpData, plan: MlpPlan, context: Context): Promise<MlpResult> {
  const rng = createRng(plan.seed)
  const order = shuffle(Uint32Array.from({ length: data.rows }, (_, i) => i), rng.fork('inner split'))
  const inner = plan.earlyStopping && data.rows >= 20 ? Math.max(1, Math.round(data.rows * plan.validationFraction)) : 0
  const held = order.slice(0, inner)
  const learn = order.slice(inner)
  const state = placeLeft(context.savepoint, initialWeights(plan.sizes, plan.activation, plan.seed))
  const lost: BackendName[] = []
  const losses: string[] = []
  for (;;) {
    const { backend, refused } = await openBackend(plan.backend, lost, context)
    context.report({ kind: 'note', text: `Training on ${backend.name}` })
    try {
      const stoppedBecause = await trainOn(backend, data, plan, { held, learn, rng }, state, context)
      return { theta: state.best.theta, backend: backend.name, refused, losses, epochs: state.epoch, bestEpoch: state.best.epoch, stoppedBecause }
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'device-lost') throw error
      // cpu cannot be lost; a late answer there is a slow machine, and nothing is left to fall back to.
      if (backend.name === 'cpu') throw error
      lost.push(backend.name)
      losses.push(`${backend.name} in epoch ${state.epoch + 1}: ${error.message}`)
      context.report({ kind: 'note', text: `${backend.name} was lost; going on from epoch ${state.epoch} on the next backend` })
    }
  }
}

interface Parts {
  readonly held: Uint32Array
  readonly learn: Uint32Array
  readonly rng: ReturnType<typeof createRng>
}

/** Trains from the state's checkpoint to the end; every finished epoch is written back into the state. */
async function trainOn(backend: Backend, data: MlpData, plan: MlpPlan, parts: Parts, state: TrainingPlace, context: Context): Promise<MlpResult['stoppedBecause']> {
  const { held, learn } = parts
  const trainer = await backend.open(data, plan, state.checkpoint)
  let slowest: number | undefined
  /** The answer of the device, or its loss. */
  const answered = <T>(work: Promise<T>, limit: number, what: string): Promise<T> =>
    backend.lost === undefined ? work : Promise.race([within(limit, work, `missing answer; ${what} ${backend.name} took more than ${Math.round(limit / 1000)} s`), backend.lost])
  try {
    while (state.epoch < plan.maxIter) {
      // The order depends on the epoch alone, so going on from a checkpoint repeats it.
      const epochOrder = shuffle(Uint32Array.from(learn), parts.rng.fork(`epoch ${state.epoch}`))
      let lossSum = state.loss
      for (let from = state.from; from < epochOrder.length; from += plan.batchSize) {
        const to = Math.min(epochOrder.length, from + plan.batchSize)
        const begun = context.now()
        const value = await answered(trainer.step(epochOrder.subarray(from, to)), slowest === undefined ? firstLimit : Math.max(stepLimit, 20 * slowest), 'a step on')
        slowest = Math.max(slowest ?? 0, context.now() - begun)
        if (!(value < explosion)) return diverged(state, plan)
        lossSum += value * (to - from)
        if (to < epochOrder.length && context.savepoint?.due()) {
          Object.assign(state, { checkpoint: await answered(trainer.read(), firstLimit, 'reading weights from'), from: to, loss: lossSum })
          await keepPlace(context.savepoint, state, plan.maxIter)
        }
        await context.checkpoint()
      }
      const checkpoint = await answered(trainer.read(), firstLimit, 'reading weights from')
      if (!checkpoint.theta.every(Number.isFinite)) return diverged(state, plan)
      const trainLoss = lossSum / epochOrder.length
      // With no rows held aside, the epoch's own losses judge, as in scikit-learn.
      const judged = held.length > 0 ? await answered(trainer.loss(held), firstLimit, 'a loss from') : trainLoss
      if (!(judged < explosion)) return diverged(state, plan)
      state.checkpoint = checkpoint
      state.epoch++
      state.from = state.loss = 0
      context.report({ kind: 'curve', series: 'training loss', x: state.epoch, y: trainLoss })
      if (held.length > 0) context.report({ kind: 'curve', series: 'inner validation loss', x: state.epoch, y: judged })
      context.report({ kind: 'step', phase: 'train', done: state.epoch, total: plan.maxIter })
      state.stale = judged < state.best.loss - plan.tol ? 0 : state.stale + 1
      if (judged < state.best.loss) state.best = { theta: checkpoint.theta, loss: judged, epoch: state.epoch }
      if (context.stopping()) return 'stopped by you'
      if (state.stale >= plan.nIterNoChange) return 'no more progress'
      if (context.savepoint?.due()) await keepPlace(context.savepoint, state, plan.maxIter)
    }
    return 'all epochs done'
  } finally {
    trainer.dispose()
  }
}

/** The last finite weights are kept where an epoch was finished; before that there is nothing to keep. */
function diverged(state: TrainingPlace, plan: MlpPlan): MlpResult['stoppedBecause'] {
  if (state.best.epoch > 0) return 'loss left the finite range'
  throw new StudioError({
    code: 'diverged',
    message: `invalid loss; it left the finite range in epoch ${state.epoch + 1} with learningRateInit ${plan.learningRate}`,
    hint: 'Lower the learning rate (0.001 is a good start) and keep the features scaled.',
    details: { parameter: 'learningRateInit', value: plan.learningRate },
  })
}
