/** Picture files as the bundle's server and the terminal decode them, beside the libraries that browsers have inside. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromBase64 } from '../../src/core/bundle/pictures.ts'
import { rgbOf } from '../../src/core/images/luma.ts'
import { decodePicture } from '../../src/export/server/picture.ts'

const { cases } = JSON.parse(readFileSync(new URL('./picture-files.json', import.meta.url), 'utf8')) as { cases: { name: string; file: string; width: number; height: number; rgba: string }[] }
const of = (name: string): Uint8Array<ArrayBuffer> => fromBase64((cases.find((one) => one.name === name) as (typeof cases)[number]).file)

describe('decodePicture', () => {
  it.each(cases)('$name', async ({ file, width, height, rgba }) => {
    const pixels = await decodePicture(fromBase64(file))
    expect([pixels.width, pixels.height]).toEqual([width, height])
    // Level for level; what is see-through lies on white in both.
    expect(Buffer.compare(rgbOf(pixels), rgbOf({ width, height, channels: 4, data: fromBase64(rgba) }))).toBe(0)
  })

  it('refuses what is damaged behind its header, and decodes the next one', async () => {
    const jpeg = of('JPEG 4:2:0')
    for (const name of ['JPEG 4:2:0 progressive', 'WebP lossy', 'WebP animated, its first frame in a corner', 'GIF', 'PNG on its side']) {
      const bytes = of(name)
      let refused = 0
      for (let from = 30; from < bytes.length - 2; from += Math.ceil(bytes.length / 40)) {
        const broken = bytes.map((byte, i) => (i >= from && i < bytes.length - 2 ? (byte * 31 + i * 7) & 255 : byte))
        await decodePicture(broken).catch((error: { code: string }) => {
          refused++
          expect(['bad-data', 'unsupported']).toContain(error.code)
        })
      }
      expect(refused, name).toBeGreaterThan(0)
    }
    expect((await decodePicture(jpeg)).width).toBe(23)
  })

  it('refuses a progressive file of thousands of passes', async () => {
    const jpeg = of('JPEG 4:2:0 progressive')
    const start = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda)
    const passes = Array.from({ length: 1000 }, () => [...jpeg.subarray(start, start + 12)]).flat()
    await expect(decodePicture(Uint8Array.from([...jpeg.subarray(0, start), ...passes, 0xff, 0xd9]))).rejects.toThrow('at most 200 passes')
  })
})
