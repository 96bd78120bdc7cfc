import { layerKinds } from '../core/estimators/neural/layer-table.ts'
import { networkMaps, type FeatureMaps } from '../core/estimators/neural/picture-network.ts'
import { StudioError } from '../core/errors.ts'
import { resize } from '../core/images/resize.ts'
import type { PictureLayer } from '../jobs/protocol.ts'
import { readRun } from '../storage/runs.ts'
import { openAsked } from './asked-picture.ts'
import { pictureInput } from './explain-picture.ts'
import { openRun, refuseSealed } from './opened-run.ts'
import { isNetwork } from './picture-ways.ts'
import type { TaskHandler } from './task.ts'

/** Maps of a layer that are shown. */
const mostMaps = 24

/** Grey from the smallest to the largest number of a layer; one scale for all of its maps, so that they compare. */
function grey({ shape: [height, width, channels], values }: FeatureMaps): Pick<PictureLayer, 'height' | 'width' | 'maps'> {
  let [low, high] = [0, 1e-12]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const shade = (value: number): number => (255 * (value - low)) / (high - low)
  // Numbers without a place in the picture are one map, a row of them.
  if (height * width === 1) return { height: 1, width: channels, maps: [Uint8ClampedArray.from(values, shade)] }
  return { height, width, maps: Array.from({ length: Math.min(channels, mostMaps) }, (_, c) => Uint8ClampedArray.from({ length: height * width }, (_, p) => shade(values[p * channels + c] as number))) }
}

/** What every layer of a network makes of one picture. */
export const explainPictureLayers: TaskHandler<'explain/picture-layers'> = async ({ runId, picture }, host) => {
  const run = await readRun(host.store, runId)
  const opened = await openRun(host, runId)
  const { form } = pictureInput(opened)
  const { model } = opened.pipeline
  if (!isNetwork(model)) throw new StudioError({ code: 'unsupported', message: `unsupported explanation; only a network from scratch has layers to look into: ${model.estimator}` })
  const { pixels, sealed } = await openAsked(host, run, picture)
  if (sealed) refuseSealed(run, 'test')
  const maps = await networkMaps(model.network, resize(pixels, form.height, form.width, form.crop, form.channels), host.context)
  return maps.flatMap((map, i) => {
    const { type } = model.network.layers[i] as (typeof model.network.layers)[number]
    // Answering, dropout changes nothing.
    return type === 'dropout' ? [] : [{ label: layerKinds[type].label, channels: map.shape[2], ...grey(map) }]
  })
}
