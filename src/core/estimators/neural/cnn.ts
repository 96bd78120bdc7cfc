/**
 * Convolutional network for pictures, from scratch: a table of layers trained by Adam (backend.ts says where).
 * Pixels are standardised inside, by channel. Prediction runs on our own kernels, compiled or plain, with the same bits.
 */
import { StudioError } from '../../errors.ts'
import { featureWidth, type Feature, type Matrix, type PictureShape } from '../../data/matrix.ts'
import type { Prediction, Task } from '../../data/target.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import { createRng } from '../../math/rng.ts'
import type { ParamTable, ValuesOf } from '../../params.ts'
import type { Estimator, Model, ModelFacts, ModelState } from '../estimator.ts'
import { classRowWeights, classWeightParam, meanOne } from '../weights.ts'
import { backendParam, type BackendName } from './backend.ts'
import { softmaxRows } from './dense.ts'
import { factsOf, fitNetwork } from './fit-network.ts'
import { kerasLayers } from './keras-layers.ts'
import { layerNodes } from './layer-nodes.ts'
import { parseLayers, planNetwork, startWeights, trainable, type LayerSpec } from './layer-table.ts'
import { flatWeightsOf } from './network.ts'
import { networkScores, type PictureNetworkParts } from './picture-network.ts'
import { filler } from './picture-source.ts'

const params = {
  layers: { kind: 'text', default: 'small', maxLength: 6000, label: 'Layers', help: 'A preset (small, medium) or a table of layers in JSON; the last layer, one neuron a class, is added.' },
  learningRateInit: { kind: 'number', default: 0.001, min: 1e-6, max: 1e9, scale: 'log', label: 'Learning rate', help: 'How far each step moves the weights; too large and the loss explodes.' },
  batchSize: { kind: 'integer', default: 64, min: 2, max: 1024, scale: 'log', label: 'Batch size', unit: 'pictures', help: 'Pictures looked at before each step.' },
  maxIter: { kind: 'integer', default: 20, min: 1, max: 10000, scale: 'log', label: 'Epochs at most', unit: 'epochs', help: 'How often all training pictures are gone through, at most.' },
  alpha: { kind: 'number', default: 0.0001, min: 0, max: 100, scale: 'log', label: 'L2 penalty', help: 'Pulls weights towards zero, which smooths the model.', advanced: true },
  flip: { kind: 'boolean', default: false, label: 'Mirror', help: 'Mirrors half of the pictures left to right while learning; not for letters and digits.' },
  shift: { kind: 'number', default: 0, min: 0, max: 0.5, label: 'Shift', help: 'Moves pictures by at most this share of their size while learning.' },
  rotate: { kind: 'number', default: 0, min: 0, max: 45, label: 'Rotate', unit: 'degrees', help: 'Turns pictures by at most this angle while learning.' },
  zoom: { kind: 'number', default: 0, min: 0, max: 0.5, label: 'Zoom', help: 'Enlarges or shrinks pictures by at most this share while learning.' },
  colour: { kind: 'number', default: 0, min: 0, max: 1, label: 'Colour', help: 'Changes brightness, contrast and tint by at most this share while learning.' },
  noise: { kind: 'number', default: 0, min: 0, max: 1, label: 'Noise', help: 'Adds noise of this share of the contrast while learning.' },
  earlyStopping: { kind: 'boolean', default: true, label: 'Stop early', help: 'Keeps a share of the training pictures aside and stops when their loss no longer falls.' },
  validationFraction: { kind: 'number', default: 0.1, min: 0.01, max: 0.5, label: 'Share kept aside', help: 'Share of the training pictures that judges when to stop.', advanced: true, when: { param: 'earlyStopping', is: [true] } },
  classWeight: { ...classWeightParam, advanced: true },
  nIterNoChange: { kind: 'integer', default: 5, min: 1, max: 1000, label: 'Patience', unit: 'epochs', help: 'Epochs without progress before it stops.', advanced: true },
  backend: backendParam,
} as const satisfies ParamTable

/** The one picture among the features. @throws StudioError unsupported or bad-data naming the column */
function pictureOf(X: Matrix): Feature & { readonly shape: PictureShape } {
  const [feature] = X.features
  if (!feature?.shape || X.features.length !== 1) {
    throw new StudioError({
      code: 'unsupported',
      message: `unsupported features; a convolutional network takes one picture and nothing else: ${X.features.map(({ name, shape }) => `${name.slice(0, 40)} (${shape ? 'picture' : 'number'})`).slice(0, 6).join(', ') || 'none'}`,
      hint: 'Use a recipe that turns the picture into pixels, and leaves the other columns out.',
    })
  }
  const bad = feature.values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new StudioError({ code: 'bad-data', message: `invalid feature; a convolutional network takes no missing or infinite values: ${feature.name}`, details: { column: feature.name } })
  return feature as Feature & { readonly shape: PictureShape }
}

/** Mean and standard deviation of each channel, as float32 holds them; 1 where a channel is constant. */
function channelMoments({ values, shape }: Feature & { readonly shape: PictureShape }): { readonly means: number[]; readonly deviations: number[] } {
  const channels = shape[2]
  const means = new Array<number>(channels).fill(0)
  const squares = new Array<number>(channels).fill(0)
  const count = values.length / channels
  for (let i = 0; i < values.length; i++) means[i % channels] = (means[i % channels] as number) + (values[i] as number) / count
  for (let i = 0; i < values.length; i++) squares[i % channels] = (squares[i % channels] as number) + ((values[i] as number) - (means[i % channels] as number)) ** 2 / count
  return { means: means.map(Math.fround), deviations: squares.map((square) => (square > 1e-12 ? Math.fround(Math.sqrt(square)) : 1)) }
}

interface Learnt {
  readonly task: Exclude<Task, 'regression'>
  readonly classes: readonly string[]
  readonly shape: PictureShape
  readonly layers: readonly LayerSpec[]
  readonly means: readonly number[]
  readonly deviations: readonly number[]
  readonly facts: ModelFacts
}
/** A model whose network explainers of pictures look into. */
export interface PictureModel extends Model {
  readonly network: PictureNetworkParts
}

function modelOf(learnt: Learnt, theta: Float32Array): PictureModel {
  const { task, classes, shape } = learnt
  const network: PictureNetworkParts = { ...learnt, classes: classes.length, theta }
  return {
    estimator: 'cnn',
    task,
    facts: learnt.facts,
    network,
    async predict(X, context): Promise<Prediction> {
      const feature = pictureOf(X)
      if (feature.shape.some((side, i) => side !== shape[i])) {
        throw new StudioError({ code: 'bad-data', message: `invalid pictures; the network takes ${shape.join(' x ')}: ${feature.shape.join(' x ')}` })
      }
      return { task, classes, probabilities: softmaxRows(await networkScores(network, feature.values.subarray(0, X.rows * featureWidth(feature)), context), classes.length) }
    },
    state: () => ({
      estimator: 'cnn',
      version: 1,
      json: { task, classes: [...classes], shape: [...shape], layers: learnt.layers.map((layer) => ({ ...layer })), means: [...learnt.means], deviations: [...learnt.deviations], facts: learnt.facts },
      arrays: { theta },
    }),
  }
}

function learntOf(state: ModelState): { learnt: Learnt; theta: Float32Array } {
  const json = state.json as unknown as Learnt
  const theta = state.arrays['theta']
  const wrong = (cause?: unknown): StudioError => new StudioError({ code: 'bundle-mismatch', message: 'invalid model state; not a convolutional network of version 1 with finite weights', cause })
  if (state.estimator !== 'cnn' || state.version !== 1 || !(theta instanceof Float32Array) || !Array.isArray(json.layers) || !Array.isArray(json.shape)) throw wrong()
  try {
    const layers = parseLayers(JSON.stringify(json.layers))
    if (flatWeightsOf(trainable(layers, json.shape, json.classes.length).network) !== theta.length || !theta.every(Number.isFinite)) throw wrong()
    return { learnt: { ...json, layers }, theta }
  } catch (cause) {
    throw wrong(cause)
  }
}

export const cnn: Estimator<typeof params> = {
  id: 'cnn',
  label: 'Convolutional network',
  family: 'neural',
  summary: 'Learns small patterns and patterns of patterns from the pixels themselves; wants hundreds of pictures a class.',
  source: 'LeCun et al. 1998; batch normalisation: Ioffe & Szegedy 2015; Adam: Kingma & Ba 2015; reference: PyTorch',
  tasks: ['binary', 'multiclass'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: false, takesPictures: true, randomised: true, deterministic: false, iterative: true, baseline: false },
  params,
  shows: ['network'],
  memory({ layers, batchSize }, { rows, features, classes, picture }) {
    const { parameters, rows: table } = planNetwork(parseLayers(layers), picture ?? [1, 1, features], Math.max(2, classes))
    const outputs = table.reduce((sum, { output }) => sum + output.reduce((product, length) => product * length, 1), features)
    // What each layer answers and its slopes; weights, both moments, gradient, best and those of the last checkpoint.
    return 4 * rows * classes + 12 * batchSize * outputs + 32 * parameters
  },
  async fit(X, y, options, context) {
    const values: ValuesOf<typeof params> = options.params
    if (y.task === 'regression') throw new StudioError({ code: 'unsupported', message: 'unsupported task; a convolutional network here does binary, multiclass: regression' })
    const feature = pictureOf(X)
    const layers = parseLayers(values.layers)
    const plan = trainable(layers, feature.shape, y.classes.length)
    if (X.rows < 2) throw new StudioError({ code: 'bad-data', message: `invalid training rows; a neural network needs at least 2: ${X.rows}` })
    const targets = new Float32Array(X.rows * y.classes.length)
    y.codes.forEach((code, row) => (targets[row * y.classes.length + code] = 1))
    const moments = channelMoments(feature)
    await context.checkpoint()
    const { flip, shift, rotate, zoom, colour, noise } = values
    const weights = meanOne(classRowWeights('cnn', y, values.classWeight, options.weights))
    const result = await fitNetwork(
      { rows: X.rows, inputs: new Float32Array(0), targets, ...(weights && { weights }), fill: filler({ pixels: feature.values, shape: feature.shape, ...moments }, { flip, shift, rotate, zoom, colour, noise }, options.seed) },
      {
        layers,
        shape: feature.shape,
        backend: values.backend as BackendName | 'auto',
        tol: 0,
        showsMissed: true,
        theta: startWeights(layers, plan, feature.shape, createRng(options.seed).fork('weights')),
        classes: y.classes.length,
        learningRate: values.learningRateInit,
        alpha: values.alpha,
        batchSize: values.batchSize,
        maxIter: values.maxIter,
        earlyStopping: values.earlyStopping,
        validationFraction: values.validationFraction,
        nIterNoChange: values.nIterNoChange,
        seed: options.seed,
      },
      context,
    )
    const facts = { ...factsOf(result), weights: plan.parameters, layers: layers.length + 1 }
    return modelOf({ task: y.task, classes: y.classes, shape: feature.shape, layers, ...moments, facts }, result.theta)
  },
  revive(state) {
    const { learnt, theta } = learntOf(state)
    return modelOf(learnt, theta)
  },
  toLayers(state) {
    const { learnt, theta } = learntOf(state)
    return kerasLayers({ ...learnt, classes: learnt.classes.length, theta })
  },
  toOnnx(state, input, graph: GraphBuilder) {
    const { learnt, theta } = learntOf(state)
    const [height, width, channels] = learnt.shape
    const shaped = graph.node('Reshape', [input, graph.ints('picture', [-1, height, width, channels])])
    const centred = graph.node('Sub', [shaped, graph.floats('means', learnt.means)])
    const standard = graph.node('Mul', [centred, graph.floats('factors', learnt.deviations.map((deviation) => 1 / deviation))])
    const scores = layerNodes(learnt.layers, learnt.shape, learnt.classes.length, theta, standard, graph)
    return { tensor: graph.node('Softmax', [scores], { axis: { kind: 'int', value: 1 } }) }
  },
}
