/**
 * From dropped files to stored pictures. Headers are read before any decode, two pictures are decoded at
 * a time, and small transactions keep what is done: a tab that dies, a stop or a full disk costs the
 * pictures under way and none of those before. A file that is no picture is passed over and listed.
 */
import { asStudioError, StudioError } from '../core/errors.ts'
import { freshId, sha256 } from '../core/ids.ts'
import { dhash } from '../core/images/dhash.ts'
import { readHeader } from '../core/images/header.ts'
import { leftOutOf, type PictureInPart } from '../core/images/in-part.ts'
import { folderClass, type LabelTable, readLabels, tidyClass } from '../core/images/labels.ts'
import { sharpness } from '../core/images/sharpness.ts'
import type { SkippedPicture } from '../jobs/protocol.ts'
import { addPictures, listPictures, type NewPicture } from '../storage/pictures.ts'
import { openPictureInBrowser } from './open-picture.ts'
import { pictureEntries, type PictureEntry } from './picture-entries.ts'
import type { TaskHandler } from './task.ts'

const atOnce = 2
/** A transaction holds at most this much. */
const batchPictures = 16
const batchBytes = 4 * 1024 * 1024
const thumbnailSide = 192
/** What hash and sharpness look at. */
const lookSide = 256
const skippedListed = 1000

export const picturesAdd: TaskHandler<'pictures/add'> = async (input, host) => {
  const { store, context } = host
  const { projectId, token } = input
  const openPicture = host.openPicture ?? openPictureInBrowser
  const skipped: SkippedPicture[] = []
  const inPart: PictureInPart[] = []
  let skippedCount = 0
  const skip = (file: string, thrown: unknown): void => {
    const error = asStudioError(thrown)
    skippedCount++
    if (skipped.length < skippedListed) skipped.push({ file: file.slice(0, 300), reason: error.hint ? `${error.message}. ${error.hint}` : error.message })
  }
  context.report({ kind: 'note', text: 'Looking at the files' })
  const { entries, tables } = await pictureEntries(input.files, skip, () => context.checkpoint())
  const labels: LabelTable[] = []
  for (const { path, bytes } of tables) {
    try {
      labels.push(readLabels(await bytes(), path))
    } catch (error) {
      skip(path, error)
    }
  }
  const known = await listPictures(store, projectId)
  const present = new Set(known.filter((picture) => picture.deletedAt === null).map(({ hash, label, file }) => JSON.stringify([hash, label, file])))
  const stamp = known.reduce((last, { addedAt }) => Math.max(last, addedAt), Date.now())

  const classOf = (path: string): string | null => {
    if (input.label !== undefined) return input.label === null ? null : tidyClass(input.label)
    for (const table of labels) {
      const label = table(path)
      if (label !== undefined) return label
    }
    return folderClass(path)
  }

  async function read(entry: PictureEntry, addedAt: number): Promise<NewPicture | undefined> {
    try {
      const bytes = await entry.bytes()
      const header = readHeader(bytes)
      const hash = await sha256(bytes)
      const label = classOf(entry.path)
      const file = entry.path.slice(0, 500)
      const name = JSON.stringify([hash, label, file])
      if (present.has(name)) {
        skip(entry.path, new StudioError({ code: 'bad-data', message: 'unsupported repetition; the same file is there already' }))
        return undefined
      }
      present.add(name)
      const picture = await openPicture(bytes, header.type)
      try {
        const look = picture.pixels(lookSide)
        const leftOut = leftOutOf(header)
        if (leftOut.length > 0) inPart.push({ file, leftOut })
        return {
          record: { id: freshId('picture'), projectId, version: 1, hash, label, file, type: header.type, width: header.width, height: header.height, bytes: bytes.length, dhash: dhash(look), sharpness: sharpness(look), addedAt, source: entry.zipped && input.source !== 'sample' ? 'zip' : input.source, deletedAt: null },
          blob: { projectId, hash, type: header.type, bytes },
          thumbnail: { projectId, hash, ...(await picture.thumbnail(thumbnailSide)) },
        }
      } finally {
        picture.close()
      }
    } catch (error) {
      if (asStudioError(error).code === 'cancelled') throw error
      skip(entry.path, error)
      return undefined
    }
  }

  const classes: string[] = []
  const ids: string[] = []
  let waiting: NewPicture[] = []
  let waitingBytes = 0
  const kept = (pictures: readonly NewPicture[]): void => {
    for (const { record } of pictures) {
      ids.push(record.id)
      if (record.label !== null && !classes.includes(record.label)) classes.push(record.label)
    }
  }
  /** Where a batch does not fit, its pictures go one by one: the disk takes as many as it can hold. */
  async function flush(): Promise<void> {
    if (waiting.length === 0) return
    const batch = waiting.sort((a, b) => a.record.addedAt - b.record.addedAt)
    waiting = []
    waitingBytes = 0
    try {
      await addPictures(store, projectId, token, batch)
      kept(batch)
    } catch (thrown) {
      const error = asStudioError(thrown)
      if (error.code !== 'storage-full') throw error
      for (const picture of batch) {
        try {
          await addPictures(store, projectId, token, [picture])
        } catch (again) {
          const last = asStudioError(again)
          throw new StudioError({
            code: last.code,
            message: `${last.message}; ${ids.length.toLocaleString('en')} of ${entries.length.toLocaleString('en')} pictures were added and are kept`,
            hint: 'Make room on this device, then drop the same files again: those that are here already are passed over.',
            details: { added: ids.length, of: entries.length },
            cause: last,
          })
        }
        kept([picture])
      }
    }
  }

  let next = 0
  /** Passed over; what is done is that and what is stored, never what is only in memory. */
  let passed = 0
  let failure: unknown
  let tail: Promise<void> = Promise.resolve()
  context.report({ kind: 'step', phase: 'Reading pictures', done: 0, total: entries.length })
  const lane = async (): Promise<void> => {
    while (next < entries.length && failure === undefined && !context.stopping()) {
      const entry = entries[next++] as PictureEntry
      const picture = await read(entry, stamp + 1 + entry.rank)
      if (picture) {
        waiting.push(picture)
        waitingBytes += picture.blob.bytes.length
      } else passed++
      // Writes follow one another; both lanes wait for them, so that no more than two pictures and a batch are in memory.
      if (waiting.length >= batchPictures || waitingBytes >= batchBytes) await (tail = tail.then(flush))
      context.report({ kind: 'step', phase: 'Reading pictures', done: ids.length + passed, total: entries.length })
      await context.checkpoint()
    }
  }
  const guarded = (): Promise<void> => lane().catch((error: unknown) => void (failure ??= error))
  await Promise.all(Array.from({ length: atOnce }, guarded))
  await tail.catch(() => {})
  // A cancelled import keeps what was read, too.
  if (failure === undefined || asStudioError(failure).code === 'cancelled') await flush()
  if (failure !== undefined) throw failure
  context.report({ kind: 'step', phase: 'Reading pictures', done: ids.length + passed, total: entries.length })
  return { added: ids.length, ids, classes, skippedCount, skipped, inPart }
}
