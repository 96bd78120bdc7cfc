/** Bodies of requests as tensors: the Open Inference Protocol v2, and plain rows by column names. */
import { StudioError } from '../errors.ts'
import { cellError, emptyFeed, encodeCell, encodeRows, setCell, shownValue } from './encode.ts'
import type { EncodedCell, Feed } from './encode.ts'
import type { Notice } from './notices.ts'
import { readParams } from './params.ts'
import type { Signature, SignatureInput } from './signature.ts'
import type { StrictJson } from './strict-json.ts'

export const maxRequestRows = 10_000

export interface ModelRequest {
  readonly rows: number
  readonly feeds: readonly Feed[]
  /** v2 only: echoed. */
  readonly id?: string
  /** v2 only: names of the outputs asked for. */
  readonly outputs?: readonly string[]
  /** That labels are asked for at. */
  readonly threshold?: number
  /** What the reader of the body overlooked on purpose. */
  readonly notices?: readonly Notice[]
}

export const datatypes = { float: 'FP32', double: 'FP64', int64: 'INT64', string: 'BYTES', uint8: 'BYTES' } as const

/** v2's whole numbers: from `least` to below `limit`. */
const wholeRanges = new Map<string, { readonly least: number; readonly limit: number }>([64, 32, 16, 8].flatMap((bits) => [
  [`INT${bits}`, { least: -(2 ** (bits - 1)), limit: 2 ** (bits - 1) }],
  [`UINT${bits}`, { least: 0, limit: 2 ** bits }],
]))
export const wholeTypes: readonly string[] = [...wholeRanges.keys()]

export function bad(what: string, rule: string, value?: unknown): StudioError {
  const name = what.slice(0, 200)
  return new StudioError({ code: 'bad-data', message: `invalid ${name}; ${rule}${value === undefined ? '' : `: ${shownValue(value instanceof Map ? {} : value)}`}`, details: { field: name } })
}
export const isObject = (value: StrictJson | undefined): value is ReadonlyMap<string, StrictJson> => value instanceof Map

export function onlyKeys(object: ReadonlyMap<string, StrictJson>, what: string, allowed: readonly string[]): void {
  for (const key of object.keys()) if (!allowed.includes(key)) throw bad(what, `a field that is not one of ${allowed.join(', ')}`, key)
}

/** `{"rows": [{"column": value, ...}, ...], "params": {...}}`: every column of the signature in each row, and no other. @throws StudioError bad-data */
export function readPlainRequest(signature: Signature, body: StrictJson): ModelRequest {
  if (!isObject(body)) throw bad('body', 'not an object with "rows"', body)
  onlyKeys(body, 'body', ['rows', 'params'])
  const params = readParams(signature, 'params', body.get('params'))
  const rows = body.get('rows')
  if (!Array.isArray(rows)) throw bad('rows', 'not a list of objects', rows ?? null)
  checkCount('rows', rows.length)
  const known = new Set(signature.inputs.map((input) => input.name))
  rows.forEach((row, i) => {
    if (!isObject(row)) throw bad('rows', `row ${i + 1} is not an object`, row)
    for (const name of row.keys()) if (!known.has(name)) throw new StudioError({ code: 'bad-data', message: `unknown column in row ${i + 1}; not in the signature: ${shownValue(name)}`, details: { column: name.slice(0, 200), row: i + 1 } })
    for (const { name } of signature.inputs) {
      if (!row.has(name)) throw new StudioError({ code: 'bad-data', message: `missing column in row ${i + 1}; the signature asks for ${shownValue(name)}`, details: { column: name.slice(0, 200), row: i + 1 } })
    }
  })
  const feeds = encodeRows(signature, rows.length, (row, input) => (rows[row] as ReadonlyMap<string, StrictJson>).get(signature.inputs[input]?.name as string))
  return { rows: rows.length, feeds, ...params }
}

export function checkCount(what: string, rows: number): void {
  if (rows < 1 || rows > maxRequestRows) throw bad(what, `not between 1 and ${maxRequestRows} rows`, rows)
}

/** One infer request of the Open Inference Protocol v2 with JSON data. @throws StudioError bad-data naming the field */
export function readInferRequest(signature: Signature, body: StrictJson): ModelRequest {
  if (!isObject(body)) throw bad('body', 'not an object with "inputs"', body)
  onlyKeys(body, 'body', ['id', 'parameters', 'inputs', 'outputs'])
  const id = body.get('id')
  if (id !== undefined && (typeof id !== 'string' || id.length > 200)) throw bad('id', 'not text of at most 200 characters', id)
  checkParameters('parameters', body.get('parameters'))
  const params = readParams(signature, 'parameters', body.get('parameters'))
  const inputs = body.get('inputs')
  if (!Array.isArray(inputs)) throw bad('inputs', 'not a list of tensors', inputs ?? null)
  const given = new Map<string, ReadonlyMap<string, StrictJson>>()
  for (const tensor of inputs) {
    if (!isObject(tensor)) throw bad('inputs', 'not a list of tensors', tensor)
    const name = tensor.get('name')
    if (typeof name !== 'string') throw bad('inputs', 'a tensor without a name', name ?? null)
    if (!signature.inputs.some((input) => input.name === name)) throw new StudioError({ code: 'bad-data', message: `unknown input; not in the signature: ${shownValue(name)}`, details: { field: name.slice(0, 200) } })
    if (given.has(name)) throw bad(`input ${name}`, 'given twice')
    given.set(name, tensor)
  }
  let rows: number | undefined
  const tensors = signature.inputs.map((input) => {
    const tensor = given.get(input.name)
    if (!tensor) throw new StudioError({ code: 'bad-data', message: `missing input; the signature asks for ${shownValue(input.name)}`, details: { field: input.name.slice(0, 200) } })
    onlyKeys(tensor, `input ${input.name}`, ['name', 'shape', 'datatype', 'parameters', 'data'])
    checkParameters(`parameters of ${input.name}`, tensor.get('parameters'))
    const count = readShape(input, tensor.get('shape'))
    if (rows !== undefined && rows !== count) throw bad(`shape of ${input.name}`, `every input must have the same number of rows, ${rows}`, count)
    rows = count
    return tensor
  })
  const count = rows ?? 0
  checkCount('inputs', count)
  const feeds = signature.inputs.map((input, i) => readTensor(input, tensors[i] as ReadonlyMap<string, StrictJson>, count))
  const outputs = readOutputs(signature, body.get('outputs'))
  return { rows: count, feeds, ...params, ...(id === undefined ? {} : { id }), ...(outputs ? { outputs } : {}) }
}

/** What says that the data lie elsewhere cannot be overlooked. */
function checkParameters(what: string, parameters: StrictJson | undefined): void {
  if (parameters === undefined || parameters === null) return
  if (!isObject(parameters)) throw bad(what, 'not an object', parameters)
  for (const elsewhere of ['binary_data_size', 'shared_memory_region']) {
    if (parameters.has(elsewhere)) throw new StudioError({ code: 'bad-data', message: `unsupported ${elsewhere} in ${what.slice(0, 200)}; send data as a JSON list`, details: { field: what.slice(0, 200) } })
  }
}

function readShape(input: SignatureInput, shape: StrictJson | undefined): number {
  const what = `shape of ${input.name}`
  if (!Array.isArray(shape) || shape.length !== 2 || shape[1] !== 1) throw bad(what, 'not [rows, 1]', Array.isArray(shape) ? JSON.stringify(shape).slice(0, 60) : (shape ?? null))
  const rows = shape[0]
  if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 1 || rows > maxRequestRows) throw bad(what, `its rows must be a whole number between 1 and ${maxRequestRows}`, rows)
  return rows
}

function readTensor(input: SignatureInput, tensor: ReadonlyMap<string, StrictJson>, rows: number): Feed {
  const datatype = tensor.get('datatype')
  // Text and true or false are read by the signature, as in plain rows: a date by its layout. Whole numbers are wider where
  // they fit; FP64 for FP32 would be narrower.
  const accepted: readonly string[] = [datatypes[input.tensor], ...(input.kind === 'boolean' ? ['BOOL'] : input.kind === 'datetime' ? ['BYTES'] : []), ...(input.tensor === 'float' || input.tensor === 'int64' ? wholeTypes.filter((type) => type !== datatypes[input.tensor]) : [])]
  if (typeof datatype !== 'string' || !accepted.includes(datatype)) throw bad(`datatype of ${input.name}`, `not ${accepted.join(' or ')}`, datatype ?? null)
  const data = tensor.get('data')
  if (!Array.isArray(data)) throw bad(`data of ${input.name}`, 'not a list', data ?? null)
  const nested = data.length > 0 && data.every((item) => Array.isArray(item) && item.length === 1)
  const flat = nested ? data.map((item) => (item as StrictJson[])[0] as StrictJson) : data
  if (flat.length !== rows) throw bad(`data of ${input.name}`, `its length must be that of its shape, ${rows}`, flat.length)
  const feed = emptyFeed(input.tensor, rows)
  flat.forEach((value, row) => {
    const cell = readCell(input, datatype, value)
    if ('problem' in cell) throw cellError(input, row, cell.problem, value instanceof Map ? {} : value)
    setCell(feed, row, cell.value)
  })
  return feed
}

/** Why a value is none that its datatype holds. */
function wholeProblem(datatype: string, value: StrictJson): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'not a whole number'
  const { least, limit } = wholeRanges.get(datatype) as { readonly least: number; readonly limit: number }
  // The last of 64 bits is no double.
  if (value < least || value >= limit) return `not within ${datatype}, ${BigInt(least)} to ${BigInt(limit) - 1n}`
  return Number.isSafeInteger(value) ? undefined : 'not a whole number of size below 2^53; larger ones are rounded on their way through JSON'
}

function readCell(input: SignatureInput, datatype: string, value: StrictJson): EncodedCell {
  if (value === null) return encodeCell(input, null)
  if (wholeRanges.has(datatype)) {
    const problem = wholeProblem(datatype, value)
    if (problem !== undefined) return { problem: input.tensor === 'int64' ? `${problem}; seconds since 1970 are asked for` : problem }
    const whole = value as number
    if (input.tensor === 'int64') return { value: BigInt(whole) }
    if (Math.fround(whole) !== whole) return { problem: 'a whole number that FP32 does not hold; send FP32 where the nearest will do' }
    if (input.kind !== 'boolean') return { value: whole }
  }
  if (datatype !== 'BOOL' && input.kind === 'boolean') return value === 0 || value === 1 ? { value } : { problem: 'not 0 or 1' }
  if (datatype === 'BOOL') return typeof value === 'boolean' ? { value: value ? 1 : 0 } : { problem: 'not true or false' }
  return encodeCell(input, value)
}

function readOutputs(signature: Signature, outputs: StrictJson | undefined): readonly string[] | undefined {
  if (outputs === undefined) return undefined
  if (!Array.isArray(outputs)) throw bad('outputs', 'not a list', outputs)
  const names = outputs.map((output) => {
    const name = isObject(output) ? output.get('name') : undefined
    if (typeof name !== 'string' || !signature.outputs.some((known) => known.name === name)) throw bad('outputs', `not one of ${signature.outputs.map((known) => known.name).join(', ')}`, name ?? null)
    return name
  })
  // None is all.
  return names.length === 0 ? undefined : names
}
