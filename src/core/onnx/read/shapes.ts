/**
 * How large a stranger's graph for tables makes its tensors, told before anything is run: every value gets its dimensions, as
 * numbers and as powers of the number of rows, from the sizes of weights, the attributes of operators and the declared inputs.
 * All are upper bounds; where dimensions cannot be known, the product of what goes in is one.
 * Rules of the operators: Operators.md and Operators-ml.md of ONNX 1.12, and their broadcasting.
 */
import type { ReadModel, ReadNode, ReadTensor } from './model.ts'
import { refuse } from './wire.ts'

/** At most `size` times the number of rows to the power of `rows`. */
export interface Extent {
  readonly size: number
  readonly rows: number
  /** It is just that, not at most that. */
  readonly exact: boolean
}
export interface Shape {
  /** null: nothing is known but how many values there are. */
  readonly dims: readonly Extent[] | null
  /** Values in all, where less than the product of the dimensions. */
  readonly total: Extent
}
/** A list of whole numbers that dimensions are made of: of a shape, and -1 and 0 as Reshape has them. */
type Sizes = readonly Extent[]

const exactly = (size: number, rows = 0): Extent => ({ size, rows, exact: true })
const atMost = ({ size, rows }: Extent): Extent => ({ size, rows, exact: false })
const one = exactly(1)
const rowsOnce = exactly(1, 1)
const product = (list: readonly Extent[]): Extent => list.reduce((all, { size, rows, exact }) => ({ size: all.size * Math.max(size, 1), rows: all.rows + rows, exact: all.exact && exact }), one)
const sum = (list: readonly Extent[]): Extent => list.reduce((all, { size, rows, exact }) => ({ size: all.size + size, rows: Math.max(all.rows, rows), exact: all.exact && exact && all.rows === rows }))
const larger = (a: Extent, b: Extent): Extent => (a.size === b.size && a.rows === b.rows ? (a.exact ? a : b) : { size: Math.max(a.size, b.size), rows: Math.max(a.rows, b.rows), exact: a.exact && b.exact && (isOne(a) || isOne(b)) })
const isOne = ({ size, rows }: Extent): boolean => size <= 1 && rows === 0

const of = (dims: readonly Extent[]): Shape => ({ dims, total: product(dims) })
const unknown = (total: Extent): Shape => ({ dims: null, total: atMost(total) })
const scalar = of([])

/** Right-aligned, 1 gives way. */
function broadcast(shapes: readonly Shape[]): Shape {
  const many = shapes.filter(({ total }) => !isOne(total))
  if (many.length === 0) return shapes[0] ?? scalar
  const known = shapes.flatMap(({ dims }) => (dims ? [dims] : []))
  if (known.length < shapes.length) return unknown(product(many.map(({ total }) => total)))
  const rank = known.reduce((most, dims) => Math.max(most, dims.length), 0)
  const made = of(Array.from({ length: rank }, (_, i) => known.map((dims) => dims[dims.length - rank + i] ?? one).reduce(larger)))
  // What stands beside single values keeps its number of values.
  return many.length === 1 ? { dims: made.dims, total: (many[0] as Shape).total } : made
}

/** What operators know of their inputs and of themselves. */
interface Asked {
  readonly node: ReadNode
  readonly inputs: readonly Shape[]
  readonly sizes: (input: number) => Sizes | undefined
}
const intOf = ({ node }: Asked, name: string, fallback: number): number => Number(node.attributes.get(name)?.int ?? fallback)
const place = (axis: number, rank: number): number | undefined => (Number.isInteger(axis) && axis >= -rank && axis < rank ? (axis + rank) % rank : undefined)
const first = ({ inputs }: Asked): Shape => inputs[0] ?? scalar
/** The rows of what tables' own operators take: a flat list is one of them. */
const rowsOf = ({ dims, total }: Shape): Extent => (dims ? (dims.length > 1 ? (dims[0] as Extent) : one) : total)
export const widthOf = ({ dims, total }: Shape): Extent => (dims ? (dims.at(-1) ?? one) : total)
const beside = (asked: Asked, ...widths: number[]): Shape[] => widths.map((width) => of(width === 0 ? [rowsOf(first(asked))] : [rowsOf(first(asked)), exactly(width)]))
const lengthOf = ({ node }: Asked, ...names: string[]): number => names.reduce((most, name) => Math.max(most, node.attributes.get(name)?.ints.length ?? 0, node.attributes.get(name)?.texts.length ?? 0, node.attributes.get(name)?.floats.length ?? 0), 0)

/** Axes of an attribute or of a second input; undefined where data say them, null where none are given. */
function axesOf(asked: Asked): readonly number[] | null | undefined {
  const own = asked.node.attributes.get('axes')?.ints
  if (own?.length) return own.map(Number)
  if (!asked.node.inputs[1]) return null
  return asked.sizes(1)?.every(({ exact, rows }) => exact && rows === 0) ? asked.sizes(1)?.map(({ size }) => size) : undefined
}

function reduced(asked: Asked): Shape {
  const { dims, total } = first(asked)
  const keeps = intOf(asked, 'keepdims', 1) !== 0
  const isArg = asked.node.opType.startsWith('Arg')
  const axes = isArg ? [intOf(asked, 'axis', 0)] : axesOf(asked)
  if (!dims || axes === undefined) return keeps && dims ? { dims: dims.map(atMost), total: atMost(total) } : unknown(total)
  if (axes === null && intOf(asked, 'noop_with_empty_axes', 0) !== 0) return first(asked)
  const gone = new Set((axes ?? dims.map((_, i) => i)).map((axis) => place(axis, dims.length)))
  if (gone.has(undefined)) return unknown(total)
  return of(keeps ? dims.map((dim, i) => (gone.has(i) ? one : dim)) : dims.filter((_, i) => !gone.has(i)))
}

function reshaped(asked: Asked): Shape {
  const { dims, total } = first(asked)
  const wanted = asked.sizes(1)
  if (!wanted) return unknown(total)
  const known = wanted.map((size, i) => (size.size === 0 ? (dims?.[i] ?? atMost(total)) : size))
  const rest = product(known.filter(({ size }) => size > 0))
  const left: Extent = rest.exact && rest.rows <= total.rows ? { size: Math.ceil(total.size / rest.size), rows: total.rows - rest.rows, exact: total.exact && total.size % rest.size === 0 } : atMost(total)
  return { dims: known.map((size) => (size.size < 0 ? left : size)), total }
}

function multiplied([a = scalar, b = scalar]: readonly Shape[]): Shape {
  if (!a.dims || !b.dims) return unknown(product([a.total, b.total]))
  const heads = broadcast([of(a.dims.slice(0, -2)), of(b.dims.slice(0, -2))]).dims as readonly Extent[]
  return of([...heads, ...(a.dims.length > 1 ? [a.dims.at(-2) as Extent] : []), ...(b.dims.length > 1 ? [b.dims.at(-1) as Extent] : [])])
}

function gathered(asked: Asked): Shape {
  const [data = scalar, indices = scalar] = asked.inputs
  const axis = data.dims && place(intOf(asked, 'axis', 0), data.dims.length)
  if (!data.dims || !indices.dims || typeof axis !== 'number') return unknown(product([data.total, indices.total]))
  return of([...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)])
}

function gatheredByPlace(asked: Asked): Shape {
  const [data = scalar, indices = scalar] = asked.inputs
  const depth = indices.dims?.at(-1)
  if (!data.dims || !indices.dims || !depth?.exact || depth.rows > 0) return unknown(product([data.total, indices.total]))
  return of([...indices.dims.slice(0, -1), ...data.dims.slice(intOf(asked, 'batch_dims', 0) + depth.size)])
}

function joined(asked: Asked): Shape {
  const known = asked.inputs.flatMap(({ dims }) => (dims ? [dims] : []))
  const rank = known[0]?.length ?? 0
  const axis = place(intOf(asked, 'axis', 0), rank)
  if (known.length < asked.inputs.length || axis === undefined || known.some((dims) => dims.length !== rank)) return unknown(sum(asked.inputs.map(({ total }) => total)))
  return of(Array.from({ length: rank }, (_, i) => (i === axis ? sum(known.map((dims) => dims[i] as Extent)) : known.map((dims) => dims[i] as Extent).reduce(larger))))
}

/** Categories of one OneHot: as many as a table may have columns. */
const mostDepth = 20_000
function oneHot(asked: Asked): Shape {
  const [depth] = asked.sizes(1) ?? []
  if (!depth?.exact || depth.rows > 0) throw refuse('OneHot must have a number of categories that the file itself says')
  if (depth.size > mostDepth) throw refuse(`OneHot may have at most ${mostDepth.toLocaleString('en')} categories: ${depth.size}`)
  const { dims, total } = first(asked)
  const axis = dims && place(intOf(asked, 'axis', -1), dims.length + 1)
  return dims && typeof axis === 'number' ? of([...dims.slice(0, axis), depth, ...dims.slice(axis)]) : unknown(product([total, depth]))
}

function expanded(asked: Asked): Shape {
  const wanted = asked.sizes(1)
  if (!wanted) throw refuse('Expand must take its size from the file itself and from the rows, not from data')
  return broadcast([first(asked), of(wanted)])
}

function squeezed(asked: Asked): Shape {
  const { dims, total } = first(asked)
  const axes = axesOf(asked)
  if (!dims || axes === undefined || (axes === null && dims.some((dim) => !dim.exact))) return unknown(total)
  const gone = new Set(axes?.map((axis) => place(axis, dims.length)))
  return { dims: dims.filter((dim, i) => (axes ? !gone.has(i) : !isOne(dim))), total }
}

function unsqueezed(asked: Asked): Shape {
  const { dims, total } = first(asked)
  const axes = axesOf(asked)
  const rank = (dims?.length ?? 0) + (axes?.length ?? 0)
  const added = new Set(axes?.map((axis) => place(axis, rank)))
  if (!dims || !axes || added.has(undefined) || added.size < axes.length) return unknown(total)
  const old = dims.values()
  return { dims: Array.from({ length: rank }, (_, i) => (added.has(i) ? one : (old.next().value as Extent))), total }
}

function turned(asked: Asked): Shape {
  const { dims, total } = first(asked)
  const order = asked.node.attributes.get('perm')?.ints.map(Number)
  if (!dims) return unknown(total)
  const places = order?.length ? order : dims.map((_, i) => dims.length - 1 - i)
  return places.length === dims.length && places.every((i) => dims[i] !== undefined) ? { dims: places.map((i) => dims[i] as Extent), total } : unknown(total)
}

function flattened(asked: Asked): Shape {
  const { dims, total } = first(asked)
  const axis = intOf(asked, 'axis', 1)
  const cut = dims && (axis < 0 ? axis + dims.length : axis)
  return dims && cut !== null && cut >= 0 && cut <= dims.length ? { dims: [product(dims.slice(0, cut)), product(dims.slice(cut))], total } : unknown(total)
}

function general(asked: Asked): Shape {
  const [a = scalar, b = scalar] = asked.inputs
  if (a.dims?.length !== 2 || b.dims?.length !== 2) return unknown(product([a.total, b.total]))
  return of([a.dims[intOf(asked, 'transA', 0) === 0 ? 0 : 1] as Extent, b.dims[intOf(asked, 'transB', 0) === 0 ? 1 : 0] as Extent])
}

const same = (asked: Asked): Shape => first(asked)
/** A part of one or more dimensions, at most so long where the file says how long. */
function part(asked: Asked, lengths: ReadonlyMap<number | undefined, (whole: Extent) => Extent>): Shape {
  const { dims, total } = first(asked)
  if (!dims || lengths.has(undefined)) return { dims: dims?.map(atMost) ?? null, total: atMost(total) }
  return of(dims.map((dim, i) => lengths.get(i)?.(dim) ?? dim))
}
const shorter = (length: number) => (whole: Extent): Extent => (whole.rows > 0 || !(length >= 0) ? atMost(whole) : { size: Math.min(whole.size, length), rows: 0, exact: whole.exact && length <= whole.size })

function sliced(asked: Asked): Shape {
  const { attributes, inputs } = asked.node
  // By attributes until opset 9, by inputs from then on.
  const list = (name: string, input: number): readonly number[] | undefined => (inputs[input] ? asked.sizes(input)?.map(({ size }) => size) : attributes.get(name)?.ints.map(Number))
  const [starts, ends] = [list('starts', 1), list('ends', 2)]
  const axes = list('axes', 3) ?? (inputs[3] ? undefined : starts?.map((_, i) => i))
  const steps = list('steps', 4) ?? (inputs[4] ? undefined : starts?.map(() => 1))
  const rank = first(asked).dims?.length ?? 0
  if (!starts || !ends || !axes || !steps) return part(asked, new Map([[undefined, atMost]]))
  return part(asked, new Map(axes.map((axis, i) => [place(axis, rank), (whole: Extent): Extent => {
    const [start, end, step] = [starts[i] as number, ends[i] as number, steps[i] as number]
    if (whole.rows > 0 || !whole.exact || !(step > 0)) return whole.rows === 0 && start >= 0 && end >= 0 && step > 0 ? atMost(shorter(Math.max(0, Math.ceil((end - start) / step)))(whole)) : atMost(whole)
    const within = (at: number): number => Math.min(whole.size, Math.max(0, at < 0 ? at + whole.size : at))
    return exactly(Math.max(0, Math.ceil((within(end) - within(start)) / step)))
  }])))
}

function split(asked: Asked): Shape[] {
  const { node } = asked
  const axis = place(intOf(asked, 'axis', 0), first(asked).dims?.length ?? 0)
  const said = node.inputs[1] ? asked.sizes(1)?.map(({ size }) => size) : node.attributes.get('split')?.ints.map(Number)
  const isEven = !node.inputs[1] && !said?.length
  return node.outputs.map((_, i) => part(asked, new Map([[axis, isEven ? (whole: Extent) => (whole.rows > 0 ? atMost(whole) : { ...whole, size: Math.ceil(whole.size / node.outputs.length), exact: whole.exact && whole.size % node.outputs.length === 0 }) : shorter(said?.[i] ?? Number.NaN)]])))
}

const best = (asked: Asked): Shape => part(asked, new Map([[place(intOf(asked, 'axis', -1), first(asked).dims?.length ?? 0), shorter(asked.sizes(1)?.[0]?.size ?? intOf(asked, 'k', Number.NaN))]]))

const together = ({ inputs }: Asked): Shape => broadcast(inputs)
const named = (names: string, rule: (asked: Asked) => Shape | Shape[]) => names.split(' ').map((name) => [name, rule] as const)

/** Shapes of the outputs; one stands for all. Every operator on the list for tables (rules.ts) has its rule; a test holds the two together. */
export const shapeRules: ReadonlyMap<string, (asked: Asked) => Shape | Shape[]> = new Map([
  ...named('Abs Acos Asin Atan Binarizer Cast CategoryMapper Ceil Celu Clip Cos Cosh Dropout Elu Erf Exp Floor HardSigmoid HardSwish Hardmax Identity Imputer IsInf IsNaN LabelEncoder LayerNormalization LeakyRelu Log LogSoftmax Neg Normalizer Not Reciprocal Relu Round Scaler Selu Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt StringNormalizer Tan Tanh ThresholdedRelu ZipMap', same),
  ...named('Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor', together),
  ...named('ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare', reduced),
  // What else it answers in training has a place of its own.
  ['BatchNormalization', (asked) => [first(asked), unknown(first(asked).total)]],
  ['Concat', joined],
  ['Expand', expanded],
  ['Flatten', flattened],
  ['Gather', gathered],
  ['GatherElements', ({ inputs }) => inputs[1] ?? scalar],
  ['GatherND', gatheredByPlace],
  ['Gemm', general],
  ['MatMul', ({ inputs }) => multiplied(inputs)],
  ['OneHot', oneHot],
  ['Reshape', reshaped],
  ['Shape', (asked) => of([exactly(first(asked).dims?.slice(intOf(asked, 'start', 0), intOf(asked, 'end', mostDims)).length ?? mostDims)])],
  ['Size', () => scalar],
  ['Slice', sliced],
  ['Split', split],
  ['Squeeze', squeezed],
  ['TopK', best],
  ['Transpose', turned],
  ['Unsqueeze', unsqueezed],
  ['Constant', ({ node: { attributes } }) => {
    const tensor = attributes.get('value')?.tensor
    const list = ['value_ints', 'value_floats', 'value_strings'].map((name) => attributes.get(name)).find((found) => found !== undefined)
    return tensor ? ofTensor(tensor) : list ? of([exactly(Math.max(list.ints.length, list.floats.length, list.texts.length))]) : scalar
  }],
  ['ArrayFeatureExtractor', (asked) => {
    const { dims, total } = first(asked)
    const taken = asked.inputs[1]?.total ?? one
    return dims ? of([...(dims.length > 1 ? dims.slice(0, -1) : [one]), taken]) : unknown(product([total, taken]))
  }],
  ['FeatureVectorizer', (asked) => of([asked.inputs.map(rowsOf).reduce(larger, one), asked.inputs.length > 0 ? sum(asked.inputs.map(widthOf)) : one])],
  ['OneHotEncoder', (asked) => {
    const depth = exactly(lengthOf(asked, 'cats_int64s', 'cats_strings'))
    const { dims, total } = first(asked)
    return dims ? of([...dims, depth]) : unknown(product([total, depth]))
  }],
  // Of two classes some name one score, some none.
  ['LinearClassifier', (asked) => beside(asked, 0, Math.max(2, lengthOf(asked, 'classlabels_ints', 'classlabels_strings', 'intercepts')))],
  ['LinearRegressor', (asked) => beside(asked, Math.max(1, intOf(asked, 'targets', 1)))],
  ['SVMClassifier', (asked) => {
    const classes = Math.max(2, lengthOf(asked, 'classlabels_ints', 'classlabels_strings'))
    return beside(asked, 0, Math.max(classes, (classes * (classes - 1)) / 2))
  }],
  ['SVMRegressor', (asked) => beside(asked, 1)],
  ['TreeEnsembleClassifier', (asked) => beside(asked, 0, Math.max(2, lengthOf(asked, 'classlabels_int64s', 'classlabels_strings')))],
  ['TreeEnsembleRegressor', (asked) => beside(asked, Math.max(1, intOf(asked, 'n_targets', 1)))],
])

/** Lists of sizes, followed as far as honest exporters go: constants and the shape of another tensor, cut and joined. */
function sizesOf(asked: Asked, own: Sizes | undefined, given: readonly (Sizes | undefined)[]): Sizes | undefined {
  const { node: { opType, attributes }, inputs } = asked
  if (opType === 'Shape') return inputs[0]?.dims?.slice(intOf(asked, 'start', 0), intOf(asked, 'end', inputs[0].dims.length))
  if (opType === 'Constant') {
    const int = attributes.get('value_int')?.int
    return (attributes.get('value')?.tensor?.ints ?? attributes.get('value_ints')?.ints ?? (int === undefined ? undefined : [int]))?.map((size) => exactly(Number(size)))
  }
  if (opType === 'Squeeze' || opType === 'Unsqueeze' || opType === 'Identity' || opType === 'Cast' || opType === 'Reshape') return own
  const constants = (input: number): number[] | undefined => given[input]?.map(({ size }) => size)
  if (opType === 'Gather') {
    const taken = own && constants(1)?.map((at) => own.at(at))
    return taken?.includes(undefined) ? undefined : (taken as Sizes | undefined)
  }
  if (opType === 'Slice') {
    // By attributes until opset 9, by inputs from then on.
    const [start] = attributes.get('starts')?.ints.map(Number) ?? constants(1) ?? []
    const [end] = attributes.get('ends')?.ints.map(Number) ?? constants(2) ?? []
    const [step = 1] = constants(4) ?? []
    return own && start !== undefined && end !== undefined && step === 1 ? own.slice(start, end) : undefined
  }
  if (opType !== 'Concat' || given.includes(undefined)) return undefined
  return (given as Sizes[]).flat()
}

export const ofTensor = ({ dims }: Pick<ReadTensor, 'dims'>): Shape => of(dims.map((size) => exactly(size)))
const mostDims = 16

/** Every value of the graph in the order in which it is made. @param columns where an input does not say how many it takes. @throws StudioError bad-data for more than 16 dimensions, and sizes that only data say */
export function* shapesOf({ inputs, initializers, nodes }: ReadModel, columns: number): Generator<{ readonly node: ReadNode; readonly inputs: readonly Shape[]; readonly shape: Shape }> {
  const shapes = new Map<string, Shape>()
  const sizes = new Map<string, Sizes>()
  for (const { name, shape } of inputs) {
    shapes.set(name, of((shape ?? [null, null]).map((size, i) => (size !== null ? exactly(size) : i === 0 ? rowsOnce : atMost(exactly(columns))))))
  }
  for (const tensor of initializers) {
    shapes.set(tensor.name, ofTensor(tensor))
    if (tensor.ints) sizes.set(tensor.name, tensor.ints.map((size) => exactly(Number(size))))
  }
  for (const node of nodes) {
    const given = node.inputs.map((name) => sizes.get(name))
    const asked: Asked = { node, inputs: node.inputs.map((name) => shapes.get(name) ?? scalar), sizes: (input) => given[input] }
    const rule = shapeRules.get(node.opType)
    const made = [rule ? rule(asked) : unknown(product(asked.inputs.map(({ total }) => total)))].flat()
    const list = sizesOf(asked, given[0], given)
    for (const [i, name] of node.outputs.entries()) {
      const shape = made[Math.min(i, made.length - 1)] as Shape
      if ((shape.dims?.length ?? 0) > mostDims) throw refuse(`${node.opType} makes more than ${mostDims} dimensions: ${shape.dims?.length}`)
      if (name === '') continue
      shapes.set(name, shape)
      if (list && list.length <= mostDims) sizes.set(name, list)
      yield { node, inputs: asked.inputs, shape }
    }
  }
}
