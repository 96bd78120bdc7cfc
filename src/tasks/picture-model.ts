/**
 * A run that names what is on pictures, ready to be asked about pixels. The data it was trained on stay where they
 * are, and a worker keeps the last one open: a frame of a camera costs the look and nothing else.
 */
import type { PictureAnswer } from '../core/bundle/predict-pictures.ts'
import { columnFrom, type TextColumn } from '../core/data/column.ts'
import { labelsOf } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import { pixelKey, type PixelForm } from '../core/images/pixel-form.ts'
import type { Pixels } from '../core/images/luma.ts'
import { openPipeline } from '../core/run/open-pipeline.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import { backboneOf } from '../storage/backbones.ts'
import type { Store } from '../storage/port.ts'
import { formsOf, pictureForms, type OwnNetwork } from './load-pictures.ts'
import type { Host } from './task.ts'
import { webRunner } from './web-runner.ts'

export interface PictureModel {
  readonly classes: readonly string[]
  /** @param pixels at full size. @param threshold of two classes */
  ask(pixels: Pixels, threshold: number): Promise<PictureAnswer>
  close(): Promise<void>
}

const lastOpened = new WeakMap<Store, { readonly runId: string; readonly opened: Promise<PictureModel> }>()

/** @throws StudioError bad-data where the run's model is gone, unsupported where it sees more than one picture, or none */
export function openPictureModel(host: Host, runId: string): Promise<PictureModel> {
  const last = lastOpened.get(host.store)
  if (last?.runId === runId) return last.opened
  void last?.opened.then((model) => model.close()).catch(() => {})
  const opened = open(host, runId)
  const entry = { runId, opened }
  lastOpened.set(host.store, entry)
  opened.catch(() => lastOpened.get(host.store) === entry && lastOpened.delete(host.store))
  return opened
}

async function open({ store, context, openRunner = webRunner }: Host, runId: string): Promise<PictureModel> {
  const record = await store.read(['models'], (tx) => tx.get('models', runId))
  if (!record) throw new StudioError({ code: 'bad-data', message: 'missing model; the run did not finish, or was deleted', hint: 'Train it again: its settings are kept.' })
  return pictureModelOf(openPipeline(record, () => openRunner(context)), { context, openRunner }, backboneOf(store, record.projectId))
}

const noNetwork: OwnNetwork = (hash) => Promise.reject(new StudioError({ code: 'unsupported', message: `missing network; this model looks through one that was brought in, and a pipeline by itself does not hold it: ${hash.slice(0, 12)}`, hint: 'Ask the whole bundle: its graph has the network inside.' }))

/** @throws StudioError unsupported where the pipeline sees more than one picture, or none */
export function pictureModelOf(pipeline: Pipeline, { context, openRunner = webRunner }: Pick<Host, 'context' | 'openRunner'>, own: OwnNetwork = noNetwork): PictureModel {
  const { inputs, spec } = pipeline.recipe
  const [input] = inputs
  const forms: readonly PixelForm[] = formsOf(spec)
  if (!input || inputs.length !== 1 || forms.length === 0) {
    throw new StudioError({ code: 'unsupported', message: `unsupported model; one picture must be all that it sees: ${inputs.map(({ name }) => name.slice(0, 40)).slice(0, 5).join(', ')}` })
  }
  const column = columnFrom(input.name, 'image', ['new']) as TextColumn
  const made = pictureForms({ context, openRunner }, own)
  return {
    classes: pipeline.classes,
    async ask(pixels, threshold) {
      const tensors = new Map<string, Float32Array>()
      for (const form of forms) tensors.set(pixelKey(form), await made.of(pixels, form))
      const prediction = await pipeline.predict([{ ...column, tensors }], undefined, { asset: (name) => context.asset(name), checkpoint: async () => {} })
      if (prediction.task === 'regression') throw new StudioError({ code: 'unsupported', message: 'unsupported task; pictures are given classes: regression' })
      return { label: prediction.classes[labelsOf(prediction, threshold)[0] as number] as string, probabilities: Array.from(prediction.probabilities) }
    },
    close: () => made.close(),
  }
}
