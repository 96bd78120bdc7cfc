/** A convolutional network that PyTorch trains elsewhere on the pixels that the studio made: what the job says, and what comes back. */
import { toBase64 } from '../bundle/pictures.ts'
import type { PictureShape } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import { cnn } from '../estimators/neural/cnn.ts'
import { hasStillBiases, parseLayers, startWeights, trainable, type LayerSpec, type LayerType } from '../estimators/neural/layer-table.ts'
import { pads, type Padding } from '../estimators/neural/layers/frame.ts'
import { flatWeightsOf } from '../estimators/neural/network.ts'
import type { PictureNetworkParts } from '../estimators/neural/picture-network.ts'
import type { ModelState } from '../estimators/estimator.ts'
import type { Head } from '../estimators/tree/head.ts'
import type { Augmentation } from '../images/augment.ts'
import { createRng } from '../math/rng.ts'
import { checkParams } from '../params.ts'
import type { Json } from '../recipe/step.ts'
import type { RunSpec } from '../run/run-spec.ts'
import { check, v } from '../schema.ts'
import type { TorchLearning } from './torch-learning.ts'
import { weightsFrom } from './weights.ts'

/** A row of the studio's table, with what PyTorch wants to know of it. */
export interface PlannedLayer {
  readonly type: LayerType
  /** Height, width and channels before and after. */
  readonly input: PictureShape
  readonly output: PictureShape
  readonly activation: string
  /** Of a convolution: side of the kernel, zeros before and behind, and whether biases are learnt. */
  readonly size: number
  readonly pads: readonly [before: number, behind: number]
  readonly bias: boolean
  /** Of dropout: the share left out, and numbers a pixel, padding included, that its chance counts by. */
  readonly rate: number
  readonly depth: number
}
export interface CnnPlan extends TorchLearning {
  readonly shape: PictureShape
  readonly classes: number
  /** All but the last layer, which is dense. */
  readonly layers: readonly PlannedLayer[]
  /** Taken from each channel, and what it is then divided by. */
  readonly means: readonly number[]
  readonly deviations: readonly number[]
  readonly augmentation: Augmentation
}

const plannedLayers = (specs: readonly LayerSpec[], shape: PictureShape, classes: number): PlannedLayer[] => {
  const { rows, network } = trainable(specs, shape, classes)
  return rows.map(({ spec, output }, index) => ({
    type: spec.type,
    input: rows[index - 1]?.output ?? shape,
    output,
    activation: String(spec['activation'] ?? 'none'),
    size: Number(spec['size'] ?? 0),
    pads: spec.type === 'conv' || spec.type === 'depthwise' ? pads(spec['size'] as number, spec['padding'] as Padding) : [0, 0],
    bias: !hasStillBiases(specs, index),
    rate: Number(spec['rate'] ?? 0),
    depth: (network.layers[index - 1]?.output ?? network.input).depth,
  }))
}

/** @param learnt what the run's own network knows of its training pictures */
export function cnnPlan({ estimator, seed }: RunSpec, { shape, layers: specs, classes, means, deviations }: PictureNetworkParts): CnnPlan {
  const given = checkParams(cnn.id, cnn.params, estimator.params)
  const { flip, shift, rotate, zoom, colour, noise } = given
  const theta = startWeights(specs, trainable(specs, shape, classes), shape, createRng(seed).fork('weights'))
  return {
    shape,
    classes,
    layers: plannedLayers(specs, shape, classes),
    means,
    deviations,
    theta: toBase64(new Uint8Array(theta.buffer)),
    learningRate: given.learningRateInit,
    alpha: given.alpha,
    batchSize: given.batchSize,
    maxIter: given.maxIter,
    validationFraction: given.earlyStopping ? given.validationFraction : 0,
    nIterNoChange: given.nIterNoChange,
    tol: 0,
    balanced: given.classWeight === 'balanced',
    augmentation: { flip, shift, rotate, zoom, colour, noise },
    seed,
  }
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
const side = v.pipe(whole, v.minValue(1), v.maxValue(4096))
const finite = v.pipe(v.number(), v.finite())
const schema = v.looseObject({
  shape: v.tuple([side, side, v.picklist([1, 3])]),
  means: v.array(finite),
  deviations: v.array(v.pipe(finite, v.gtValue(0))),
  theta: v.string(),
  epochs: whole,
  bestEpoch: whole,
  stoppedBecause: v.string(),
})

/**
 * @param spec of the job, whose table of layers it is
 * @param facts for the run record
 * @throws StudioError bad-data where it is no such network, or one of other layers or classes
 */
export function fromCnn(json: unknown, { estimator }: Pick<RunSpec, 'estimator'>, { task, classes }: Omit<Head, 'base'>, facts: { readonly [key: string]: Json }): ModelState {
  const { shape, means, deviations, theta, epochs, bestEpoch, stoppedBecause } = check(schema, json, 'convolutional network')
  const specs = parseLayers(checkParams(cnn.id, cnn.params, estimator.params).layers)
  const plan = trainable(specs, shape, classes.length)
  for (const [name, { length }] of [['means', means], ['deviations', deviations]] as const) if (length !== shape[2]) throw new StudioError({ code: 'bad-data', message: `invalid network; ${name} must be ${shape[2]} numbers, one a channel: ${length}` })
  const weights = weightsFrom(theta, flatWeightsOf(plan.network))
  return {
    estimator: 'cnn',
    version: 1,
    json: { task, classes: [...classes], shape: [...shape], layers: specs.map((layer) => ({ ...layer })), means, deviations, facts: { ...facts, epochs, bestEpoch, stoppedBecause: stoppedBecause.slice(0, 60), weights: plan.parameters, layers: specs.length + 1 } },
    arrays: { theta: weights },
  }
}
