/**
 * Cuts the feature extractor out of nsfwjs's MobileNetV2 (MIT, Infinite Red): the weights up to block_12_add, in the
 * 8 bits in which they are published. Run once; the result is committed.
 *   npm pack nsfwjs@4.3.0 && tar xzf nsfwjs-4.3.0.tgz && node test/golden/cut-backbone.mjs package
 * Layout: length of the header (uint32, little-endian), header (JSON: name, shape, min, scale), then the bytes of each in order.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'

const folder = process.argv[2]
if (!folder) throw new Error('missing argument; the folder of the unpacked package')
const published = (file) => {
  const module = { exports: {} }
  runInContext(readFileSync(join(folder, 'dist/models/mobilenet_v2', file), 'utf8'), createContext({ module, exports: module.exports }))
  return module.exports.default ?? module.exports
}
const { weightsManifest } = published('model.min.js')
const bytes = Buffer.from(published('group1-shard1of1.min.js'), 'base64')
const kept = []
let at = 0
for (const { name, shape, quantization } of weightsManifest.flatMap(({ weights }) => weights)) {
  const size = shape.reduce((product, side) => product * side, 1)
  if (quantization.dtype !== 'uint8') throw new Error(`unsupported weights: ${name}`)
  const block = /^block_(\d+)_/.exec(name)
  if (/^(Conv1|bn_Conv1|expanded_conv_\w+)\//.test(name) || (block && Number(block[1]) <= 12)) {
    kept.push({ name, shape, min: quantization.min, scale: quantization.scale, bytes: bytes.subarray(at, at + size) })
  }
  at += size
}
if (at !== bytes.length) throw new Error(`invalid weights; ${at} bytes are named, ${bytes.length} are there`)
const header = Buffer.from(JSON.stringify(kept.map(({ name, shape, min, scale }) => ({ name, shape, min, scale }))))
const length = Buffer.alloc(4)
length.writeUInt32LE(header.length)
writeFileSync(new URL('../../src/core/images/backbone/mobilenet-v2.bin', import.meta.url), Buffer.concat([length, header, ...kept.map((weights) => weights.bytes)]))
