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
