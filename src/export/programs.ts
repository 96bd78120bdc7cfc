/** Every way to take a model out as text: programs of the model, the code twin of its run, layers for TensorFlow.js, our own JSON. */
import { layersFiles, type LayersModel } from '../core/code/layers.ts'
import { pictureLayers } from '../core/code/picture-layers.ts'
import { codePlan } from '../core/code/plan.ts'
import { prepareCode } from '../core/code/prepare.ts'
import { earlierFit } from '../core/code/twin/earlier.ts'
import type { ForeignTwin } from '../core/code/twin/kept.ts'
import type { TwinPictures } from '../core/code/twin/pictures.ts'
import { twinOf, type Twin, type TwinInput } from '../core/code/twin/twin.ts'
import { codeEndings, languagesOf, modelCode, sqlRefusal, type LeftOutFile } from '../core/code/write.ts'
import { hasPictures } from '../core/bundle/pictures.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { StudioError } from '../core/errors.ts'
import type { ModelState } from '../core/estimators/estimator.ts'
import { foreignId, type ForeignJson } from '../core/estimators/onnx-model.ts'
import { estimators } from '../core/estimators/registry.ts'
import { interfaceOf } from '../core/onnx/read/interface.ts'
import { readOnnx } from '../core/onnx/read/model.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import { pipelineRunOf, writePipeline } from '../core/run/pipeline-file.ts'
import type { Dataset } from '../core/data/dataset.ts'
import { columnInfo, columnNamed } from '../core/data/dataset.ts'
import { cellAt, type Column } from '../core/data/column.ts'
import type { Json } from '../core/recipe/step.ts'
import type { Run } from '../core/run/run.ts'
import type { DatasetRecord } from '../storage/records.ts'

export type ProgramFile = readonly [path: string, content: string | Uint8Array<ArrayBuffer>]

export function twinInput(run: Run, dataset: Dataset, record: Pick<DatasetRecord, 'options' | 'rejectedCount'>, pipeline: Pipeline, split: TwinInput['split']): TwinInput {
  const state = pipeline.model.state()
  const earlier = earlierFit(state)
  return { run, ...(earlier !== undefined && { earlier }), ...(state.estimator === foreignId && { foreign: foreignOf(state) }), data: { source: dataset.source, rows: dataset.rows, options: record.options, rejected: record.rejectedCount, columns: dataset.columns.map(columnInfo), ...picturesIn(run, dataset) }, recipe: pipeline.recipe, classes: pipeline.classes, split }
}

function picturesIn({ spec: { target, split } }: Run, dataset: Dataset): { pictures?: TwinPictures } {
  const column = dataset.columns.find(({ kind }) => kind === 'image')
  if (!column) return {}
  const cells = (of: Column): Json[] => Array.from({ length: dataset.rows }, (_, row) => cellAt(of, row))
  const dealtBy = 'column' in split.strategy && split.strategy.column !== target.column ? split.strategy.column : undefined
  return { pictures: { column: column.name, sha256: cells(column).map(String), targets: cells(columnNamed(dataset, target.column)), ...(dealtBy !== undefined && { dealtBy: { column: dealtBy, values: cells(columnNamed(dataset, dealtBy)) } }) } }
}

function foreignOf({ json, arrays }: ModelState): ForeignTwin {
  const { fileName, answer, classes, order } = json as unknown as ForeignJson
  return { fileName, answer, classes, order, graph: interfaceOf(readOnnx(arrays['file'] as Uint8Array)) }
}

/** The files of a twin, by the names that it reads itself by. */
export const twinFiles = ({ python, notebook, typescript, split }: Twin): ProgramFile[] => [
  ['code/twin.py', python],
  ['code/twin.ipynb', notebook],
  ['code/twin.ts', typescript],
  ['code/split.json', split],
]

/** Layers of the model, and of the network that looks, where both are known as layers. @throws StudioError unsupported for pictures that reach the model in another way */
function layersOf(pipeline: Pipeline, signature: Signature, backbone: Uint8Array | undefined): LayersModel | undefined {
  const state = pipeline.model.state()
  const own = estimators.has(state.estimator) ? estimators.get(state.estimator).toLayers?.(state) : undefined
  if (!hasPictures(signature) || estimators.get(state.estimator).tags.takesPictures) return own
  const layers = backbone && pictureLayers(pipeline, backbone)
  if (!layers) throw new StudioError({ code: 'unsupported', message: 'unsupported layers; logistic regression and networks are written as layers of TensorFlow.js, on scaled numbers of the network that ships, and networks from scratch' })
  return layers
}

/**
 * Forms that a model does not have are left out, and why is told.
 * @param backbone file of the network that ships, where the model looks through it
 */
export async function programFiles(pipeline: Pipeline, signature: Signature, twin: TwinInput, backbone?: Uint8Array): Promise<{ readonly files: ProgramFile[]; readonly leftOut: readonly LeftOutFile[] }> {
  const leftOut: LeftOutFile[] = []
  const where = <T>(path: string, make: () => T): T | undefined => {
    try {
      return make()
    } catch (thrown) {
      if (!(thrown instanceof StudioError && thrown.code === 'unsupported')) throw thrown
      leftOut.push({ path, reason: thrown.message })
      return undefined
    }
  }
  const plan = where('code/model.*', () => codePlan(pipeline.model, pipeline.recipe.features.map(({ name }) => name)))
  const languages = plan ? languagesOf(plan) : []
  const refusal = plan && sqlRefusal(plan)
  if (refusal !== undefined) leftOut.push({ path: 'code/model.sql', reason: refusal })
  const prepare = where('code/prepare.mjs', () => prepareCode(pipeline.recipe))
  const layers = where('tfjs/', () => layersOf(pipeline, signature, backbone))
  const tfjs = layers && layersFiles(layers, 'weights.bin')
  const written = where('code/twin.*', () => twinOf(twin))
  const files: ProgramFile[] = [
    ...(plan ? languages.map((language): ProgramFile => [`code/model.${codeEndings[language]}`, modelCode(plan, language)]) : []),
    ...(prepare === undefined ? [] : [['code/prepare.mjs', prepare] as ProgramFile]),
    ...(written ? twinFiles(written) : []),
    ...(tfjs ? [['tfjs/model.json', tfjs.json] as ProgramFile, ['tfjs/weights.bin', tfjs.weights] as ProgramFile] : []),
    ['pipeline.json', await writePipeline({ pipeline, signature, run: pipelineRunOf(twin.run) })],
  ]
  return { files, leftOut }
}
