/** Decodes what a request sends: JPEG by jpeg-js, PNG by pngjs, upright by the EXIF orientation, as the studio sees it. */
import { PNG } from 'pngjs'
import { fromBase64 } from '../../core/bundle/pictures.ts'
import { StudioError } from '../../core/errors.ts'
import { readHeader } from '../../core/images/header.ts'
import type { Pixels } from '../../core/images/luma.ts'
import { decodeJpeg } from './jpeg-file.ts'

/** EXIF 2.3: where the pixel of an upright picture lies in the stored one, of width w and height h. */
function upright({ width: w, height: h, channels, data }: Pixels, orientation: number): Pixels {
  if (orientation < 2 || orientation > 8) return { width: w, height: h, channels, data }
  const turned = orientation >= 5
  const [width, height] = turned ? [h, w] : [w, h]
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sx, sy] = turned ? [y, x] : [x, y]
      if (orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8) sx = w - 1 - sx
      if (orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7) sy = h - 1 - sy
      for (let c = 0; c < channels; c++) out[(y * width + x) * channels + c] = data[(sy * w + sx) * channels + c] as number
    }
  }
  return { width, height, channels, data: out }
}

/** @param cell the file in base64. @throws as `decodePicture` */
export const openPictureFile = (cell: string): Pixels => decodePicture(fromBase64(cell))

/** @param bytes the whole file. @throws StudioError bad-data where it cannot be decoded, unsupported for what is neither JPEG nor PNG */
export function decodePicture(bytes: Uint8Array): Pixels {
  const { type, orientation } = readHeader(bytes)
  if (type !== 'image/jpeg' && type !== 'image/png') throw new StudioError({ code: 'unsupported', message: `unsupported picture; JPEG and PNG are decoded here: ${type}`, hint: 'Save it as JPEG or PNG.' })
  try {
    if (type === 'image/jpeg') return upright(decodeJpeg(bytes), orientation)
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes))
    return upright({ width, height, channels: 4, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }, orientation)
  } catch (cause) {
    throw new StudioError({ code: 'bad-data', message: 'invalid picture; its header is in order and its pixels cannot be decoded', cause })
  }
}
