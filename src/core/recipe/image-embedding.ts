/** Pictures as what a trained network sees in them: every estimator of tables becomes a head for pictures. */
import { StudioError } from '../errors.ts'
import { backboneCredit, backboneNodes, backboneSide, backboneSize } from '../images/backbone/mobilenet-v2.ts'
import { resizeNodes } from '../images/resize-nodes.ts'
import { pixelKey, type PixelForm } from '../images/pixel-form.ts'
import type { CropPolicy } from '../images/resize.ts'
import type { ParamTable } from '../params.ts'
import type { NumericSeries, Step } from './step.ts'

const params = {
  backbone: {
    kind: 'choice',
    default: 'mobilenet-v2',
    options: [{ value: 'mobilenet-v2', label: 'MobileNetV2 (nsfwjs, MIT)' }],
    label: 'Network',
    help: `Its earlier layers, trained on photographs, of ${backboneCredit.source} (${backboneCredit.licence}). It ships with the app, in 0.6 MB, and is part of what you export.`,
  },
  crop: {
    kind: 'choice',
    default: 'cover',
    options: [
      { value: 'cover', label: 'Cut to a square' },
      { value: 'contain', label: 'Whole, with black bars' },
      { value: 'stretch', label: 'Squeeze' },
    ],
    label: 'Shape',
    help: 'Cut takes the largest square from the middle; the others keep everything, and squeezing distorts.',
  },
} as const satisfies ParamTable

type State = PixelForm & { readonly backbone: 'mobilenet-v2' }

const formOf = (crop: string): State => ({ height: backboneSide, width: backboneSide, channels: 3, crop: crop as CropPolicy, backbone: 'mobilenet-v2' })
const nameOf = (name: string, i: number): string => `${name}[${i}]`

export const imageEmbedding: Step<typeof params, State> = {
  id: 'image-embedding',
  label: 'What a trained network sees',
  summary: 'Describes every picture by 96 numbers of a network that was trained on photographs, so that few pictures a class are enough.',
  source: 'Sandler et al. 2018 (MobileNetV2), cut at block_12_add; weights of nsfwjs 4.3.0, MIT',
  params,
  kinds: ['image'],
  refuses: ({ kind }) => (kind === 'image' ? undefined : `only pictures can be looked at, and this is ${kind}`),
  representation: ({ crop }) => formOf(crop),
  fit: (_series, { crop }) => formOf(crop),
  apply(series, state) {
    if (series.kind !== 'image') return [series]
    const { name, source, length } = series
    const values = series.tensor?.(pixelKey(state))
    if (!values) throw new StudioError({ code: 'bad-data', message: `missing numbers of ${name.slice(0, 100)}; its pictures were not opened: ${pixelKey(state)}`, details: { column: source.slice(0, 200) } })
    return Array.from({ length: backboneSize }, (_, i): NumericSeries => {
      const own = new Float32Array(length)
      for (let row = 0; row < length; row++) own[row] = values[row * backboneSize + i] as number
      return { kind: 'numeric', name: nameOf(name, i), source, values: own }
    })
  },
  toOnnx({ name, source, tensor }, state, graph) {
    const seen = backboneNodes(graph, resizeNodes(graph, tensor, state), graph.resource('mobilenet-v2.bin'))
    const tensors = graph.nodes('Split', [seen, graph.ints('ones', new Array<number>(backboneSize).fill(1))], backboneSize, { axis: { kind: 'int', value: 1 } })
    return tensors.map((own, i) => ({ kind: 'numeric' as const, name: nameOf(name, i), source, tensor: own }))
  },
}
