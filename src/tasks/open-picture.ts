/**
 * A picture's file as pixels, by the browser's decoder: upright by the EXIF orientation, first frame only, its levels as
 * they are stored (a colour profile is left alone, because whoever serves the model has none). The header was read
 * before, so the size is known to be bearable.
 */
import { StudioError } from '../core/errors.ts'
import { readHeader } from '../core/images/header.ts'
import type { Pixels } from '../core/images/luma.ts'
import { uprightTransform } from '../core/images/upright.ts'

export interface OpenedPicture {
  readonly width: number
  readonly height: number
  /** RGBA at full size, or at most `side` pixels a side; the reduction is the browser's and for the eye only. */
  pixels(side?: number): Pixels
  /** WebP, at most `side` pixels a side. */
  thumbnail(side: number): Promise<{ readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }>
  /** Gives its memory back at once. */
  close(): void
}
export type OpenPicture = (bytes: Uint8Array<ArrayBuffer>, type: string) => Promise<OpenedPicture>

function drawn(bitmap: ImageBitmap, side: number): { canvas: OffscreenCanvas; draw: OffscreenCanvasRenderingContext2D } {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height))
  const width = Math.max(1, Math.round(bitmap.width * scale))
  const height = Math.max(1, Math.round(bitmap.height * scale))
  const canvas = new OffscreenCanvas(width, height)
  const draw = canvas.getContext('2d', { willReadFrequently: true })
  if (!draw) throw new StudioError({ code: 'out-of-memory', message: `missing memory; no canvas of ${width} x ${height} pixels could be made`, hint: 'Close other tabs and try again.' })
  draw.imageSmoothingQuality = 'medium'
  draw.drawImage(bitmap, 0, 0, width, height)
  return { canvas, draw }
}

/** RGBA; full size where nothing is said. */
function pixelsIn(bitmap: ImageBitmap, side = Number.POSITIVE_INFINITY): Pixels {
  const { draw, canvas } = drawn(bitmap, side)
  const { data } = draw.getImageData(0, 0, canvas.width, canvas.height)
  return { width: canvas.width, height: canvas.height, channels: 4, data }
}

/** What a camera or a canvas showed; its memory is given back at once. */
export async function pixelsOfFrame(frame: ImageBitmap | VideoFrame): Promise<Pixels> {
  try {
    if (frame instanceof ImageBitmap) return pixelsIn(frame)
    const direct = await copiedPixels(frame)
    if (direct) return direct
    const bitmap = await createImageBitmap(frame)
    try {
      return pixelsIn(bitmap)
    } finally {
      bitmap.close()
    }
  } finally {
    frame.close()
  }
}

/** Straight out of the camera's memory, several times as fast as by way of a canvas; undefined where the browser cannot. */
async function copiedPixels(frame: VideoFrame): Promise<Pixels | undefined> {
  const how = { format: 'RGBA', colorSpace: 'srgb' } as const
  const { width, height } = frame.visibleRect ?? { width: 0, height: 0 }
  if (width !== frame.displayWidth || height !== frame.displayHeight) return undefined
  try {
    const data = new Uint8ClampedArray(frame.allocationSize(how))
    await frame.copyTo(data, how)
    return { width, height, channels: 4, data }
  } catch {
    return undefined
  }
}

/** Chromium turns JPEGs and PNGs by themselves and lets WebPs lie: so those are turned here, unless the browser did. */
function uprightWebp(bitmap: ImageBitmap, bytes: Uint8Array): ImageBitmap {
  const { orientation, width, height } = readHeader(bytes)
  const lies = orientation >= 5 ? bitmap.width === height && bitmap.height === width : orientation > 1
  if (!lies) return bitmap
  const canvas = new OffscreenCanvas(width, height)
  const draw = canvas.getContext('2d')
  if (!draw) throw new StudioError({ code: 'out-of-memory', message: `missing memory; no canvas of ${width} x ${height} pixels could be made`, hint: 'Close other tabs and try again.' })
  draw.setTransform(...uprightTransform(orientation, bitmap.width, bitmap.height))
  draw.imageSmoothingEnabled = false
  draw.drawImage(bitmap, 0, 0)
  bitmap.close()
  return canvas.transferToImageBitmap()
}

/** @throws StudioError bad-data where the decoder refuses */
export const openPictureInBrowser: OpenPicture = async (bytes, type) => {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type }), { imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion: 'none' })
    bitmap = type === 'image/webp' ? uprightWebp(bitmap, bytes) : bitmap
  } catch (cause) {
    if (cause instanceof StudioError) throw cause
    throw new StudioError({ code: 'bad-data', message: 'invalid picture; its header is in order and its pixels cannot be decoded', hint: 'The file is damaged. Copy or save it again.', cause })
  }
  return {
    width: bitmap.width,
    height: bitmap.height,
    pixels: (side) => pixelsIn(bitmap, side),
    async thumbnail(side) {
      const { canvas } = drawn(bitmap, side)
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 })
      return { type: blob.type, bytes: new Uint8Array(await blob.arrayBuffer()) }
    },
    close: () => bitmap.close(),
  }
}
