/** Pictures as what a network sees in them that a person brought in (core/images/backbone/own.ts). */
import { StudioError } from '../errors.ts'
import { backboneLimits } from '../images/backbone/limits.ts'
import { backboneResource, ownBackboneNodes } from '../images/backbone/own.ts'
import { pixelKey, type PixelForm } from '../images/pixel-form.ts'
import { resizeNodes } from '../images/resize-nodes.ts'
import { type CropPolicy } from '../images/resize.ts'
import type { ParamTable, ValuesOf } from '../params.ts'
import { imageEmbedding } from './image-embedding.ts'
import type { NumericSeries, RecipeSpec, Step, StepSpec } from './step.ts'

const { side, size } = backboneLimits
const params = {
  backbone: { kind: 'text', default: '', maxLength: 64, label: 'Network', help: 'SHA-256 of the network’s file, as the Train page brought it in.' },
  height: { kind: 'integer', default: 224, min: side.least, max: side.most, label: 'Height', unit: 'pixels', help: 'What the network takes; it was said when it was brought in.', advanced: true },
  width: { kind: 'integer', default: 224, min: side.least, max: side.most, label: 'Width', unit: 'pixels', help: 'What the network takes; it was said when it was brought in.', advanced: true },
  size: { kind: 'integer', default: 1, min: 1, max: size, label: 'Numbers a picture', help: 'What the network makes of a picture.', advanced: true },
  crop: imageEmbedding.params.crop,
} as const satisfies ParamTable

/** What the network is, without its crop. */
export interface OwnBackbone {
  readonly hash: string
  readonly height: number
  readonly width: number
  readonly size: number
}
type State = PixelForm & { readonly backbone: string; readonly size: number }

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
const formOf = ({ backbone, height, width, size: count, crop }: ValuesOf<typeof params>): State => ({ height, width, channels: 3, crop: crop as CropPolicy, backbone, size: count })
const nameOf = (name: string, i: number): string => `${name}[${i}]`

export const ownEmbedding: Step<typeof params, State> = {
  id: 'own-embedding',
  label: 'What my network sees',
  summary: 'Describes every picture by the numbers of a network that you brought in on the Train page.',
  source: 'The network’s own file, ONNX or TensorFlow.js',
  params,
  kinds: ['image'],
  refuses({ kind }, { backbone }) {
    if (kind !== 'image') return `only pictures can be looked at, and this is ${kind}`
    return isHash(backbone) ? undefined : 'no network was brought in yet; the Train page does that'
  },
  representation: (values) => (isHash(values.backbone) ? formOf(values) : undefined),
  fit: (_series, values) => formOf(values),
  apply(series, state) {
    if (series.kind !== 'image') return [series]
    const { name, source, length } = series
    const values = series.tensor?.(pixelKey(state))
    if (!values) throw new StudioError({ code: 'bad-data', message: `missing numbers of ${name.slice(0, 100)}; its pictures were not opened: ${pixelKey(state)}`, details: { column: source.slice(0, 200) } })
    return Array.from({ length: state.size }, (_, i): NumericSeries => {
      const own = new Float32Array(length)
      for (let row = 0; row < length; row++) own[row] = values[row * state.size + i] as number
      return { kind: 'numeric', name: nameOf(name, i), source, values: own }
    })
  },
  toOnnx({ name, source, tensor }, state, graph) {
    const seen = ownBackboneNodes(graph, resizeNodes(graph, tensor, state), graph.resource(backboneResource(state.backbone)))
    const tensors = state.size === 1 ? [seen] : graph.nodes('Split', [seen, graph.ints('ones', new Array<number>(state.size).fill(1))], state.size, { axis: { kind: 'int', value: 1 } })
    return tensors.map((own, i) => ({ kind: 'numeric' as const, name: nameOf(name, i), source, tensor: own }))
  },
}

/** The step that looks through a network, for every picture column. */
export const ownEmbeddingStep = (id: string, { hash, height, width, size: count }: OwnBackbone): StepSpec => ({ id, step: ownEmbedding.id, columns: { by: 'kind', kinds: ['image'] }, params: { backbone: hash, height, width, size: count } })

/** For every estimator: trees do not mind that the numbers are scaled. */
export const ownRecipe = (network: OwnBackbone): RecipeSpec => ({ version: 1, steps: [ownEmbeddingStep('step-1', network), { id: 'step-2', step: 'scale', columns: { by: 'kind', kinds: ['numeric'] }, params: {} }], excluded: [] })
