/**
 * From the planes of a JPEG to red, green and blue as libjpeg(-turbo) does it, which is what browsers, Pillow and most
 * cameras' software use: colour that is stored at half the size is drawn out by a triangle ("fancy upsampling"), never
 * repeated. Integer for integer after jdsample.c and jdcolor.c; models can tell the difference at edges.
 */

export interface Plane {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Twice as wide: three parts of the nearer sample, one of the further. Planes of two columns or fewer are repeated, as there. */
function wider({ width, height, data }: Plane, out: number): Plane {
  const made = new Uint8Array(out * height)
  for (let y = 0; y < height; y++) {
    const at = (x: number): number => data[y * width + x] as number
    for (let x = 0; x < out; x++) {
      const i = x >> 1
      const own = at(i)
      const side = x & 1 ? i + 1 : i - 1
      made[y * out + x] = width <= 2 || side < 0 || side >= width ? own : (3 * own + at(side) + (x & 1 ? 2 : 1)) >> 2
    }
  }
  return { width: out, height, data: made }
}

/** Twice as high. */
function higher({ width, height, data }: Plane, out: number): Plane {
  const made = new Uint8Array(width * out)
  for (let y = 0; y < out; y++) {
    const i = y >> 1
    const other = Math.min(height - 1, Math.max(0, y & 1 ? i + 1 : i - 1))
    for (let x = 0; x < width; x++) made[y * width + x] = (3 * (data[i * width + x] as number) + (data[other * width + x] as number) + (y & 1 ? 2 : 1)) >> 2
  }
  return { width, height: out, data: made }
}

/** Both at once, rounded once. */
function larger({ width, height, data }: Plane, wide: number, high: number): Plane {
  const made = new Uint8Array(wide * high)
  const sums = new Int32Array(width)
  for (let y = 0; y < high; y++) {
    const i = y >> 1
    const other = Math.min(height - 1, Math.max(0, y & 1 ? i + 1 : i - 1))
    for (let x = 0; x < width; x++) sums[x] = 3 * (data[i * width + x] as number) + (data[other * width + x] as number)
    for (let x = 0; x < wide; x++) {
      const own = sums[x >> 1] as number
      const side = x & 1 ? (x >> 1) + 1 : (x >> 1) - 1
      made[y * wide + x] = (3 * own + (side < 0 || side >= width ? own : (sums[side] as number)) + (x & 1 ? 7 : 8)) >> 4
    }
  }
  return { width: wide, height: high, data: made }
}

/** @param across how often a sample stands for its neighbour, 1 or 2; likewise down */
export function drawnOut(plane: Plane, across: 1 | 2, down: 1 | 2, width: number, height: number): Plane {
  if (across === 1) return down === 1 ? plane : higher(plane, height)
  if (down === 1) return wider(plane, width)
  if (plane.width > 2) return larger(plane, width, height)
  const repeated = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) repeated[y * width + x] = plane.data[(y >> 1) * plane.width + (x >> 1)] as number
  return { width, height, data: repeated }
}

/** @param planes brightness, blue and red difference, all of one size. @returns RGB */
export function rgbOfPlanes([luma, blue, red]: readonly [Plane, Plane, Plane]): Uint8ClampedArray {
  const made = new Uint8ClampedArray(luma.data.length * 3)
  for (let i = 0; i < luma.data.length; i++) {
    const y = luma.data[i] as number
    const [cb, cr] = [(blue.data[i] as number) - 128, (red.data[i] as number) - 128]
    made[i * 3] = y + ((91_881 * cr + 32_768) >> 16)
    made[i * 3 + 1] = y + ((-22_554 * cb - 46_802 * cr + 32_768) >> 16)
    made[i * 3 + 2] = y + ((116_130 * cb + 32_768) >> 16)
  }
  return made
}
