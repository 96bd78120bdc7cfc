/** Pictures for tests: PNGs drawn in place, and files that claim things. */
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { crc32 } from '../../src/core/zip.ts'

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
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
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

/** A TIFF block with an orientation, as EXIF has it. */
export function exif(orientation: number, little = true): Uint8Array {
  const bytes = new Uint8Array(26)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(little ? 'II' : 'MM'))
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, 1, little)
  view.setUint16(10, 0x0112, little)
  view.setUint16(12, 3, little)
  view.setUint32(14, 1, little)
  view.setUint16(18, orientation, little)
  return bytes
}
/** A JPEG with an EXIF segment behind its first marker. */
export function withExif(jpeg: Uint8Array, orientation: number, little = true): Uint8Array<ArrayBuffer> {
  const body = joined(new TextEncoder().encode('Exif\0\0'), exif(orientation, little))
  const length = body.length + 2
  return joined(jpeg.subarray(0, 2), Uint8Array.of(0xff, 0xe1, length >> 8, length & 255), body, jpeg.subarray(2))
}
