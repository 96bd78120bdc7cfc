/** Pictures for tests: PNGs drawn in place, and files that claim things. */
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { crc32 } from '../../src/core/zip.ts'
import { joined } from './exif.ts'

export { exif, joined, withExif } from './exif.ts'

export const fixture = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(`../fixtures/pictures/${name}`, import.meta.url)))

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, body.length)
  bytes.set(new TextEncoder().encode(type), 4)
  bytes.set(body, 8)
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)))
  return bytes
}
const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)

/** A PNG of RGB pixels. `claims` puts another size into its header; `extra` goes before the pixels. */
export function png(width: number, height: number, colour: (x: number, y: number) => readonly [number, number, number], claims: readonly [number, number] = [width, height], extra: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, claims[0])
  view.setUint32(4, claims[1])
  header.set([8, 2, 0, 0, 0], 8)
  const raw = new Uint8Array(height * (1 + 3 * width))
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw.set(colour(x, y), y * (1 + 3 * width) + 1 + 3 * x)
  return joined(signature, chunk('IHDR', header), ...extra, chunk('IDAT', deflateSync(raw)), chunk('IEND', new Uint8Array()))
}
export const pngChunk = chunk
