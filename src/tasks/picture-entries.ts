/** Files that may be pictures, zips of pictures or tables of labels, as one list that can be read one by one. */
import { asStudioError, StudioError } from '../core/errors.ts'
import { limits } from '../core/images/header.ts'
import { isLitter } from '../core/images/labels.ts'
import { openZip, zipLimits, type ZipReader } from '../core/zip.ts'
import type { PictureFile } from '../jobs/protocol.ts'
import { randomBytesOf } from './project-import.ts'

export interface PictureEntry {
  readonly path: string
  /** May be read once. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  readonly zipped: boolean
  /** Its place among all in the end; they are listed in the order that is fast to read. */
  rank: number
}
export interface PictureEntries {
  readonly entries: PictureEntry[]
  /** CSV and TSV files. */
  readonly tables: readonly Pick<PictureEntry, 'path' | 'bytes'>[]
}
/** 2.jpg before 10.jpg. */
const natural = new Intl.Collator('en', { numeric: true })

async function ofFile(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (cause) {
    throw new StudioError({ code: 'bad-data', message: 'missing file; it was changed or removed while it was read', hint: 'Choose the file again.', cause })
  }
}

/** A file of gigabytes is refused before it is read. */
async function ofPicture(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > limits.bytes) throw new StudioError({ code: 'unsupported', message: `unsupported picture; at most ${limits.bytes / 1024 / 1024} MB are taken: ${Math.ceil(file.size / 1024 / 1024)} MB` })
  return ofFile(file)
}

/** Nothing in a zip of pictures has to be larger than a picture may be. */
const pictureZip = { ...zipLimits, entryBytes: limits.bytes }

/** @param skip hears of zips that cannot be opened, and of entries in them that cannot be taken */
export async function pictureEntries(files: readonly PictureFile[], skip: (file: string, error: unknown) => void, checkpoint: () => Promise<void>): Promise<PictureEntries> {
  const entries: PictureEntry[] = []
  const tables: Pick<PictureEntry, 'path' | 'bytes'>[] = []
  const isTable = (path: string): boolean => /\.(csv|tsv)$/i.test(path)
  for (const { file, path } of files) {
    if (isLitter(path)) continue
    if (/\.zip$/i.test(path)) {
      await checkpoint()
      let zip: ZipReader
      try {
        zip = await openZip(randomBytesOf(file), pictureZip, (name, error) => void (name !== '' && !name.endsWith('/') && !isLitter(name) && skip(name, error)))
      } catch (thrown) {
        const { code, message, hint = 'Unpack it and drop its folder instead.' } = asStudioError(thrown)
        skip(path, new StudioError({ code, message, hint }))
        continue
      }
      const first = entries.length
      for (const name of zip.names) {
        if (isLitter(name)) continue
        if (isTable(name)) tables.push({ path: name, bytes: () => zip.read(name) })
        else entries.push({ path: name, bytes: () => zip.read(name), zipped: true, rank: 0 })
      }
      entries
        .slice(first)
        .sort((a, b) => natural.compare(a.path, b.path))
        .forEach((entry, i) => (entry.rank = first + i))
    } else if (isTable(path)) tables.push({ path, bytes: () => ofFile(file) })
    else entries.push({ path, bytes: () => ofPicture(file), zipped: false, rank: entries.length })
  }
  return { entries, tables }
}
