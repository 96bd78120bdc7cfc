/** Runs ONNX bytes with onnxruntime-node, for everyone's tests. */
import * as ort from 'onnxruntime-node'

// As in runner-node.ts.
process.env['ORT_DISABLE_TELEMETRY'] = '1'

export type Feed =
  | { readonly type: 'float'; readonly dims: readonly number[]; readonly values: ArrayLike<number> }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly values: ArrayLike<number> | readonly bigint[] }
  | { readonly type: 'string'; readonly dims: readonly number[]; readonly values: readonly string[] }

export interface OrtResult {
  readonly dims: readonly number[]
  readonly values: readonly string[] | Float32Array | Float64Array | BigInt64Array
}

export const floatFeed = (values: ArrayLike<number>, dims: readonly number[] = [values.length, 1]): Feed => ({ type: 'float', dims, values })
export const stringFeed = (values: readonly string[], dims: readonly number[] = [values.length, 1]): Feed => ({ type: 'string', dims, values })
export const int64Feed = (values: ArrayLike<number> | readonly bigint[], dims: readonly number[] = [values.length, 1]): Feed => ({ type: 'int64', dims, values })

function tensorOf(feed: Feed): ort.Tensor {
  if (feed.type === 'string') return new ort.Tensor('string', [...feed.values], feed.dims)
  if (feed.type === 'float') return new ort.Tensor('float32', Float32Array.from(feed.values), feed.dims)
  return new ort.Tensor('int64', BigInt64Array.from(Array.from(feed.values as ArrayLike<number | bigint>, BigInt)), feed.dims)
}

/** Every output by name. @param feeds by graph input name: an object, or a Map where names may be hostile */
export async function runOnnx(bytes: Uint8Array, feeds: Readonly<Record<string, Feed>> | ReadonlyMap<string, Feed>): Promise<Map<string, OrtResult>> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 })
  try {
    const entries = feeds instanceof Map ? [...feeds] : Object.entries(feeds)
    const tensors = Object.create(null) as Record<string, ort.Tensor>
    for (const [name, feed] of entries as [string, Feed][]) Object.defineProperty(tensors, name, { value: tensorOf(feed), enumerable: true })
    const results = await session.run(tensors)
    return new Map(Object.entries(results).map(([name, tensor]) => [name, { dims: [...tensor.dims], values: tensor.data as OrtResult['values'] }]))
  } finally {
    await session.release()
  }
}
