/** What a model says of pictures that it never saw: of a camera's frames one by one, and of files. */
import { answersCsv, predictPictures as predictEach, type AnsweredPicture } from '../core/bundle/predict-pictures.ts'
import { asStudioError } from '../core/errors.ts'
import { openPictureInBrowser, pixelsOfFrame } from './open-picture.ts'
import { pictureEntries } from './picture-entries.ts'
import { openPictureModel } from './picture-model.ts'
import type { TaskHandler } from './task.ts'

/** Small pictures for the screen; beyond these a list of names does. */
const mostThumbnails = 200
const thumbnailSide = 160

export const predictFrame: TaskHandler<'deploy/predict-frame'> = async ({ runId, threshold, frame }, host) => {
  // The frame first: its memory is given back even where there is no model.
  const pixels = await pixelsOfFrame(frame)
  return (await openPictureModel(host, runId)).ask(pixels, threshold)
}

export const predictPictures: TaskHandler<'deploy/predict-pictures'> = async ({ runId, threshold, files }, host) => {
  const { context, openPicture = openPictureInBrowser } = host
  const model = await openPictureModel(host, runId)
  const refused: AnsweredPicture[] = []
  const { entries } = await pictureEntries(files, (file, error) => refused.push({ file, problem: asStudioError(error).message }), () => context.checkpoint())
  entries.sort((a, b) => a.rank - b.rank)
  const thumbnails: ({ type: string; bytes: Uint8Array<ArrayBuffer> } | undefined)[] = []
  const answered = await predictEach(
    entries,
    async (bytes, type, place) => {
      const picture = await openPicture(bytes, type)
      try {
        if (place < mostThumbnails) thumbnails[place] = await picture.thumbnail(thumbnailSide)
        return await model.ask(picture.pixels(), threshold)
      } finally {
        picture.close()
      }
    },
    context,
  )
  const all = [...answered, ...refused]
  return { classes: model.classes, answered: all, thumbnails: Array.from({ length: Math.min(all.length, mostThumbnails) }, (_, i) => thumbnails[i]), csv: answersCsv(all, model.classes) }
}
