/** Answers as data: comlink alone would keep the text of an error and lose its code, details and hint. */
import { StudioError } from '../core/errors.ts'
import { fromPlain, isPlain, toPlain } from '../core/wire-error.ts'
import type { WireResult } from './protocol.ts'

export async function toResult<T>(work: () => Promise<T>): Promise<WireResult<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return { ok: false, error: toPlain(error) }
  }
}

/** The value, or the error thrown again. @throws StudioError bug where the answer is neither */
export function fromResult<T>(result: unknown): T {
  if (typeof result === 'object' && result !== null && 'ok' in result) {
    if (result.ok === true && 'value' in result) return result.value as T
    if (result.ok === false && 'error' in result && isPlain(result.error)) throw fromPlain(result.error)
  }
  throw new StudioError({ code: 'bug', message: 'unknown answer; a worker sent something that is neither a value nor an error' })
}

const isFrame = (item: unknown): item is ImageBitmap | VideoFrame => (typeof ImageBitmap !== 'undefined' && item instanceof ImageBitmap) || (typeof VideoFrame !== 'undefined' && item instanceof VideoFrame)
/** Frames at the top of a question: they move, whatever their size. */
export const framesIn = (input: unknown): Transferable[] => (typeof input === 'object' && input !== null ? Object.values(input).filter(isFrame) : [])

/** Large byte arrays at the top of an answer that own their whole buffer: they move instead of being copied. */
export function movable(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value)
    .filter((item): item is Uint8Array<ArrayBuffer> => item instanceof Uint8Array && item.buffer instanceof ArrayBuffer && item.byteLength === item.buffer.byteLength && item.byteLength > 65_536)
    .map((item) => item.buffer)
    .filter((buffer, index, all) => all.indexOf(buffer) === index)
}
