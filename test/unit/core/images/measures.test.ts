import { describe, expect, it } from 'vitest'
import { dhash, hashDistance, hashRows, hashWeight } from '../../../../src/core/images/dhash.ts'
import { folderClass, isLitter, readLabels } from '../../../../src/core/images/labels.ts'
import { lumaOf, type Pixels } from '../../../../src/core/images/luma.ts'
import { pictureQuality, type Seen } from '../../../../src/core/images/quality.ts'
import { sharpness } from '../../../../src/core/images/sharpness.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'

function drawn(width: number, height: number, grey: (x: number, y: number) => number, channels: 3 | 4 = 3): Pixels {
  const data = new Uint8Array(width * height * channels).fill(255)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.fill(grey(x, y), (y * width + x) * channels, (y * width + x) * channels + 3)
  return { width, height, channels, data }
}
/** Sums of a few doubles. */
const rounding = { relative: 1e-12, absolute: 1e-12 }
/** A shape at any size, in [0, 1] coordinates. */
const face = (u: number, v: number): number => ((u - 0.3) ** 2 + (v - 0.4) ** 2 < 0.03 || (u - 0.75) ** 2 + (v - 0.6) ** 2 < 0.05 ? 30 : 200 - 60 * v)

describe('luma', () => {
  it('averages areas, edges by what they cover', () => {
    // 3 pixels to 2: each new one covers one and a half old ones.
    const row = drawn(3, 1, (x) => [0, 90, 240][x] as number)
    expectAllClose(lumaOf(row, 2, 1), [(0 + 45) / 1.5, (45 + 240) / 1.5], rounding)
  })
  it('weighs colours, and lays transparency on white', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(255, 0, 0, 51) }
    // 0.2 of 0.299 x 255, 0.8 of white.
    expectAllClose(lumaOf(pixel, 1, 1), [0.2 * 76.245 + 0.8 * 255], rounding)
  })
})

describe('dhash', () => {
  it('each bit says whether it grows darker to the right', () => {
    // Darker with every column: all ones. Lighter: all zeros.
    expect(dhash(drawn(17, 16, (x) => 250 - 10 * x))).toBe('f'.repeat(64))
    expect(dhash(drawn(17, 16, (x) => 10 * x))).toBe('0'.repeat(64))
    // One dark pixel at (3, 2): darker at x = 2, the third bit from the left, lighter at x = 3.
    expect(dhash(drawn(17, 16, (x, y) => (x === 3 && y === 2 ? 0 : 100)))).toBe(`00000000${'2000'}${'0'.repeat(52)}`)
  })
  it('stays when a picture is scaled or brightened, changes when it is another', () => {
    const at = (size: number, more = 0) => hashRows(dhash(drawn(size, size, (x, y) => face((x + 0.5) / size, (y + 0.5) / size) + more)))
    expect(hashDistance(at(64), at(200))).toBeLessThanOrEqual(8)
    expect(hashDistance(at(64), at(64, 20))).toBe(0)
    const mirrored = hashRows(dhash(drawn(64, 64, (x, y) => face(1 - (x + 0.5) / 64, (y + 0.5) / 64))))
    expect(hashDistance(at(64), mirrored)).toBeGreaterThan(20)
    expect(hashWeight(hashRows(`f0f0000000000001${'0'.repeat(48)}`))).toBe(9)
    expect(hashDistance(hashRows('f'.repeat(64)), hashRows('0'.repeat(64)))).toBe(256)
  })
})

describe('sharpness', () => {
  it('is the variance of the Laplacian', () => {
    const pixels = drawn(4, 3, (x, y) => (x === 1 && y === 1 ? 8 : 0))
    // At (1,1): 0 + 0 + 0 + 0 - 32; at (2,1): 8. Mean -12, variance ((-20)^2 + 20^2) / 2 = 400.
    expectAllClose([sharpness(pixels)], [400], rounding)
  })
  it('falls when a picture is blurred, and is 0 where there is nothing', () => {
    const sharp = drawn(128, 128, (x, y) => (((x >> 3) + (y >> 3)) % 2 === 0 ? 20 : 220))
    const blurred = drawn(128, 128, (x, y) => 120 + 100 * Math.sin(x / 8) * Math.sin(y / 8))
    expect(sharpness(sharp)).toBeGreaterThan(50 * sharpness(blurred))
    expect(sharpness(drawn(50, 50, () => 100))).toBeCloseTo(0, 12)
    expect(sharpness(drawn(2, 50, () => 100))).toBe(0)
  })
})

describe('labels', () => {
  it('the folder names the class', () => {
    expect(folderClass('animals/cats/1.jpg')).toBe('cats')
    expect(folderClass('1.jpg')).toBeNull()
    expect(folderClass('__proto__/1.jpg')).toBe('__proto__')
    for (const path of ['__MACOSX/a/._1.jpg', 'a/.DS_Store', 'a/Thumbs.db', '.git/x.png']) expect(isLitter(path), path).toBe(true)
    expect(isLitter('a/b.jpg')).toBe(false)
  })
  it.each([
    ['headed', 'image,label\na.jpg,cat\nsub/b.png,dog\n'],
    ['columns swapped, with a BOM', '\uFEFFlabel,file_name\ncat,a.jpg\ndog,sub/b.png\n'],
    ['no header', 'a.jpg,cat\nsub/b.png,dog\n'],
    ['semicolons and no endings', 'id;species\na;cat\nsub/b;dog\n'],
    ['tabs, quotes, backslashes', '"file"\t"class"\n"A.JPG"\t"cat"\n"sub\\b.png"\t"dog"\n'],
  ])('a table of labels: %s', (_, csv) => {
    const table = readLabels(new TextEncoder().encode(csv), 'labels.csv')
    expect(table('dropped/a.jpg')).toBe('cat')
    expect(table('sub/b.png')).toBe('dog')
    expect(table('constructor')).toBeUndefined()
  })
  it('needs two columns', () => {
    expect(() => readLabels(new TextEncoder().encode('just words\nmore\n'), 'notes.csv')).toThrow(/two columns/)
  })
})

describe('quality', () => {
  let state = 7
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
  const randomHash = () => Array.from({ length: 8 }, () => random().toString(16).padStart(8, '0')).join('')
  const flipped = (hash: string, bits: readonly number[]) => {
    const rows = hashRows(hash)
    for (const bit of bits) rows[bit >> 4]! ^= 1 << (bit & 15)
    return Array.from(rows, (row) => row.toString(16).padStart(4, '0')).join('')
  }
  const seen = (id: string, more: Partial<Seen> = {}): Seen => ({ id, hash: id, label: 'a', width: 100, height: 100, dhash: randomHash(), sharpness: 500, ...more })
  it('finds copies, exact and near, and those whose labels disagree', () => {
    const [one, two] = [randomHash(), randomHash()]
    // 24 bits set: two of them may differ (0.08 x 24 = 1.92 allows one).
    const thin = `${'0180'.repeat(12)}${'0'.repeat(16)}`
    const pictures = [
      seen('a', { dhash: one }),
      seen('b', { hash: 'a', dhash: one }),
      seen('c', { dhash: two }),
      seen('d', { dhash: flipped(two, [0, 17, 34, 51, 68, 85, 102, 119]), label: 'b' }),
      // Nine bits are too many.
      seen('e', { dhash: flipped(one, [1, 20, 40, 60, 80, 100, 120, 140, 160]) }),
      // No shape: two blank pictures are no copies of each other.
      seen('f', { dhash: '0'.repeat(64) }),
      seen('g', { dhash: `${'0'.repeat(63)}1` }),
      seen('h', { dhash: thin }),
      seen('i', { dhash: flipped(thin, [8]) }),
      seen('j', { dhash: flipped(thin, [24, 40, 56]) }),
    ]
    expect(pictureQuality(pictures, []).copies).toEqual([
      { kind: 'exact', ids: ['a', 'b'], conflicting: false },
      { kind: 'near', ids: ['c', 'd'], conflicting: true },
      { kind: 'near', ids: ['h', 'i'], conflicting: false },
    ])
  })
  it('finds every near pair that comparing all with all finds', () => {
    const hashes = Array.from({ length: 300 }, randomHash)
    // Each with a copy that has up to 11 bits flipped.
    for (let i = 0; i < 300; i++) hashes.push(flipped(hashes[i]!, Array.from({ length: i % 12 }, () => random() % 256)))
    const pictures = hashes.map((dhash, i) => seen(`p${i}`, { hash: `h${i}`, dhash }))
    const groupOf = new Map(pictureQuality(pictures, []).copies.flatMap(({ ids }, g) => ids.map((id) => [id, g] as const)))
    const rows = hashes.map(hashRows)
    let near = 0
    for (let i = 0; i < rows.length; i++) {
      for (let j = i + 1; j < rows.length; j++) {
        if (hashDistance(rows[i]!, rows[j]!) > 8) continue
        near++
        expect(groupOf.get(`p${i}`), `${i} ${j}`).toBe(groupOf.get(`p${j}`))
        expect(groupOf.has(`p${i}`)).toBe(true)
      }
    }
    expect(near).toBeGreaterThan(200)
    expect(groupOf.size).toBe(2 * near)
  })
  it('finds blurred and tiny ones by comparison, and counts classes', () => {
    const many = Array.from({ length: 9 }, (_, i) => seen(`n${i}`))
    const report = pictureQuality([...many, seen('blurred', { sharpness: 20 }), seen('tiny', { width: 12, label: 'b' })], ['c', 'b', 'a'])
    expect(report.blurred).toEqual(['blurred'])
    expect(report.tiny).toEqual(['tiny'])
    expect(report.balance).toEqual([{ label: 'c', count: 0 }, { label: 'b', count: 1 }, { label: 'a', count: 10 }])
    // Digits are small and that is no fault of theirs.
    expect(pictureQuality(many.map((picture) => ({ ...picture, width: 28, height: 28 })), []).tiny).toEqual([])
  })
})
