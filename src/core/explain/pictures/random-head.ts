/** Models of the same form with random numbers in place of what was learnt, for explanations that ask for predictions only. */
import type { Model, PredictContext } from '../../estimators/estimator.ts'
import { softmaxRows } from '../../estimators/neural/dense.ts'
import { networkScores, type PictureNetworkParts } from '../../estimators/neural/picture-network.ts'
import type { Rng } from '../../math/rng.ts'
import { rankCorrelation, type HeatMap, type ScorePictures } from './heat.ts'

/** Arrays of a state that are weights: of linear models and support vectors, of networks. */
const weightArrays = ['coefficients', 'theta'] as const

/**
 * The same model with normal numbers of the same spread in place of its weights; what else it knows (scales of features,
 * which rows are support vectors) stays. Undefined where what it learnt is no table of weights: trees, neighbours, Bayes.
 */
export function randomHead(model: Model, revive: (state: ReturnType<Model['state']>) => Model, rng: Rng): Model | undefined {
  const state = model.state()
  const name = weightArrays.find((one) => Object.hasOwn(state.arrays, one))
  const learnt = name && state.arrays[name]
  if (!learnt) return undefined
  let square = 0
  for (const value of learnt) square += value * value
  const spread = Math.sqrt(square / Math.max(1, learnt.length))
  const random = learnt.slice()
  for (let i = 0; i < random.length; i++) random[i] = spread * rng.normal()
  return revive({ ...state, arrays: { ...state.arrays, [name]: random } })
}

/** Chances that a network gives to pictures. */
export const networkChances =
  (parts: PictureNetworkParts, context: PredictContext): ScorePictures =>
  async (pixels) =>
    softmaxRows(await networkScores(parts, pixels, context), parts.classes)

/** @returns mean size of the rank correlations of the sizes of maps with those of others (Adebayo et al. 2018); null where all of those are flat */
export function meanFollowing(own: HeatMap, others: readonly HeatMap[]): number | null {
  const sizes = own.values.map(Math.abs)
  const found = others.flatMap(({ values }) => rankCorrelation(sizes, values.map(Math.abs)) ?? [])
  return found.length === 0 ? null : found.reduce((sum, correlation) => sum + Math.abs(correlation) / found.length, 0)
}
