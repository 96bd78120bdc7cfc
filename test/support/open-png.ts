/** Decodes real PNGs in plain Node, as the browser would. */
import { PNG } from 'pngjs'
import type { OpenPicture } from '../../src/tasks/open-picture.ts'

export const openPng: OpenPicture = async (bytes) => {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes))
  return {
    width,
    height,
    pixels: () => ({ width, height, channels: 4, data: new Uint8Array(data) }),
    thumbnail: async () => ({ type: 'image/webp', bytes: bytes.slice(0, 8) }),
    close: () => {},
  }
}
