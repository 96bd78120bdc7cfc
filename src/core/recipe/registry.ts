import { createRegistry } from '../registry.ts'
import { clip } from './clip.ts'
import { datetimeParts } from './datetime-parts.ts'
import { drop } from './drop.ts'
import { imageEmbedding } from './image-embedding.ts'
import { ownEmbedding } from './own-embedding.ts'
import { imagePixels } from './image-pixels.ts'
import { impute } from './impute.ts'
import { onehot } from './onehot.ts'
import { ordinal } from './ordinal.ts'
import { scale } from './scale.ts'
import type { Step } from './step.ts'

/** Every step of the studio; a new one is its own file and one line here. */
export const steps = createRegistry<Step>('step', [impute, scale, clip, onehot, ordinal, datetimeParts, imageEmbedding, ownEmbedding, imagePixels, drop])
