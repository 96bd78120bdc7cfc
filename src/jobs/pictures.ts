/** What goes to and comes from the tasks of pictures. */
import type { AnsweredPicture, PictureAnswer } from '../core/bundle/predict-pictures.ts'
import type { PictureSource } from '../core/images/header.ts'
import type { PictureInPart } from '../core/images/in-part.ts'
import type { PictureQuality } from '../core/images/quality.ts'
import type { OwnBackbone } from '../core/recipe/own-embedding.ts'

/** A file that may be a picture, a zip of pictures or a table of labels. */
export interface PictureFile {
  readonly file: Blob
  /** With its folders, as far as known. */
  readonly path: string
}
export interface AddPictures {
  readonly projectId: string
  readonly token: number
  readonly files: readonly PictureFile[]
  readonly source: PictureSource
  /** The class of all of them; absent: the folder, or a table of labels among the files, says it. */
  readonly label?: string | null
}
export interface SkippedPicture {
  readonly file: string
  readonly reason: string
}
export interface AddedPictures {
  readonly added: number
  /** Ids of what was added, for undo. */
  readonly ids: readonly string[]
  /** Classes met, in order of appearance. */
  readonly classes: readonly string[]
  readonly skippedCount: number
  /** At most the first 1,000. */
  readonly skipped: readonly SkippedPicture[]
  /** Of those that were added. */
  readonly inPart: readonly PictureInPart[]
}
/** A picture whose label a model that never learnt from it doubts. */
export interface DoubtedLabel {
  readonly id: string
  readonly label: string
  readonly predicted: string
  /** Of the predicted class, in [0, 1]. */
  readonly probability: number
}
/** Copies that an honest test may not have on both sides. */
export interface PictureReport extends PictureQuality {
  /** Most doubted first; empty until a model was trained. Test rows are never looked at. */
  readonly doubted: readonly DoubtedLabel[]
  /** Whose doubts they are: the newest model that was asked, and of how many of the labelled pictures; null before there is one. */
  readonly asked: { readonly runId: string; readonly pictures: number; readonly of: number; readonly byFolds: boolean } | null
  /** Groups of copies with a member in training and another in a part that judges. */
  readonly straddling: number
}
/** What a model says of files, and small pictures of the first of them. */
export interface PicturesAnswer {
  readonly classes: readonly string[]
  readonly answered: readonly AnsweredPicture[]
  /** By place; undefined where a file could not be opened. */
  readonly thumbnails: readonly ({ readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined)[]
  readonly csv: Uint8Array<ArrayBuffer>
}
export type PictureMethod = 'occlusion' | 'grad-cam' | 'integrated-gradients'
export interface PictureExplanation {
  readonly method: PictureMethod
  /** Ways that this model can be explained. */
  readonly methods: readonly PictureMethod[]
  /** What the model was shown, RGBA. */
  readonly picture: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray<ArrayBuffer> }
  readonly heat: { readonly width: number; readonly height: number; readonly values: Float32Array }
  readonly probabilities: readonly number[]
  /** What it is in the data; null of a new one. */
  readonly actual: string | null
  /** Index of the class that was explained. */
  readonly target: number
  /** Of integrated gradients: how far the parts are from adding up, as a share of the difference. */
  readonly gap?: number
  /** Rank correlation with the same explanation at random, or the mean size of several; null where that one is flat. Absent where there is nothing to draw at random. */
  readonly sanity?: number | null
  /** What was random: all weights of a network; slopes in place of a head's; the weights of a head. The network below a head stays. */
  readonly against?: 'weights' | 'slopes' | 'head'
  /** Training rows, nearest first. */
  readonly nearest: readonly { readonly row: number; readonly distance: number }[]
}
/** A picture of the data that the run was trained on, or a new one; `id` tells one new one from the next. */
export type AskedPicture = { readonly row: number } | { readonly id: string; readonly file: Blob }
export interface EditedPicture {
  readonly answer: PictureAnswer
  /** RGB, as it is after all edits. */
  readonly picture: { readonly width: number; readonly height: number; readonly data: Uint8Array | Uint8ClampedArray }
  /** Before the crop. */
  readonly size: { readonly width: number; readonly height: number }
  /** What it is in the data; null of a new one; held back where the row is of a test part that is not open. */
  readonly actual: string | null
  readonly sealed: boolean
}
/** What one layer of a network made of a picture. */
export interface PictureLayer {
  readonly label: string
  /** Of a map; where numbers have no place in the picture, one map is a row of them. */
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Brightness, 0 to 255, row by row; not all where there are many. */
  readonly maps: readonly Uint8ClampedArray[]
}
/** Training pictures as a network gets them. */
export interface PictureSamples {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Pixels from 0 to 1, shape (height, width, channels). */
  readonly pictures: readonly { readonly hash: string; readonly label: string; readonly pixels: Float32Array }[]
}
export interface PictureMap {
  readonly by: 'pca' | 'umap'
  /** Pictures of training and validation; more than `rows` where those are drawn by chance. */
  readonly of: number
  readonly rows: readonly number[]
  /** Index into the model's classes. */
  readonly classes: readonly number[]
  readonly training: readonly boolean[]
  readonly x: readonly number[]
  readonly y: readonly number[]
  /** Of PCA: share of the variance that both directions hold. */
  readonly explained?: number
}

/** A network that was brought in, without its file. */
export interface BackboneFacts extends OwnBackbone {
  readonly name: string
}
export interface BackboneTrial {
  /** Numbers a picture. */
  readonly size: number
  /** Some pictures as the network gets them: height x width x 3, from 0 to 1. */
  readonly pictures: readonly Float32Array[]
  readonly looked: number
  /** A picture, the network alone. */
  readonly milliseconds: number
  /** How often the most alike of the others is of the same class, and how often a random one is; null without a target. */
  readonly alike: { readonly share: number; readonly chance: number } | null
}
