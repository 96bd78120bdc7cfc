/** What the model says of an edited picture, and the picture as it is then: edits come as a record, pixels stay here. */
import { editPicture } from '../core/images/edit.ts'
import type { Pixels } from '../core/images/luma.ts'
import { resize } from '../core/images/resize.ts'
import type { Store } from '../storage/port.ts'
import { readRun } from '../storage/runs.ts'
import { openAsked, type OpenedPicture } from './asked-picture.ts'
import { openPictureModel } from './picture-model.ts'
import type { TaskHandler } from './task.ts'

/** Larger pictures are edited at this many pixels a side, which is more than any model here sees. */
const editedSide = 640

const lastOpened = new WeakMap<Store, { readonly name: string; readonly opened: Promise<OpenedPicture> }>()

function smaller(pixels: Pixels): Pixels {
  const scale = editedSide / Math.max(pixels.width, pixels.height)
  if (scale >= 1) return pixels
  const [width, height] = [Math.max(1, Math.round(pixels.width * scale)), Math.max(1, Math.round(pixels.height * scale))]
  return { width, height, channels: 3, data: Uint8ClampedArray.from(resize(pixels, height, width, 'stretch'), (value) => value * 255) }
}

export const explainPictureEdit: TaskHandler<'explain/picture-edit'> = async ({ runId, picture: asked, edits }, host) => {
  const { store } = host
  const run = await readRun(store, runId)
  const model = await openPictureModel(host, runId)
  const name = JSON.stringify([runId, 'file' in asked ? asked.id : asked.row, run.testOpenings])
  let last = lastOpened.get(store)
  if (last?.name !== name) {
    const entry = { name, opened: openAsked(host, run, asked).then((opened) => ({ ...opened, pixels: smaller(opened.pixels) })) }
    entry.opened.catch(() => lastOpened.get(store) === entry && lastOpened.delete(store))
    lastOpened.set(store, (last = entry))
  }
  const { pixels, actual, sealed } = await last.opened
  const picture = editPicture(pixels, edits)
  return { answer: await model.ask(picture, run.threshold), picture, size: { width: pixels.width, height: pixels.height }, actual, sealed }
}
