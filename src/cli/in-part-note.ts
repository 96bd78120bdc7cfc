import { inPartWords, type PictureInPart } from '../core/images/in-part.ts'

/** A remark on pictures that are taken with less than their files hold; undefined where none is. */
export function inPartNote(pictures: readonly (Pick<PictureInPart, 'file'> & Partial<PictureInPart>)[]): string | undefined {
  const inPart = pictures.flatMap(({ file, leftOut }) => (leftOut ? [{ file, leftOut }] : []))
  return inPart[0] && `note: ${inPartWords(inPart)}${inPart.length > 1 ? '; the first' : ''}: ${inPart[0].file}`
}
