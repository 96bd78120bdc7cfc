/**
 * What a graph costs whoever runs it: the numbers it holds, its bytes, and milliseconds measured here. Another machine
 * takes another time, so nothing is said of any.
 */
import type { Feed } from '../bundle/encode.ts'
import { hasPictures } from '../bundle/pictures.ts'
import type { Signature } from '../bundle/signature.ts'
import type { Context } from '../context.ts'
import type { Pixels } from '../images/luma.ts'
import type { OnnxGraph, OnnxTensor, RawTensor } from './graph.ts'
import { fieldsOf, intsOf } from './read/wire.ts'
import { answer, type OnnxSession } from './runner.ts'

export interface GraphTime {
  /** Rows or pictures that were asked at once. */
  readonly rows: number
  /** Median over `times` of the mean over `inARow`, of the graph alone: no decoding, no request. */
  readonly ms: number
  readonly times: number
  readonly inARow: number
}
export interface GraphCost {
  /** Floating-point numbers of the file: weights, conditions and leaves of trees, rows that are kept, constants of the preparation. */
  readonly numbers: number
  readonly bytes: number
  readonly runtime: string
  /** As the browser or Node names itself. */
  readonly machine: string
  /** Threads that the runtime was given. */
  readonly threads: 1
  /** One at a time, then, for tables, many at once. */
  readonly times: readonly GraphTime[]
  /** Of the picture that was asked: its size is part of the time. */
  readonly picture?: { readonly width: number; readonly height: number }
}

const floating: ReadonlySet<string> = new Set(['float', 'double'])
/** Numbers of float16, float and double in onnx.proto. */
const floatingTypes: ReadonlySet<bigint> = new Set([1n, 10n, 11n])

function inTensor(tensor: OnnxTensor | RawTensor): number {
  if (!('raw' in tensor)) return floating.has(tensor.type) ? tensor.values.length : 0
  let size = 1
  let isFloating = false
  for (const field of fieldsOf(tensor.raw)) {
    if (field.number === 1) for (const dim of intsOf(field)) size *= Number(dim)
    else if (field.number === 2) isFloating = floatingTypes.has(field.int)
  }
  return isFloating ? size : 0
}
/** The constants of another file's node: a tensor is field 5 of its attributes, which are field 5 of the node. */
function inForeign(raw: Uint8Array): number {
  let sum = 0
  for (const attribute of fieldsOf(raw)) {
    if (attribute.number !== 5) continue
    for (const field of fieldsOf(attribute.bytes)) if (field.number === 5) sum += inTensor({ raw: field.bytes })
  }
  return sum
}
/** Floating-point numbers of a graph, in tensors and in lists of its nodes. */
export function countNumbers({ initializers, nodes }: OnnxGraph): number {
  let sum = 0
  for (const { tensor } of initializers) sum += inTensor(tensor)
  for (const { attributes, raw } of nodes) {
    for (const attribute of Object.values(attributes)) sum += attribute.kind === 'floats' ? attribute.value.length : attribute.kind === 'tensor' ? inTensor(attribute.value) : 0
    if (raw) sum += inForeign(raw)
  }
  return sum
}

/** Odd, so that a median is one of them. */
const mostTimes = 21
const fewestTimes = 5
/** Milliseconds after which fewer times will do. */
const budget = 400
/** What lasts less than this is asked several times in a row: clocks of browsers are coarse. */
const shortest = 2
const inARow = 20

async function timed(context: Context, rows: number, run: () => Promise<unknown>): Promise<GraphTime> {
  // The first times, memory is still being laid out.
  await run()
  const first = context.now()
  await run()
  const repeats = context.now() - first < shortest ? inARow : 1
  const found: number[] = []
  const start = context.now()
  while (found.length < mostTimes && (found.length < fewestTimes || context.now() - start < budget)) {
    const before = context.now()
    for (let i = 0; i < repeats; i++) await run()
    found.push((context.now() - before) / repeats)
    await context.checkpoint()
  }
  found.sort((a, b) => a - b)
  return { rows, ms: found[found.length >> 1] as number, times: found.length, inARow: repeats }
}

/**
 * @param feeds rows of data that the graph takes; of pictures unused
 * @param pixels a picture; of tables unused
 */
export async function graphTimes(session: OnnxSession, signature: Signature, feeds: readonly Feed[], pixels: Pixels | undefined, context: Context): Promise<GraphTime[]> {
  if (hasPictures(signature)) return pixels ? [await timed(context, 1, () => answer(session, signature, [{ type: 'string', values: [''] }], 1, () => pixels))] : []
  const rows = feeds[0]?.values.length ?? 0
  if (rows === 0) return []
  const one = feeds.map((feed) => ({ ...feed, values: feed.values.slice(0, 1) }) as Feed)
  const times = [await timed(context, 1, () => answer(session, signature, one, 1))]
  if (rows > 1) times.push(await timed(context, rows, () => answer(session, signature, feeds, rows)))
  return times
}
