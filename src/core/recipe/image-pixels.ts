/** Pictures as pixels of one size: one picture for networks that look at neighbourhoods, or a number a pixel for all others. */
import { StudioError } from '../errors.ts'
import { pixelCount, pixelKey, type PixelForm } from '../images/pixel-form.ts'
import { resizeNodes } from '../images/resize-nodes.ts'
import type { CropPolicy } from '../images/resize.ts'
import type { ParamTable, ValuesOf } from '../params.ts'
import type { Step } from './step.ts'

const params = {
  size: { kind: 'integer', default: 32, min: 8, max: 128, label: 'Side', unit: 'pixels', help: 'Height and width that every picture is brought to.' },
  colour: {
    kind: 'choice',
    default: 'rgb',
    options: [
      { value: 'rgb', label: 'Red, green, blue' },
      { value: 'grey', label: 'Brightness only' },
    ],
    label: 'Colour',
    help: 'Brightness only is enough for drawings and digits, and three times as small.',
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
  layout: {
    kind: 'choice',
    default: 'picture',
    options: [
      { value: 'picture', label: 'A picture' },
      { value: 'numbers', label: 'A number a pixel' },
    ],
    label: 'Hand over as',
    help: 'A picture for convolutional networks; a number a pixel for models of tables.',
  },
} as const satisfies ParamTable

type State = { readonly [K in keyof PixelForm]: PixelForm[K] } & { readonly layout: 'picture' | 'numbers' }
export type PixelsState = State

export const pixelFormOf = ({ size, colour, crop }: Pick<ValuesOf<typeof params>, 'size' | 'colour' | 'crop'>): PixelForm => ({ height: size, width: size, channels: colour === 'grey' ? 1 : 3, crop: crop as CropPolicy })

/** image[row,column], with its colour where it has one. */
function pixelName(name: string, pixel: number, { width, channels }: PixelForm): string {
  const at = Math.floor(pixel / channels)
  const tint = channels === 3 ? (['.red', '.green', '.blue'][pixel % 3] as string) : ''
  return `${name}[${Math.floor(at / width)},${at % width}]${tint}`
}

export const pixelNames = (name: string, form: PixelForm): readonly string[] => Array.from({ length: pixelCount(form) }, (_, pixel) => pixelName(name, pixel, form))

export const imagePixels: Step<typeof params, State> = {
  id: 'image-pixels',
  label: 'Pixels',
  summary: 'Brings every picture to one size and hands over its pixels, from 0 to 1.',
  source: 'Separable triangle filter, as Pillow\'s bilinear; brightness: ITU-R BT.601',
  params,
  kinds: ['image'],
  refuses: ({ kind }) => (kind === 'image' ? undefined : `only pictures have pixels, and this is ${kind}`),
  representation: (values) => pixelFormOf(values),
  fit: (_series, values) => ({ ...pixelFormOf(values), layout: values.layout as State['layout'] }),
  apply(series, { layout, ...form }) {
    if (series.kind !== 'image') return [series]
    const { name, source } = series
    const values = series.tensor?.(pixelKey(form))
    if (!values) throw new StudioError({ code: 'bad-data', message: `missing pixels of ${name.slice(0, 100)}; its pictures were not opened: ${pixelKey(form)}`, details: { column: source.slice(0, 200) } })
    if (layout === 'picture') return [{ kind: 'numeric', name, source, values, shape: [form.height, form.width, form.channels] }]
    const count = pixelCount(form)
    return Array.from({ length: count }, (_, pixel) => {
      const own = new Float32Array(series.length)
      for (let row = 0; row < series.length; row++) own[row] = values[row * count + pixel] as number
      return { kind: 'numeric', name: pixelName(name, pixel, form), source, values: own }
    })
  },
  toOnnx({ name, source, tensor }, { layout, ...form }, graph) {
    const count = pixelCount(form)
    const rows = graph.node('Transpose', [resizeNodes(graph, tensor, form)], { perm: { kind: 'ints', value: [0, 2, 3, 1] } })
    const flat = graph.node('Reshape', [rows, graph.ints('pixels', [-1, count])])
    if (layout === 'picture') return [{ kind: 'numeric', name, source, tensor: flat }]
    const own = graph.nodes('Split', [flat, graph.ints('ones', new Array<number>(count).fill(1))], count, { axis: { kind: 'int', value: 1 } })
    return own.map((pixel, i) => ({ kind: 'numeric' as const, name: pixelName(name, i, form), source, tensor: pixel }))
  },
}
