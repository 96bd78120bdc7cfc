import { backboneSize } from './backbone/mobilenet-v2.ts'
import type { CropPolicy } from './resize.ts'

/** What pictures are brought to before a model sees them. */
export type PixelForm = {
  readonly height: number
  readonly width: number
  /** 1 is brightness, 3 red, green and blue. */
  readonly channels: 1 | 3
  readonly crop: CropPolicy
  /** Not the pixels themselves, but what this network sees in them: the one of the app, or one brought in by the SHA-256 of its file. */
  readonly backbone?: string
  /** Numbers that a network brought in makes of a picture. */
  readonly size?: number
}
export const shippedBackbone = 'mobilenet-v2'
/** The name of a representation among a column's tensors. */
export const pixelKey = ({ height, width, channels, crop, backbone }: PixelForm): string => (backbone ? `embedding:${backbone}:${backbone === shippedBackbone || height === width ? height : `${height}x${width}`}:${crop}` : `pixels:${height}x${width}x${channels}:${crop}`)
/** Numbers a picture. */
export const pixelCount = ({ height, width, channels, backbone, size }: PixelForm): number => (backbone ? (size ?? backboneSize) : height * width * channels)
