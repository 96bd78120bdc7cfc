/** Which graphs are let in: operators on a list, names that occur once, sizes with bounds, sound trees (trees.ts). */
import { StudioError } from '../../errors.ts'
import { checkPictureGrowth } from './growth.ts'
import type { ReadModel } from './model.ts'
import { checkTrees } from './trees.ts'
import { refuse } from './wire.ts'

/** For tables. Nothing that loops, branches, draws random numbers, or grows a tensor at a number's word: what every value may grow to has a bound (growth.ts). */
export const tableOperators: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', new Set('Abs Acos Add And ArgMax ArgMin Asin Atan BatchNormalization Cast Ceil Celu Clip Concat Constant Cos Cosh Div Dropout Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gemm Greater GreaterOrEqual HardSigmoid HardSwish Hardmax Identity IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max Mean Min Mod Mul Neg Not OneHot Or PRelu Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round Selu Shape Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign Split Sqrt Squeeze StringNormalizer Sub Sum Tan Tanh ThresholdedRelu TopK Transpose Unsqueeze Where Xor'.split(' '))],
  ['ai.onnx.ml', new Set('ArrayFeatureExtractor Binarizer CategoryMapper FeatureVectorizer Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsembleClassifier TreeEnsembleRegressor ZipMap'.split(' '))],
])

/** Networks that see pictures. A tensor may grow by what is read beside it (Concat), never by a number in the file alone, but for the edges that Pad adds. */
const forPictures: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', new Set('Abs Add AveragePool BatchNormalization Cast Ceil Celu Clip Concat Constant Conv DepthToSpace Div Dropout Elu Equal Erf Exp Flatten Floor Gather Gemm GlobalAveragePool GlobalMaxPool Greater HardSigmoid HardSwish Identity InstanceNormalization LRN LayerNormalization LeakyRelu Less Log MatMul Max MaxPool Mean Min Mul Neg PRelu Pad Pow ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum Reciprocal Relu Reshape Selu Shape Sigmoid Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Transpose Unsqueeze Where'.split(' '))],
])

/** Versions of ONNX at which an operator began to mean something else by the same bytes. */
const turns: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...['Clip', 'Pad', 'Slice'].map((name) => [name, name === 'Slice' ? [10] : name === 'Pad' ? [11, 18] : [11]] as const),
  ...['Squeeze', 'Unsqueeze', 'Softmax', 'ReduceSum'].map((name) => [name, [13]] as const),
  ...['ReduceL2', 'ReduceMax', 'ReduceMean', 'ReduceMin'].map((name) => [name, [18]] as const),
  ['Split', [13, 18]],
  ['BatchNormalization', [9]],
  ['Dropout', [12]],
])
const mostTargets = 20_000n
const opsetRange = { first: 7, last: 21 } as const

/**
 * For networks whose operators will stand in a graph of our own version.
 * @throws StudioError as `checkGraph`, and unsupported where an operator would mean something else there
 */
export function checkPictureGraph(model: ReadModel, ours: number): void {
  checkOperators(model, forPictures, 'Networks that see pictures can be brought in: convolutions, pooling, normalisation, dense layers and what joins them.')
  const theirs = model.opsets.get('') ?? 1
  if (theirs < opsetRange.first || theirs > opsetRange.last) throw new StudioError({ code: 'unsupported', message: `unsupported ONNX file; opset ${opsetRange.first} to ${opsetRange.last} is read: ${theirs}`, hint: `Export it with opset ${ours}.` })
  const [low, high] = [Math.min(theirs, ours), Math.max(theirs, ours)]
  const other = model.nodes.find(({ opType }) => turns.get(opType)?.some((turn) => turn > low && turn <= high))
  if (other) throw new StudioError({ code: 'unsupported', message: `unsupported ONNX file; ${other.opType} of opset ${theirs} means something else in opset ${ours}`, hint: `Export it with opset ${ours}.` })
  checkNames(model)
  checkPictureGrowth(model)
}

/** How large its values may grow is judged where its inputs are (interface.ts). @throws StudioError unsupported naming the operators that are not run here; bad-data for a graph that is none */
export function checkGraph(model: ReadModel): void {
  checkOperators(model, tableOperators, 'Models for tables can be brought in: trees, linear models, support vectors, neighbours, dense networks and their preparation.')
  checkNames(model)
  for (const node of model.nodes) {
    for (const name of ['n_targets', 'targets']) {
      const targets = node.attributes.get(name)?.int ?? 1n
      if (targets < 1n || targets > mostTargets) throw refuse(`${node.opType} may answer 1 to ${mostTargets.toLocaleString('en')} numbers a row: ${targets}`)
    }
    if (node.opType.startsWith('TreeEnsemble')) checkTrees(node)
  }
}

function checkOperators(model: ReadModel, list: ReadonlyMap<string, ReadonlySet<string>>, hint: string): void {
  const strange = new Set<string>()
  for (const { domain, opType } of model.nodes) if (!list.get(domain)?.has(opType)) strange.add(`${domain === '' ? '' : `${domain}.`}${opType}`.slice(0, 60))
  if (strange.size > 0) {
    throw new StudioError({ code: 'unsupported', message: `unsupported ONNX file; operators that are not run here: ${[...strange].slice(0, 12).join(', ')}${strange.size > 12 ? ` and ${strange.size - 12} more` : ''}`, hint })
  }
}

function checkNames({ inputs, outputs, initializers, nodes }: ReadModel): void {
  const known = new Set<string>()
  const add = (name: string): void => {
    if (known.has(name)) throw refuse(`two values have one name: ${name.slice(0, 80)}`)
    known.add(name)
  }
  for (const { name } of [...inputs, ...initializers]) add(name)
  for (const node of nodes) {
    for (const input of node.inputs) if (input !== '' && !known.has(input)) throw refuse(`operator ${node.opType} reads what nothing before it makes: ${input.slice(0, 80)}`)
    for (const output of node.outputs) if (output !== '') add(output)
  }
  if (inputs.length === 0) throw refuse('it has no input')
  if (outputs.length === 0) throw refuse('it has no output')
  for (const { name } of outputs) if (!known.has(name)) throw refuse(`its output is made by nothing: ${name.slice(0, 80)}`)
}
