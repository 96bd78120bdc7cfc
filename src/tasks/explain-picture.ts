/** Explains what a model sees in one picture, and lays pictures out by what it sees in them. */
import type { Column, TextColumn } from '../core/data/column.ts'
import { labelsOf, type ClassTarget } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import { networkFeatures } from '../core/estimators/neural/picture-network.ts'
import { mostOnMap, nearest, unitRows, type Points } from '../core/explain/pictures/neighbours.ts'
import { principal } from '../core/explain/pictures/pca.ts'
import { umap } from '../core/explain/pictures/umap.ts'
import type { PixelForm } from '../core/images/pixel-form.ts'
import { resize } from '../core/images/resize.ts'
import { createRng, shuffle } from '../core/math/rng.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import type { PictureMethod } from '../jobs/protocol.ts'
import { readRun } from '../storage/runs.ts'
import { openAsked } from './asked-picture.ts'
import { formsOf } from './load-pictures.ts'
import { openRun, refuseSealed, type OpenedRun } from './opened-run.ts'
import { isNetwork, scorer, waysOf, type Heat } from './picture-ways.ts'
import type { Host, TaskHandler } from './task.ts'

const neighboursShown = 8

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

function shown(pixels: Float32Array, { height, width, channels }: PixelForm) {
  const data = new Uint8ClampedArray(height * width * 4)
  for (let p = 0; p < height * width; p++) {
    for (let c = 0; c < 3; c++) data[p * 4 + c] = 255 * (pixels[p * channels + (channels === 3 ? c : 0)] as number)
    data[p * 4 + 3] = 255
  }
  return { width, height, data }
}

const pointsOf = new WeakMap<OpenedRun, Promise<Points>>()

export const explainPicture: TaskHandler<'explain/picture'> = async ({ runId, picture, method, target: wanted }, host) => {
  const { store, context } = host
  const run = await readRun(store, runId)
  const opened = await openRun(host, runId)
  const { column, form } = pictureInput(opened)
  const { classes } = opened.pipeline
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

/** All rows, or as many as are allowed by chance, the same each time but for those to include. */
export function rowsOnMap(all: readonly number[], include: readonly number[], seed: number, most = mostOnMap): readonly number[] {
  if (all.length <= most) return all
  const drawn = Array.from(shuffle(Uint32Array.from(all), createRng(seed).fork('map'))).slice(0, most)
  const [known, shown, wanted] = [new Set(all), new Set(drawn), new Set(include)]
  let last = most - 1
  for (const row of wanted) {
    if (!known.has(row) || shown.has(row)) continue
    while (wanted.has(drawn[last] as number)) last--
    drawn[last--] = row
  }
  return drawn
}

export const explainPictureMap: TaskHandler<'explain/picture-map'> = async ({ runId, by, include = [] }, host) => {
  const { context } = host
  const run = await readRun(host.store, runId)
  const opened = await openRun(host, runId)
  pictureInput(opened)
  const all = [...opened.rowsOf('train'), ...opened.rowsOf('valid')]
  const trained = new Set(opened.rowsOf('train'))
  const rows = rowsOnMap(all, include, run.spec.seed)
  const points = await seenIn(opened.pipeline, opened.dataset.columns, rows, host)
  // Principal components first: neighbours in 30 directions are those in all, for a fraction of the work.
  const flat = await principal(points, by === 'pca' ? 2 : 30, run.spec.seed, context)
  const map = by === 'pca' ? flat.points : await umap(flat.points, { neighbours: Math.min(15, Math.max(2, rows.length - 1)), epochs: 200, seed: run.spec.seed }, context)
  const axis = (c: number): number[] => Array.from({ length: rows.length }, (_, i) => (c < map.width ? (map.values[i * map.width + c] as number) : 0))
  return {
    by,
    of: all.length,
    rows,
    classes: Array.from((opened.targetAt(rows) as ClassTarget).codes),
    training: rows.map((row) => trained.has(row)),
    x: axis(0),
    y: axis(1),
    ...(by === 'pca' && { explained: flat.explained.reduce((sum, share) => sum + share, 0) }),
  }
}
