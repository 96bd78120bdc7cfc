/**
 * A pipeline as a JSON file of our own, opened again by this studio of any later version.
 *
 *   format     "glasshouse-pipeline"
 *   version    2; older ones are brought up by `migrations`, newer ones refused by name
 *   signature  what goes in and comes out, as signature.json (core/bundle/signature.ts); it holds name and threshold
 *   target     { column, task, positive? }
 *   classes    names in probability order; empty for a regression
 *   recipe     what the recipe learnt (FittedRecipeState, core/recipe/step.ts)
 *   model      { estimator, version, json, arrays: [{ name, type, base64 }] }: the estimator's own state; arrays are the
 *              little-endian bytes of a typed array of that type
 *   run        how it was trained (PipelineRun, below), or null where that is not known: files of version 1 did not say
 *   sha256     of everything else as JSON with sorted keys and no blanks
 *
 * A model of nearest neighbours or support vectors holds rows of its training data, and so does its file.
 */
import type { Signature } from '../bundle/signature.ts'
import { StudioError } from '../errors.ts'
import type { ModelState, TypedArray } from '../estimators/estimator.ts'
import { canonicalJson, sha256 } from '../ids.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import { check, parseJson, v } from '../schema.ts'
import type { TargetSpec } from '../data/target.ts'
import { openPipeline } from './open-pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import type { RunSpec } from './run-spec.ts'
import { estimatorSchema, splitSchema } from './spec-schema.ts'

export const pipelineVersion = 2
/** From the version that is the key to the next. */
export type PipelineMigrations = ReadonlyMap<number, (file: Readonly<Record<string, unknown>>) => Record<string, unknown>>
const migrations: PipelineMigrations = new Map([[1, (file) => ({ ...file, version: 2, run: null })]])

/** What of a run its pipeline does not show by itself. */
export interface PipelineRun extends Pick<RunSpec, 'split' | 'estimator' | 'seed' | 'sampleWeight'> {
  readonly name: string
  /** Of the dataset that it was trained on. */
  readonly dataHash: string
}
export interface PipelineFile {
  readonly pipeline: Pipeline
  readonly signature: Signature
  readonly run?: PipelineRun
}

/** Whether a text says that it is such a file. @throws StudioError bad-data for what is no JSON */
export const isPipelineFile = (text: string): boolean => (parseJson(text, 'the file') as { readonly format?: unknown } | null)?.format === format

/** What a file says of a finished run. */
export const pipelineRunOf = ({ name, dataHash, spec: { split, estimator, seed, sampleWeight } }: { readonly name: string; readonly dataHash: string; readonly spec: RunSpec }): PipelineRun => ({ name, dataHash, split, estimator, seed, ...(sampleWeight === undefined ? {} : { sampleWeight }) })

const format = 'glasshouse-pipeline'

const types = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array, Int8Array, Uint16Array } as const
type TypeName = keyof typeof types

/** Bytes of one number; all engines that this runs in are little-endian. */
function base64Of(array: TypedArray): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  let text = ''
  for (let from = 0; from < bytes.length; from += 0x2000) text += String.fromCharCode(...bytes.subarray(from, from + 0x2000))
  return btoa(text)
}

function arrayFrom(name: string, type: string, base64: string): TypedArray {
  const refuse = (): never => {
    throw new StudioError({ code: 'bundle-mismatch', message: `invalid pipeline file; an array must be base64 of a ${type}: ${name.slice(0, 100)}` })
  }
  const make = Object.hasOwn(types, type) ? types[type as TypeName] : refuse()
  let text: string
  try {
    text = atob(base64)
  } catch {
    return refuse()
  }
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes.length % make.BYTES_PER_ELEMENT === 0 ? new make(bytes.buffer) : refuse()
}

/** @param signature of this pipeline (`signatureOf`) */
export async function writePipeline({ pipeline, signature, run }: PipelineFile): Promise<string> {
  const { target, classes, recipe, model } = pipeline
  const { estimator, version, json, arrays } = model.state()
  const file = {
    format,
    version: pipelineVersion,
    signature,
    target,
    classes,
    recipe,
    run: run ?? null,
    model: { estimator, version, json, arrays: Object.entries(arrays).map(([name, array]) => ({ name, type: array.constructor.name, base64: base64Of(array) })) },
  }
  // As JSON gives it back: -0 and undefined members are not what they were.
  const plain = JSON.parse(JSON.stringify(file)) as Record<string, unknown>
  return `${JSON.stringify({ ...plain, sha256: await sha256(canonicalJson(plain)) })}\n`
}

const names = v.array(v.string())
const task = v.picklist(['binary', 'multiclass', 'regression'])
const schema = v.looseObject({
  format: v.literal(format),
  version: v.literal(pipelineVersion),
  signature: v.looseObject({
    version: v.picklist([1, 2]),
    name: v.string(),
    task,
    target: v.string(),
    inputs: v.array(v.looseObject({ name: v.string(), kind: v.picklist(['numeric', 'categorical', 'boolean', 'datetime', 'image']), tensor: v.picklist(['float', 'string', 'int64', 'uint8']), nullable: v.boolean() })),
    classes: names,
    threshold: v.optional(v.number()),
    outputs: v.array(v.looseObject({ name: v.string(), tensor: v.string() })),
  }),
  target: v.looseObject({ column: v.string(), task }),
  classes: names,
  recipe: v.looseObject({
    version: v.literal(1),
    inputs: v.array(v.looseObject({ name: v.string(), kind: v.string() })),
    learnt: v.array(v.looseObject({ id: v.string(), step: v.string(), series: v.array(v.looseObject({ name: v.string() })) })),
    features: v.array(v.looseObject({ name: v.string(), source: v.string(), categories: v.optional(names) })),
    leftOut: v.array(v.looseObject({ column: v.string(), reason: v.string() })),
  }),
  run: v.nullable(
    v.looseObject({
      name: v.string(),
      dataHash: v.string(),
      split: splitSchema,
      estimator: estimatorSchema,
      seed: v.number(),
      sampleWeight: v.optional(v.string()),
    }),
  ),
  model: v.looseObject({ estimator: v.string(), version: v.number(), json: v.looseObject({}), arrays: v.array(v.looseObject({ name: v.string(), type: v.string(), base64: v.string() })) }),
})

/**
 * @param older steps from older versions; tests give their own
 * @throws StudioError bad-data for what is no JSON, bundle-mismatch for another format, a newer version, or bytes that were changed
 */
export async function readPipeline(text: string, older: PipelineMigrations = migrations): Promise<PipelineFile> {
  const mismatch = (rule: string): StudioError => new StudioError({ code: 'bundle-mismatch', message: `invalid pipeline file; ${rule}` })
  const parsed = parseJson(text, 'the pipeline file') as { readonly [key: string]: unknown } | null
  if (parsed === null || typeof parsed !== 'object' || parsed['format'] !== format) throw mismatch(`its format must be ${format}`)
  const { sha256: wanted, ...rest } = parsed
  if ((await sha256(canonicalJson(rest))) !== wanted) throw mismatch('its SHA-256 is that of other content: it was changed or cut')
  let file: Record<string, unknown> = rest
  for (let version = file['version']; version !== pipelineVersion; version = file['version']) {
    const migrate = typeof version === 'number' ? older.get(version) : undefined
    if (!migrate) throw mismatch(`its version must be one that this studio knows, up to ${pipelineVersion}: ${String(version).slice(0, 20)}`)
    file = migrate(file)
  }
  const { signature, target, classes, recipe, model, run } = check(schema, file, 'the pipeline file')
  const arrays: Record<string, TypedArray> = Object.create(null)
  for (const { name, type, base64 } of model.arrays) arrays[name] = arrayFrom(name, type, base64)
  const state = { estimator: model.estimator, version: model.version, json: model.json, arrays: { ...arrays } } as unknown as ModelState
  const pipeline = openPipeline({ target: target as unknown as TargetSpec, classes, recipe: recipe as unknown as FittedRecipeState, model: state })
  if (run && run.estimator.id !== model.estimator) throw mismatch(`its run must be one of its model, ${model.estimator.slice(0, 60)}: ${run.estimator.id.slice(0, 60)}`)
  return { pipeline, signature: signature as unknown as Signature, ...(run ? { run: run as unknown as PipelineRun } : {}) }
}
