/** JPEGs as the bundle's server decodes them, beside libjpeg-turbo, which browsers have inside. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromBase64 } from '../../src/core/bundle/pictures.ts'
import { rgbOf } from '../../src/core/images/luma.ts'
import { decodePicture } from '../../src/export/server/picture.ts'

const { cases } = JSON.parse(readFileSync(new URL('./jpeg.json', import.meta.url), 'utf8')) as { cases: { name: string; file: string; width: number; height: number; rgb: string }[] }

describe('decodePicture', () => {
  it.each(cases)('$name', ({ file, width, height, rgb }) => {
    const pixels = decodePicture(fromBase64(file))
    expect([pixels.width, pixels.height]).toEqual([width, height])
    const [own, theirs] = [rgbOf(pixels), fromBase64(rgb)]
    const apart = Array.from(own, (value, i) => Math.abs(value - (theirs[i] as number)))
    // The cosine transform of jpeg-js rounds otherwise by a level, which two conversions of colour can make four; repeated colours would be tens apart.
    expect(Math.max(...apart)).toBeLessThanOrEqual(4)
    expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(0.4)
  })
})
