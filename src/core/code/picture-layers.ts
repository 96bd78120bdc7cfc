/** A head on the network that ships, as one layers model: pixels of its size from 0 to 1 in, probabilities out. */
import { estimators } from '../estimators/registry.ts'
import { backboneLayers, backboneSide, backboneSize } from '../images/backbone/mobilenet-v2.ts'
import { imageEmbedding } from '../recipe/image-embedding.ts'
import { scale } from '../recipe/scale.ts'
import type { Pipeline } from '../run/pipeline.ts'
import type { Layer, LayersModel } from './layers.ts'

type Learnt = Pipeline['recipe']['learnt'][number]

/** (x - center) / scale of each number. */
function scaled({ series }: Learnt, names: readonly string[]): Layer {
  const known = new Map(series.map(({ name, state }) => [name, state as { readonly center: number; readonly scale: number }]))
  const column = (name: string, of: (state: { readonly center: number; readonly scale: number } | undefined) => number) => ({ name, shape: [names.length], values: Float32Array.from(names, (feature) => of(known.get(feature))) })
  return {
    className: 'BatchNormalization',
    config: { axis: -1, momentum: 0.99, epsilon: 0, center: true, scale: true },
    weights: [column('gamma', () => 1), column('beta', () => 0), column('moving_mean', (state) => state?.center ?? 0), column('moving_variance', (state) => (state?.scale ?? 1) ** 2)],
  }
}

/** @param backbone file of the network that ships. @returns undefined where the head, or what lies between, is nothing that layers do */
export function pictureLayers({ recipe, model }: Pipeline, backbone: Uint8Array): LayersModel | undefined {
  const head = estimators.get(model.estimator).toLayers?.(model.state())
  const [looking, ...between] = recipe.learnt
  if (!head || looking?.step !== imageEmbedding.id || recipe.inputs.length !== 1 || recipe.features.length !== backboneSize || between.some(({ step }) => step !== scale.id)) return undefined
  const names = recipe.features.map(({ name }) => name)
  return { inputShape: [backboneSide, backboneSide, 3], layers: [...backboneLayers(backbone), ...between.map((step) => scaled(step, names)), ...head.layers] }
}
