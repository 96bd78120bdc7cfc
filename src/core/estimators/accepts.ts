import type { Matrix } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import type { Estimator } from './estimator.ts'

/** @throws StudioError unsupported where numbers meet an estimator of pictures, or pictures one of numbers */
export function checkAccepts({ label, tags }: Pick<Estimator, 'label' | 'tags'>, { features }: Matrix): void {
  // A guess without a model looks at no feature.
  if (tags.baseline) return
  const wrong = features.find(({ shape }) => (shape !== undefined) !== (tags.takesPictures ?? false))
  if (!wrong) return
  const [takes, given] = tags.takesPictures ? ['the pixels of a picture', 'a number'] : ['numbers', 'the pixels of a picture']
  throw new StudioError({
    code: 'unsupported',
    message: `unsupported features; ${label} takes ${takes}, and ${wrong.name.slice(0, 100)} is ${given}`,
    hint: tags.takesPictures ? 'Use a recipe that turns the picture into pixels, and leaves the other columns out.' : 'Use a recipe that turns the picture into numbers (an embedding), or a convolutional network.',
    details: { column: wrong.source.slice(0, 200) },
  })
}
