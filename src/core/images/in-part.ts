/** Pictures that are taken, though not with all that their file holds: what is left out, and the words for it. */
import type { PictureHeader } from './header.ts'

export type LeftOut = 'depth' | 'animation'
export interface PictureInPart {
  readonly file: string
  readonly leftOut: readonly LeftOut[]
}

export const leftOutOf = ({ bitDepth, animated }: Pick<PictureHeader, 'bitDepth' | 'animated'>): readonly LeftOut[] => [...(bitDepth > 8 ? (['depth'] as const) : []), ...(animated ? (['animation'] as const) : [])]

/** Of one file. */
export const leftOutWords: Readonly<Record<LeftOut, string>> = {
  depth: 'It has 16 bits a channel, and is read with 8.',
  animation: 'It is animated: its first frame is taken.',
}

/** Of all of them, without a full stop; empty where none is taken in part. */
export function inPartWords(pictures: readonly Pick<PictureInPart, 'leftOut'>[]): string {
  const count = (what: LeftOut): number => pictures.filter(({ leftOut }) => leftOut.includes(what)).length
  const [deep, animated] = [count('depth'), count('animation')]
  const pictured = (n: number): string => `${n.toLocaleString('en')} picture${n === 1 ? '' : 's'}`
  return [
    ...(deep > 0 ? [`${pictured(deep)} ${deep === 1 ? 'has 16 bits a channel and is' : 'have 16 bits a channel and are'} read with 8`] : []),
    ...(animated > 0 ? [`${deep > 0 ? animated.toLocaleString('en') : pictured(animated)} ${animated === 1 ? 'is animated: its' : 'are animated: their'} first frame is taken`] : []),
  ].join('; ')
}
