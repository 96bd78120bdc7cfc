/** Pictures in a terminal: found in folders and zips, decoded as the server of a bundle decodes them. */
import { openAsBlob } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { resize } from '../core/images/resize.ts'
import { decodePicture } from '../export/server/picture.ts'
import type { PictureFile } from '../jobs/protocol.ts'
import type { OpenPicture } from '../tasks/open-picture.ts'
import { UsageError } from './usage.ts'

export const openPictureHere: OpenPicture = async (bytes) => {
  const whole = await decodePicture(bytes)
  const { width, height } = whole
  return {
    width,
    height,
    pixels(side = Number.POSITIVE_INFINITY) {
      const scale = side / Math.max(width, height)
      if (scale >= 1) return whole
      const [wide, high] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
      return { width: wide, height: high, channels: 3, data: Uint8ClampedArray.from(resize(whole, high, wide, 'stretch'), (value) => value * 255) }
    },
    // Nobody looks at small pictures here.
    thumbnail: async () => ({ type: 'image/png', bytes: new Uint8Array() }),
    close() {},
  }
}

/** A folder or a zip. */
export const arePictures = async (path: string): Promise<boolean> => /\.zip$/i.test(path) || ((await stat(path).catch(() => undefined))?.isDirectory() ?? false)

/** Files as the page gets them when they are dropped: a folder's own name is part of each path. @throws UsageError where there is none */
export async function pictureFiles(paths: readonly string[]): Promise<PictureFile[]> {
  const found: PictureFile[] = []
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined)
    if (!info) throw new UsageError(`invalid file; there is no such file: ${path}`)
    if (!info.isDirectory()) found.push({ file: await openAsBlob(path), path: basename(path) })
    else {
      const inside = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      for (const file of inside.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) found.push({ file: await openAsBlob(file), path: join(basename(join(path, '.')), relative(path, file)).split(sep).join('/') })
    }
  }
  return found
}
