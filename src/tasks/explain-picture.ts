/** Explains what a model sees in one picture, and lays pictures out by what it sees in them. */
import { columnFrom, type Column, type TextColumn } from '../core/data/column.ts'
import { labelsOf, type ClassTarget } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import type { Family, Model } from '../core/estimators/estimator.ts'
import type { PictureModel } from '../core/estimators/neural/cnn.ts'
import { networkFeatures } from '../core/estimators/neural/picture-network.ts'
import { againstRandom, baselineOf, gradCam, integratedGradients, lastPicture } from '../core/explain/pictures/gradients.ts'
import { headGradCam } from '../core/explain/pictures/head-cam.ts'
import type { HeatMap } from '../core/explain/pictures/heat.ts'
import { nearest, unitRows, type Points } from '../core/explain/pictures/neighbours.ts'
import { occlusion } from '../core/explain/pictures/occlusion.ts'
import { principal } from '../core/explain/pictures/pca.ts'
import { umap } from '../core/explain/pictures/umap.ts'
import { estimators } from '../core/estimators/registry.ts'
import { openEmbedder } from '../core/images/backbone/embedder.ts'
import { mapsOf } from '../core/images/backbone/maps.ts'
import { pixelKey, type PixelForm } from '../core/images/pixel-form.ts'
import { resize } from '../core/images/resize.ts'
import { createRng, shuffle } from '../core/math/rng.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import type { PictureMethod } from '../jobs/protocol.ts'
import { backboneOf } from '../storage/backbones.ts'
import { readRun } from '../storage/runs.ts'
import { openAsked } from './asked-picture.ts'
import { formsOf } from './load-pictures.ts'
import { openRun, refuseSealed, type OpenedRun } from './opened-run.ts'
import type { Host, TaskHandler } from './task.ts'
import { webRunner } from './web-runner.ts'

const neighboursShown = 8
/** Pictures on a map: neighbours are found by comparing all with all. */
const mostOnMap = 1500

export const isNetwork = (model: Model): model is PictureModel => 'network' in model

/** @throws StudioError unsupported for a model that sees more than one picture, or none */
export function pictureInput({ pipeline, dataset }: OpenedRun): { readonly column: TextColumn; readonly form: PixelForm } {
  const forms = formsOf(pipeline.recipe.spec)
  const [input] = pipeline.recipe.inputs
  const column = dataset.columns.find(({ name }) => name === input?.name)
  if (pipeline.recipe.inputs.length === 1 && forms.length === 1 && column?.kind === 'image') return { column: column as TextColumn, form: forms[0] as PixelForm }
  throw new StudioError({ code: 'unsupported', message: `unsupported model; pictures are explained where one picture is all that the model sees: ${pipeline.recipe.inputs.map(({ name }) => name.slice(0, 40)).slice(0, 5).join(', ')}` })
}

/** What the model sees in some rows: the last layer of a network, or the numbers its head gets. */
async function seenIn({ features, model }: Pipeline, columns: readonly Column[], rows: ArrayLike<number>, { context }: Host): Promise<Points> {
  const X = features(columns, rows)
  const [first] = X.features
  if (isNetwork(model) && first?.shape) return unitRows({ rows: rows.length, ...(await networkFeatures(model.network, first.values, context)) })
  const values = new Float32Array(rows.length * X.features.length)
  X.features.forEach((feature, j) => {
    for (let row = 0; row < rows.length; row++) values[row * X.features.length + j] = feature.values[row] as number
  })
  return unitRows({ values, rows: rows.length, width: X.features.length })
}

/** Probabilities of altered pictures: pixels go through the network that describes them, where there is one. */
async function scorer({ pipeline }: OpenedRun, projectId: string, name: string, form: PixelForm, host: Host) {
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
  async function scoreSeen(tensor: Float32Array, count: number): Promise<Float64Array> {
    const prediction = await pipeline.predict([columnOf(tensor, count)], undefined, context)
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

function shown(pixels: Float32Array, { height, width, channels }: PixelForm) {
  const data = new Uint8ClampedArray(height * width * 4)
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < 3; c++) data[p * 4 + c] = 255 * (pixels[p * channels + (channels === 3 ? c : 0)] as number)
    data[p * 4 + 3] = 255
  }
  return { width, height, data }
}

interface Asked {
  readonly pixels: Float32Array
  readonly form: PixelForm
  readonly target: number
  readonly seed: number
}
interface Heat {
  readonly heat: HeatMap
  readonly gap?: number
  readonly sanity?: number | null
}

/** Heads whose answers have no jumps. */
const smooth = new Set<Family>(['linear', 'neural', 'kernels'])

/** Every way that this model can be explained, the first by default. */
async function waysOf({ pipeline: { model, classes } }: OpenedRun, { pixels, form, target, seed }: Asked, { score, seen, scoreSeen }: Scorer, projectId: string, { store, context, openRunner = webRunner }: Host): Promise<ReadonlyMap<PictureMethod, () => Promise<Heat>>> {
  const ways = new Map<PictureMethod, () => Promise<Heat>>()
  if (isNetwork(model)) {
    const { network } = model
    if (lastPicture(network) !== undefined) {
      ways.set('grad-cam', async () => {
        const { heat } = await gradCam(network, pixels, target, context)
        return { heat, sanity: (await againstRandom(network, seed, heat, async (random) => (await gradCam(random, pixels, target, context)).heat)) ?? null }
      })
    }
    ways.set('integrated-gradients', async () => {
      const baseline = baselineOf('mean', pixels, network, [0, 1])
      const found = await integratedGradients(network, pixels, baseline, target, 64, context)
      const sanity = await againstRandom(network, seed, found.heat, async (random) => (await integratedGradients(random, pixels, baseline, target, 32, context)).heat)
      return { heat: found.heat, gap: found.gap, sanity: sanity ?? null }
    })
  }
  const maps = form.backbone && smooth.has(estimators.get(model.estimator).family) ? await mapsOf(context, await openRunner(context), form, backboneOf(store, projectId), pixels) : undefined
  if (maps) ways.set('grad-cam', async () => headGradCam(maps, await seen(pixels, 1), target, classes.length, [form.height, form.width], scoreSeen, createRng(seed).fork('random slopes')))
  ways.set('occlusion', async () => {
    const window = Math.max(2, Math.round(form.height / (form.backbone ? 4 : 5)))
    return { heat: (await occlusion(pixels, [form.height, form.width, form.channels], score, { window, stride: Math.max(1, Math.round(window / 2)), target, classes: classes.length }, context)).heat }
  })
  return ways
}

const pointsOf = new WeakMap<OpenedRun, Promise<Points>>()

export const explainPicture: TaskHandler<'explain/picture'> = async ({ runId, picture, method, target: wanted }, host) => {
  const { store, context } = host
  const run = await readRun(store, runId)
  const opened = await openRun(host, runId)
  const { column, form } = pictureInput(opened)
  const { model, classes } = opened.pipeline
  const asked = await openAsked(host, run, picture)
  if (asked.sealed) refuseSealed(run, 'test')
  const pixels = resize(asked.pixels, form.height, form.width, form.crop, form.channels)
  const scoring = await scorer(opened, run.spec.projectId, column.name, form, host)
  try {
    const tensor = await scoring.seen(pixels, 1)
    const probabilities = Array.from(await scoring.scoreSeen(tensor, 1))
    // What the model calls it: not the likelier of two where their threshold was moved.
    const target = wanted ?? (labelsOf({ task: classes.length === 2 ? 'binary' : 'multiclass', classes, probabilities: Float64Array.from(probabilities) }, run.threshold)[0] as number)
    if (!(target in classes)) throw new StudioError({ code: 'bad-param', message: `invalid class; not in [0, ${classes.length - 1}]: ${target}` })
    const ways = await waysOf(opened, { pixels, form, target, seed: run.spec.seed }, scoring, run.spec.projectId, host)
    const methods = [...ways.keys()]
    const chosen = ways.has(method) ? method : (methods[0] as PictureMethod)
    const found = await (ways.get(chosen) as () => Promise<Heat>)()
    const train = opened.rowsOf('train')
    let points = pointsOf.get(opened)
    if (!points) {
      pointsOf.set(opened, (points = seenIn(opened.pipeline, opened.dataset.columns, train, host)))
      points.catch(() => pointsOf.delete(opened))
    }
    const near = await nearest(await points, await seenIn(opened.pipeline, [scoring.columnOf(tensor, 1)], [0], host), neighboursShown + 1, false, context)
    const row = 'row' in picture ? picture.row : undefined
    const alike = Array.from(near.rows, (at, i) => ({ row: train[at] as number, distance: near.distances[i] as number })).filter((entry) => entry.row !== row)
    return { method: chosen, methods, picture: shown(pixels, form), ...found, probabilities, actual: asked.actual, target, nearest: alike.slice(0, neighboursShown) }
  } finally {
    await scoring.close()
  }
}

export const explainPictureMap: TaskHandler<'explain/picture-map'> = async ({ runId, by }, host) => {
  const { context } = host
  const run = await readRun(host.store, runId)
  const opened = await openRun(host, runId)
  pictureInput(opened)
  const all = [...opened.rowsOf('train'), ...opened.rowsOf('valid')]
  const trained = new Set(opened.rowsOf('train'))
  const rows = all.length <= mostOnMap ? all : Array.from(shuffle(Uint32Array.from(all), createRng(run.spec.seed).fork('map'))).slice(0, mostOnMap)
  const points = await seenIn(opened.pipeline, opened.dataset.columns, rows, host)
  // Principal components first: neighbours in 30 directions are those in all, for a fraction of the work.
  const flat = await principal(points, by === 'pca' ? 2 : 30, run.spec.seed, context)
  const map = by === 'pca' ? flat.points : await umap(flat.points, { neighbours: Math.min(15, Math.max(2, rows.length - 1)), epochs: 200, seed: run.spec.seed }, context)
  const axis = (c: number): number[] => Array.from({ length: rows.length }, (_, i) => (c < map.width ? (map.values[i * map.width + c] as number) : 0))
  return {
    by,
    rows,
    classes: Array.from((opened.targetAt(rows) as ClassTarget).codes),
    training: rows.map((row) => trained.has(row)),
    x: axis(0),
    y: axis(1),
    ...(by === 'pca' && { explained: flat.explained.reduce((sum, share) => sum + share, 0) }),
  }
}
