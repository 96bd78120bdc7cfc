/**
 * Trains a network on pictures: epochs of shuffled batches on our own kernels, an inner share of the training
 * rows for early stopping and "best so far", curves of loss and accuracy.
 */
import type { Context } from '../../context.ts'
import { StudioError } from '../../errors.ts'
import { augment, augments, type Augmentation } from '../../images/augment.ts'
import { createRng, shuffle } from '../../math/rng.ts'
import { openKernelTrainer, type KernelTrainer, type Verdict } from './kernel-trainer.ts'
import type { Network } from './network.ts'
import { keepPlace, placeLeft, type TrainingPlace } from './place.ts'

export interface PictureSource {
  readonly rows: number
  /** Row-major, shape (rows, height x width x channels), as the estimator got them. */
  readonly pixels: Float32Array
  /** Row-major one-hot, shape (rows, classes). */
  readonly targets: Float32Array
  /** What is taken from each channel, and what it is then divided by. */
  readonly means: readonly number[]
  readonly deviations: readonly number[]
}
export interface NetworkPlan {
  readonly network: Network
  readonly theta: Float32Array
  readonly classes: number
  readonly learningRate: number
  readonly alpha: number
  readonly batchSize: number
  readonly maxIter: number
  readonly earlyStopping: boolean
  readonly validationFraction: number
  readonly nIterNoChange: number
  readonly augmentation: Augmentation
  readonly seed: number
}
export interface NetworkFit {
  readonly theta: Float32Array
  readonly epochs: number
  readonly bestEpoch: number
  readonly stoppedBecause: 'all epochs done' | 'no more progress' | 'stopped by you' | 'loss left the finite range'
}

/** A loss beyond this (NaN included) has exploded: log loss starts near the logarithm of the classes. */
const explosion = 1e4

/** Milliseconds of work after which cancel gets its chance. */
const breath = 50

/** Writes standardised pictures of these rows into a batch, changed by chance where they are learnt from. */
export function filler({ pixels, means, deviations }: Omit<PictureSource, 'targets' | 'rows'>, { input }: Network, augmentation: Augmentation, seed: number) {
  const { height, width, channels, depth } = input
  const count = height * width
  const factors = deviations.map((deviation) => Math.fround(1 / deviation))
  const standard = new Float32Array(count * depth)
  const layout = { height, width, channels, depth, deviation: 1, centre: 0 }
  return (rows: ArrayLike<number>, into: Float32Array, step: number | undefined): void => {
    const rng = step !== undefined && augments(augmentation) ? createRng(seed).fork(`augmentation ${step}`) : undefined
    for (let i = 0; i < rows.length; i++) {
      const from = (rows[i] as number) * count * channels
      const to = into.subarray(i * standard.length, (i + 1) * standard.length)
      const out = rng ? standard : to
      if (depth > channels) out.fill(0)
      for (let p = 0; p < count; p++) {
        // Float32 in each step, as in the graph.
        for (let c = 0; c < channels; c++) out[p * depth + c] = Math.fround((pixels[from + p * channels + c] as number) - (means[c] as number)) * (factors[c] as number)
      }
      if (rng) {
        if (depth > channels) to.fill(0)
        augment(standard, to, layout, augmentation, rng)
      }
    }
  }
}

/** A pause that lets cancel through once enough time has gone by. */
export function breather(context: Pick<Context, 'checkpoint'> & Partial<Pick<Context, 'now'>>): () => Promise<void> | undefined {
  const { now } = context
  if (!now) return () => context.checkpoint()
  let last = now()
  return () => {
    if (now() - last < breath) return undefined
    return context.checkpoint().then(() => void (last = now()))
  }
}

export async function fitNetwork(source: PictureSource, plan: NetworkPlan, context: Context): Promise<NetworkFit> {
  const { network, batchSize, seed } = plan
  const rng = createRng(seed)
  const order = shuffle(Uint32Array.from({ length: source.rows }, (_, i) => i), rng.fork('inner split'))
  const inner = plan.earlyStopping && source.rows >= 20 ? Math.max(1, Math.round(source.rows * plan.validationFraction)) : 0
  const held = order.slice(0, inner)
  const learn = order.slice(inner)
  await context.checkpoint()
  const place = placeLeft(context.savepoint, plan.theta)
  const trainer = await openKernelTrainer(
    context,
    network,
    { rows: source.rows, inputs: new Float32Array(0), targets: source.targets },
    { classes: plan.classes, learningRate: plan.learningRate, alpha: plan.alpha, batchSize: Math.min(batchSize, Math.max(learn.length, held.length)), seed, fill: filler(source, network, plan.augmentation, seed), pause: breather({ checkpoint: () => context.checkpoint(), now: () => context.now() }) },
    place.checkpoint,
  )
  try {
    const fit = await epochs(trainer, learn, held, plan, place, context)
    const total = plan.maxIter * learn.length
    context.report({ kind: 'step', phase: 'train', done: total, total })
    return fit
  } finally {
    trainer.dispose()
  }
}

/** @param place goes on from there, and moves along */
async function epochs(trainer: KernelTrainer, learn: Uint32Array, held: Uint32Array, plan: NetworkPlan, place: TrainingPlace, context: Context): Promise<NetworkFit> {
  const rng = createRng(plan.seed)
  const result = (stoppedBecause: NetworkFit['stoppedBecause']): NetworkFit => ({ theta: place.best.theta, epochs: place.epoch, bestEpoch: place.best.epoch, stoppedBecause })
  while (place.epoch < plan.maxIter) {
    const trained = await oneEpoch(trainer, shuffle(Uint32Array.from(learn), rng.fork(`epoch ${place.epoch}`)), plan, place, context)
    const judged = trained && held.length > 0 && trained.loss < explosion ? await trainer.judge(held) : trained
    place.checkpoint = await trainer.read()
    const { theta } = place.checkpoint
    if (!judged || !(judged.loss < explosion) || !theta.every(Number.isFinite)) {
      if (place.best.epoch > 0) return result('loss left the finite range')
      throw new StudioError({
        code: 'diverged',
        message: `invalid loss; it left the finite range in epoch ${place.epoch + 1} with learningRateInit ${plan.learningRate}`,
        hint: 'Lower the learning rate: 0.001 is a good start.',
        details: { parameter: 'learningRateInit', value: plan.learningRate },
      })
    }
    place.epoch++
    place.from = place.loss = place.right = 0
    const point = (series: string, y: number): void => context.report({ kind: 'curve', series, x: place.epoch, y })
    point('training loss', (trained as Verdict).loss)
    point('training accuracy', (trained as Verdict).right / learn.length)
    if (held.length > 0) {
      point('inner validation loss', judged.loss)
      point('inner validation accuracy', judged.right / held.length)
    }
    place.stale = judged.loss < place.best.loss ? 0 : place.stale + 1
    if (judged.loss < place.best.loss) place.best = { theta, loss: judged.loss, epoch: place.epoch }
    const stopping = context.stopping() ? 'stopped by you' : place.stale >= plan.nIterNoChange ? 'no more progress' : undefined
    if (stopping) return result(stopping)
    if (context.savepoint?.due()) await keepPlace(context.savepoint, place, plan.maxIter)
  }
  return result('all epochs done')
}

/** Mean loss and rights over the batches as they were learnt from, or undefined where a loss exploded. */
async function oneEpoch(trainer: KernelTrainer, order: Uint32Array, plan: NetworkPlan, place: TrainingPlace, context: Context): Promise<Verdict | undefined> {
  let { loss, right } = place
  for (let from = place.from; from < order.length; from += plan.batchSize) {
    const rows = order.subarray(from, from + plan.batchSize)
    const verdict = await trainer.learn(rows)
    if (!(verdict.loss < explosion)) return undefined
    loss += verdict.loss * rows.length
    right += verdict.right
    const to = from + rows.length
    context.report({ kind: 'step', phase: 'train', done: place.epoch * order.length + to, total: plan.maxIter * order.length })
    if (to < order.length && context.savepoint?.due()) {
      Object.assign(place, { checkpoint: await trainer.read(), from: to, loss, right })
      await keepPlace(context.savepoint, place, plan.maxIter)
    }
    await context.checkpoint()
  }
  return { loss: loss / order.length, right }
}
