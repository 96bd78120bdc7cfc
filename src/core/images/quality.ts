/** What deserves a second look before pictures teach anything: copies, blurred and tiny ones, uneven classes. */
import type { SplitSpec } from '../data/split.ts'
import { hashDistance, hashRows, hashWeight } from './dhash.ts'

export interface Seen {
  readonly id: string
  readonly hash: string
  readonly label: string | null
  readonly width: number
  readonly height: number
  readonly dhash: string
  readonly sharpness: number
}
/** Of a dataset of pictures that has copies: the same word in all of a group. */
export const copiesColumn = 'copies'
/** Whether a split goes by it. */
export const keepsCopies = ({ strategy }: SplitSpec): boolean => 'column' in strategy && strategy.column === copiesColumn

export interface CopyGroup {
  /** exact: the same file; near: the perceptual hashes differ in a few bits. */
  readonly kind: 'exact' | 'near'
  readonly ids: readonly string[]
  /** The copies carry different labels: at least one is wrong. */
  readonly conflicting: boolean
}
export interface ClassBalance {
  readonly label: string
  readonly count: number
}
export interface PictureQuality {
  readonly copies: readonly CopyGroup[]
  readonly blurred: readonly string[]
  readonly tiny: readonly string[]
  readonly balance: readonly ClassBalance[]
}

/**
 * Near copies differ in at most this many of 256 bits, and in no more than this share of the bits that are
 * set in the plainer one: of a thin stroke eight bits are much, of a photo they are nothing. Measured:
 * photographs scaled to a third or saved as JPEG of quality 50 differ in 0 to 3 bits, different photographs
 * in 70 and more; of 1,000 digits 11 pairs come under it, each hard to tell apart by eye.
 */
const nearBits = 8
const nearShare = 0.08
/** Fewer set bits than this: a picture without shape, which resembles every other one. */
const leastWeight = 12
const blurredShare = 0.1
const blurredBelow = 60
const tinySide = 16
const tinyShare = 0.2

/**
 * Visits pairs that are near. Of its 16 rows of bits such a pair shares at least eight, so only pictures
 * that share a row are compared (Norouzi et al., "Fast Search in Hamming Space", 2012); empty rows are
 * shared by everyone and say nothing.
 * @param apart false for pairs that are known to belong together: comparing them again is spared
 */
function nearPairs(hashes: readonly Uint16Array[], apart: (a: number, b: number) => boolean, visit: (a: number, b: number) => void): void {
  const weights = hashes.map(hashWeight)
  for (let row = 0; row < 16; row++) {
    const buckets = new Map<number, number[]>()
    hashes.forEach((hash, i) => {
      const key = hash[row] as number
      const weight = weights[i] as number
      if (key === 0 || weight < leastWeight) return
      const bucket = buckets.get(key)
      if (!bucket) {
        buckets.set(key, [i])
        return
      }
      for (const other of bucket) {
        if (!apart(other, i)) continue
        const allowed = Math.min(nearBits, nearShare * Math.min(weight, weights[other] as number))
        if (hashDistance(hashes[other] as Uint16Array, hash) <= allowed) visit(other, i)
      }
      bucket.push(i)
    })
  }
}

/** Pictures of which there are several, exact or near; a picture without a like is in no group. */
export function copiesOf(pictures: readonly Pick<Seen, 'id' | 'hash' | 'label' | 'dhash'>[]): CopyGroup[] {
  const parent = Int32Array.from(pictures, (_, i) => i)
  const root = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i] as number] as number
      i = parent[i] as number
    }
    return i
  }
  const join = (a: number, b: number): void => {
    const [x, y] = [root(a), root(b)]
    if (x !== y) parent[Math.max(x, y)] = Math.min(x, y)
  }
  const byFile = new Map<string, number>()
  pictures.forEach((picture, i) => {
    const first = byFile.get(picture.hash)
    if (first === undefined) byFile.set(picture.hash, i)
    else join(first, i)
  })
  nearPairs(
    pictures.map(({ dhash }) => hashRows(dhash)),
    (a, b) => root(a) !== root(b),
    join,
  )
  const groups = new Map<number, (typeof pictures)[number][]>()
  pictures.forEach((picture, i) => {
    const key = root(i)
    const group = groups.get(key)
    if (group) group.push(picture)
    else groups.set(key, [picture])
  })
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      kind: group.every(({ hash }) => hash === group[0]?.hash) ? 'exact' : 'near',
      ids: group.map(({ id }) => id),
      conflicting: new Set(group.flatMap(({ label }) => (label === null ? [] : [label]))).size > 1,
    }))
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0 ? 0 : (sorted[sorted.length >> 1] as number)
}

/** @param classes in the order they are shown, those without a picture too */
export function pictureQuality(pictures: readonly Seen[], classes: readonly string[]): PictureQuality {
  const usual = median(pictures.map((picture) => picture.sharpness))
  const size = median(pictures.map(({ width, height }) => Math.min(width, height)))
  const counts = new Map(classes.map((label) => [label, 0]))
  for (const { label } of pictures) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1)
  return {
    copies: copiesOf(pictures),
    blurred: pictures.filter((picture) => picture.sharpness < Math.min(blurredBelow, blurredShare * usual)).map(({ id }) => id),
    tiny: pictures.filter(({ width, height }) => Math.min(width, height) < Math.max(tinySide, tinyShare * size)).map(({ id }) => id),
    balance: [...counts].map(([label, count]) => ({ label, count })),
  }
}
