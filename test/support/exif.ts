/** EXIF blocks for test pictures, in Node and in browsers. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A TIFF block with an orientation, as EXIF has it. */
export function exif(orientation: number, little = true): Uint8Array {
  const bytes = new Uint8Array(26)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(little ? 'II' : 'MM'))
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, 1, little)
  view.setUint16(10, 0x0112, little)
  view.setUint16(12, 3, little)
  view.setUint32(14, 1, little)
  view.setUint16(18, orientation, little)
  return bytes
}
/** A JPEG with an EXIF segment behind its first marker. */
export function withExif(jpeg: Uint8Array, orientation: number, little = true): Uint8Array<ArrayBuffer> {
  const body = joined(new TextEncoder().encode('Exif\0\0'), exif(orientation, little))
  const length = body.length + 2
  return joined(jpeg.subarray(0, 2), Uint8Array.of(0xff, 0xe1, length >> 8, length & 255), body, jpeg.subarray(2))
}

/** A plain or extended WebP with an EXIF chunk, under an extended header of its size. */
export function webpWithExif(webp: Uint8Array, width: number, height: number, orientation: number): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, body: Uint8Array): Uint8Array => {
    const size = new Uint8Array(4)
    new DataView(size.buffer).setUint32(0, body.length, true)
    return joined(new TextEncoder().encode(type), size, body, new Uint8Array(body.length & 1))
  }
  const extended = new TextDecoder().decode(webp.subarray(12, 16)) === 'VP8X'
  const head = new Uint8Array(10)
  const view = new DataView(head.buffer)
  head[0] = (extended ? (webp[20] as number) : 0) | 8
  for (const [at, side] of [[4, width], [7, height]] as const) {
    view.setUint16(at, (side - 1) & 0xffff, true)
    head[at + 2] = (side - 1) >> 16
  }
  const inside = joined(new TextEncoder().encode('WEBP'), chunk('VP8X', head), webp.subarray(extended ? 30 : 12), chunk('EXIF', exif(orientation)))
  return chunk('RIFF', inside) as Uint8Array<ArrayBuffer>
}
