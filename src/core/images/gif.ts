/** The first frame of a GIF on its see-through canvas, as browsers show it. Source: GIF89a, appendix F (LZW of variable width). */
import { StudioError } from '../errors.ts'
import type { Pixels } from './luma.ts'

const damaged = (what: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid GIF; ${what}`, hint: 'The file is damaged. Copy or save it again.' })

/** @returns so many places of the palette; what the stream leaves out stays undefined */
function unpacked(packed: Uint8Array, leastBits: number, size: number): { readonly places: Uint8Array; readonly filled: number } {
  if (leastBits < 1 || leastBits > 8) throw damaged(`codes have 1 to 8 bits at first: ${leastBits}`)
  const clear = 1 << leastBits
  // A code is its own last letter behind another code.
  const before = new Uint16Array(4096)
  const last = Uint8Array.from({ length: 4096 }, (_, code) => code & 255)
  const letters = new Uint8Array(4097)
  const places = new Uint8Array(size)
  let [filled, at, bits, held] = [0, 0, 0, 0]
  let [width, next, previous, first] = [leastBits + 1, clear + 2, -1, 0]
  while (filled < size) {
    while (bits < width && at < packed.length) {
      held |= (packed[at++] as number) << bits
      bits += 8
    }
    if (bits < width) break
    const code = held & ((1 << width) - 1)
    held >>>= width
    bits -= width
    if (code === clear) {
      ;[width, next, previous] = [leastBits + 1, clear + 2, -1]
      continue
    }
    if (code === clear + 1) break
    if (code > next || (code === next && previous < 0) || (previous < 0 && code > clear)) throw damaged('a code comes before it is made')
    let count = 0
    let walk = code
    if (code === next) {
      letters[count++] = first
      walk = previous
    }
    while (walk > clear) {
      letters[count++] = last[walk] as number
      walk = before[walk] as number
    }
    letters[count++] = walk
    first = walk
    while (count > 0 && filled < size) places[filled++] = letters[--count] as number
    if (previous >= 0 && next < 4096) {
      before[next] = previous
      last[next] = first
      next++
      if (next === 1 << width && width < 12) width++
    }
    previous = code
  }
  return { places, filled }
}

/** @param bytes a file whose header was read. @throws StudioError bad-data where its first frame is damaged */
export function gifPixels(bytes: Uint8Array): Pixels {
  const u8 = (at: number): number => {
    if (at >= bytes.length) throw damaged('the file ends too early')
    return bytes[at] as number
  }
  const u16 = (at: number): number => u8(at) | (u8(at + 1) << 8)
  const colours = (packed: number): number => ((packed & 0x80) === 0 ? 0 : 2 ** ((packed & 7) + 1))
  const [width, height] = [u16(6), u16(8)]
  let palette = { at: 13, size: colours(u8(10)) }
  let at = palette.at + 3 * palette.size
  let seeThrough = -1
  for (; u8(at) === 0x21; ) {
    if (u8(at + 1) === 0xf9 && u8(at + 3) & 1) seeThrough = u8(at + 6)
    at += 2
    for (let size = u8(at++); size > 0; size = u8(at++)) at += size
  }
  if (u8(at) !== 0x2c) throw damaged('it holds no pixels')
  const [left, top, wide, high, flags] = [u16(at + 1), u16(at + 3), u16(at + 5), u16(at + 7), u8(at + 9)]
  at += 10
  if (flags & 0x80) {
    palette = { at, size: colours(flags) }
    at += 3 * palette.size
  }
  const leastBits = u8(at++)
  const parts: Uint8Array[] = []
  for (let size = u8(at++); size > 0; size = u8(at++)) {
    parts.push(bytes.subarray(at, at + size))
    at += size
  }
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((place, part) => (packed.set(part, place), place + part.length), 0)
  const { places, filled } = unpacked(packed, leastBits, wide * high)
  if (filled < wide * high) throw damaged('its pixels end too early')
  // Interlaced lines come in four passes: every eighth, those between, and so on.
  const lines = flags & 0x40 ? [[0, 8], [4, 8], [2, 4], [1, 2]].flatMap(([from, by]) => Array.from({ length: Math.ceil(Math.max(0, high - (from as number)) / (by as number)) }, (_, i) => (from as number) + i * (by as number))) : undefined
  const data = new Uint8Array(width * height * 4)
  for (let line = 0; line < high; line++) {
    const y = top + (lines ? (lines[line] as number) : line)
    for (let x = 0; x < wide && y < height; x++) {
      const place = places[line * wide + x] as number
      if (left + x >= width || place === seeThrough || place >= palette.size) continue
      const to = (y * width + left + x) * 4
      for (let c = 0; c < 3; c++) data[to + c] = u8(palette.at + place * 3 + c)
      data[to + 3] = 255
    }
  }
  return { width, height, channels: 4, data }
}
