/** The weights that PyTorch learnt, in the studio's own order, as a model of ours. */
import { StudioError } from '../errors.ts'
import { countWeights } from '../estimators/neural/dense.ts'
import type { ModelState } from '../estimators/estimator.ts'
import type { Head } from '../estimators/tree/head.ts'
import type { Json } from '../recipe/step.ts'
import { check, v } from '../schema.ts'
import { weightsFrom } from './weights.ts'

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.looseObject({
  sizes: v.pipe(v.array(v.pipe(whole, v.minValue(1), v.maxValue(1_000_000))), v.minLength(3), v.maxLength(7)),
  activation: v.picklist(['relu', 'tanh', 'logistic']),
  center: v.pipe(v.number(), v.finite()),
  scale: v.pipe(v.number(), v.finite(), v.gtValue(0)),
  theta: v.string(),
  epochs: whole,
  bestEpoch: whole,
  stoppedBecause: v.string(),
})

/**
 * @param head task, classes and, for each feature it was trained on, its categories
 * @param facts for the run record
 * @throws StudioError bad-data where it is no such network, or one of other features or classes
 */
export function fromTorch(json: unknown, { task, classes, categoryCounts }: Omit<Head, 'base'>, facts: { readonly [key: string]: Json }): ModelState {
  const refuse = (rule: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid network; ${rule}` })
  const { sizes, activation, center, scale, theta, epochs, bestEpoch, stoppedBecause } = check(schema, json, 'network')
  const outputs = task === 'regression' ? 1 : classes.length
  if (sizes[0] !== categoryCounts.length) throw refuse(`it was trained on ${sizes[0]} features, and the recipe makes ${categoryCounts.length}`)
  if (sizes.at(-1) !== outputs) throw refuse(`it has ${sizes.at(-1)} outputs instead of ${outputs}`)
  const weights = weightsFrom(theta, countWeights(sizes))
  return {
    estimator: 'mlp',
    version: 1,
    json: { task, classes: [...classes], sizes, activation, center, scale, facts: { ...facts, epochs, bestEpoch, stoppedBecause: stoppedBecause.slice(0, 60), weights: weights.length } },
    arrays: { theta: weights },
  }
}
