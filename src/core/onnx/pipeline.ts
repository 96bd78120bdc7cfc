/**
 * A whole pipeline as one graph: raw columns in, label and probabilities (or a value) out. Imputation,
 * encoding, scaling, class names and threshold are inside, so there is no second place where
 * preprocessing could differ.
 */
import type { Signature } from '../bundle/signature.ts'
import { StudioError } from '../errors.ts'
import type { OnnxHead } from '../estimators/estimator.ts'
import { estimators } from '../estimators/registry.ts'
import { recipeToOnnx } from '../recipe/recipe.ts'
import type { GraphSeries } from '../recipe/step.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { GraphBuilder } from './graph.ts'
import type { OnnxGraph, ResourceName } from './graph.ts'
import { sideBySide } from './side-by-side.ts'

/**
 * @param signature of this pipeline (`signatureOf`): names of inputs and outputs, threshold
 * @param metadata kept in the file's metadata_props, besides what the signature says
 * @param resources files that steps are made from, such as a backbone's weights
 * @throws StudioError bug where the graph's features are not the model's
 */
export function pipelineToOnnx(pipeline: Pipeline, signature: Signature, metadata: ReadonlyMap<string, string> = new Map(), resources: ReadonlyMap<ResourceName, Uint8Array> = new Map()): OnnxGraph {
  const graph = new GraphBuilder(resources)
  const inputs = signature.inputs.map((input): GraphSeries => ({
    name: input.name,
    source: input.name,
    kind: input.kind,
    tensor: graph.input(input.graphName ?? input.name, input.tensor, input.kind === 'image' ? ['N', 'height', 'width', 3] : ['N', 1]),
  }))
  const { features } = pipeline.recipe
  const series = recipeToOnnx(pipeline.recipe, inputs, graph)
  if (series.length !== features.length || series.some(({ name }, i) => name !== features[i]?.name)) {
    throw new StudioError({ code: 'bug', message: `invalid graph; its features must be those of the model, ${features.length}: ${series.length}` })
  }
  const X = sideBySide(series.map(({ tensor }) => tensor), graph)
  const state = pipeline.model.state()
  const head = estimators.get(state.estimator).toOnnx(state, X, graph)
  const name = (index: number): string => signature.outputs[index]?.name as string

  if (signature.task === 'regression') {
    const values = head.type === 'double' ? head.tensor : graph.cast(head.tensor, 'double')
    graph.nameAs(graph.node('Reshape', [values, graph.ints('flat', [-1])]), name(0))
    graph.output(name(0), 'double', ['N'])
  } else {
    const k = signature.classes.length
    graph.nameAs(graph.node('Gather', [classNames(signature, graph), labelIndex(signature, head, graph)]), name(0))
    graph.nameAs(head.tensor, name(1))
    graph.output(name(0), 'string', ['N'])
    graph.output(name(1), 'float', ['N', k])
  }
  graph.metadata('signature', JSON.stringify(signature))
  graph.metadata('classes', JSON.stringify(signature.classes))
  if (signature.threshold !== undefined) graph.metadata('threshold', String(signature.threshold))
  for (const [key, value] of metadata) graph.metadata(key, value)
  return graph.build('pipeline')
}

const classNames = (signature: Signature, graph: GraphBuilder): string =>
  graph.constant('classes', { type: 'string', dims: [signature.classes.length], values: signature.classes })

/** int64 [N]: by threshold where there are two classes, else the first of the largest. */
function labelIndex(signature: Signature, { tensor, decides }: OnnxHead, graph: GraphBuilder): string {
  const scores = decides?.tensor ?? tensor
  if (signature.task === 'multiclass') {
    return graph.node('ArgMax', [scores], { axis: { kind: 'int', value: 1 }, keepdims: { kind: 'int', value: 0 }, select_last_index: { kind: 'int', value: 0 } })
  }
  const positive = graph.node('Gather', [scores, graph.constant('positive', { type: 'int64', dims: [], values: BigInt64Array.of(-1n) })], { axis: { kind: 'int', value: 1 } })
  const threshold = signature.threshold ?? 0.5
  const reached = graph.node('GreaterOrEqual', [positive, decides ? graph.doubles('threshold', [decides.reaching(threshold)]) : graph.floats('threshold', [threshold])])
  return graph.node('Cast', [reached], { to: { kind: 'int', value: 7 } })
}
