import { backboneSize } from './backbone/mobilenet-v2.ts'
import type { CropPolicy } from './resize.ts'

/** What pictures are brought to before a model sees them. */
export type PixelForm = {
  readonly height: number
  readonly width: number
  /** 1 is brightness, 3 red, green and blue. */
  readonly channels: 1 | 3
  readonly crop: CropPolicy
  /** Not the pixels themselves, but what this network sees in them. */
  readonly backbone?: 'mobilenet-v2'
}
/** The name of a representation among a column's tensors. */
export const pixelKey = ({ height, width, channels, crop, backbone }: PixelForm): string => (backbone ? `embedding:${backbone}:${height}:${crop}` : `pixels:${height}x${width}x${channels}:${crop}`)
/** Numbers a picture. */
export const pixelCount = ({ height, width, channels, backbone }: PixelForm): number => (backbone ? backboneSize : height * width * channels)
