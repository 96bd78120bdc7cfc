import type { CropPolicy } from './resize.ts'

/** What pictures are brought to before a model sees them. */
export interface PixelForm {
  readonly height: number
  readonly width: number
  /** 1 is brightness, 3 red, green and blue. */
  readonly channels: 1 | 3
  readonly crop: CropPolicy
}
/** The name of a representation among a column's tensors. */
export const pixelKey = ({ height, width, channels, crop }: PixelForm): string => `pixels:${height}x${width}x${channels}:${crop}`
export const pixelCount = ({ height, width, channels }: PixelForm): number => height * width * channels
