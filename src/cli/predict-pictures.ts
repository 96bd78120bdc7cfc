/** `glasshouse predict` of a model that takes pictures: folders, zips and files, a line each. */
import { answersCsv, predictPictures, type AnsweredPicture, type PictureAnswer } from '../core/bundle/predict-pictures.ts'
import { asStudioError, StudioError } from '../core/errors.ts'
import type { Context } from '../core/context.ts'
import type { Pixels } from '../core/images/luma.ts'
import { decodePicture } from '../export/server/picture.ts'
import { pictureEntries } from '../tasks/picture-entries.ts'
import { pictureFiles } from './open-picture.ts'

export interface AskingPictures {
  readonly classes: readonly string[]
  ask(pixels: Pixels): Promise<PictureAnswer>
}

/** Every picture of folders, zips and files. @throws StudioError bad-data where none could be opened */
export async function askPaths(paths: readonly string[], ask: (bytes: Uint8Array<ArrayBuffer>) => Promise<PictureAnswer>, context: Context): Promise<readonly AnsweredPicture[]> {
  const refused: AnsweredPicture[] = []
  const { entries } = await pictureEntries(await pictureFiles(paths), (file, error) => refused.push({ file, problem: asStudioError(error).message }), () => context.checkpoint())
  entries.sort((a, b) => a.rank - b.rank)
  const answered = [...(await predictPictures(entries, ask, context)), ...refused]
  if (!answered.some(({ answer }) => answer)) throw new StudioError({ code: 'bad-data', message: `missing pictures; no file could be opened: ${answered[0] ? `${answered[0].file.slice(0, 80)}: ${answered[0].problem}` : 'there is none'}` })
  return answered
}

/** @throws StudioError bad-data where no file could be opened: nothing is written then */
export async function predictPaths(paths: readonly string[], model: AskingPictures, context: Context): Promise<{ readonly csv: Uint8Array<ArrayBuffer>; readonly answered: readonly AnsweredPicture[] }> {
  const answered = await askPaths(paths, async (bytes) => model.ask(await decodePicture(bytes)), context)
  return { csv: answersCsv(answered, model.classes), answered }
}
