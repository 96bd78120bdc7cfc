/**
 * A network that a person brought in to look at pictures. It is kept as one ONNX file of a fixed form, made once when
 * it comes in: `pixels`, float [N, height, width, 3] from 0 to 1, to `embedding`, float [N, size]. What its makers did
 * to pixels before it, and the mean over places behind it, are nodes of that file.
 */
import { StudioError } from '../../errors.ts'
import { check, parseJson, v } from '../../schema.ts'
import { GraphBuilder, type ResourceName } from '../../onnx/graph.ts'
import { encodeOnnx, opsetVersion } from '../../onnx/proto.ts'
import { graft } from '../../onnx/read/graft.ts'
import { readOnnx, type ReadModel } from '../../onnx/read/model.ts'
import { checkPictureGraph } from '../../onnx/read/rules.ts'
import type { OnnxRunner, OnnxSession } from '../../onnx/runner.ts'
import { backboneLimits, type colourOrders, type layouts, type levelRanges } from './limits.ts'

export interface BackboneDeclaration {
  readonly layout: (typeof layouts)[number]
  readonly height: number
  readonly width: number
  readonly colours: (typeof colourOrders)[number]
  readonly range: (typeof levelRanges)[number]
  /** The value of the file that describes a picture. */
  readonly output: string
}
export interface BackboneOffer {
  readonly producer: string
  readonly parameters: number
  /** Absent where the file leaves it open. */
  readonly layout?: BackboneDeclaration['layout']
  readonly height?: number
  readonly width?: number
  /** The one to begin with first. */
  readonly outputs: readonly { readonly tensor: string; readonly label: string }[]
}

/** ImageNet's channels, red, green and blue, from 0 to 1. */
const imagenet = { mean: [0.485, 0.456, 0.406], sd: [0.229, 0.224, 0.225] } as const

export const backboneResource = (hash: string): ResourceName => `backbone:${hash}`

const unsupported = (message: string, hint?: string): StudioError => new StudioError({ code: 'unsupported', message, ...(hint && { hint }) })

function read(file: Uint8Array): ReadModel {
  if (file.length > backboneLimits.bytes) throw unsupported(`unsupported network; at most ${backboneLimits.bytes / 2 ** 20} MB are taken: ${Math.ceil(file.length / 2 ** 20)} MB`)
  const model = readOnnx(file)
  checkPictureGraph(model, opsetVersion)
  return model
}

/** What has to be known before it can look at pictures. @throws StudioError bad-data, unsupported */
export function offerOf(file: Uint8Array): BackboneOffer {
  const model = read(file)
  const parameters = model.initializers.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0)
  if (parameters > backboneLimits.parameters) throw unsupported(`unsupported network; at most ${backboneLimits.parameters.toLocaleString('en')} parameters are taken: ${parameters.toLocaleString('en')}`)
  const [input] = model.inputs
  if (!input || model.inputs.length !== 1) throw unsupported(`unsupported network; a picture must be its one input: ${model.inputs.map(({ name }) => name.slice(0, 40)).slice(0, 5).join(', ')}`)
  if (input.type !== 'float') throw unsupported(`unsupported input ${input.name.slice(0, 80)}; it must take numbers of type float: ${input.type ?? 'no tensor'}`)
  const shape = input.shape ?? [null, null, null, null]
  if (shape.length !== 4) throw unsupported(`unsupported input ${input.name.slice(0, 80)}; pictures have the shape [N, 3, height, width] or [N, height, width, 3]: ${shape.length} dimensions`)
  if ((shape[0] ?? 1) !== 1) throw unsupported(`unsupported input ${input.name.slice(0, 80)}; it must take one picture or any number of them: ${shape[0]}`, 'Export it with a batch of 1, or an open one.')
  const fits = (at: 1 | 3): boolean => shape[at] === 3 || (shape[at] === null && shape[at === 1 ? 3 : 1] !== 3)
  if (!fits(1) && !fits(3)) throw unsupported(`unsupported input ${input.name.slice(0, 80)}; pictures have three colours: ${shape.map((side) => side ?? '?').join(' x ')}`)
  const layout = fits(1) === fits(3) ? undefined : fits(1) ? ('planes' as const) : ('pixels' as const)
  const [height, width] = layout === undefined ? [null, null] : layout === 'planes' ? [shape[2], shape[3]] : [shape[1], shape[2]]
  return { producer: model.producer, parameters, outputs: outputsOf(model), ...(layout && { layout }), ...(height && { height }), ...(width && { width }) }
}

/** Classes of other people's pictures say less than what their last layer was told: that comes first where there is such a layer. */
function outputsOf(model: ReadModel): BackboneOffer['outputs'] {
  const declared = model.outputs.filter(({ type }) => type === 'float').map(({ name, shape }) => ({ tensor: name, label: `Its output ${name.slice(0, 60)}${shape ? `, ${shape.slice(1).map((side) => side ?? '?').join(' x ')}` : ''}` }))
  if (declared.length === 0) throw unsupported('unsupported network; one of its outputs must hold numbers of type float')
  const dense = model.nodes.findLast(({ opType }) => opType === 'Gemm' || opType === 'MatMul')
  const before = dense?.inputs[0]
  const isMade = before !== undefined && model.nodes.some(({ outputs }) => outputs.includes(before))
  return isMade && !declared.some(({ tensor }) => tensor === before) ? [{ tensor: before, label: 'What its last dense layer is told' }, ...declared] : declared
}

/** @throws StudioError bad-data naming what is wrong */
export function checkDeclaration(declaration: BackboneDeclaration, offer: BackboneOffer): void {
  const refuse = (name: string, rule: string, value: unknown): StudioError => new StudioError({ code: 'bad-data', message: `invalid ${name}; ${rule}: ${String(value).slice(0, 80)}` })
  const { least, most } = backboneLimits.side
  for (const name of ['height', 'width'] as const) {
    if (!Number.isInteger(declaration[name]) || declaration[name] < least || declaration[name] > most) throw refuse(name, `a whole number from ${least} to ${most}`, declaration[name])
    if (offer[name] !== undefined && offer[name] !== declaration[name]) throw refuse(name, `the file says ${offer[name]}`, declaration[name])
  }
  if (offer.layout !== undefined && offer.layout !== declaration.layout) throw refuse('layout', `the file says ${offer.layout}`, declaration.layout)
  if (!offer.outputs.some(({ tensor }) => tensor === declaration.output)) throw refuse('output', 'one that the file offers', declaration.output)
}

/** From pixels of ours to the file's own answer, and the name of that. */
function asked(file: Uint8Array, { layout, height, width, colours, range, output }: BackboneDeclaration): { readonly graph: GraphBuilder; readonly value: string } {
  const graph = new GraphBuilder()
  let x = graph.input('pixels', 'float', ['N', height, width, 3])
  if (range === 'signed') x = graph.node('Sub', [graph.node('Mul', [x, graph.floats('two', [2])]), graph.floats('one', [1])])
  if (range === 'levels') x = graph.node('Mul', [x, graph.floats('levels', [255])])
  if (range === 'imagenet') x = graph.node('Div', [graph.node('Sub', [x, graph.floats('mean', imagenet.mean)]), graph.floats('sd', imagenet.sd)])
  if (colours === 'bgr') x = graph.node('Gather', [x, graph.ints('bgr', [2, 1, 0])], { axis: { kind: 'int', value: 3 } })
  if (layout === 'planes') x = graph.node('Transpose', [x], { perm: { kind: 'ints', value: [0, 3, 1, 2] } })
  return { graph, value: graft(graph, file, { input: x, output }) }
}

const probe = (height: number, width: number, which: number): Float32Array => Float32Array.from({ length: height * width * 3 }, (_, i) => ((i * 7 + (i >> 5) * 13 * (which + 1) + which * 101) % 256) / 255)
const feed = (height: number, width: number, values: Float32Array) => new Map([['pixels', { type: 'float' as const, values, dims: [1, height, width, 3] }]])

async function within<T>(file: Uint8Array<ArrayBuffer>, runner: OnnxRunner, use: (session: OnnxSession) => Promise<T>): Promise<T> {
  try {
    const session = await runner.open(file)
    try {
      return await use(session)
    } finally {
      await session.close()
    }
  } catch (cause) {
    if (cause instanceof StudioError && cause.code !== 'bundle-mismatch') throw cause
    throw new StudioError({ code: 'bad-data', message: `invalid network; ONNX Runtime cannot run it on a picture: ${(cause instanceof StudioError && cause.cause instanceof Error ? cause.cause : (cause as Error)).message.slice(0, 300)}`, hint: 'Its size, the order of its dimensions or the chosen output may be another.', cause })
  }
}

/**
 * Runs it on two made-up pictures before it is let in: the answers must be finite, of a bearable size, and not the same.
 * @param file an ONNX file of another tool
 * @returns the file that is kept, and how many numbers it makes of a picture
 * @throws StudioError bad-data, unsupported
 */
export async function admitBackbone(file: Uint8Array, declaration: BackboneDeclaration, runner: OnnxRunner): Promise<{ readonly file: Uint8Array<ArrayBuffer>; readonly size: number }> {
  checkDeclaration(declaration, offerOf(file))
  const { height, width, layout } = declaration
  const first = asked(file, declaration)
  first.graph.nameAs(first.graph.node('Cast', [first.graph.node('Shape', [first.value])], { to: { kind: 'int', value: 1 } }), 'shape')
  first.graph.output('shape', 'float', ['rank'])
  const shape = await within(encodeOnnx(first.graph.build('shape')), runner, async (session) => Array.from((await session.run(feed(height, width, probe(height, width, 0)), 1)).get('shape') as ArrayLike<number>))
  const named = shape.join(' x ')
  const { graph, value } = asked(file, declaration)
  const mean = (axes: readonly number[]): string => graph.node('ReduceMean', [value], { axes: { kind: 'ints', value: axes }, keepdims: { kind: 'int', value: 0 } })
  const vector = shape.length === 2 ? value : shape.length === 3 ? mean([1]) : shape.length === 4 ? mean(layout === 'planes' ? [2, 3] : [1, 2]) : undefined
  if (vector === undefined || shape[0] !== 1) throw unsupported(`unsupported output; a picture becomes a list of numbers or maps of them, [1, n], [1, places, n] or maps: ${named}`)
  const size = (shape.length === 4 && layout === 'planes' ? shape[1] : shape.at(-1)) as number
  if (!(size >= 1 && size <= backboneLimits.size)) throw unsupported(`unsupported output; 1 to ${backboneLimits.size} numbers a picture are taken: ${size} of ${named}`, 'Choose another output.')
  const kept = cutOut(encodeOnnx(graph.build('backbone')), { pixels: 'pixels', embedding: vector }, { height, width, size })
  await within(kept, runner, async (session) => {
    const answers: Float32Array[] = []
    for (const which of [0, 1]) answers.push(Float32Array.from((await session.run(feed(height, width, probe(height, width, which)), 1)).get('embedding') as ArrayLike<number>))
    const [one, two] = answers as [Float32Array, Float32Array]
    if (one.length !== size || !one.every(Number.isFinite) || !two.every(Number.isFinite)) throw new StudioError({ code: 'bad-data', message: `invalid network; its answer must be ${size} finite numbers` })
    if (one.every((number, i) => number === two[i])) throw new StudioError({ code: 'bad-data', message: 'invalid network; it says the same of two different pictures' })
  })
  return { file: kept, size }
}

/** Where a network begins and ends in a graph. */
interface Place {
  readonly pixels: string
  readonly embedding: string
}
interface Sizes {
  readonly height: number
  readonly width: number
  readonly size: number
}
const placeKey = 'network'
const placeSchema = v.strictObject({ pixels: v.string(), embedding: v.string() })

/** From one of its values to another, in the kept form. The same network gives the same bytes, whatever graph it is cut out of. */
function cutOut(file: Uint8Array, { pixels, embedding }: Place, { height, width, size }: Sizes): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder()
  graph.nameAs(graft(graph, file, { input: graph.input('pixels', 'float', ['N', height, width, 3]), from: pixels, output: embedding }), 'embedding')
  graph.output('embedding', 'float', ['N', size])
  return encodeOnnx(graph.build('backbone'))
}

/** The kept form, as it stands in a graph of ours, which says where. @param input float [N, 3, height, width]. @returns float [N, size] */
export function ownBackboneNodes(graph: GraphBuilder, input: string, file: Uint8Array): string {
  const model = readOnnx(file)
  checkPictureGraph(model, opsetVersion)
  const pixels = graph.node('Transpose', [input], { perm: { kind: 'ints', value: [0, 2, 3, 1] } })
  // The last node does nothing but name the embedding.
  const last = model.nodes.at(-1)
  const embedding = graft(graph, file, { input: pixels, output: (last?.opType === 'Identity' && last.inputs[0]) || 'embedding' })
  graph.metadata(placeKey, JSON.stringify({ pixels, embedding } satisfies Place))
  return embedding
}

/**
 * The maps whose means over places describe a picture, in the kept form's place: float [N, height, width, size] of
 * their own height and width. Undefined where the network ends in something else.
 * @param input float [N, height, width, 3]
 */
export function ownBackboneMaps(graph: GraphBuilder, input: string, file: Uint8Array): string | undefined {
  const model = readOnnx(file)
  checkPictureGraph(model, opsetVersion)
  let value = 'embedding'
  for (;;) {
    const node = model.nodes.find(({ outputs }) => outputs.includes(value))
    const before = node?.inputs[0]
    if (!node || before === undefined) return undefined
    // Counted from the end too.
    const axes = node.attributes.get('axes')?.ints.map((axis) => (Number(axis) + 4) % 4).sort().join()
    const isMean = node.opType === 'ReduceMean' && (axes === '2,3' || axes === '1,2')
    if (isMean || node.opType === 'GlobalAveragePool') {
      const maps = graft(graph, file, { input, output: before })
      return axes === '1,2' ? maps : graph.node('Transpose', [maps], { perm: { kind: 'ints', value: [0, 2, 3, 1] } })
    }
    if (!['Identity', 'Flatten', 'Reshape', 'Squeeze'].includes(node.opType)) return undefined
    value = before
  }
}

/** The network inside a graph that was exported, in the kept form. @throws StudioError bad-data where there is none */
export function networkInside(file: Uint8Array, sizes: Sizes): Uint8Array<ArrayBuffer> {
  const told = readOnnx(file).metadata.get(placeKey)
  if (told === undefined) throw new StudioError({ code: 'bad-data', message: 'missing network; the graph does not say where the one that was brought in begins and ends', hint: 'The bundle may be of an earlier version: export it again.' })
  const kept = cutOut(file, check(placeSchema, parseJson(told, 'place of the network'), 'place of the network'), sizes)
  checkKept(kept, sizes)
  return kept
}

/** Of a file that says it is of the kept form. @throws StudioError bad-data */
export function checkKept(file: Uint8Array, { height, width, size }: Sizes): void {
  const { inputs, outputs } = read(file)
  const expected = JSON.stringify([[null, height, width, 3], [null, size]])
  const found = JSON.stringify([inputs[0]?.shape, outputs[0]?.shape])
  if (inputs.length !== 1 || outputs.length !== 1 || inputs[0]?.name !== 'pixels' || outputs[0]?.name !== 'embedding' || found !== expected) throw new StudioError({ code: 'bad-data', message: `invalid network; its shapes must be ${expected}: ${found.slice(0, 100)}` })
}
