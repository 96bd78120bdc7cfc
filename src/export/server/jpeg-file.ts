/** A JPEG by jpeg-js, which takes it apart, and with colours as libjpeg makes them, which jpeg-js does not. */
import jpeg from 'jpeg-js'
import { limits } from '../../core/images/header.ts'
import { drawnOut, rgbOfPlanes, type Plane } from '../../core/images/jpeg-colour.ts'
import type { Pixels } from '../../core/images/luma.ts'

const how = { useTArray: true, maxResolutionInMP: limits.pixels / 1e6, maxMemoryUsageInMB: 1024 } as const

interface Frame {
  /** Samples of each component, across and down. */
  readonly components: readonly { readonly id: number; readonly h: number; readonly v: number }[]
  /** What Adobe's marker says of the colours, and where it stands. */
  readonly adobe?: { readonly transform: number; readonly at: number }
  readonly jfif: boolean
}

/** Of a file whose header was read and found in order. */
function frameOf(bytes: Uint8Array): Frame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const says = (at: number, text: string): boolean => [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0))
  let adobe: Frame['adobe']
  let jfif = false
  for (let at = 2; at + 4 <= bytes.length; ) {
    while (bytes[at] === 0xff) at++
    const marker = bytes[at++] as number
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9)) continue
    if (marker === 0xe0 && says(at + 2, 'JFIF\0')) jfif = true
    if (marker === 0xee && says(at + 2, 'Adobe')) adobe = { transform: bytes[at + 13] as number, at: at + 2 }
    if (marker === 0xda) return undefined
    if (marker >= 0xc0 && marker <= 0xc2) {
      const components = Array.from({ length: bytes[at + 7] as number }, (_, i) => ({ id: bytes[at + 8 + i * 3] as number, h: (bytes[at + 9 + i * 3] as number) >> 4, v: (bytes[at + 9 + i * 3] as number) & 15 }))
      return { components, jfif, ...(adobe && { adobe }) }
    }
    at += view.getUint16(at)
  }
  return undefined
}

/** As libjpeg guesses (jdapimin.c). */
function isRgb({ adobe, jfif, components }: Frame): boolean {
  if (jfif) return false
  if (adobe) return adobe.transform === 0
  return components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB'
}

/** @throws Error of jpeg-js where the file is damaged */
export function decodeJpeg(bytes: Uint8Array): Pixels {
  const frame = frameOf(bytes)
  const [luma, blue, red] = frame?.components ?? []
  const across = luma && blue ? luma.h / blue.h : 0
  const down = luma && blue ? luma.v / blue.v : 0
  const usual = (share: number): share is 1 | 2 => share === 1 || share === 2
  // Odd samplings, greys and RGB are left to the library.
  if (!frame || !luma || !blue || !red || frame.components.length !== 3 || isRgb(frame) || !usual(across) || !usual(down) || blue.h !== red.h || blue.v !== red.v) {
    const { width, height, data } = jpeg.decode(bytes, { ...how, ...(frame && frame.components.length === 3 && { colorTransform: !isRgb(frame) }) })
    return { width, height, channels: 4, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
  }
  const plain = frame.adobe ? Uint8Array.from(bytes) : bytes
  // By its marker the library would turn the colours into red, green and blue by itself.
  if (frame.adobe) plain[frame.adobe.at] = 0
  const { width, height, data } = jpeg.decode(plain, { ...how, colorTransform: false, formatAsRGBA: false })
  // The library repeats each sample; the first of each repetition is the sample itself.
  const plane = (channel: number, x: 1 | 2, y: 1 | 2): Plane => {
    const [wide, high] = [Math.ceil(width / x), Math.ceil(height / y)]
    const taken = new Uint8Array(wide * high)
    for (let row = 0; row < high; row++) for (let column = 0; column < wide; column++) taken[row * wide + column] = data[(row * y * width + column * x) * 3 + channel] as number
    return { width: wide, height: high, data: taken }
  }
  return { width, height, channels: 3, data: rgbOfPlanes([plane(0, 1, 1), drawnOut(plane(1, across, down), across, down, width, height), drawnOut(plane(2, across, down), across, down, width, height)]) }
}
