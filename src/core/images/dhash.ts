/**
 * Difference hash: 256 bits that say where a picture of 17 x 16 grey pixels grows darker from left to right.
 * Copies that were scaled, recompressed or slightly changed in colour differ in a few bits only.
 * Source: N. Krawetz, "Kind of Like That" (The Hacker Factor, 2013), with 16 rows for his 8, since 64 bits
 * take many handwritten digits for copies of each other; ours averages areas where his resizes.
 */
import { lumaOf, type Pixels } from './luma.ts'

const side = 16
/** A step smaller than this (of 255) is noise of the encoder, not a difference. */
const noise = 1

/** @returns 64 hex digits, four a row */
export function dhash(pixels: Pixels): string {
  const grey = lumaOf(pixels, side + 1, side)
  let hex = ''
  for (let y = 0; y < side; y++) {
    let row = 0
    for (let x = 0; x < side; x++) row = (row << 1) | ((grey[y * (side + 1) + x] as number) - (grey[y * (side + 1) + x + 1] as number) > noise ? 1 : 0)
    hex += row.toString(16).padStart(4, '0')
  }
  return hex
}

/** Its 16 rows, 16 bits each. */
export const hashRows = (hex: string): Uint16Array => Uint16Array.from({ length: side }, (_, y) => Number.parseInt(hex.slice(4 * y, 4 * y + 4), 16))

const ones = Uint8Array.from({ length: 65_536 })
for (let i = 1; i < ones.length; i++) ones[i] = (ones[i >> 1] as number) + (i & 1)

/** How many of the 256 bits differ. */
export function hashDistance(a: Uint16Array, b: Uint16Array): number {
  let distance = 0
  for (let y = 0; y < side; y++) distance += ones[(a[y] as number) ^ (b[y] as number)] as number
  return distance
}

/** How many bits are set: nearly none means a picture without shape, whose hash says nothing. */
export function hashWeight(hash: Uint16Array): number {
  let weight = 0
  for (const row of hash) weight += ones[row] as number
  return weight
}
