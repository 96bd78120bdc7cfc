/**
 * A run as a job for other machines: the same raw columns, fitted recipe, target and split, the boosting left to XGBoost,
 * a network or a linear model to PyTorch. What it answers comes back as a model of the same experiment.
 */
import { toBase64 } from '../bundle/pictures.ts'
import type { SignatureInput } from '../bundle/signature.ts'
import type { ColumnInfo } from '../data/dataset.ts'
import { StudioError } from '../errors.ts'
import { histGradientBoosting } from '../estimators/hist-gradient-boosting.ts'
import { initialWeights, type Activation } from '../estimators/neural/dense.ts'
import { hiddenSizes, mlp } from '../estimators/neural/mlp.ts'
import type { PictureNetworkParts } from '../estimators/neural/picture-network.ts'
import { checkParams } from '../params.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { RunSpec } from '../run/run-spec.ts'
import { cnnPlan, type CnnPlan } from './cnn.ts'
import { linearElsewhere, linearPlan, type LinearPlan } from './linear.ts'
import type { TorchLearning } from './torch-learning.ts'
import { trainersElsewhere, whoTrains } from './trainers.ts'

export interface ElsewhereJob {
  readonly version: 1
  readonly name: string
  readonly spec: RunSpec
  /** Content hash of the studio's data. */
  readonly dataHash: string
  readonly classes: readonly string[]
  readonly recipe: FittedRecipeState
  /** What is read of each row; the target is the last. None where the rows are prepared. */
  readonly inputs: readonly SignatureInput[]
  /** One letter for each of the studio's rows that has a target, for where the partitions hold just these rows; else rows are dealt anew by the shares. */
  readonly parts: string
  /** Of pictures: their rows lie in the job's folder under this name, as `prepare.ts` leaves partitions, one for each letter. */
  readonly prepared?: { readonly name: string; /** Numbers a row. */ readonly width: number }
  /** Parameters of XGBoost, and how many rounds. */
  readonly xgboost?: { readonly params: Readonly<Record<string, string | number>>; readonly rounds: number }
  /** The network that PyTorch is to train. */
  readonly torch?: TorchNetwork
  /** The linear model that PyTorch is to fit. */
  readonly linear?: LinearPlan
  /** The convolutional network that PyTorch is to train; a job has one of the four. */
  readonly cnn?: CnnPlan
}
/** What a job's trainer is told. */
export type Trainer = Pick<ElsewhereJob, 'xgboost' | 'torch' | 'linear' | 'cnn'>
export interface TorchNetwork extends TorchLearning {
  /** Neurons from input to output. */
  readonly sizes: readonly number[]
  readonly activation: Activation
}

/** The target as one more column to read. */
export const targetInput = ({ name, kind, labels, layout }: Pick<ColumnInfo, 'name' | 'kind' | 'layout'> & { readonly labels?: readonly [string, string] }): SignatureInput => {
  if (kind !== 'numeric' && kind !== 'categorical' && kind !== 'boolean') throw new StudioError({ code: 'unsupported', message: `unsupported target; a ${kind} column cannot be learnt elsewhere` })
  return { name, kind, tensor: kind === 'categorical' ? 'string' : 'float', nullable: true, ...(labels ? { labels } : {}), ...(layout === undefined ? {} : { layout }) }
}

/** @throws StudioError unsupported for what would be lost on the way */
function checkCarried({ sampleWeight, sampleRows, continueFrom }: RunSpec): void {
  if (sampleWeight !== undefined) throw new StudioError({ code: 'unsupported', message: `unsupported sample weight; a job for a cluster carries none: ${sampleWeight.slice(0, 100)}` })
  if (sampleRows !== undefined) throw new StudioError({ code: 'unsupported', message: `unsupported sample; a job for a cluster learns from all training rows: ${sampleRows}` })
  if (continueFrom !== undefined) throw new StudioError({ code: 'unsupported', message: `unsupported earlier model; a job for a cluster begins anew: ${continueFrom}`, hint: 'Take a run that was trained in one go.' })
}

/**
 * What trains the run elsewhere.
 * @param features numbers that the recipe makes of a row
 * @param pictured of a convolutional network, what it knows of its pictures
 * @throws StudioError unsupported for an estimator that nothing elsewhere trains, or a setting that would be lost
 */
export function trainerOf(spec: RunSpec, features: number, classes: number, pictured?: PictureNetworkParts): Trainer {
  checkCarried(spec)
  const { id } = spec.estimator
  if (!trainersElsewhere.has(id)) throw new StudioError({ code: 'unsupported', message: `unsupported estimator; ${whoTrains()}: ${id}` })
  if (linearElsewhere.has(id)) return { linear: linearPlan(spec, classes) }
  if (pictured) return { cnn: cnnPlan(spec, pictured) }
  return spec.estimator.id === mlp.id ? { torch: torchOf(spec, features, classes) } : { xgboost: xgboostOf(spec, classes) }
}

function torchOf(spec: RunSpec, features: number, classes: number): TorchNetwork {
  const given = checkParams(mlp.id, mlp.params, spec.estimator.params)
  const sizes = [features, ...hiddenSizes(given.hiddenLayerSizes), spec.target.task === 'regression' ? 1 : classes]
  const activation = given.activation as Activation
  const theta = initialWeights(sizes, activation, spec.seed)
  return {
    sizes,
    activation,
    theta: toBase64(new Uint8Array(theta.buffer)),
    learningRate: given.learningRateInit,
    alpha: given.alpha,
    batchSize: given.batchSize,
    maxIter: given.maxIter,
    validationFraction: given.earlyStopping ? given.validationFraction : 0,
    nIterNoChange: given.nIterNoChange,
    tol: given.tol,
    balanced: spec.target.task !== 'regression' && given.classWeight === 'balanced',
    seed: spec.seed,
  }
}

/**
 * Our parameters by XGBoost's names. Leaves rest on summed hessians there, not on rows: for the squared loss the two
 * are one, for classes a row weighs at most a quarter.
 * @throws StudioError unsupported for a loss that XGBoost's trees do not have
 */
export function xgboostOf(spec: RunSpec, classes: number): NonNullable<ElsewhereJob['xgboost']> {
  const { estimator, target, seed } = spec
  const given = checkParams(estimator.id, histGradientBoosting.params, estimator.params)
  if (target.task === 'regression' && given.loss !== 'squared') throw new StudioError({ code: 'unsupported', message: `unsupported loss; elsewhere it is the squared one: ${given.loss}` })
  if (given.monotonicCst !== '' || given.interactionCst !== '') throw new StudioError({ code: 'unsupported', message: 'unsupported constraints; a job for a cluster carries none' })
  const leafWise = given.growPolicy === 'leaf-wise'
  return {
    rounds: given.maxIter,
    params: {
      objective: target.task === 'regression' ? 'reg:squarederror' : target.task === 'binary' ? 'binary:logistic' : 'multi:softprob',
      ...(target.task === 'multiclass' ? { num_class: classes } : {}),
      tree_method: 'hist',
      eta: given.learningRate,
      max_depth: given.maxDepth,
      max_leaves: given.maxLeafNodes,
      grow_policy: leafWise ? 'lossguide' : 'depthwise',
      min_child_weight: target.task === 'regression' ? given.minSamplesLeaf : given.minSamplesLeaf / 4,
      lambda: given.l2Regularization,
      alpha: given.l1Regularization,
      max_bin: given.maxBins,
      subsample: given.subsample,
      colsample_bytree: given.featuresPerTree,
      colsample_bynode: given.maxFeatures,
      seed,
    },
  }
}

