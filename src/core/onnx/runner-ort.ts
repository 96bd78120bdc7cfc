/** What the two ONNX Runtimes for JavaScript share: their one interface (onnxruntime-common). */
import { StudioError } from '../errors.ts'
import { fieldsOf } from './read/wire.ts'
import type { OnnxRunner, TensorFeed } from './runner.ts'

interface OrtTensor {
  readonly data: unknown
  dispose(): void
}
interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>
  release(): Promise<void>
}
export interface Ort {
  readonly Tensor: new (type: string, data: TensorFeed['values'], dims: readonly number[]) => OrtTensor
  readonly InferenceSession: { create(bytes: Uint8Array<ArrayBuffer>, options: Readonly<Record<string, unknown>>): Promise<OrtSession> }
}

const typeNames: Readonly<Record<TensorFeed['type'], string>> = { float: 'float32', double: 'float64', int64: 'int64', int32: 'int32', bool: 'bool', uint8: 'uint8', string: 'string' }

const tensorOf = (ort: Ort, feed: TensorFeed, rows: number): OrtTensor => new ort.Tensor(typeNames[feed.type], feed.values, feed.dims ?? [rows, 1])

/** One thread and no rewriting of sums: the same graph gives the same answer again. */
const sessionOptions = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4 }

/** Nodes from which rewriting a graph costs more than it ever saves: 12,000 of them took 16 s, and every start of a server as long. Additive models of some 350 columns have so many. */
const mostRewritten = 3000

/** Of the outermost graph; 0 for what is none, which the runtime then refuses. */
function nodesIn(bytes: Uint8Array): number {
  let nodes = 0
  try {
    for (const { number, bytes: graph } of fieldsOf(bytes)) {
      if (number === 7) for (const field of fieldsOf(graph)) if (field.number === 1) nodes++
    }
    return nodes
  } catch {
    return 0
  }
}

export function ortRunner(ort: Ort, runtime: string, options: Readonly<Record<string, unknown>> = {}): OnnxRunner {
  return {
    runtime,
    async open(bytes) {
      let session: OrtSession
      try {
        session = await ort.InferenceSession.create(bytes, { ...sessionOptions, ...(nodesIn(bytes) > mostRewritten && { graphOptimizationLevel: 'disabled' }), ...options })
      } catch (cause) {
        throw new StudioError({ code: 'bundle-mismatch', message: `invalid graph; ${runtime} refused it: ${cause instanceof Error ? cause.message.slice(0, 500) : String(cause)}`, cause })
      }
      return {
        async run(feeds, rows) {
          // Own properties by definition, not assignment: a column may be called __proto__.
          const named: Record<string, OrtTensor> = Object.create(null)
          for (const [name, feed] of feeds) Object.defineProperty(named, name, { value: tensorOf(ort, feed, rows), enumerable: true })
          const results = await session.run(named).catch((cause: unknown) => {
            throw new StudioError({ code: 'bundle-mismatch', message: `invalid graph; ${runtime} could not run it: ${cause instanceof Error ? cause.message.slice(0, 500) : String(cause)}`, cause })
          })
          return new Map(Object.entries(results).map(([name, tensor]) => [name, tensor.data as ArrayLike<number> | readonly string[]]))
        },
        close: () => session.release(),
      }
    },
  }
}
