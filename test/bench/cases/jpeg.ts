/**
 * Whether the server of a bundle names JPEGs as the studio does, though their decoders differ (Chromium's libjpeg-turbo
 * and mozjpeg): photographs of Debian's tuxpaint-stamps-default (or of the folders in PHOTOS, a folder a class), encoded
 * at several qualities and sizes, and handwritten digits. Gates: every label on lossless files, 99.5 % on JPEGs. What
 * differs is listed on standard error.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright'
import type { Pixels } from '../../../src/core/images/luma.ts'
import type { OpenPicture } from '../../../src/tasks/open-picture.ts'
import { chromiumPath } from '../../support/chromium.ts'
import { digits, type Digits } from '../../support/digits.ts'
import { png } from '../../support/pictures.ts'
import { tell } from '../harness.ts'
import type { AskedTwice, Sample } from '../jpeg-model.ts'
import { startVite } from '../vite.ts'

const leastAgreement = 0.995
const stamps = '/usr/share/tuxpaint/stamps'
const classes = ['animals/birds', 'animals/insects', 'animals/mammals', 'food/fruit', 'plants/flowers', 'vehicles'] as const
const qualities = [0.95, 0.85, 0.7, 0.5] as const

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'))

/** Its decoder and its encoder. */
function browser(page: Page) {
  const decode = async (bytes: Uint8Array, type: string): Promise<Pixels> => {
    const { width, height, data } = await page.evaluate(
      async ([text, kind]) => {
        const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(text as string), (c) => c.charCodeAt(0))], { type: kind as string }), { imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion: 'none' })
        const draw = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D
        draw.drawImage(bitmap, 0, 0)
        const { data: rgba } = draw.getImageData(0, 0, bitmap.width, bitmap.height)
        let out = ''
        for (let i = 0; i < rgba.length; i += 8192) out += String.fromCharCode(...rgba.subarray(i, i + 8192))
        return { width: bitmap.width, height: bitmap.height, data: btoa(out) }
      },
      [base64(bytes), type],
    )
    return { width, height, channels: 4, data: bytesOf(data) }
  }
  /** On white, at most `side` pixels a side. */
  const encode = async (bytes: Uint8Array, side: number, quality: number): Promise<Uint8Array<ArrayBuffer>> =>
    bytesOf(
      await page.evaluate(
        async ([text, most, share]) => {
          const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(text as string), (c) => c.charCodeAt(0))]))
          const scale = Math.min(1, (most as number) / Math.max(bitmap.width, bitmap.height))
          const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)))
          const draw = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
          draw.fillStyle = '#ffffff'
          draw.fillRect(0, 0, canvas.width, canvas.height)
          draw.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
          const file = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: share as number })).arrayBuffer())
          let out = ''
          for (let i = 0; i < file.length; i += 8192) out += String.fromCharCode(...file.subarray(i, i + 8192))
          return btoa(out)
        },
        [base64(bytes), side, quality] as const,
      ),
    )
  const open: OpenPicture = async (bytes, type) => {
    const pixels = await decode(bytes, type)
    // Small pictures are for the eye.
    return { width: pixels.width, height: pixels.height, pixels: () => pixels, thumbnail: async () => ({ type: 'image/png', bytes: new Uint8Array() }), close: () => {} }
  }
  return { decode, encode, open }
}

function photographs(): Sample[] | undefined {
  const root = process.env['PHOTOS'] ?? stamps
  if (!existsSync(root)) return undefined
  const folders = process.env['PHOTOS'] ? readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory()) : classes
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(png|jpe?g)$/i.test(name))
      .sort()
      .map((name) => ({ path: `${folder.split('/').at(-1)}/${name.replaceAll('/', ' ')}`, bytes: new Uint8Array(readFileSync(join(root, folder, name))) })),
  )
}

/** Each as a PNG of its own. */
function drawnDigits(): Sample[] {
  const [chosen] = digits(1, 1200) as [Digits]
  return Array.from(chosen.y.codes, (code, row) => ({
    path: `${code}/${row}.png`,
    bytes: png(28, 28, (x, y) => {
      const level = Math.round(255 * (chosen.X.features[0]?.values[row * 784 + y * 28 + x] as number))
      return [level, level, level]
    }),
  }))
}

/** @returns whether the gates hold */
async function compare(name: string, samples: readonly Sample[], sides: readonly number[], { decode, encode, open }: ReturnType<typeof browser>, makeModel: (learnt: readonly Sample[], open: OpenPicture) => Promise<AskedTwice>, json: boolean): Promise<boolean> {
  // Three of five are learnt from, the others asked about.
  const model = await makeModel(samples.filter((_, i) => i % 5 < 3), open)
  const held = samples.filter((_, i) => i % 5 >= 3)
  let [lossless, losslessEqual, files, equal, furthest] = [0, 0, 0, 0, 0]
  const ask = async (bytes: Uint8Array<ArrayBuffer>, type: string, what: string): Promise<boolean> => {
    const [studio, server] = [await model.studio(await decode(bytes, type)), await model.server(bytes)]
    const apart = Math.max(...studio.probabilities.map((share, c) => Math.abs(share - (server.probabilities[c] as number))))
    furthest = Math.max(furthest, apart)
    if (studio.label !== server.label) process.stderr.write(`${what}: the studio says ${studio.label} (${Math.max(...studio.probabilities).toFixed(3)}), the server ${server.label} (${Math.max(...server.probabilities).toFixed(3)})\n`)
    return studio.label === server.label
  }
  for (const { path, bytes } of held) {
    if (/\.png$/i.test(path)) {
      lossless++
      if (await ask(bytes, 'image/png', path)) losslessEqual++
    }
    for (const side of sides) {
      for (const quality of qualities) {
        files++
        if (await ask(await encode(bytes, side, quality), 'image/jpeg', `${path} at most ${side} pixels a side, quality ${quality}`)) equal++
      }
    }
  }
  await model.close()
  const passed = losslessEqual === lossless && equal / files >= leastAgreement
  tell({ name: `jpeg, ${name}`, lossless: `${losslessEqual} of ${lossless}`, jpegs: `${equal} of ${files}`, agreement: Number((equal / files).toFixed(4)), furthest_apart: Number(furthest.toPrecision(2)), passed }, json)
  return passed
}

export async function run(json: boolean): Promise<boolean> {
  const photos = photographs()
  if (!photos) {
    process.stderr.write('missing photographs; install: apt-get install tuxpaint-stamps-default, or name a folder of classes in PHOTOS\n')
    process.exit(2)
  }
  const vite = await startVite()
  const path = chromiumPath()
  const chrome = await chromium.launch({ args: ['--no-sandbox', '--disable-gpu'], ...(path ? { executablePath: path } : {}) })
  try {
    const { makeModel } = (await vite.ssrLoadModule('/test/bench/jpeg-model.ts')) as typeof import('../jpeg-model.ts')
    const own = browser(await chrome.newPage())
    const first = await compare('photographs', photos, [640, 160], own, makeModel, json)
    const second = await compare('digits', drawnDigits(), [28], own, makeModel, json)
    return first && second
  } finally {
    await chrome.close()
    await vite.close()
  }
}
