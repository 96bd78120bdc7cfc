/**
 * Decodes picture files where there is no browser, to the very levels that a browser gives: JPEG by mozjpeg and WebP by
 * libwebp (the libraries inside Chromium, compiled to WebAssembly by jSquash), PNG by pngjs, a GIF's first frame by
 * ourselves; upright by the EXIF orientation, colour profiles left alone, as the studio sees it.
 */
import decodeJpeg, { init as initJpeg } from '@jsquash/jpeg/decode.js'
import jpegWasm from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?url&inline'
import decodeWebp, { init as initWebp } from '@jsquash/webp/decode.js'
import webpWasm from '@jsquash/webp/codec/dec/webp_dec.wasm?url&inline'
import { PNG } from 'pngjs'
import { fromBase64 } from '../../core/bundle/pictures.ts'
import { StudioError } from '../../core/errors.ts'
import { gifPixels } from '../../core/images/gif.ts'
import { readHeader, type PictureHeader } from '../../core/images/header.ts'
import type { Pixels } from '../../core/images/luma.ts'
import { upright } from '../../core/images/upright.ts'
import { firstWebpFrame } from '../../core/images/webp-frame.ts'

interface Library {
  readonly init: (module: WebAssembly.Module, options: object) => Promise<void>
  readonly decode: (file: ArrayBuffer) => Promise<Pick<ImageData, 'width' | 'height' | 'data'>>
}

/** WebAssembly memory never shrinks: after a picture of so many pixels it is given back. */
const manyPixels = 4_000_000

/** A library that ended in an error, or that grew large, is replaced before it is asked again. */
function decoder(wasm: string, { init, decode }: Library): (bytes: Uint8Array<ArrayBuffer>) => Promise<Pixels> {
  let module: WebAssembly.Module | undefined
  let spent = true
  return async (bytes) => {
    module ??= new WebAssembly.Module(fromBase64(wasm.slice(wasm.indexOf(',') + 1)))
    if (spent) await init(module, { print: () => {}, printErr: () => {} })
    spent = true
    const { width, height, data } = await decode(bytes.slice().buffer)
    spent = width * height > manyPixels
    return { width, height, channels: 4, data }
  }
}
const jpegPixels = decoder(jpegWasm, { init: initJpeg as Library['init'], decode: (file) => decodeJpeg(file) })
const stillWebp = decoder(webpWasm, { init: initWebp as Library['init'], decode: decodeWebp })

/** The frame of an animation may be smaller than its canvas. */
async function webpPixels(bytes: Uint8Array<ArrayBuffer>, { animated, width, height, orientation }: PictureHeader): Promise<Pixels> {
  const first = animated ? firstWebpFrame(bytes) : undefined
  if (!first) return stillWebp(bytes)
  const [wide, high] = orientation >= 5 ? [height, width] : [width, height]
  // Before the library believes the frame's own size.
  if (first.left + first.width > wide || first.top + first.height > high) throw new StudioError({ code: 'bad-data', message: `invalid WebP; its first frame reaches out of its canvas of ${wide} x ${high} pixels` })
  const frame = await stillWebp(first.bytes)
  const data = new Uint8Array(wide * high * 4)
  const line = frame.width * 4
  for (let y = 0; y < frame.height; y++) data.set(frame.data.subarray(y * line, (y + 1) * line), ((first.top + y) * wide + first.left) * 4)
  return { width: wide, height: high, channels: 4, data }
}

/** Sixteen bits lose their lower eight, as browsers have it; rounding would give another level in one place of four. */
function pngPixels(bytes: Uint8Array, { bitDepth }: PictureHeader): Pixels {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes), { skipRescale: bitDepth === 16 })
  const levels = bitDepth === 16 ? Uint8Array.from(data as unknown as Uint16Array, (value) => value >> 8) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return { width, height, channels: 4, data: levels }
}

/** @param cell the file in base64. @throws as `decodePicture` */
export const openPictureFile = (cell: string): Promise<Pixels> => decodePicture(fromBase64(cell))

/** @param bytes the whole file. @throws StudioError bad-data where it cannot be decoded, unsupported for what is no picture that we take */
export async function decodePicture(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const header = readHeader(bytes)
  try {
    const stored = header.type === 'image/jpeg' ? await jpegPixels(bytes) : header.type === 'image/png' ? pngPixels(bytes, header) : header.type === 'image/gif' ? gifPixels(bytes) : await webpPixels(bytes, header)
    return upright(stored, header.orientation)
  } catch (cause) {
    if (cause instanceof StudioError) throw cause
    throw new StudioError({ code: 'bad-data', message: 'invalid picture; its header is in order and its pixels cannot be decoded', hint: 'The file is damaged. Copy or save it again.', cause })
  }
}
