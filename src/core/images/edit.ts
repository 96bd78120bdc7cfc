/**
 * What a person does to a picture to see what the model makes of it: paint over, make lighter or darker, change the
 * contrast, blur, turn, crop; always in this order, so that edits are a small record that can be changed, taken back and sent.
 */
import { rgbOf, type Pixels } from './luma.ts'

export interface Stroke {
  /** Red, green and blue, 0 to 255. */
  readonly colour: readonly [number, number, number]
  /** Half the width of the brush as a share of the shorter side. */
  readonly radius: number
  /** x and y in turn, as shares of width and height of the picture as it was; a single place is a dab. */
  readonly points: readonly number[]
}
export interface PictureEdits {
  readonly strokes: readonly Stroke[]
  /** -1 is black, 1 is white. */
  readonly brightness: number
  /** -1 is one grey, 0.5 twice the distance from grey, 0.9 ten times. */
  readonly contrast: number
  /** Standard deviation of the blur as a share of the shorter side. */
  readonly blur: number
  /** Degrees, clockwise; what comes in at the corners is the edge drawn out. */
  readonly rotate: number
  /** Shares cut off each side, after the turn. */
  readonly crop: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
}
export const noEdits: PictureEdits = { strokes: [], brightness: 0, contrast: 0, blur: 0, rotate: 0, crop: { left: 0, right: 0, top: 0, bottom: 0 } }
export const isEdited = ({ strokes, brightness, contrast, blur, rotate, crop }: PictureEdits): boolean => strokes.length > 0 || brightness !== 0 || contrast !== 0 || blur !== 0 || rotate !== 0 || Object.values(crop).some((share) => share > 0)

type Rgb = { readonly width: number; readonly height: number; readonly channels: 3; readonly data: Uint8Array | Uint8ClampedArray }

/** @returns red, green and blue; what was see-through lies on white. The picture that is given is not written to. */
export function editPicture(pixels: Pixels, edits: PictureEdits): Rgb {
  const { width, height } = pixels
  let data: Uint8Array | Uint8ClampedArray = rgbOf(pixels)
  for (const stroke of edits.strokes) paint(data, width, height, stroke)
  if (edits.brightness !== 0) lighten(data, edits.brightness)
  if (edits.contrast !== 0) spread(data, edits.contrast)
  const deviation = edits.blur * Math.min(width, height)
  if (deviation > 0) data = blurred(data, width, height, deviation)
  if (edits.rotate !== 0) data = turned(data, width, height, edits.rotate)
  return cropped({ width, height, channels: 3, data }, edits.crop)
}

/** Where a place of the edited picture lies in the picture as it was; both in shares of width and height. May lie outside. */
export function placeBefore({ rotate, crop }: PictureEdits, { width, height }: { readonly width: number; readonly height: number }, x: number, y: number): readonly [number, number] {
  const wide = (crop.left + x * (1 - crop.left - crop.right)) * width - width / 2
  const high = (crop.top + y * (1 - crop.top - crop.bottom)) * height - height / 2
  const [cos, sin] = [Math.cos((rotate * Math.PI) / 180), Math.sin((rotate * Math.PI) / 180)]
  return [(cos * wide + sin * high) / width + 0.5, (cos * high - sin * wide) / height + 0.5]
}

/** All pixels nearer to the line than the radius. */
function paint(data: Uint8Array | Uint8ClampedArray, width: number, height: number, { colour, radius, points }: Stroke): void {
  const reach = Math.max(0.5, radius * Math.min(width, height))
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = [(points[i] as number) * width, (points[i + 1] as number) * height]
    const [fromX, fromY] = i === 0 ? [x, y] : [(points[i - 2] as number) * width, (points[i - 1] as number) * height]
    const [dx, dy] = [x - fromX, y - fromY]
    const length = dx * dx + dy * dy
    const bottom = Math.min(height, Math.ceil(Math.max(y, fromY) + reach))
    const right = Math.min(width, Math.ceil(Math.max(x, fromX) + reach))
    for (let row = Math.max(0, Math.floor(Math.min(y, fromY) - reach)); row < bottom; row++) {
      for (let column = Math.max(0, Math.floor(Math.min(x, fromX) - reach)); column < right; column++) {
        const [px, py] = [column + 0.5 - fromX, row + 0.5 - fromY]
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length))
        if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= reach * reach) data.set(colour, (row * width + column) * 3)
      }
    }
  }
}

function lighten(data: Uint8Array | Uint8ClampedArray, by: number): void {
  const [scale, shift] = [1 - Math.abs(by), by > 0 ? 255 * by : 0]
  for (let i = 0; i < data.length; i++) data[i] = Math.round((data[i] as number) * scale + shift)
}

/** About the middle of all levels. @param by below 1 */
function spread(data: Uint8Array | Uint8ClampedArray, by: number): void {
  const scale = by < 0 ? 1 + by : 1 / (1 - by)
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, Math.round(((data[i] as number) - 127.5) * scale + 127.5)))
}

/** Three running means one after the other, which come near to a Gaussian whatever its width (Wells 1986); edges are drawn out. */
function blurred(data: Uint8Array | Uint8ClampedArray, width: number, height: number, deviation: number): Uint8ClampedArray {
  // Variances add: three means of 2r + 1 pixels have 3 ((2r + 1)^2 - 1) / 12.
  const radius = Math.max(1, Math.round((Math.sqrt(4 * deviation * deviation + 1) - 1) / 2))
  let values = Float32Array.from(data)
  let other = new Float32Array(values.length)
  const mean = (lines: number, length: number, line: number, step: number): void => {
    for (let l = 0; l < lines; l++) {
      for (let c = 0; c < 3; c++) {
        const at = (i: number): number => l * line + Math.min(length - 1, Math.max(0, i)) * step + c
        let sum = 0
        for (let i = -radius; i <= radius; i++) sum += values[at(i)] as number
        for (let i = 0; i < length; i++) {
          other[at(i)] = sum / (2 * radius + 1)
          sum += (values[at(i + radius + 1)] as number) - (values[at(i - radius)] as number)
        }
      }
    }
    ;[values, other] = [other, values]
  }
  for (let time = 0; time < 3; time++) {
    mean(height, width, width * 3, 3)
    mean(width, height, 3, width * 3)
  }
  return Uint8ClampedArray.from(values)
}

/** About the middle, between four pixels. */
function turned(data: Uint8Array | Uint8ClampedArray, width: number, height: number, degrees: number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(data.length)
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2]
  const within = (value: number, most: number): number => Math.min(most, Math.max(0, value))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x - middleX, y - middleY]
      const fromX = within(cos * u + sin * v + middleX, width - 1)
      const fromY = within(cos * v - sin * u + middleY, height - 1)
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)]
      const [right, low] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)]
      const [fx, fy] = [fromX - left, fromY - top]
      for (let c = 0; c < 3; c++) {
        const value = (row: number, column: number): number => data[(row * width + column) * 3 + c] as number
        out[(y * width + x) * 3 + c] = (value(top, left) * (1 - fx) + value(top, right) * fx) * (1 - fy) + (value(low, left) * (1 - fx) + value(low, right) * fx) * fy
      }
    }
  }
  return out
}

/** At least one pixel is left. */
function cropped({ width, height, data }: Rgb, { left, right, top, bottom }: PictureEdits['crop']): Rgb {
  const cut = (size: number, before: number, after: number): readonly [number, number] => {
    const from = Math.min(size - 1, Math.round(size * before))
    return [from, Math.max(from + 1, size - Math.round(size * after))]
  }
  const [x0, x1] = cut(width, left, right)
  const [y0, y1] = cut(height, top, bottom)
  if (x1 - x0 === width && y1 - y0 === height) return { width, height, channels: 3, data }
  const out = new Uint8Array((x1 - x0) * (y1 - y0) * 3)
  for (let y = y0; y < y1; y++) out.set(data.subarray((y * width + x0) * 3, (y * width + x1) * 3), (y - y0) * (x1 - x0) * 3)
  return { width: x1 - x0, height: y1 - y0, channels: 3, data: out }
}
