/**
 * The training loop of every network: epochs of shuffled batches, an inner share of the training rows for early
 * stopping and "best so far", a checkpoint each epoch, and another backend when a device is lost.
 */
import type { Context, MissedRow } from '../../context.ts'
import { StudioError } from '../../errors.ts'
import { createRng, shuffle, type Rng } from '../../math/rng.ts'
import { smallNumber } from '../../powers.ts'
import { openBackend, openRivals, within, type Backend, type BackendName, type Opened, type Refusal } from './backend.ts'
import { breather } from './breather.ts'
import { keepPlace, placeLeft, type TrainingPlace } from './place.ts'
import type { StepOptions, TrainingData, Verdict } from './trainer.ts'

export interface NetworkPlan extends Omit<StepOptions, 'pause'> {
  /** Weights to start with. */
  readonly theta: Float32Array
  readonly backend: BackendName | 'auto'
  readonly maxIter: number
  readonly earlyStopping: boolean
  readonly validationFraction: number
  readonly nIterNoChange: number
  readonly tol: number
  readonly seed: number
  /** Whether the rows that it gets wrong are worth looking at. */
  readonly showsMissed?: boolean
}
export interface NetworkFit {
  readonly theta: Float32Array
  readonly backend: BackendName
  readonly refused: readonly Refusal[]
  readonly losses: readonly string[]
  readonly epochs: number
  readonly bestEpoch: number
  readonly stoppedBecause: 'all epochs done' | 'no more progress' | 'stopped by you' | 'loss left the finite range'
}

/** A loss beyond this (NaN included) has exploded: targets are standardised and log loss starts near the logarithm of the classes. */
const explosion = 1e4
/** Milliseconds for the first step, which compiles shaders, and for reading weights. */
const firstLimit = 15_000
/**
 * A later step that takes longer than this, and than 20 of the slowest so far, counts as a lost device:
 * WebGL hangs silently after a context loss.
 */
const stepLimit = 2000
/** Milliseconds between reports within an epoch. */
const reportEvery = 500
/** Milliseconds between looks at training rows that it gets wrong. */
const lookEvery = 1000
/** Rows that are shown of those it gets wrong; where none are kept aside, so many training rows are looked at. */
const [mostMissed, lookedAt] = [12, 200]

interface Parts {
  readonly held: Uint32Array
  readonly learn: Uint32Array
  readonly rng: Rng
}

export async function fitNetwork(data: TrainingData, plan: NetworkPlan, context: Context): Promise<NetworkFit> {
  const rng = createRng(plan.seed)
  const order = shuffle(Uint32Array.from({ length: data.rows }, (_, i) => i), rng.fork('inner split'))
  const inner = plan.earlyStopping && data.rows >= 20 ? Math.max(1, Math.round(data.rows * plan.validationFraction)) : 0
  const parts: Parts = { held: order.slice(0, inner), learn: order.slice(inner), rng }
  const options: StepOptions = { ...plan, batchSize: Math.min(plan.batchSize, Math.max(parts.learn.length, inner)), pause: breather(context) }
  const place = placeLeft(context.savepoint, plan.theta)
  const lost: BackendName[] = []
  const losses: string[] = []
  for (;;) {
    const { backend, refused } = await chooseBackend(data, plan, options, parts.learn, lost, context)
    context.report({ kind: 'note', text: `Training on ${backend.name}` })
    try {
      const stoppedBecause = await trainOn(backend, data, plan, options, parts, place, context)
      context.report({ kind: 'step', phase: 'train', done: plan.maxIter, total: plan.maxIter })
      return { theta: place.best.theta, backend: backend.name, refused, losses, epochs: place.epoch, bestEpoch: place.best.epoch, stoppedBecause }
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'device-lost') throw error
      // cpu cannot be lost; a late answer there is a slow machine, and nothing is left to fall back to.
      if (backend.name === 'cpu') throw error
      lost.push(backend.name)
      losses.push(`${backend.name} in epoch ${place.epoch + 1}: ${error.message}`)
      context.report({ kind: 'note', text: `${backend.name} was lost; going on from epoch ${place.epoch} on the next backend` })
    }
  }
}

/** What a run keeps of its training. */
export const factsOf = ({ backend, refused, losses, epochs, bestEpoch, stoppedBecause }: NetworkFit) => ({
  backend,
  backendsRefused: refused.map((refusal) => `${refusal.backend}: ${refusal.reason}`),
  devicesLost: losses,
  epochs,
  bestEpoch,
  stoppedBecause,
})

/** The answer of a device, or its loss: calls on a device that is going down may fail before it is told to be lost. */
const answered = <T>(backend: Backend, work: Promise<T>, limit: number, what: string): Promise<T> =>
  backend.lost === undefined ? work : Promise.race([within(limit, work.catch((error: unknown) => failed(backend, error)), `missing answer; ${what} ${backend.name} took more than ${Math.round(limit / 1000)} s`), backend.lost])

function failed({ name }: Backend, error: unknown): never {
  if (error instanceof StudioError) throw error
  throw new StudioError({ code: 'device-lost', message: `missing ${name} device; it failed while in use: ${error instanceof Error ? error.message : String(error)}`, cause: error })
}

/** The first backend that is admitted; left to choose where there is a graphics card, the fastest on these very steps of all that are. */
async function chooseBackend(data: TrainingData, plan: NetworkPlan, options: StepOptions, learn: Uint32Array, lost: readonly BackendName[], context: Context): Promise<Opened> {
  const pictures = plan.shape[0] * plan.shape[1] > 1
  const found = await openBackend(plan.backend, lost, context, pictures)
  if (plan.backend !== 'auto' || found.backend.lost === undefined) return found
  const rivals = await openRivals(found.backend.name, lost, context, pictures)
  const refused = [...found.refused, ...rivals.refused]
  const racing: { readonly backend: Backend; readonly took: number }[] = []
  for (const backend of [found.backend, ...rivals.backends]) {
    try {
      racing.push({ backend, took: await timed(backend, data, options, plan, learn, context) })
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'device-lost') throw error
      refused.push({ backend: backend.name, reason: error.message })
    }
  }
  const [first, ...slower] = racing.sort((a, b) => a.took - b.took)
  // All were lost while they raced: what is left cannot be.
  if (!first) return openBackend('auto', [...lost, found.backend.name, ...rivals.backends.map(({ name }) => name)], context, pictures)
  return { backend: first.backend, refused: [...refused, ...slower.map(({ backend, took }) => ({ backend: backend.name, reason: `slower here: a step took ${smallNumber(took)} ms, on ${spoken[first.backend.name]} ${smallNumber(first.took)} ms` }))] }
}
const spoken: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WASM', cpu: 'the CPU' }

/** Milliseconds of the fastest of three steps after a first one, on weights that are thrown away. */
async function timed(backend: Backend, data: TrainingData, options: StepOptions, { theta }: NetworkPlan, learn: Uint32Array, context: Context): Promise<number> {
  const trainer = await answered(backend, backend.open(data, options, { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 }), firstLimit, 'a start on')
  try {
    let fastest = Number.POSITIVE_INFINITY
    for (let step = 0; step < 4; step++) {
      const begun = context.now()
      await answered(backend, trainer.learn(learn.subarray(0, options.batchSize)), firstLimit, 'a step on')
      if (step > 0) fastest = Math.min(fastest, context.now() - begun)
      await context.checkpoint()
    }
    return fastest
  } finally {
    trainer.dispose()
  }
}

/** Trains from a place to the end; the place moves along, its checkpoint with every epoch. */
async function trainOn(backend: Backend, data: TrainingData, plan: NetworkPlan, options: StepOptions, parts: Parts, place: TrainingPlace, context: Context): Promise<NetworkFit['stoppedBecause']> {
  const { held, learn } = parts
  const trainer = await answered(backend, backend.open(data, options, place.checkpoint), firstLimit, 'a start on')
  const answer = <T>(work: Promise<T>, limit: number, what: string): Promise<T> => answered(backend, work, limit, what)
  let slowest: number | undefined
  let reported = context.now()
  let before: TrainingPlace['best'] = { ...place.best, epoch: 0 }
  let looked = Number.NEGATIVE_INFINITY
  try {
    while (place.epoch < plan.maxIter) {
      // The order depends on the epoch alone, so going on from a checkpoint repeats it.
      const order = shuffle(Uint32Array.from(learn), parts.rng.fork(`epoch ${place.epoch}`))
      let { loss, right } = place
      for (let from = place.from; from < order.length; from += plan.batchSize) {
        const rows = order.subarray(from, from + plan.batchSize)
        const to = from + rows.length
        const begun = context.now()
        const verdict = await answer(trainer.learn(rows), slowest === undefined ? firstLimit : Math.max(stepLimit, 20 * slowest), 'a step on')
        slowest = Math.max(slowest ?? 0, context.now() - begun)
        if (!(verdict.loss < explosion)) {
          // Without rows aside an epoch is judged by its losses on the way; that its last step was too far shows here.
          if (from === 0 && held.length === 0 && place.best.epoch === place.epoch) place.best = before
          return diverged(verdict.loss, place, plan)
        }
        loss += verdict.loss * rows.length
        right += verdict.right
        if (context.now() - reported > reportEvery) {
          reported = context.now()
          context.report({ kind: 'step', phase: 'train', done: place.epoch + to / order.length, total: plan.maxIter })
        }
        if (to < order.length && context.savepoint?.due()) {
          Object.assign(place, { checkpoint: await answer(trainer.read(), firstLimit, 'reading weights from'), from: to, loss, right })
          await keepPlace(context.savepoint, place, plan.maxIter)
        }
        await context.checkpoint()
      }
      const checkpoint = await answer(trainer.read(), firstLimit, 'reading weights from')
      const trained: Verdict = { loss: loss / order.length, right }
      if (!checkpoint.theta.every(Number.isFinite)) return diverged(Number.NaN, place, plan)
      // Rows kept aside are judged anyway; training rows only now and then.
      const looks = plan.showsMissed && plan.classes > 1 && (held.length > 0 || context.now() - looked > lookEvery)
      const missed = looks ? missedRows(data, plan.classes) : undefined
      if (missed) looked = context.now()
      // With no rows held aside, the epoch's own losses judge, as in scikit-learn.
      const judged = held.length > 0 ? await answer(trainer.judge(held, missed?.look), firstLimit, 'a loss from') : trained
      if (!(judged.loss < explosion)) return diverged(judged.loss, place, plan)
      const seen = held.length > 0 ? held : learn.subarray(0, lookedAt)
      if (missed && held.length === 0) await answer(trainer.judge(seen, missed.look), firstLimit, 'a loss from')
      place.checkpoint = checkpoint
      place.epoch++
      place.from = place.loss = place.right = 0
      const point = (series: string, y: number): void => context.report({ kind: 'curve', series, x: place.epoch, y })
      point('training loss', trained.loss)
      if (held.length > 0) point('inner validation loss', judged.loss)
      if (plan.classes > 1) {
        point('training accuracy', trained.right / learn.length)
        if (held.length > 0) point('inner validation accuracy', judged.right / held.length)
      }
      if (missed) context.report({ kind: 'missed', epoch: place.epoch, of: seen.length, ...missed.worst() })
      context.report({ kind: 'step', phase: 'train', done: place.epoch, total: plan.maxIter })
      reported = context.now()
      place.stale = judged.loss < place.best.loss - plan.tol ? 0 : place.stale + 1
      if (judged.loss < place.best.loss) [before, place.best] = [place.best, { theta: checkpoint.theta, loss: judged.loss, epoch: place.epoch }]
      if (context.stopping()) return 'stopped by you'
      if (place.stale >= plan.nIterNoChange) return 'no more progress'
      if (context.savepoint?.due()) await keepPlace(context.savepoint, place, plan.maxIter)
    }
    return 'all epochs done'
  } finally {
    trainer.dispose()
  }
}

/** Collects the rows whose largest probability is not their class's; the surest mistakes come first. */
function missedRows({ targets }: TrainingData, classes: number) {
  const found: MissedRow[] = []
  return {
    look(row: number, probabilities: Float32Array): void {
      const guess = probabilities.indexOf(probabilities.reduce((a, b) => Math.max(a, b)))
      if (targets[row * classes + guess] !== 1) found.push({ row, guess, probability: probabilities[guess] as number })
    },
    worst: () => ({ count: found.length, rows: [...found].sort((a, b) => b.probability - a.probability).slice(0, mostMissed) }),
  }
}

/** The last finite weights are kept where an epoch was finished; before that there is nothing to keep. */
function diverged(loss: number, place: TrainingPlace, { learningRate }: NetworkPlan): NetworkFit['stoppedBecause'] {
  if (place.best.epoch > 0) return 'loss left the finite range'
  throw new StudioError({
    code: 'diverged',
    message: `invalid loss; not below ${explosion.toLocaleString('en')} in epoch ${place.epoch + 1} with learningRateInit ${learningRate}: ${Number.isFinite(loss) ? smallNumber(loss) : String(loss)}`,
    hint: `Lower the learning rate: ${learningRate > 0.001 ? '0.001 is a good start' : `try ${smallNumber(learningRate / 10)}`}. Scaled features and, in deep networks, batch normalisation help too.`,
    details: { parameter: 'learningRateInit', value: learningRate },
  })
}
