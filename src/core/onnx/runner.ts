/**
 * What core asks of ONNX Runtime. The runtime itself is injected: web in workers (runner-web.ts), node in
 * the terminal and in tests (runner-node.ts).
 */
import type { Feed } from '../bundle/encode.ts'
import type { Signature } from '../bundle/signature.ts'
import { hasPictures, type OpenCell } from '../bundle/pictures.ts'
import { StudioError } from '../errors.ts'
import { rgbOf } from '../images/luma.ts'

/** A tensor that goes in; of shape [rows, 1] where it does not say. Booleans are 0 and 1. */
export type TensorFeed = (Feed | { readonly type: 'double'; readonly values: Float64Array } | { readonly type: 'int32'; readonly values: Int32Array } | { readonly type: 'bool' | 'uint8'; readonly values: Uint8Array }) & { readonly dims?: readonly number[] }

export interface OnnxSession {
  /** Every output by name. @param feeds by graph input name */
  run(feeds: ReadonlyMap<string, TensorFeed>, rows: number): Promise<ReadonlyMap<string, ArrayLike<number> | readonly string[]>>
  close(): Promise<void>
}
export interface OnnxRunner {
  /** Such as "onnxruntime-web 1.30.0", for certificates. */
  readonly runtime: string
  /** @throws StudioError bundle-mismatch where the bytes are not a graph that this runtime takes */
  open(bytes: Uint8Array<ArrayBuffer>): Promise<OnnxSession>
}

/** What a served model answers for some rows. */
export interface ServedAnswer {
  /** Class labels or, for regression, values. Shape (rows). */
  readonly answers: readonly string[] | ArrayLike<number>
  /** Row-major, shape (rows, classes); absent for regression. */
  readonly probabilities?: ArrayLike<number>
}

/** One by one: no two pictures need be of a size. */
async function answerPictures(session: OnnxSession, signature: Signature, feeds: readonly Feed[], rows: number, open: OpenCell | undefined, each: (() => void) | undefined): Promise<ServedAnswer> {
  if (!open) throw new StudioError({ code: 'bug', message: 'missing decoder; the model takes pictures' })
  const answers: (string | number)[] = []
  const probabilities: number[] = []
  for (let row = 0; row < rows; row++) {
    const named = new Map<string, TensorFeed>()
    for (const [i, input] of signature.inputs.entries()) {
      const feed = feeds[i] as Feed
      if (input.kind === 'image') {
        const pixels = await open(feed.values[row] as string)
        named.set(input.graphName ?? input.name, { type: 'uint8', values: rgbOf(pixels), dims: [1, pixels.height, pixels.width, 3] })
      } else named.set(input.graphName ?? input.name, { ...feed, values: feed.values.slice(row, row + 1) } as Feed)
    }
    const one = takeApart(signature, await session.run(named, 1), 1)
    answers.push(one.answers[0] as string | number)
    if (one.probabilities) for (let c = 0; c < one.probabilities.length; c++) probabilities.push(one.probabilities[c] as number)
    each?.()
  }
  return { answers: answers as string[] | number[], ...(signature.task === 'regression' ? {} : { probabilities }) }
}

/** Runs encoded rows through a session and takes its answer apart by the signature. @param open pictures only. @param each told after every picture. @throws StudioError bug for outputs of another shape */
export async function answer(session: OnnxSession, signature: Signature, feeds: readonly Feed[], rows: number, open?: OpenCell, each?: () => void): Promise<ServedAnswer> {
  if (hasPictures(signature)) return answerPictures(session, signature, feeds, rows, open, each)
  return takeApart(signature, await session.run(new Map(signature.inputs.map((input, i) => [input.graphName ?? input.name, feeds[i] as Feed])), rows), rows)
}

function takeApart(signature: Signature, results: Awaited<ReturnType<OnnxSession['run']>>, rows: number): ServedAnswer {
  const output = (index: number, length: number) => {
    const name = signature.outputs[index]?.name ?? ''
    const values = results.get(name)
    if (!values || values.length !== length) throw new StudioError({ code: 'bug', message: `invalid output ${name}; it must hold ${length} values: ${values?.length ?? 'none'}` })
    return values
  }
  if (signature.task === 'regression') return { answers: output(0, rows) as ArrayLike<number> }
  return { answers: output(0, rows) as readonly string[], probabilities: output(1, rows * signature.classes.length) as ArrayLike<number> }
}
