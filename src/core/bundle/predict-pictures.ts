/** Predictions for picture files: each is opened, asked about and forgotten; one that cannot be opened says why and stops no other. */
import type { Context } from '../context.ts'
import { asStudioError } from '../errors.ts'
import { readHeader, type PictureType } from '../images/header.ts'
import { leftOutOf, type LeftOut } from '../images/in-part.ts'
import { csvLine, type CsvCell } from '../ingest/csv-write.ts'

/** What a model says of one picture. */
export interface PictureAnswer {
  /** By the model's threshold where there are two classes. */
  readonly label: string
  /** In class order, summing to 1. */
  readonly probabilities: readonly number[]
}
export interface PictureToAsk {
  readonly path: string
  bytes(): Promise<Uint8Array<ArrayBuffer>>
}
export interface AnsweredPicture {
  readonly file: string
  /** Absent where the file could not be opened. */
  readonly answer?: PictureAnswer
  readonly problem?: string
  /** Present where the answer is of less than the file holds. */
  readonly leftOut?: readonly LeftOut[]
}

/**
 * @param ask decodes a whole file and asks the model; its header was read and is bearable
 * @throws StudioError cancelled; whatever is wrong with one file is that file's answer
 */
export async function predictPictures(pictures: readonly PictureToAsk[], ask: (bytes: Uint8Array<ArrayBuffer>, type: PictureType, place: number) => Promise<PictureAnswer>, context: Context): Promise<AnsweredPicture[]> {
  const answered: AnsweredPicture[] = []
  for (const [place, { path, bytes }] of pictures.entries()) {
    context.report({ kind: 'step', phase: 'Predicting', done: place, total: pictures.length })
    await context.checkpoint()
    try {
      const file = await bytes()
      const header = readHeader(file)
      const leftOut = leftOutOf(header)
      answered.push({ file: path, answer: await ask(file, header.type, place), ...(leftOut.length > 0 && { leftOut }) })
    } catch (thrown) {
      const { code, message, hint } = asStudioError(thrown)
      if (code !== 'bad-data' && code !== 'unsupported') throw thrown
      answered.push({ file: path, problem: hint ? `${message}. ${hint}` : message })
    }
  }
  context.report({ kind: 'step', phase: 'Predicting', done: pictures.length, total: pictures.length })
  return answered
}

/** A line a file: its name, the label, the probability of each class, and why there is none where there is none. */
export function answersCsv(answered: readonly AnsweredPicture[], classes: readonly string[]): Uint8Array<ArrayBuffer> {
  const lines: CsvCell[][] = [['file', 'prediction', ...classes.map((name) => `probability of ${name}`), 'problem']]
  for (const { file, answer, problem } of answered) lines.push([file, answer?.label ?? null, ...classes.map((_, c) => answer?.probabilities[c] ?? null), problem ?? null])
  return new TextEncoder().encode(lines.map((line) => csvLine(line)).join(''))
}
