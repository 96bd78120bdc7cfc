/** A partition on disk, read in pieces. */
import type { FileHandle } from 'node:fs/promises'
import type { ByteSource } from '../../core/ingest/source.ts'

export function readerOf(source: FileHandle): ByteSource['read'] {
  return async (from, to) => {
    const bytes = new Uint8Array(to - from)
    let at = 0
    while (at < bytes.length) {
      const { bytesRead } = await source.read(bytes, at, bytes.length - at, from + at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return bytes.subarray(0, at)
  }
}
