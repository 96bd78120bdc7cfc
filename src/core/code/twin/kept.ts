/**
 * The twin of a run whose model no program can learn again from this data: it came from elsewhere, or in another way
 * than anything learns today. Rows, recipe and scores are the run's; the model is the graph itself, through ONNX Runtime.
 */
import type { AnswerKind } from '../../estimators/onnx-model.ts'
import type { ForeignInterface } from '../../onnx/read/interface.ts'
import type { ForeignMapping } from '../../run/adopt-model.ts'
import { continuedElsewhere } from '../../run/continue-from.ts'
import type { Json } from '../../recipe/step.ts'
import { py } from './python.ts'
import type { TwinInput } from './twin.ts'

/** A stranger's graph: what it is fed with, and what its numbers are. */
export interface ForeignTwin {
  readonly fileName: string
  readonly graph: ForeignInterface
  readonly answer: AnswerKind
  readonly classes: readonly string[]
  /** For each class, which of the graph's scores is its own. */
  readonly order: readonly number[]
}

/** A network that was brought in sees the pictures: Python would have to run it, the studio's own engine does. */
export const seesThroughOwn = ({ recipe }: TwinInput): boolean => recipe.learnt.some(({ step }) => step === 'own-embedding')

/** Why the model is taken as it is; undefined where the twin learns it again. */
export function keptBecause(input: TwinInput): string | undefined {
  const { run: { spec, facts, warnings }, earlier, foreign } = input
  if (foreign) return `the model was brought in: ${foreign.fileName}`
  const { trainedElsewhere: by, sameRows } = facts
  if (by !== undefined && (by === 'Glasshouse' || sameRows !== true)) return `the model was trained on other rows than these, ${by === 'Glasshouse' ? 'in another project' : `by ${String(by)}`}`
  if (earlier !== undefined) return `an earlier version of the studio trained it otherwise than any program of today: ${earlier}`
  if (spec.continueFrom !== undefined && warnings.includes(continuedElsewhere)) return 'the model that it went on from was trained on other rows'
  return seesThroughOwn(input) ? ownNetwork : undefined
}

export const ownNetwork = 'the pictures are seen through a network that was brought in, which is part of the graph'
export const keptTolerance = { tolerance: 1e-4, because: 'it is the very model, through ONNX Runtime' }
export const keptImports: readonly string[] = ['import onnxruntime']

const opened = (file: string): string[] => [
  `# ${file === '../model.onnx' ? 'The graph of the bundle: raw columns in, recipe and model inside' : 'The file as it was brought in'}. MODEL names another place.`,
  `MODEL = Path(os.environ.get("MODEL", ${py(file)}))`,
  'session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])',
]

/** Knows frame and valid; leaves `given` and, of classes, `said`: the label of each row as the graph names it. */
const pipelineLines = (task: string): string[] => [
  ...opened('../model.onnx'),
  'signature = json.loads(session.get_modelmeta().custom_metadata_map["signature"])',
  '',
  'def fed(column, kind):',
  '    if kind == "string":',
  '        return column.fillna("").to_numpy(object).reshape(-1, 1)',
  '    if kind == "int64":',
  '        seconds = (column - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)',
  '        return seconds.fillna(-2**63).to_numpy().astype(np.int64).reshape(-1, 1)',
  '    if kind == "uint8":',
  '        return rgb(column.iloc[0]).astype(np.uint8)[None]',
  '    return column.to_numpy(np.float32).reshape(-1, 1)',
  '',
  '# Pictures go in one by one, because no two need be of a size.',
  'pictures = any(one["tensor"] == "uint8" for one in signature["inputs"])',
  'answers = []',
  'for rows in np.array_split(valid, len(valid) if pictures else 1):',
  '    feeds = {one.get("graphName", one["name"]): fed(frame[one["name"]].iloc[rows], one["tensor"]) for one in signature["inputs"]}',
  '    answers.append(session.run([output["name"] for output in signature["outputs"]], feeds))',
  'given = np.concatenate([answer[-1] for answer in answers]).astype(np.float64)',
  ...(task === 'regression' ? [] : ['said = np.array([CLASSES.index(name) for answer in answers for name in answer[0]])']),
]

/** As `shares` of onnx-model.ts. */
const shareLines: Readonly<Record<AnswerKind, readonly string[]>> = {
  value: ['given = scores[:, 0]'],
  probabilities: ['given = scores[:, ORDER]'],
  logits: ['given = np.exp(scores[:, ORDER] - scores[:, ORDER].max(axis=1, keepdims=True))', 'given /= given.sum(axis=1, keepdims=True)'],
  positive: ['given = np.column_stack([1 - scores[:, 0], scores[:, 0]])[:, ORDER]'],
  margin: ['share = 1 / (1 + np.exp(-scores[:, 0]))', 'given = np.column_stack([1 - share, share])[:, ORDER]'],
}
const types = { float: 'np.float32', double: 'np.float64', int64: 'np.int64', int32: 'np.int32', bool: 'bool', string: 'object' } as const

function foreignLines({ fileName, graph, answer, order }: ForeignTwin, columns: readonly string[]): string[] {
  let slot = 0
  const inputs = graph.inputs.map(({ name, type, width, rank }) => {
    const own = columns.slice(slot, (slot += width ?? columns.length))
    return `    (${py(name)}, ${types[type]}, ${py(own)}, ${rank === 1 ? 'True' : 'False'}),`
  })
  return [
    ...opened(fileName),
    '# Name, type and columns of each input, and whether it has the shape (rows) instead of (rows, columns).',
    'INPUTS = [',
    ...inputs,
    ']',
    `ORDER = ${py([...order])}`,
    '',
    'def number(column):',
    '    # A moment is UTC seconds; the smallest number is one that is missing.',
    '    if pd.api.types.is_datetime64_any_dtype(column):',
    '        return ((column - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)).fillna(-2**63)',
    '    return column',
    '',
    'def fed(rows, kind, columns, flat):',
    '    part = frame[columns].iloc[rows]',
    '    values = part.fillna("").to_numpy(object) if kind is object else part.apply(number).to_numpy(np.float64).astype(kind)',
    '    return values[:, 0] if flat else values',
    '',
    '# Some converters end a graph in maps, one a row: class -> probability.',
    `wanted = ${py(graph.output.name)}`,
    'if wanted not in [output.name for output in session.get_outputs()]:',
    '    wanted = next(output.name for output in session.get_outputs() if output.type.startswith("seq"))',
    `batch = ${graph.batch ?? 'len(valid)'}`,
    'scores = []',
    'for start in range(0, len(valid), batch):',
    '    # A graph of fixed rows gets its last row again where there are fewer.',
    '    rows = np.resize(valid[start:start + batch], batch) if len(valid) - start < batch else valid[start:start + batch]',
    '    answer = session.run([wanted], {name: fed(rows, kind, columns, flat) for name, kind, columns, flat in INPUTS})[0]',
    '    answer = pd.DataFrame(answer).to_numpy() if isinstance(answer, list) else answer',
    '    scores.append(np.asarray(answer, dtype=np.float64).reshape(batch, -1)[:len(valid) - start])',
    'scores = np.concatenate(scores)',
    ...shareLines[answer],
  ]
}

/** The model's own part of a script: knows frame, valid and CLASSES, leaves `given` for the validation rows. */
export const keptCell = ({ run, recipe, foreign }: TwinInput): string[] => (foreign ? foreignLines(foreign, recipe.inputs.map(({ name }) => name)) : pipelineLines(run.spec.target.task))

/** What `judge` of the package is given in place of training. */
export function keptModel({ recipe, foreign }: TwinInput): Json {
  if (!foreign) return { file: '../pipeline.json' }
  const { fileName, answer, classes, order } = foreign
  // The class of each score: the order turned around.
  const named = Array.from({ length: Math.max(0, ...order.map((place) => place + 1)) }, (_, place) => classes[order.indexOf(place)] ?? '')
  const mapping: ForeignMapping = { fileName, columns: recipe.inputs.map(({ name }) => name), classes: named, answer }
  return { file: fileName, mapping: mapping as unknown as Json }
}
