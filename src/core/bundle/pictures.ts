/**
 * Pictures on their way into a served model. In a request, and in golden rows, a picture is its file in base64; the
 * graph takes decoded pixels, uint8 [N, H, W, 3], one picture at a time because no two need be of a size.
 */
import { StudioError } from '../errors.ts'
import { pictureFormats, readHeader } from '../images/header.ts'
import type { Pixels } from '../images/luma.ts'
import { crc32 } from '../zip.ts'
import type { Signature } from './signature.ts'

/** Turns the cell of a picture into pixels: a file in base64 where it is served, a hash in the studio. */
export type OpenCell = (cell: string) => Pixels | Promise<Pixels>

export const hasPictures = ({ inputs }: Pick<Signature, 'inputs'>): boolean => inputs.some(({ kind }) => kind === 'image')

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  // Files have millions of bytes: a loop takes a tenth of the time of Uint8Array.from.
  const out = new Uint8Array(binary.length)
  for (let i = 0; i < out.length; i++) out[i] = binary.charCodeAt(i)
  return out
}
const alphabet = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
/** A table takes a fifth of the time of btoa, and a server does this between other requests. */
export function toBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(61)
  let to = 0
  for (let at = 0; at < bytes.length; at += 3) {
    const [first, second, third] = [bytes[at] as number, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0]
    out[to++] = alphabet[first >> 2] as number
    out[to++] = alphabet[((first & 3) << 4) | (second >> 4)] as number
    if (at + 1 < bytes.length) out[to] = alphabet[((second & 15) << 2) | (third >> 6)] as number
    if (at + 2 < bytes.length) out[to + 1] = alphabet[third & 63] as number
    to += 2
  }
  return new TextDecoder().decode(out)
}

const expected = `not a ${pictureFormats} file in base64`
/** Why a value is no picture that can be served, or undefined: its header is read, nothing is decoded. */
export function pictureProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return expected
  try {
    readHeader(fromBase64(value))
    return undefined
  } catch (thrown) {
    return thrown instanceof StudioError ? thrown.message : expected
  }
}

const chunk = (type: string, body: Uint8Array): number[] => {
  const named = Uint8Array.from([...new TextEncoder().encode(type), ...body])
  const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
  return [...word(body.length), ...named, ...word(crc32(named))]
}
/** A small picture as a PNG, unpacked (PNG 1.2, RFC 1950 and 1951): at most 65,535 bytes of pixels. */
export function plainPng({ width, height, data }: Pixels): Uint8Array {
  const lines = Array.from({ length: height }, (_, y) => [0, ...data.subarray(y * width * 3, (y + 1) * width * 3)]).flat()
  let [a, b] = [1, 0]
  for (const byte of lines) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  const size = lines.length
  const packed = [0x78, 1, 1, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255, ...lines, b >> 8, b & 255, a >> 8, a & 255]
  const header = [0, 0, width >> 8, width & 255, 0, 0, height >> 8, height & 255, 8, 2, 0, 0, 0]
  return Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...chunk('IHDR', Uint8Array.from(header)), ...chunk('IDAT', Uint8Array.from(packed)), ...chunk('IEND', new Uint8Array())])
}

/** Pictures that nobody took, for golden rows: an upright one, a wide one, one smaller than the network's input, one of a single pixel. */
export function goldenPictures(): { readonly reason: string; readonly pixels: Pixels }[] {
  const make = (reason: string, width: number, height: number, colour: (x: number, y: number, c: number) => number) => ({
    reason,
    pixels: { width, height, channels: 3 as const, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3) & 255) },
  })
  return [
    make('a made-up picture, upright', 90, 130, (x, y, c) => (x * (c + 1) * 2 + y) | 0),
    make('a made-up picture, wide', 150, 70, (x, y, c) => ((x >> 3) + (y >> 3) + c) * 60),
    make('a made-up picture, small', 12, 16, (x, y, c) => x * 17 + y * 29 + c * 71),
    make('a single pixel', 1, 1, (_x, _y, c) => [200, 120, 40][c] as number),
  ]
}
