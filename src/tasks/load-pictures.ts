/** Opens the pictures of a dataset as far as a recipe asks for them: decoded two at a time, kept as small tensors. */
import { cellAt, isValid, type TextColumn } from '../core/data/column.ts'
import type { Dataset } from '../core/data/dataset.ts'
import { asStudioError } from '../core/errors.ts'
import { estimators } from '../core/estimators/registry.ts'
import { openEmbedder, type Embedder } from '../core/images/backbone/embedder.ts'
import { pixelCount, pixelKey, type PixelForm } from '../core/images/pixel-form.ts'
import { resize } from '../core/images/resize.ts'
import { createRng } from '../core/math/rng.ts'
import { checkParams } from '../core/params.ts'
import { steps } from '../core/recipe/registry.ts'
import type { RecipeSpec } from '../core/recipe/step.ts'
import type { PictureType } from '../core/images/header.ts'
import type { Pixels } from '../core/images/luma.ts'
import { datasetRecord, loadDataset } from '../storage/datasets.ts'
import { backboneOf } from '../storage/backbones.ts'
import { pictureBlob, rememberSeen, seenBefore } from '../storage/pictures.ts'
import { openPictureInBrowser } from './open-picture.ts'
import type { Host } from './task.ts'
import { webRunner } from './web-runner.ts'

type Opening = Pick<Host, 'store' | 'context' | 'openPicture' | 'openRunner'>

const atOnce = 2
/** Embeddings are kept in transactions of so many, so that a stop loses few. */
const keptAtOnce = 32
/** Bytes of pixels that a project keeps, so that the next training starts at once; more are made anew each time. */
const mostKept = 64 * 2 ** 20

/** Every form of pixels that the steps of a recipe ask for. */
export function formsOf({ steps: specs }: Pick<RecipeSpec, 'steps'>): readonly PixelForm[] {
  const forms = new Map<string, PixelForm>()
  for (const spec of specs) {
    const step = steps.get(spec.step)
    const form = step.representation?.(checkParams(step.id, step.params, spec.params) as never)
    if (form) forms.set(pixelKey(form), form)
  }
  return [...forms.values()]
}

/**
 * A dataset with what its recipe needs of its pictures.
 * @param estimator of a run that is to be trained: a guess without a model looks at no picture, so none is opened for it
 * @throws StudioError bad-data where a picture's file is gone, cancelled
 */
export async function loadForRecipe(host: Opening, datasetId: string, recipe: RecipeSpec, estimator?: string): Promise<Dataset> {
  const dataset = await loadDataset(host.store, datasetId)
  const forms = formsOf(recipe)
  if (forms.length === 0 || !dataset.columns.some(({ kind }) => kind === 'image')) return dataset
  if (estimator !== undefined && estimators.get(estimator).tags.baseline) return { ...dataset, columns: dataset.columns.map((column) => (column.kind === 'image' ? blank(column as TextColumn, forms) : column)) }
  const { projectId } = await datasetRecord(host.store, datasetId)
  const columns = await Promise.all(dataset.columns.map((column) => (column.kind === 'image' ? withTensors(column as TextColumn, forms, projectId, host) : column)))
  return { ...dataset, columns }
}

/** With chance in the place of pictures: what a training takes hangs on their number and size alone, and none is opened. */
export async function loadWithoutPictures({ store }: Pick<Host, 'store'>, datasetId: string, recipe: RecipeSpec): Promise<Dataset> {
  const dataset = await loadDataset(store, datasetId)
  const forms = formsOf(recipe)
  const rng = createRng(1)
  const made = (column: TextColumn): TextColumn => ({ ...column, tensors: new Map(forms.map((form) => [pixelKey(form), new Float32Array(column.length * pixelCount(form)).map(() => rng.next())])) })
  return { ...dataset, columns: dataset.columns.map((column) => (column.kind === 'image' ? made(column as TextColumn) : column)) }
}

/** The file of a network that was brought in, by its hash. */
export type OwnNetwork = (hash: string) => Promise<Uint8Array<ArrayBuffer>>

/** Turns opened pixels into each form; a network is loaded when a form first asks for it. */
export function pictureForms({ context, openRunner = webRunner }: Pick<Host, 'context' | 'openRunner'>, own: OwnNetwork): { of(pixels: Pixels, form: PixelForm): Promise<Float32Array>; close(): Promise<void> } {
  const embedders = new Map<string, Promise<Embedder>>()
  return {
    async of(pixels, form) {
      const values = resize(pixels, form.height, form.width, form.crop, form.channels)
      if (!form.backbone) return values
      // The same network, whatever the crop.
      const name = pixelKey({ ...form, crop: 'cover' })
      const embedder = embedders.get(name) ?? openRunner(context).then((runner) => openEmbedder(context, runner, form, own))
      embedders.set(name, embedder)
      // One failed fetch must not cost every later picture.
      embedder.catch(() => embedders.delete(name))
      return (await embedder).embed(values)
    },
    async close() {
      for (const opened of await Promise.allSettled(embedders.values())) if (opened.status === 'fulfilled') await opened.value.close()
    },
  }
}

/** A file's pixels at full size, upright; the decoder's memory is given back at once. */
export async function pixelsOf(bytes: Uint8Array<ArrayBuffer>, type: PictureType, { openPicture = openPictureInBrowser }: Pick<Host, 'openPicture'>): Promise<Pixels> {
  const picture = await openPicture(bytes, type)
  try {
    return picture.pixels()
  } finally {
    picture.close()
  }
}

/** Every picture as if it were black. */
const blank = (column: TextColumn, forms: readonly PixelForm[]): TextColumn => ({ ...column, tensors: new Map(forms.map((form) => [pixelKey(form), new Float32Array(column.length * pixelCount(form))])) })

async function withTensors(column: TextColumn, forms: readonly PixelForm[], projectId: string, host: Opening): Promise<TextColumn> {
  const { store, context } = host
  const tensors = new Map(forms.map((form) => [pixelKey(form), new Float32Array(column.length * pixelCount(form)).fill(Number.NaN)]))
  /** Rows of each file: copies are opened once. */
  const rowsOf = new Map<string, number[]>()
  for (let row = 0; row < column.length; row++) {
    if (!isValid(column, row)) continue
    const hash = String(cellAt(column, row))
    const rows = rowsOf.get(hash)
    if (rows) rows.push(row)
    else rowsOf.set(hash, [row])
  }
  const known = new Map<string, ReadonlyMap<string, Float32Array>>()
  const isKept = (form: PixelForm): boolean => form.backbone !== undefined || rowsOf.size * pixelCount(form) * 4 <= mostKept
  for (const form of forms) if (isKept(form)) known.set(pixelKey(form), await seenBefore(store, projectId, pixelKey(form)))
  const fill = (hash: string, form: PixelForm, values: Float32Array): void => {
    for (const row of rowsOf.get(hash) ?? []) (tensors.get(pixelKey(form)) as Float32Array).set(values, row * pixelCount(form))
  }

  const made = pictureForms(host, backboneOf(store, projectId))
  const hashes = [...rowsOf.keys()]
  let next = 0
  let done = 0
  let waiting = new Map<string, { hash: string; values: Float32Array }[]>()
  const keep = async (): Promise<void> => {
    const batch = waiting
    waiting = new Map()
    // What cannot be kept is made again the next time.
    for (const [key, entries] of batch) await rememberSeen(store, projectId, key, entries).catch((error: unknown) => context.report({ kind: 'note', text: asStudioError(error).message }))
  }
  const lane = async (): Promise<void> => {
    while (next < hashes.length) {
      const hash = hashes[next++] as string
      const missing = forms.filter((form) => {
        const values = known.get(pixelKey(form))?.get(hash)
        if (values) fill(hash, form, values)
        return !values
      })
      if (missing.length > 0) {
        const blob = await pictureBlob(store, projectId, hash)
        const pixels = await pixelsOf(blob.bytes, blob.type, host)
        for (const form of missing) {
          const values = await made.of(pixels, form)
          fill(hash, form, values)
          if (!isKept(form)) continue
          const key = pixelKey(form)
          waiting.set(key, [...(waiting.get(key) ?? []), { hash, values }])
          if ((waiting.get(key)?.length ?? 0) >= keptAtOnce) await keep()
        }
        await context.checkpoint()
      }
      done++
      if (missing.length > 0 || done === hashes.length) context.report({ kind: 'step', phase: 'Reading pictures', done, total: hashes.length })
    }
  }
  try {
    const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane))
    await keep()
    for (const result of lanes) if (result.status === 'rejected') throw result.reason
  } finally {
    await made.close()
  }
  return { ...column, tensors }
}
