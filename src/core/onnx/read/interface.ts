/**
 * How a stranger's graph is asked: its inputs as slots for columns, and which output answers. ZipMap, with which
 * converters end a classifier, makes maps that no JavaScript runtime returns: it is cut off, and the
 * probabilities before it become the output.
 */
import { StudioError } from '../../errors.ts'
import { check, parseJson, v } from '../../schema.ts'
import { checkTableShapes } from './growth.ts'
import type { ReadModel, ReadNode, ReadValue } from './model.ts'
import { fieldsOf, refuse } from './wire.ts'

export const slotTypes = ['float', 'double', 'int64', 'int32', 'bool', 'string'] as const
export type SlotType = (typeof slotTypes)[number]

export interface ForeignInput {
  readonly name: string
  readonly type: SlotType
  /** Columns side by side; null where the file leaves it open. */
  readonly width: number | null
  /** [rows, width], or [rows] alone. */
  readonly rank: 1 | 2
  /** The column that a graph of this studio wants here. */
  readonly column?: string
  /** A moment of a graph of this studio: UTC seconds, the smallest number where it is missing. */
  readonly moment?: true
}
export interface ForeignOutput {
  readonly name: string
  /** Scores a row; null where the file leaves it open. */
  readonly width: number | null
  /** Names of classes that the graph itself knows, as text. */
  readonly classes?: readonly string[]
}
export interface ForeignInterface {
  readonly inputs: readonly ForeignInput[]
  /** The numbers that answer: probabilities, logits or values. */
  readonly output: ForeignOutput
  /** Rows that the graph takes at once, where it takes no other number. */
  readonly batch: number | null
  /** The most values that one row takes up on its way through (growth.ts). */
  readonly widest: number
}

/** Rows that a person can wait for, and columns that a table can have. */
const most = { rows: 10_000, columns: 20_000 }
const unsupported = (message: string): StudioError => new StudioError({ code: 'unsupported', message })

/** @throws StudioError unsupported where rows of a table cannot be asked; bad-data where one takes up more than a million values on its way through */
export function interfaceOf(model: ReadModel): ForeignInterface {
  const own = ownSignature(model)
  const inputs = model.inputs.map((value): ForeignInput => {
    const { name, type, shape } = value
    const slotType = slotTypes.find((candidate) => candidate === type)
    if (!slotType) throw new StudioError({ code: 'unsupported', message: `unsupported input ${name.slice(0, 80)}; rows of a table are ${slotTypes.join(', ')}: ${type ?? 'no tensor'}` })
    if (shape && shape.length !== 1 && shape.length !== 2) throw new StudioError({ code: 'unsupported', message: `unsupported input ${name.slice(0, 80)}; rows of a table have the shape [rows] or [rows, columns]: ${shape.length} dimensions` })
    const known = own?.inputs.find((input) => (input.graphName ?? input.name) === name)
    return { name, type: slotType, width: shape?.length === 1 ? 1 : (shape?.[1] ?? null), rank: shape?.length === 1 ? 1 : 2, ...(known && { column: known.name }), ...(known?.kind === 'datetime' && slotType === 'int64' && { moment: true as const }) }
  })
  if (inputs.length > 1 && inputs.some(({ width }) => width === null)) throw new StudioError({ code: 'unsupported', message: 'unsupported inputs; where there are several, each must say how many columns it takes' })
  const batches = new Set(model.inputs.flatMap(({ shape }) => (typeof shape?.[0] === 'number' ? [shape[0]] : [])))
  if (batches.size > 1) throw refuse('its inputs want different numbers of rows')
  const [batch = 1] = batches
  if (!(batch >= 1 && batch <= most.rows)) throw unsupported(`unsupported inputs; a graph of a fixed number of rows may take 1 to ${most.rows.toLocaleString('en')} at once: ${batch}`)
  const columns = inputs.reduce((sum, { width }) => sum + (width ?? 1), 0)
  if (!(columns <= most.columns)) throw unsupported(`unsupported inputs; all together they may take at most ${most.columns.toLocaleString('en')} columns: ${columns}`)
  return { inputs, output: outputOf(model, own?.classes ?? []), batch: [...batches][0] ?? null, widest: checkTableShapes(model) }
}

const zipMapOf = (model: ReadModel, output: ReadValue): ReadNode | undefined => model.nodes.find(({ opType, outputs }) => opType === 'ZipMap' && outputs.includes(output.name))

const signature = v.looseObject({ inputs: v.array(v.looseObject({ name: v.string(), kind: v.string(), graphName: v.optional(v.string()) })), classes: v.array(v.string()) })

/** What a graph of this studio says of itself (onnx/pipeline.ts): names alone, nothing that is relied on. */
function ownSignature({ metadata }: ReadModel): v.InferOutput<typeof signature> | undefined {
  const text = metadata.get('signature')
  if (text === undefined) return undefined
  try {
    return check(signature, parseJson(text, 'signature'), 'signature')
  } catch {
    return undefined
  }
}

/** @param named classes that the metadata names */
function outputOf(model: ReadModel, named: readonly string[]): ForeignOutput {
  for (const output of model.outputs) {
    const zip = zipMapOf(model, output)
    if (!zip) continue
    const classes = classesOf(zip)
    return { name: zip.inputs[0] as string, width: classes?.length ?? null, ...(classes ? { classes } : {}) }
  }
  const numbers = model.outputs.filter(({ type }) => type === 'float' || type === 'double')
  // A classifier answers its label and then the numbers; of several numbers the widest are the probabilities.
  const best = numbers.sort((a, b) => widthOf(b) - widthOf(a))[0]
  if (!best) throw new StudioError({ code: 'unsupported', message: `unsupported outputs; one must hold numbers (float or double): ${model.outputs.map(({ name, type }) => `${name.slice(0, 40)} ${type ?? 'no tensor'}`).join(', ')}` })
  if (best.shape && best.shape.length > 2) throw new StudioError({ code: 'unsupported', message: `unsupported output ${best.name.slice(0, 80)}; it must have the shape [rows] or [rows, classes]: ${best.shape.length} dimensions` })
  const width = best.shape?.length === 1 ? 1 : (best.shape?.[1] ?? null)
  const classes = model.nodes.map(classesOf).find((found) => found !== undefined) ?? (named.length > 1 && named.length === width ? named : undefined)
  return { name: best.name, width, ...(classes ? { classes } : {}) }
}
const widthOf = ({ shape }: ReadValue): number => (shape?.length === 1 ? 1 : (shape?.[1] ?? 2))

function classesOf({ attributes }: ReadNode): readonly string[] | undefined {
  for (const name of ['classlabels_int64s', 'classlabels_ints']) {
    const ints = attributes.get(name)?.ints
    if (ints?.length) return ints.map(String)
  }
  for (const name of ['classlabels_strings']) {
    const texts = attributes.get(name)?.texts
    if (texts?.length) return texts
  }
  return undefined
}

/** The file with the wanted output alone, and without ZipMap. Everything else stays as it is, byte for byte. */
export function withOutput(bytes: Uint8Array, model: ReadModel, output: string): Uint8Array<ArrayBuffer> {
  const zips = new Set(model.nodes.flatMap((node, i) => (node.opType === 'ZipMap' ? [i] : [])))
  const declared = model.outputs.find(({ name }) => name === output)
  const parts: Uint8Array[] = []
  for (const field of fieldsOf(bytes)) {
    if (field.number !== 7) {
      parts.push(bytes.subarray(field.from, field.to))
      continue
    }
    const inner: Uint8Array[] = []
    let node = 0
    for (const part of fieldsOf(field.bytes)) {
      const whole = field.bytes.subarray(part.from, part.to)
      if (part.number === 1) {
        if (!zips.has(node++)) inner.push(whole)
      } else if (part.number !== 12) inner.push(whole)
      else if (declared && readsName(part.bytes) === output) inner.push(whole)
    }
    // ZipMap's input is a float tensor by its definition; its shape is left open.
    if (!declared) inner.push(message(12, joined([message(1, new TextEncoder().encode(output)), message(2, message(1, Uint8Array.of(8, 1)))])))
    parts.push(message(7, joined(inner)))
  }
  return joined(parts)
}

const readsName = (value: Uint8Array): string => {
  for (const field of fieldsOf(value)) if (field.number === 1) return new TextDecoder().decode(field.bytes)
  return ''
}

function message(number: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head: number[] = [number * 8 + 2]
  let length = body.length
  while (length > 127) {
    head.push((length % 128) | 128)
    length = Math.floor(length / 128)
  }
  head.push(length)
  return joined([Uint8Array.from(head), body])
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
