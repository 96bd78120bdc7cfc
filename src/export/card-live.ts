/** The part of a model card that can be asked: the model as a readable program, sliders for its columns. One script, known by its hash. */
import { codePlan, mostNumbers } from '../core/code/plan.ts'
import { prepareCode } from '../core/code/prepare.ts'
import { modelCode } from '../core/code/write.ts'
import { StudioError } from '../core/errors.ts'
import { sha256 } from '../core/ids.ts'
import type { GoldenCell } from '../core/bundle/golden.ts'
import type { Signature } from '../core/bundle/signature.ts'
import type { LiveModel } from '../core/bundle/card-text.ts'
import type { Pipeline } from '../core/run/pipeline.ts'
import page from './card-live.mjs?raw'

/** Sliders beyond this many help nobody; the other columns stay where they are typical. */
const mostControls = 100

/** Nothing in it ends the script element that it stands in: names have no `<` of their own, and `<\/` and `<\!` are the same inside text and comments. */
const inScript = (code: string): string => code.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--')

/** @param start one cell an input (`typicalCells`) */
export async function liveModel(pipeline: Pipeline, signature: Signature, start: readonly GoldenCell[]): Promise<LiveModel> {
  let program: string
  let holdsRows: boolean
  try {
    const plan = codePlan(pipeline.model, pipeline.recipe.features.map(({ name }) => name), mostNumbers.card)
    holdsRows = plan.holdsRows === true
    program = [prepareCode(pipeline.recipe), modelCode(plan, 'javascript')].join('\n').replaceAll(/^export /gm, '')
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'unsupported') return { missing: thrown.message }
    throw thrown
  }
  const { task, target, classes, threshold, inputs } = signature
  const facts = { task, target, classes, ...(threshold === undefined ? {} : { threshold }), start, shown: mostControls, inputs: inputs.map(({ name, kind, nullable, integer, min, max, categories, labels }) => ({ name, kind, nullable, integer, min, max, categories, labels })) }
  // In a function of its own: names such as `top` belong to the window. U+2028 ends no line in JSON, but would in a comment.
  const script = inScript(`(() => {\n'use strict'\nconst model = ${JSON.stringify(facts).replaceAll('<', '\\u003c')}\n${program}\n${page}})()`)
  const digest = await sha256(script)
  const hash = btoa(String.fromCharCode(...(digest.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))))
  return { script, hash: `sha256-${hash}`, holdsRows, hidden: Math.max(0, inputs.length - mostControls) }
}
