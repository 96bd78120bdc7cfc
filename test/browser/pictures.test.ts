/** The browser's decoder as we use it: upright, first frames, transparency, and refusals that are errors. */
import { describe, expect, it } from 'vitest'
import { fromBase64 } from '../../src/core/bundle/pictures.ts'
import { readHeader } from '../../src/core/images/header.ts'
import { rgbOf } from '../../src/core/images/luma.ts'
import { upright } from '../../src/core/images/upright.ts'
import { openPictureInBrowser } from '../../src/tasks/open-picture.ts'
import golden from '../golden/picture-files.json'
import { webpWithExif, withExif } from '../support/exif.ts'

const names = ['alpha.png', 'alpha.webp', 'animated.gif', 'animated.webp', 'baseline.jpg', 'grey.jpg', 'lossless.webp', 'lossy.webp', 'palette.png', 'progressive.jpg', 'rgb16.png', 'rgb8.png', 'still.gif'] as const
async function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(new URL(`../fixtures/pictures/${name}`, import.meta.url))
  if (!answer.ok) throw new Error(`missing fixture: ${name}`)
  return new Uint8Array(await answer.arrayBuffer())
}
const open = async (bytes: Uint8Array<ArrayBuffer>) => openPictureInBrowser(bytes, readHeader(bytes).type)
const at = (pixels: ReturnType<Awaited<ReturnType<typeof open>>['pixels']>, x: number, y: number) => Array.from(pixels.data.subarray((y * pixels.width + x) * 4, (y * pixels.width + x) * 4 + 4))

describe('decoding', () => {
  it.each(names)('%s has the size that its header says', async (name) => {
    const bytes = await fixture(name)
    const picture = await open(bytes)
    expect([picture.width, picture.height]).toEqual([readHeader(bytes).width, readHeader(bytes).height])
    const thumbnail = await picture.thumbnail(12)
    expect(readHeader(thumbnail.bytes)).toMatchObject({ type: 'image/webp', width: 12, height: 8 })
    picture.close()
  })
  // The same files and pixels hold for the server's decoders: golden/picture-files.test.ts.
  it.each(golden.cases)('$name: the levels of the server, each one', async ({ file, width, height, rgba }) => {
    const picture = await open(fromBase64(file))
    const pixels = picture.pixels()
    picture.close()
    expect([pixels.width, pixels.height]).toEqual([width, height])
    const [own, theirs] = [rgbOf(pixels), rgbOf({ width, height, channels: 4, data: fromBase64(rgba) })]
    expect(own.reduce((most, level, i) => Math.max(most, Math.abs(level - (theirs[i] as number))), 0)).toBe(0)
  })
  it('an orientation is applied once: red, which is on top, goes where it says', async () => {
    // The gradient runs from red at the top to blue at the bottom.
    const jpeg = await fixture('baseline.jpg')
    const reds = async (orientation: number) => {
      const picture = await open(withExif(jpeg, orientation))
      const pixels = picture.pixels()
      picture.close()
      const { width, height } = pixels
      const red = (x: number, y: number) => (at(pixels, x, y)[0] as number) > 128
      return { size: [width, height], top: red(width >> 1, 0), bottom: red(width >> 1, height - 1), left: red(0, height >> 1), right: red(width - 1, height >> 1) }
    }
    expect(await reds(1)).toMatchObject({ size: [24, 16], top: true, bottom: false })
    expect(await reds(3)).toMatchObject({ size: [24, 16], top: false, bottom: true })
    // 6: the stored top is the right side; 8: the left side.
    expect(await reds(6)).toMatchObject({ size: [16, 24], left: false, right: true })
    expect(await reds(8)).toMatchObject({ size: [16, 24], left: true, right: false })
  })
  it.each([[16, 16], [24, 16]])('a WebP of %i x %i stands upright by its EXIF, which Chromium leaves alone', async (width, height) => {
    // Four corners of four colours: every turn and flip looks different.
    const canvas = new OffscreenCanvas(width, height)
    const draw = canvas.getContext('2d')!
    for (const [colour, x, y] of [['#f00', 0, 0], ['#0f0', 1, 0], ['#00f', 0, 1], ['#fff', 1, 1]] as const) {
      draw.fillStyle = colour
      draw.fillRect((x * width) / 2, (y * height) / 2, width / 2, height / 2)
    }
    const plain = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 1 })).arrayBuffer())
    const stored = (await open(plain)).pixels()
    for (let orientation = 1; orientation <= 8; orientation++) {
      const turned = await open(webpWithExif(plain, width, height, orientation))
      const wanted = upright(stored, orientation)
      expect([turned.width, turned.height], `size at ${orientation}`).toEqual([wanted.width, wanted.height])
      expect(rgbOf(turned.pixels()), `pixels at ${orientation}`).toEqual(rgbOf(wanted))
      turned.close()
    }
  })
  it('animations give their first frame, transparency stays', async () => {
    const [still, animated] = await Promise.all(['still.gif', 'animated.gif'].map(async (name) => (await open(await fixture(name))).pixels()))
    expect(at(animated!, 3, 3)).toEqual(at(still!, 3, 3))
    const alpha = (await open(await fixture('alpha.png'))).pixels()
    expect(at(alpha, 23, 15)[3]).toBe(0)
    expect(at(alpha, 8, 8)).toEqual([255, 0, 0, 255])
  })
  it('pixels that cannot be decoded are an error with a name', async () => {
    // Chromium paints damaged pixels as far as it gets; what it refuses is a header that is none.
    const bytes = await fixture('rgb8.png')
    bytes.fill(0xaa, 12, 33)
    await expect(openPictureInBrowser(bytes, 'image/png')).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/cannot be decoded/) })
  })
})
