/**
 * Difference hash: 64 bits that say where a picture of 9 x 8 grey pixels grows darker from left to right.
 * Copies that were scaled, recompressed or slightly changed in colour differ in a few bits only.
 * Source: N. Krawetz, "Kind of Like That" (The Hacker Factor, 2013); ours averages areas where his resizes.
 */
import { lumaOf, type Pixels } from './luma.ts'

/** A step smaller than this (of 255) is noise of the encoder, not a difference. */
const noise = 1

/** @returns 16 hex digits */
export function dhash(pixels: Pixels): string {
  const grey = lumaOf(pixels, 9, 8)
  let hex = ''
  for (let y = 0; y < 8; y++) {
    let byte = 0
    for (let x = 0; x < 8; x++) byte = (byte << 1) | ((grey[y * 9 + x] as number) - (grey[y * 9 + x + 1] as number) > noise ? 1 : 0)
    hex += byte.toString(16).padStart(2, '0')
  }
  return hex
}

function bits(value: number): number {
  let n = value - ((value >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Two words of 32 bits. */
export const hashWords = (hex: string): readonly [number, number] => [Number.parseInt(hex.slice(0, 8), 16) >>> 0, Number.parseInt(hex.slice(8, 16), 16) >>> 0]

/** How many of the 64 bits differ. */
export const hashDistance = (a: readonly [number, number], b: readonly [number, number]): number => bits(a[0] ^ b[0]) + bits(a[1] ^ b[1])

/** How many bits are set: nearly none means a picture without shape, whose hash says nothing. */
export const hashWeight = (hash: readonly [number, number]): number => bits(hash[0]) + bits(hash[1])
