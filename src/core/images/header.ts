/**
 * What a picture's file says of itself before anything is decoded: its type by content, its size, its
 * EXIF orientation, and what we refuse by name. A decoder believes the header and allocates; so nothing
 * reaches one before this has looked.
 * Sources: PNG 1.2 (W3C), JPEG ITU-T T.81 annex B, EXIF 2.3 section 4.6, WebP container (RFC 9649), GIF89a.
 */
import { crc32 } from '../crc32.ts'
import { StudioError } from '../errors.ts'

export const pictureTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] as const
export type PictureType = (typeof pictureTypes)[number]

/** For sentences. Of an animation only the first frame is looked at. */
export const pictureFormats = 'JPEG, PNG, WebP or GIF'

/** How a picture came in. */
export const pictureSources = ['file', 'zip', 'paste', 'camera', 'sketch', 'sample'] as const
export type PictureSource = (typeof pictureSources)[number]

export const limits = {
  /** Pixels a side. */
  side: 16_384,
  /** Pixels in all. */
  pixels: 64_000_000,
  /** Bytes of the compressed file. */
  bytes: 64 * 1024 * 1024,
} as const

/** Passes over the pixels of one JPEG. */
const mostScans = 200

export interface PictureHeader {
  readonly type: PictureType
  /** Upright: after the orientation was applied. */
  readonly width: number
  readonly height: number
  /** EXIF: 1 = as stored, 2 to 8 = flips and quarter turns. Whoever decodes applies it. */
  readonly orientation: number
  /** Only the first frame is used. */
  readonly animated: boolean
  /** Bits a channel as stored; 16 is reduced to 8 by the decoder. */
  readonly bitDepth: number
}

const refuse = (message: string, hint?: string): StudioError => new StudioError({ code: 'bad-data', message, ...(hint ? { hint } : {}) })
const truncated = (): StudioError => refuse('invalid picture; the file ends too early', 'It was probably cut off while it was copied. Copy it again.')

/** Bounded reads: past the end is a truncated file, never undefined. */
class Bytes {
  readonly view: DataView
  readonly length: number
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.length = bytes.length
  }
  u8(at: number): number {
    if (at < 0 || at >= this.length) throw truncated()
    return this.view.getUint8(at)
  }
  u16(at: number, little = false): number {
    if (at < 0 || at + 2 > this.length) throw truncated()
    return this.view.getUint16(at, little)
  }
  u24(at: number): number {
    return this.u8(at) | (this.u8(at + 1) << 8) | (this.u8(at + 2) << 16)
  }
  u32(at: number, little = false): number {
    if (at < 0 || at + 4 > this.length) throw truncated()
    return this.view.getUint32(at, little)
  }
  is(at: number, text: string): boolean {
    if (at + text.length > this.length) return false
    for (let i = 0; i < text.length; i++) if (this.view.getUint8(at + i) !== text.charCodeAt(i)) return false
    return true
  }
}

type Raw = Omit<PictureHeader, 'type'>

/** Type by the first bytes, whatever the name says; undefined where it is none that we take. */
export function sniffPicture(bytes: Uint8Array): PictureType | undefined {
  const data = new Bytes(bytes)
  if (data.is(0, '\x89PNG\r\n\x1a\n')) return 'image/png'
  if (data.is(0, '\xff\xd8\xff')) return 'image/jpeg'
  if (data.is(0, 'GIF87a') || data.is(0, 'GIF89a')) return 'image/gif'
  if (data.is(0, 'RIFF') && data.is(8, 'WEBP')) return 'image/webp'
  return undefined
}

/** What a file that we do not take is, for the sentence that refuses it. */
function strangerOf(bytes: Uint8Array): StudioError {
  const data = new Bytes(bytes)
  const named = (what: string, hint = 'Save it as JPEG or PNG.'): StudioError => new StudioError({ code: 'unsupported', message: `unsupported picture; JPEG, PNG, WebP and GIF are taken: ${what}`, hint })
  if (bytes.length === 0) return refuse('invalid picture; the file is empty')
  if (data.is(4, 'ftyp')) return named(data.is(8, 'avif') || data.is(8, 'avis') ? 'AVIF' : data.is(8, 'heic') || data.is(8, 'heix') || data.is(8, 'mif1') ? 'HEIC' : 'a video or HEIF file')
  if (data.is(0, 'II*\0') || data.is(0, 'MM\0*')) return named('TIFF')
  if (data.is(0, 'BM')) return named('BMP')
  if (data.is(0, '%PDF')) return named('PDF')
  if (data.is(0, '\0\0\x01\0')) return named('an icon (ICO)')
  const start = new TextDecoder('utf-8').decode(bytes.subarray(0, 1024)).replace(/^\uFEFF/, '').trimStart()
  if (/^(<\?xml[\s\S]*?)?(<!--[\s\S]*?-->\s*)*(<!DOCTYPE svg|<svg[\s>/])/i.test(start) || /<svg[\s>/]/i.test(start)) return named('SVG', 'An SVG is a program rather than a picture; save it as PNG.')
  const text = [...bytes.subarray(0, 512)].every((byte) => byte === 9 || byte === 10 || byte === 13 || byte >= 32)
  return refuse(text ? 'invalid picture; the file holds text, whatever its name says' : 'invalid picture; the first bytes are not those of a JPEG, PNG, WebP or GIF')
}

function png(data: Bytes): Raw {
  if (!data.is(12, 'IHDR') || data.u32(8) !== 13) throw refuse('invalid PNG; it does not begin with its header (IHDR)')
  const bitDepth = data.u8(24)
  const colour = data.u8(25)
  const depths: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] }
  if (!depths[colour]?.includes(bitDepth)) throw refuse(`invalid PNG; no such colour type and depth: ${colour} and ${bitDepth}`)
  let animated = false
  let pixels = false
  let orientation = 1
  // Chunks one by one; a chunk that claims to reach past the end ends the walk as truncated.
  for (let at = 8; at + 8 <= data.length; ) {
    const length = data.u32(at)
    if (data.is(at + 4, 'acTL')) animated = true
    else if (data.is(at + 4, 'IDAT')) pixels = true
    else if (data.is(at + 4, 'eXIf') && at + 8 + length <= data.length) orientation = exifOrientation(data, at + 8, length)
    else if (data.is(at + 4, 'IEND')) {
      if (!pixels) throw refuse('invalid PNG; it holds no pixels')
      if (at + 12 > data.length) break
      checkChunks(data)
      return { width: data.u32(16), height: data.u32(20), orientation, animated, bitDepth }
    }
    at += 12 + length
  }
  // The size first: a bomb is called one even where it is also cut off.
  bound(data.u32(16), data.u32(20))
  throw truncated()
}

/** Decoders paint a damaged PNG as far as they get, without a word; its check sums are what tells. Chunks that only describe may be odd. */
function checkChunks(data: Bytes): void {
  const bytes = new Uint8Array(data.view.buffer, data.view.byteOffset, data.length)
  for (let at = 8; at + 12 <= data.length; ) {
    const length = data.u32(at)
    const critical = (data.u8(at + 4) & 0x20) === 0
    if (critical && crc32(bytes.subarray(at + 4, at + 8 + length)) !== data.u32(at + 8 + length)) throw refuse('invalid PNG; a check sum does not fit its bytes: the file is damaged', 'Copy or save it again.')
    if (data.is(at + 4, 'IEND')) return
    at += 12 + length
  }
}

/** Orientation out of a TIFF block. Anything odd counts as upright: a picture is not lost for its EXIF. */
function exifOrientation(data: Bytes, start: number, length: number): number {
  const end = Math.min(data.length, start + length)
  try {
    const little = data.is(start, 'II')
    if (!little && !data.is(start, 'MM')) return 1
    const directory = start + data.u32(start + 4, little)
    const entries = data.u16(directory, little)
    for (let i = 0; i < entries; i++) {
      const at = directory + 2 + i * 12
      if (at + 12 > end) return 1
      if (data.u16(at, little) === 0x0112) {
        const value = data.u16(at + 8, little)
        return value >= 1 && value <= 8 ? value : 1
      }
    }
  } catch {
    // Cut off inside the EXIF block.
  }
  return 1
}

function jpeg(data: Bytes): Raw {
  let orientation = 1
  let frame: { width: number; height: number; bitDepth: number } | undefined
  for (let at = 2; ; ) {
    if (data.u8(at) !== 0xff) throw refuse('invalid JPEG; a marker was expected')
    while (data.u8(at) === 0xff) at++
    const marker = data.u8(at++)
    if (marker === 0xd9) break
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue
    const length = data.u16(at)
    if (length < 2) throw refuse('invalid JPEG; a segment is too short')
    if (marker === 0xe1 && data.is(at + 2, 'Exif\0\0')) orientation = exifOrientation(data, at + 8, length - 8)
    // SOF0 to SOF15 without DHT, JPG and DAC.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const bitDepth = data.u8(at + 2)
      const components = data.u8(at + 7)
      frame = { height: data.u16(at + 3), width: data.u16(at + 5), bitDepth }
      bound(frame.width, frame.height)
      if (components === 4) throw new StudioError({ code: 'unsupported', message: 'unsupported JPEG; its colours are for print (CMYK)', hint: 'Save it with RGB colours.' })
      if (components !== 1 && components !== 3) throw refuse(`invalid JPEG; 1 or 3 colour components expected: ${components}`)
      if (bitDepth !== 8) throw new StudioError({ code: 'unsupported', message: `unsupported JPEG; 8 bits a channel are taken: ${bitDepth}`, hint: 'Save it with 8 bits a channel.' })
      if (marker > 0xc2) throw new StudioError({ code: 'unsupported', message: 'unsupported JPEG; only baseline and progressive files are taken', hint: 'Save it again as an ordinary JPEG.' })
    }
    if (marker === 0xda) {
      if (!frame) throw refuse('invalid JPEG; pixels come before their frame')
      // Decoders paint a cut-off file half grey without a word; its end marker is what tells. Cameras may append data behind it.
      let end = data.length - 2
      while (end > at && !(data.view.getUint8(end) === 0xff && data.view.getUint8(end + 1) === 0xd9)) end--
      if (end <= at) throw truncated()
      countScans(data, at, end)
      return { width: frame.width, height: frame.height, orientation, animated: false, bitDepth: frame.bitDepth }
    }
    at += length
  }
  throw refuse('invalid JPEG; it holds no pixels')
}

/** A progressive file may pass over all of its pixels in a scan of a few bytes; ten are usual, and thousands are a bomb of time. */
function countScans(data: Bytes, from: number, end: number): void {
  let scans = 1
  for (let at = from; at < end; at++) {
    if (data.view.getUint8(at) === 0xff && data.view.getUint8(at + 1) === 0xda && ++scans > mostScans) {
      throw new StudioError({ code: 'unsupported', message: `unsupported JPEG; at most ${mostScans} passes over its pixels are taken: it has more`, hint: 'Save it again as an ordinary JPEG.' })
    }
  }
}

function gif(data: Bytes): Raw {
  const width = data.u16(6, true)
  const height = data.u16(8, true)
  bound(width, height)
  const table = (packed: number): number => ((packed & 0x80) === 0 ? 0 : 3 * 2 ** ((packed & 7) + 1))
  let frames = 0
  let at = 13 + table(data.u8(10))
  const skipBlocks = (): void => {
    for (let size = data.u8(at++); size > 0; size = data.u8(at++)) at += size
  }
  // A second frame settles that it is animated; a bomb of ten thousand is not walked.
  while (frames < 2) {
    const block = data.u8(at++)
    if (block === 0x3b) break
    if (block === 0x21) {
      at++
      skipBlocks()
    } else if (block === 0x2c) {
      const fw = data.u16(at + 4, true)
      const fh = data.u16(at + 6, true)
      bound(fw, fh)
      const packed = data.u8(at + 8)
      at += 10 + table(packed)
      try {
        skipBlocks()
      } catch (error) {
        // A first frame that is whole is a picture even where later ones are cut off.
        if (frames === 0) throw error
        return { width, height, orientation: 1, animated: true, bitDepth: 8 }
      }
      frames++
    } else throw refuse('invalid GIF; an unknown block')
  }
  if (frames === 0) throw refuse('invalid GIF; it holds no pixels')
  return { width, height, orientation: 1, animated: frames > 1, bitDepth: 8 }
}

function webp(data: Bytes): Raw {
  const end = 8 + data.u32(4, true)
  let size: { width: number; height: number } | undefined
  let orientation = 1
  let animated = false
  let pixels = false
  for (let at = 12; at + 8 <= Math.min(end, data.length); ) {
    const length = data.u32(at + 4, true)
    const body = at + 8
    if (data.is(at, 'VP8X')) {
      // Decoders believe it in the first place only, and elsewhere take the size that the pixels bring.
      if (at !== 12) throw refuse('invalid WebP; its extended header comes too late')
      animated = (data.u8(body) & 2) !== 0
      size = { width: 1 + data.u24(body + 4), height: 1 + data.u24(body + 7) }
      bound(size.width, size.height)
    } else if (data.is(at, 'VP8 ')) {
      pixels = true
      if (data.u24(body + 3) !== 0x2a019d) throw refuse('invalid WebP; a key frame was expected')
      size ??= { width: data.u16(body + 6, true) & 0x3fff, height: data.u16(body + 8, true) & 0x3fff }
    } else if (data.is(at, 'VP8L')) {
      pixels = true
      if (data.u8(body) !== 0x2f) throw refuse('invalid WebP; its lossless signature is missing')
      const bits = data.u32(body + 1, true)
      size ??= { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
    } else if (data.is(at, 'ANMF')) pixels = true
    else if (data.is(at, 'EXIF')) {
      const start = data.is(body, 'Exif\0\0') ? body + 6 : body
      orientation = exifOrientation(data, start, length - (start - body))
    }
    at = body + length + (length & 1)
  }
  if (size) bound(size.width, size.height)
  if (end > data.length) throw truncated()
  if (!size || !pixels) throw refuse('invalid WebP; it holds no pixels')
  return { ...size, orientation, animated, bitDepth: 8 }
}

function bound(width: number, height: number): void {
  if (width < 1 || height < 1) throw refuse(`invalid picture; it has no area: ${width} x ${height} pixels`)
  if (width > limits.side || height > limits.side || width * height > limits.pixels) {
    throw new StudioError({
      code: 'unsupported',
      message: `unsupported picture; at most ${limits.side.toLocaleString('en')} pixels a side and ${limits.pixels / 1_000_000} million in all are taken: ${width.toLocaleString('en')} x ${height.toLocaleString('en')}`,
      hint: 'Make it smaller first.',
    })
  }
}

/**
 * @param bytes the whole file
 * @throws StudioError bad-data (not a picture, damaged, cut off), unsupported (SVG, CMYK, too large ...)
 */
export function readHeader(bytes: Uint8Array): PictureHeader {
  const type = sniffPicture(bytes)
  if (!type) throw strangerOf(bytes)
  if (bytes.length > limits.bytes) throw new StudioError({ code: 'unsupported', message: `unsupported picture; at most ${limits.bytes / 1024 / 1024} MB are taken: ${Math.ceil(bytes.length / 1024 / 1024)} MB`, hint: 'Make it smaller first.' })
  const data = new Bytes(bytes)
  const raw = type === 'image/png' ? png(data) : type === 'image/jpeg' ? jpeg(data) : type === 'image/gif' ? gif(data) : webp(data)
  bound(raw.width, raw.height)
  // 5 to 8 are quarter turns: width and height change places.
  const turned = raw.orientation >= 5
  return { ...raw, type, width: turned ? raw.height : raw.width, height: turned ? raw.width : raw.height }
}
