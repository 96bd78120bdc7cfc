/** The ways that a picture can be explained by a model that looks at it, and what the model makes of altered pictures. */
import { columnFrom, type TextColumn } from '../core/data/column.ts'
import { StudioError } from '../core/errors.ts'
import type { Family, Model } from '../core/estimators/estimator.ts'
import type { PictureModel } from '../core/estimators/neural/cnn.ts'
import { estimators } from '../core/estimators/registry.ts'
import { againstRandom, baselineOf, gradCam, integratedGradients, lastPicture } from '../core/explain/pictures/gradients.ts'
import { headGradCam } from '../core/explain/pictures/head-cam.ts'
import { headIntegratedGradients } from '../core/explain/pictures/head-gradients.ts'
import type { HeatMap, ScorePictures } from '../core/explain/pictures/heat.ts'
import { occlusion } from '../core/explain/pictures/occlusion.ts'
import { meanFollowing, networkChances, randomHead } from '../core/explain/pictures/random-head.ts'
import { openEmbedder } from '../core/images/backbone/embedder.ts'
import { mapsOf } from '../core/images/backbone/maps.ts'
import { openSlopeFinder } from '../core/images/backbone/slopes.ts'
import { pixelKey, shippedBackbone, type PixelForm } from '../core/images/pixel-form.ts'
import { createRng } from '../core/math/rng.ts'
import type { PictureMethod } from '../jobs/protocol.ts'
import { backboneOf } from '../storage/backbones.ts'
import type { OpenedRun } from './opened-run.ts'
import type { Host } from './task.ts'
import { webRunner } from './web-runner.ts'

export const isNetwork = (model: Model): model is PictureModel => 'network' in model

/** Probabilities of altered pictures: pixels go through the network that describes them, where there is one. */
export async function scorer({ pipeline }: OpenedRun, projectId: string, name: string, form: PixelForm, host: Host) {
  const { context, openRunner = webRunner } = host
  const embedder = form.backbone ? await openEmbedder(context, await openRunner(context), form, backboneOf(host.store, projectId)) : undefined
  /** What the recipe takes: the pixels, or what the network sees in them. */
  async function seen(pixels: Float32Array, count: number): Promise<Float32Array> {
    if (!embedder) return pixels
    const size = pixels.length / count
    const parts: Float32Array[] = []
    for (let i = 0; i < count; i++) {
      parts.push((await embedder.embed(pixels.slice(i * size, (i + 1) * size))).slice())
      await context.checkpoint()
    }
    const tensor = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
    parts.forEach((part, i) => tensor.set(part, i * part.length))
    return tensor
  }
  const columnOf = (tensor: Float32Array, count: number): TextColumn => ({ ...(columnFrom(name, 'image', new Array<string>(count).fill('altered')) as TextColumn), tensors: new Map([[pixelKey(form), tensor]]) })
  async function scoreSeen(tensor: Float32Array, count: number, instead?: Model): Promise<Float64Array> {
    const columns = [columnOf(tensor, count)]
    const prediction = instead ? await instead.predict(pipeline.features(columns), context) : await pipeline.predict(columns, undefined, context)
    if (prediction.task === 'regression') throw new StudioError({ code: 'unsupported', message: 'unsupported task; pictures are explained for classes: regression' })
    return prediction.probabilities
  }
  return {
    close: () => embedder?.close(),
    seen,
    columnOf,
    scoreSeen,
    score: async (pixels: Float32Array, count: number): Promise<Float64Array> => scoreSeen(await seen(pixels, count), count),
  }
}
type Scorer = Awaited<ReturnType<typeof scorer>>

interface Asked {
  readonly pixels: Float32Array
  readonly form: PixelForm
  readonly target: number
  readonly seed: number
}
export interface Heat {
  readonly heat: HeatMap
  readonly gap?: number
  readonly sanity?: number | null
  readonly against?: 'weights' | 'slopes' | 'head'
}

/** Of the line from the baseline to the picture. */
const steps = { network: 64, randomNetwork: 32, head: 30 }
/** That occlusion is held against: one by itself may be near by chance. */
const randomHeads = 15
/** Heads whose answers have no jumps. */
const smooth = new Set<Family>(['linear', 'neural', 'kernels'])

/** Every way that this model can be explained, the first by default. */
export async function waysOf({ pipeline: { model, classes } }: OpenedRun, { pixels, form, target, seed }: Asked, { score, seen, scoreSeen }: Scorer, projectId: string, { store, context, openRunner = webRunner }: Host): Promise<ReadonlyMap<PictureMethod, () => Promise<Heat>>> {
  const ways = new Map<PictureMethod, () => Promise<Heat>>()
  if (isNetwork(model)) {
    const { network } = model
    if (lastPicture(network) !== undefined) {
      ways.set('grad-cam', async () => {
        const { heat } = await gradCam(network, pixels, target, context)
        return { heat, against: 'weights', sanity: (await againstRandom(network, seed, heat, async (random) => (await gradCam(random, pixels, target, context)).heat)) ?? null }
      })
    }
    ways.set('integrated-gradients', async () => {
      const baseline = baselineOf('mean', pixels, network, [0, 1])
      const found = await integratedGradients(network, pixels, baseline, target, steps.network, context)
      const sanity = await againstRandom(network, seed, found.heat, async (random) => (await integratedGradients(random, pixels, baseline, target, steps.randomNetwork, context)).heat)
      return { heat: found.heat, gap: found.gap, against: 'weights', sanity: sanity ?? null }
    })
  }
  if (form.backbone && smooth.has(estimators.get(model.estimator).family)) {
    const runner = await openRunner(context)
    const shape = [form.height, form.width, form.channels] as const
    const maps = await mapsOf(context, runner, form, backboneOf(store, projectId), pixels)
    if (maps) ways.set('grad-cam', async () => ({ ...(await headGradCam(maps, await seen(pixels, 1), target, classes.length, [form.height, form.width], scoreSeen, createRng(seed).fork('random slopes'))), against: 'slopes' }))
    if (form.backbone === shippedBackbone) {
      ways.set('integrated-gradients', async () => {
        const back = await openSlopeFinder(context, runner)
        try {
          const head = { see: (at: Float32Array) => seen(at, 1), score: scoreSeen, back, classes: classes.length }
          const { heat, gap, sanity } = await headIntegratedGradients(head, pixels, shape, target, steps.head, createRng(seed).fork('random slopes'), context)
          return { heat, gap, sanity, against: 'slopes' }
        } finally {
          await back.close()
        }
      })
    }
  }
  ways.set('occlusion', async () => {
    const window = Math.max(2, Math.round(form.height / (form.backbone ? 4 : 5)))
    const hide = (by: ScorePictures) => occlusion(pixels, [form.height, form.width, form.channels], by, { window, stride: Math.max(1, Math.round(window / 2)), target, classes: classes.length }, context)
    if (isNetwork(model)) {
      const { heat } = await hide(score)
      const sanity = await againstRandom(model.network, seed, heat, async (random) => (await hide(networkChances(random, context))).heat)
      return { heat, against: 'weights', sanity: sanity ?? null }
    }
    // The squares are the same each time: what the network below sees behind them is kept for the random heads.
    const behind: Float32Array[] = []
    const { heat } = await hide(async (hidden, count) => {
      const tensor = await seen(hidden, count)
      behind.push(tensor)
      return scoreSeen(tensor, count)
    })
    const { revive } = estimators.get(model.estimator)
    const rng = createRng(seed).fork('random heads')
    const others: HeatMap[] = []
    for (let i = 0; i < randomHeads && form.backbone; i++) {
      const random = randomHead(model, revive, rng)
      if (!random) return { heat }
      let call = 0
      others.push((await hide((_, count) => scoreSeen(behind[call++] as Float32Array, count, random))).heat)
    }
    return form.backbone ? { heat, against: 'head', sanity: meanFollowing(heat, others) } : { heat }
  })
  return ways
}
