/** What a network that is brought in may be. */
export const backboneLimits = {
  /** Bytes of the file. */
  bytes: 256 * 1024 * 1024,
  parameters: 200_000_000,
  /** Numbers a picture. */
  size: 4096,
  /** Pixels a side. */
  side: { least: 8, most: 1024 },
} as const

/** Where the three colours stand: [N, 3, H, W], or [N, H, W, 3]. */
export const layouts = ['planes', 'pixels'] as const
export const colourOrders = ['rgb', 'bgr'] as const
/** What its makers turned levels into: 0 to 1, -1 to 1, 0 to 255, or ImageNet's mean and standard deviation taken off. */
export const levelRanges = ['unit', 'signed', 'levels', 'imagenet'] as const
