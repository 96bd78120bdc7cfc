/** Animated WebP, RFC 9649: its first frame as a file of its own, and where it lies on the canvas. */

export interface StillWebp {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

const letters = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0))
const word = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255]

/** @param bytes a file whose header was read. @returns undefined where there is no frame */
export function firstWebpFrame(bytes: Uint8Array): StillWebp | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    if (String.fromCharCode(...bytes.subarray(at, at + 4)) === 'ANMF' && length >= 24 && at + 8 + length <= bytes.length) {
      const body = at + 8
      const frame = bytes.subarray(body + 16, body + length)
      const size = [0, 3].flatMap((part) => [...bytes.subarray(body + 6 + part, body + 9 + part)])
      // Only files with an extended header may have their own part for transparency; a frame says its size in the same three bytes each.
      const inside = [...letters('WEBPVP8X'), ...word(10), 0x10, 0, 0, 0, ...size]
      const head = [...letters('RIFF'), ...word(inside.length + frame.length), ...inside]
      const made = new Uint8Array(head.length + frame.length)
      made.set(head)
      made.set(frame, head.length)
      return { bytes: made, left: u24(body) * 2, top: u24(body + 3) * 2, width: u24(body + 6) + 1, height: u24(body + 9) + 1 }
    }
    at += 8 + length + (length & 1)
  }
  return undefined
}
