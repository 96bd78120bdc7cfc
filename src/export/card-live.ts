/// <reference path="./virtual.d.ts" />
/**
 * The part of a model card that can be asked: controls for a row or a picture, and the model itself. Where it can be
 * read, it is a program; else it is the graph with ONNX Runtime's WebAssembly. One script, known by its hash.
 */
import { codePlan, mostNumbers } from '../core/code/plan.ts'
import { prepareCode } from '../core/code/prepare.ts'
import { modelCode } from '../core/code/write.ts'
import type { Context } from '../core/context.ts'
import { StudioError } from '../core/errors.ts'
import { estimators } from '../core/estimators/registry.ts'
import { sha256 } from '../core/ids.ts'
import type { GoldenCell } from '../core/bundle/golden.ts'
import { hasPictures, toBase64 } from '../core/bundle/pictures.ts'
import type { Signature } from '../core/bundle/signature.ts'
import type { LiveModel } from '../core/bundle/card-text.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import programPage from 'virtual:glasshouse-card-program'
import graphPage from 'virtual:glasshouse-card-graph'

/** Sliders beyond this many help nobody; the other columns stay where they are typical. */
const mostControls = 100
/** A page of more could not be opened everywhere. */
export const mostGraphBytes = 100_000_000

/** Nothing in it ends the script element that it stands in: names have no `<` of their own, and `<\/` and `<\!` are the same inside text and comments. */
const inScript = (code: string): string => code.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--')

/** @throws StudioError unsupported where recipe or model have no such form, or too large a one */
function programOf(pipeline: Pipeline): { program: string; holdsRows: boolean } {
  const plan = codePlan(pipeline.model, pipeline.recipe.features.map(({ name }) => name), mostNumbers.card)
  return { program: [prepareCode(pipeline.recipe), modelCode(plan, 'javascript')].join('\n').replaceAll(/^export /gm, ''), holdsRows: plan.holdsRows === true }
}
const hashOf = async (script: string): Promise<string> => `sha256-${toBase64(Uint8Array.from((await sha256(script)).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))}`

async function packed(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toBase64(new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()))
}
/** One build has one runtime, and packing it takes half a second. */
let runtime: Promise<string> | undefined
function packedRuntime(context: Context): Promise<string> {
  runtime ??= context.asset('onnxruntime-wasm').then((bytes) => packed(new Uint8Array(bytes)))
  // One failed fetch must not cost every later card.
  runtime.catch(() => (runtime = undefined))
  return runtime
}

/**
 * @param start one cell an input (`typicalCells`); unused for pictures
 * @param graph model.onnx
 */
export async function liveModel(pipeline: Pipeline, signature: Signature, start: readonly GoldenCell[], graph: Uint8Array<ArrayBuffer>, context: Context): Promise<LiveModel> {
  const pictures = hasPictures(signature)
  const model = JSON.stringify({ ...signature, start: pictures ? [] : start, shown: mostControls }).replaceAll('<', '\\u003c')
  // In a function of its own: names such as `top` belong to the window. U+2028 ends no line in JSON, but would in a comment.
  const script = (body: string): string => inScript(`(() => {\n'use strict'\nconst model = ${model}\n${body}})()`)
  const hidden = pictures ? 0 : Math.max(0, signature.inputs.length - mostControls)
  try {
    // What becomes of a picture is in the graph alone.
    if (!pictures) {
      const { program, holdsRows } = programOf(pipeline)
      const text = script(`${program}\n${programPage}\nglasshouseCard.open(model, (row) => predict(prepare(row)))\n`)
      return { kind: 'program', script: text, hash: await hashOf(text), holdsRows, hidden }
    }
  } catch (thrown) {
    if (!(thrown instanceof StudioError && thrown.code === 'unsupported')) throw thrown
  }
  if (graph.length > mostGraphBytes) return { kind: 'missing', reason: `unsupported size; a page carries a graph of at most ${mostGraphBytes} bytes: ${graph.length}` }
  try {
    const data = { runtime: await packedRuntime(context), graph: await packed(graph) }
    const text = script(`${graphPage}\nglasshouseCard.open(model)\n`)
    return { kind: 'graph', script: text, hash: await hashOf(text), holdsRows: estimators.get(pipeline.model.estimator).tags.keepsRows === true, hidden, pictures, data, digest: await sha256(graph) }
  } catch (thrown) {
    // A host without ONNX Runtime's file still gives a card.
    if (thrown instanceof StudioError && thrown.code === 'unsupported') return { kind: 'missing', reason: thrown.message }
    throw thrown
  }
}
