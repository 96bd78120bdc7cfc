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
