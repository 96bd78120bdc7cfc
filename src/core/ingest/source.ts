/** Bytes to read, possibly twice, and the watch that they stay the same in between. */
import type { Context } from '../context.ts'
import { StudioError } from '../errors.ts'
import { sha256 } from '../ids.ts'
import { bomLength, createTranscoder, invalidUtf8At, isAscii, utf8Start } from './decode.ts'
import { limits } from './limits.ts'
import type { Encoding } from './options.ts'
import { createSha256 } from './sha256.ts'

export interface ByteSource {
  readonly size: number
  /** The bytes [from, to). Fails where the file was changed or removed. */
  read(from: number, to: number): Promise<Uint8Array>
}
export const bytesSource = (bytes: Uint8Array): ByteSource => ({ size: bytes.length, read: async (from, to) => bytes.subarray(from, to) })

const blockBytes = 4_194_304
/** Scanned at a time: small enough that the second look at a byte finds it in the cache. */
const pieceBytes = 262_144

/** A sum that any change moves (with odds of 1 in 2^32 against it), at memory speed. */
function fingerprint(bytes: Uint8Array): number {
  let hash = bytes.length
  const words = bytes.byteOffset % 4 === 0 ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer)
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ (words[i] as number), 0x01000193) + 0x9e3779b9
  for (let i = words.length * 4; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash >>> 0
}

export function changed(cause?: unknown): StudioError {
  return new StudioError({
    code: 'bad-data',
    message: 'invalid file; it must stay as it is while it is read, and it was changed, moved or removed',
    hint: 'Rows stored so far are safe. Choose the file again to go on, or start over with the new version.',
    details: { sourceChanged: true },
    cause,
  })
}

export interface WatchedSource {
  readonly size: number
  /** At most `most` bytes from the beginning. */
  head(most: number): Promise<Uint8Array>
  /** Bytes from an offset on, in blocks; a block that differs from the first time it was read is an error. */
  blocks(from: number, context: Context): AsyncGenerator<Uint8Array>
  /** Of all bytes, once `blocks(0)` went to its end. */
  digest(): Promise<string>
}

/** @param keep sources up to this size stay in memory between the passes */
export function watch(source: ByteSource, keep: number = limits.keepBytes): WatchedSource {
  const prints = new Map<number, number>()
  const kept = new Map<number, Uint8Array>()
  let whole: Uint8Array<ArrayBuffer> | undefined
  let hashed: Promise<string> | undefined
  const running = createSha256()
  let hashedTo = 0

  async function checkedRead(from: number, to: number): Promise<Uint8Array> {
    let bytes: Uint8Array
    try {
      bytes = await source.read(from, to)
    } catch (thrown) {
      if (thrown instanceof StudioError) throw thrown
      throw changed(thrown)
    }
    if (bytes.length !== to - from) throw changed()
    return bytes
  }
  async function block(index: number): Promise<Uint8Array> {
    const held = kept.get(index)
    if (held) return held
    const from = index * blockBytes
    const to = Math.min(source.size, from + blockBytes)
    const bytes = await checkedRead(from, to)
    if (source.size <= keep) {
      whole ??= new Uint8Array(source.size)
      whole.set(bytes, from)
      const view = whole.subarray(from, to)
      kept.set(index, view)
      if (kept.size === Math.ceil(source.size / blockBytes)) hashed ??= sha256(whole)
      return view
    }
    const print = fingerprint(bytes)
    const known = prints.get(index)
    if (known === undefined) prints.set(index, print)
    else if (known !== print) throw changed()
    if (from === hashedTo) {
      running.update(bytes)
      hashedTo = to
    }
    return bytes
  }
  return {
    size: source.size,
    async head(most) {
      const first = source.size === 0 ? new Uint8Array(0) : await block(0)
      return first.subarray(0, most)
    },
    async *blocks(from, context) {
      for (let index = Math.floor(from / blockBytes); index * blockBytes < source.size; index++) {
        await context.checkpoint()
        const bytes = await block(index)
        const skip = from - index * blockBytes
        yield skip > 0 ? bytes.subarray(skip) : bytes
      }
    },
    async digest() {
      if (source.size === 0) return sha256(new Uint8Array(0))
      if (hashed) return hashed
      hashed = Promise.resolve(running.digest())
      return hashed
    },
  }
}

/** The UTF-8 bytes of a source from an offset on, and how far the source was read. */
export async function* utf8Pieces(
  source: WatchedSource,
  encoding: Encoding,
  from: number,
  context: Context,
  check: boolean,
): AsyncGenerator<{ readonly piece: Uint8Array; readonly read: number }> {
  const transcoder = createTranscoder(encoding)
  const state = utf8Start()
  let at = from
  for await (const block of source.blocks(from, context)) {
    for (let start = 0; start < block.length; start += pieceBytes) {
      const piece = block.subarray(start, start + pieceBytes)
      if (check && !transcoder && (state.need > 0 || !isAscii(piece))) {
        const bad = invalidUtf8At(piece, state)
        if (bad !== undefined) throw notUtf8(at + bad)
      }
      at += piece.length
      if (check && at === source.size && state.need > 0) throw notUtf8(at - state.taken)
      yield { piece: transcoder ? transcoder.transcode(piece, at === source.size) : piece, read: at }
    }
  }
}

function notUtf8(byte: number): StudioError {
  return new StudioError({
    code: 'bad-data',
    message: `invalid text; the file is read as UTF-8, and the bytes from ${byte} on are none`,
    details: { byte, encoding: 'utf-8' },
    hint: 'Choose the encoding Windows-1252, or save the file as UTF-8.',
  })
}

/** The beginning of a source as UTF-8, without its byte order mark. */
export function decodedHead(head: Uint8Array, encoding: Encoding, whole: boolean): Uint8Array {
  const text = head.subarray(bomLength(head, encoding))
  const transcoder = createTranscoder(encoding)
  return transcoder ? transcoder.transcode(text, whole) : text
}
