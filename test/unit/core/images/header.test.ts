import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../../src/core/errors.ts'
import { readHeader, sniffPicture } from '../../../../src/core/images/header.ts'
import { exif, fixture, joined, png, pngChunk, withExif } from '../../../support/pictures.ts'

const refusal = (bytes: Uint8Array): { code: string; message: string } => {
  try {
    readHeader(bytes)
  } catch (error) {
    if (error instanceof StudioError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was taken')
}
const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const grey = () => [90, 90, 90] as const

describe('header', () => {
  it.each([
    ['baseline.jpg', 'image/jpeg', false, 8],
    ['progressive.jpg', 'image/jpeg', false, 8],
    ['grey.jpg', 'image/jpeg', false, 8],
    ['rgb8.png', 'image/png', false, 8],
    ['palette.png', 'image/png', false, 4],
    ['alpha.png', 'image/png', false, 4],
    ['rgb16.png', 'image/png', false, 16],
    ['lossy.webp', 'image/webp', false, 8],
    ['lossless.webp', 'image/webp', false, 8],
    ['alpha.webp', 'image/webp', false, 8],
    ['animated.webp', 'image/webp', true, 8],
    ['still.gif', 'image/gif', false, 8],
    ['animated.gif', 'image/gif', true, 8],
  ] as const)('%s', (name, type, animated, bitDepth) => {
    expect(readHeader(fixture(name))).toMatchObject({ type, width: 24, height: 16, orientation: 1, animated, bitDepth })
  })
  it('goes by content, not by name', () => {
    expect(sniffPicture(fixture('still.gif'))).toBe('image/gif')
    expect(sniffPicture(text('hello'))).toBeUndefined()
  })
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i, either byte order', (orientation) => {
    const size = orientation >= 5 ? { width: 16, height: 24 } : { width: 24, height: 16 }
    for (const little of [true, false]) expect(readHeader(withExif(fixture('baseline.jpg'), orientation, little))).toMatchObject({ orientation, ...size })
    expect(readHeader(png(24, 16, grey, [24, 16], [pngChunk('eXIf', exif(orientation))]))).toMatchObject({ orientation, ...size })
  })
  it('a senseless EXIF block costs nothing', () => {
    expect(readHeader(withExif(fixture('baseline.jpg'), 77))).toMatchObject({ orientation: 1, width: 24 })
    const broken = withExif(fixture('baseline.jpg'), 6)
    // The directory's address leads out of the file.
    broken.set([0xff, 0xff, 0xff, 0x7f], 2 + 4 + 6 + 4)
    expect(readHeader(broken)).toMatchObject({ orientation: 1 })
  })
  it('bombs are refused by their size', () => {
    expect(refusal(png(1, 1, grey, [65_535, 65_535]))).toMatchObject({ code: 'unsupported', message: expect.stringContaining('65,535 x 65,535') })
    // Within each side, but not in all.
    expect(refusal(png(1, 1, grey, [16_000, 16_000])).code).toBe('unsupported')
    expect(refusal(png(1, 1, grey, [0, 5])).message).toMatch(/no area/)
    const gif = fixture('still.gif')
    gif.set([0xff, 0xff, 0xff, 0xff], 6)
    expect(refusal(gif).code).toBe('unsupported')
    const jpeg = fixture('baseline.jpg')
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0)
    jpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5)
    expect(refusal(jpeg).code).toBe('unsupported')
  })
  it.each(['baseline.jpg', 'progressive.jpg', 'rgb8.png', 'rgb16.png', 'lossy.webp', 'lossless.webp', 'animated.webp', 'still.gif'])('%s cut off anywhere is refused, never misread', (name) => {
    const whole = fixture(name)
    // A container may end before the file does; a JPEG's end marker is its last two bytes.
    const end = name.endsWith('.webp') ? 8 + new DataView(whole.buffer).getUint32(4, true) : whole.length - (name.endsWith('.png') ? 0 : 2)
    for (let length = 0; length < end; length++) {
      const problem = refusal(whole.subarray(0, length))
      expect(['bad-data', 'unsupported']).toContain(problem.code)
    }
  })
  it('an animation whose first frame is whole is taken, the rest cut off', () => {
    const whole = fixture('animated.gif')
    expect(readHeader(whole.subarray(0, whole.length - 10))).toMatchObject({ animated: true })
  })
  it.each([
    ['CMYK', fixture('cmyk.jpg'), /CMYK/],
    ['SVG', text('<?xml version="1.0"?>\n<!-- a comment -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'), /SVG/],
    ['bare SVG', text('\uFEFF  <svg onload="alert(1)"/>'), /SVG/],
    ['text called .jpg', text('These are words.'), /holds text/],
    ['nothing', new Uint8Array(), /empty/],
    ['bytes', Uint8Array.of(1, 2, 3, 4, 0, 0), /first bytes/],
    ['HEIC', joined(Uint8Array.of(0, 0, 0, 24), text('ftypheic')), /HEIC/],
    ['AVIF', joined(Uint8Array.of(0, 0, 0, 24), text('ftypavif')), /AVIF/],
    ['TIFF', text('II*\0 and so on'), /TIFF/],
    ['BMP', text('BM and so on'), /BMP/],
    ['PNG without pixels', joined(png(1, 1, grey).subarray(0, 33), pngChunk('IEND', new Uint8Array())), /no pixels/],
    ['12-bit JPEG', (() => { const jpeg = fixture('baseline.jpg'); jpeg[jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0) + 4] = 12; return jpeg })(), /8 bits/],
    ['lossless JPEG', (() => { const jpeg = fixture('baseline.jpg'); jpeg[jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0) + 1] = 0xc3; return jpeg })(), /baseline and progressive/],
  ] as const)('%s is refused by name', (_, bytes, message) => {
    expect(refusal(bytes).message).toMatch(message)
  })
  it('a PNG whose pixels were damaged is refused: decoders would paint a part of it', () => {
    const bytes = fixture('rgb8.png')
    bytes[new TextDecoder('latin1').decode(bytes).indexOf('IDAT') + 12]! ^= 1
    expect(refusal(bytes).message).toMatch(/check sum/)
  })
  it('a WebP whose extended header comes late is refused: decoders take the size that the pixels bring', () => {
    const whole = fixture('lossless.webp')
    const late = new Uint8Array(whole.length + 18)
    late.set(whole)
    late.set([...new TextEncoder().encode('VP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0], whole.length)
    new DataView(late.buffer).setUint32(4, late.length - 8, true)
    expect(refusal(late).message).toMatch(/its extended header comes too late/)
  })
  it('bytes bent at random are refused or read, never anything else', () => {
    let state = 12345
    const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below
    for (const name of ['baseline.jpg', 'rgb8.png', 'lossy.webp', 'animated.gif', 'animated.webp']) {
      for (let round = 0; round < 2000; round++) {
        const bytes = fixtureCache(name)
        for (let k = 0; k <= random(4); k++) bytes[random(bytes.length)] = random(256)
        try {
          const { width, height } = readHeader(bytes)
          expect(width * height).toBeLessThanOrEqual(64_000_000)
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError)
        }
      }
    }
  })
})

const kept = new Map<string, Uint8Array>()
function fixtureCache(name: string): Uint8Array {
  if (!kept.has(name)) kept.set(name, fixture(name))
  return (kept.get(name) as Uint8Array).slice()
}
