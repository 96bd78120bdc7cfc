/** The check sum of zip entries and PNG chunks. */
const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c >>> 0
})
/** CRC-32 (ISO 3309), carried on from `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let c = ~before >>> 0
  for (let i = 0; i < bytes.length; i++) c = (crcTable[(c ^ (bytes[i] as number)) & 255] as number) ^ (c >>> 8)
  return ~c >>> 0
}
