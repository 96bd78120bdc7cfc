/**
 * Bodies of two more protocols as tensors: KServe v1 (`instances`, `inputs`) and MLflow scoring
 * (`dataframe_split`, `dataframe_records`, `instances`, `inputs`, CSV). As MLflow asks, its route ignores
 * columns that the signature does not know and takes a missing one where the signature allows missing, in all rows or in
 * some; both are told. Its CSV is what pandas writes and reads.
 */
import { StudioError } from '../errors.ts'
import { parseNumber } from '../ingest/csv/number.ts'
import { cellText, createScanner } from '../ingest/csv/scanner.ts'
import type { RowBatch } from '../ingest/csv/scanner.ts'
import { encodeRows, shownValue } from './encode.ts'
import type { Notice } from './notices.ts'
import { readParams } from './params.ts'
import { checkCount, bad, isObject, onlyKeys } from './requests.ts'
import type { ModelRequest } from './requests.ts'
import type { Signature, SignatureInput } from './signature.ts'
import type { StrictJson } from './strict-json.ts'

/** Columns by name, each of `rows` cells. */
interface Table {
  readonly names: readonly string[]
  readonly rows: number
  /** Column -> rows that do not have it; where there are any. */
  readonly absent?: ReadonlyMap<string, number>
  cell(row: number, column: number): unknown
}

const missingColumn = (name: string): StudioError => new StudioError({ code: 'bad-data', message: `missing column; the signature asks for ${shownValue(name)}`, details: { column: name.slice(0, 200) } })
const unknownColumn = (name: string): StudioError => new StudioError({ code: 'bad-data', message: `unknown column; not in the signature: ${shownValue(name)}`, details: { column: name.slice(0, 200) } })

/** A model that answers without any value would take them for rows in which all is missing: more likely another separator, or another model's rows. */
function unknownColumns(given: readonly string[], asked: readonly string[]): StudioError {
  const listed = (names: readonly string[]): string => `${names.slice(0, 10).map(shownValue).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`
  return new StudioError({ code: 'bad-data', message: `unknown columns; the signature has none of them, it asks for ${listed(asked)}: ${listed(given)}`, details: { column: (given[0] as string).slice(0, 200) } })
}

/** @param lenient as MLflow: extra columns ignored, missing ones allowed where null is */
function requestOf(signature: Signature, table: Table, lenient: boolean): ModelRequest {
  checkCount('rows', table.rows)
  const places = new Map<string, number>()
  table.names.forEach((name, i) => {
    if (places.has(name)) throw bad(`column ${name}`, 'given twice')
    places.set(name, i)
  })
  const notices: Notice[] = []
  const known = new Set(signature.inputs.map(({ name }) => name))
  if (table.names.length > 0 && !table.names.some((name) => known.has(name))) throw unknownColumns(table.names, [...known])
  for (const name of table.names) {
    if (known.has(name)) continue
    if (!lenient) throw unknownColumn(name)
    if (notices.length < 50) notices.push({ level: 'warning', kind: 'extra-column', column: name.slice(0, 200), count: 1, text: 'The model does not read this column.' })
  }
  const order = signature.inputs.map(({ name, nullable }) => {
    const place = places.get(name)
    if (place !== undefined) return place
    if (!lenient || !nullable) throw missingColumn(name)
    notices.push({ level: 'warning', kind: 'missing-column', column: name, count: 1, text: 'It counts as missing in every row.' })
    return -1
  })
  for (const [name, count] of table.absent ?? []) notices.push({ level: 'warning', kind: 'missing-column', column: name, count, text: `It counts as missing in ${count} ${count === 1 ? 'row' : 'rows'}.` })
  const feeds = encodeRows(signature, table.rows, (row, input) => (order[input] === -1 ? null : table.cell(row, order[input] as number)))
  return { rows: table.rows, feeds, ...(notices.length > 0 ? { notices } : {}) }
}

/** Rows as objects by column name, as lists in the signature's order, or bare values of the only column. */
function tableOfInstances(signature: Signature, list: StrictJson | undefined, what: string, lenient = false): Table {
  if (!Array.isArray(list)) throw bad(what, 'not a list', list ?? null)
  checkCount(what, list.length)
  const names = signature.inputs.map(({ name }) => name)
  if (isObject(list[0])) return tableOfRecords(list, what, lenient ? names : undefined)
  const rows = list.map((item, row) => {
    const cells = Array.isArray(item) ? item : names.length === 1 ? [item] : undefined
    if (!cells || cells.length !== names.length) throw bad(what, `row ${row + 1} is neither an object nor a list of ${names.length} values in the signature's order`, item)
    return cells
  })
  return { names, rows: rows.length, cell: (row, column) => (rows[row] as StrictJson[])[column] }
}

/** @param lenient columns that need not be in every row: as pandas has it, they are missing there. Without it every row has the same columns */
function tableOfRecords(list: readonly StrictJson[], what: string, lenient?: readonly string[]): Table {
  const places = new Map<string, number>()
  const records = list.map((item, row) => {
    if (!isObject(item)) throw bad(what, `row ${row + 1} is not an object`, item)
    for (const name of item.keys()) if (!places.has(name)) places.set(name, places.size)
    return item
  })
  const names = [...places.keys()]
  const absent = new Map<string, number>()
  for (const [row, record] of records.entries()) {
    if (record.size === names.length) continue
    for (const name of lenient ?? names) {
      if (record.has(name) || !places.has(name)) continue
      if (!lenient) throw new StudioError({ code: 'bad-data', message: `missing column in row ${row + 1}; another row has ${shownValue(name)}`, details: { column: name.slice(0, 200), row: row + 1 } })
      absent.set(name, (absent.get(name) ?? 0) + 1)
    }
  }
  return { names, rows: records.length, absent, cell: (row, column) => (records[row] as ReadonlyMap<string, StrictJson>).get(names[column] as string) }
}

/** Columns as lists of equal length, each value bare or in a list of its own. */
function tableOfColumns(inputs: StrictJson | undefined, what: string): Table {
  if (!isObject(inputs)) throw bad(what, 'not an object of lists by column name', inputs ?? null)
  let rows: number | undefined
  const lists = [...inputs].map(([name, list]) => {
    const cells = Array.isArray(list) ? list : [list]
    if (rows !== undefined && cells.length !== rows) throw bad(`${what}, ${name}`, `every column must have the same number of rows, ${rows}`, cells.length)
    rows = cells.length
    return cells
  })
  const cell = (row: number, column: number): unknown => {
    const value = (lists[column] as readonly StrictJson[])[row]
    return Array.isArray(value) && value.length === 1 ? value[0] : value
  }
  return { names: [...inputs.keys()], rows: rows ?? 0, cell }
}

/** Without names the columns are those of the signature, in its order. */
function tableOfSplit(signature: Signature, split: StrictJson | undefined): Table {
  if (!isObject(split)) throw bad('dataframe_split', 'not an object with "columns" and "data"', split ?? null)
  onlyKeys(split, 'dataframe_split', ['columns', 'data', 'index'])
  const columns = split.get('columns') ?? signature.inputs.map(({ name }) => name)
  const data = split.get('data')
  if (!Array.isArray(columns) || !columns.every((name): name is string => typeof name === 'string')) throw bad('dataframe_split.columns', 'not a list of names', columns ?? null)
  if (!Array.isArray(data)) throw bad('dataframe_split.data', 'not a list of rows', data ?? null)
  data.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== columns.length) throw bad('dataframe_split.data', `row ${i + 1} is not a list of ${columns.length} values`, Array.isArray(row) ? row.length : row)
  })
  return { names: columns, rows: data.length, cell: (row, column) => (data[row] as StrictJson[])[column] }
}

/** KServe v1 `:predict`. @throws StudioError bad-data */
export function readV1Request(signature: Signature, body: StrictJson): ModelRequest {
  if (!isObject(body)) throw bad('body', 'not an object with "instances"', body)
  for (const name of ['params', 'parameters']) if (body.has(name)) throw new StudioError({ code: 'bad-data', message: `unsupported ${name}; KServe v1 has no place for what a request sets, /predict, v2 and MLflow's JSON have`, details: { field: name } })
  onlyKeys(body, 'body', ['instances', 'inputs', 'signature_name'])
  if (body.has('instances') === body.has('inputs')) throw bad('body', 'exactly one of instances and inputs must be there')
  return requestOf(signature, body.has('instances') ? tableOfInstances(signature, body.get('instances'), 'instances') : tableOfColumns(body.get('inputs'), 'inputs'), false)
}

const mlflowForms = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

/** MLflow `/invocations` with JSON. @throws StudioError bad-data */
export function readMlflowRequest(signature: Signature, body: StrictJson): ModelRequest {
  if (!isObject(body)) throw bad('body', `not an object with one of ${mlflowForms.join(', ')}`, body)
  onlyKeys(body, 'body', [...mlflowForms, 'params'])
  const given = mlflowForms.filter((form) => body.has(form))
  const [form] = given
  if (form === undefined || given.length > 1) throw bad('body', `exactly one of ${mlflowForms.join(', ')} must be there`, given.length)
  const params = readParams(signature, 'params', body.get('params'))
  const request = requestOf(signature, tableOfForm(signature, form, body.get(form)), true)
  const notices = [...(request.notices ?? []), ...(params.notices ?? [])]
  return { ...request, ...params, ...(notices.length > 0 && { notices }) }
}

function tableOfForm(signature: Signature, form: (typeof mlflowForms)[number], value: StrictJson | undefined): Table {
  switch (form) {
    case 'dataframe_split':
      return tableOfSplit(signature, value)
    case 'dataframe_records':
      if (!Array.isArray(value)) throw bad(form, 'not a list of objects', value ?? null)
      return tableOfRecords(value, form, signature.inputs.map(({ name }) => name))
    case 'instances':
      return tableOfInstances(signature, value, form, true)
    case 'inputs':
      return isObject(value) ? tableOfColumns(value, form) : tableOfInstances(signature, value, form, true)
  }
}

const encoder = new TextEncoder()

/** What pandas.read_csv, with which MLflow reads CSV, takes for missing. */
const pandasMissing = new Set(['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'])

/** What it takes for true and false. */
const pandasTruths: ReadonlyMap<string, boolean> = new Map(['true', 'True', 'TRUE', 'false', 'False', 'FALSE'].map((text) => [text, text.toLowerCase() === 'true']))

/** A CSV cell as the JSON that the signature reads: what pandas calls missing is, unless it is a category of the training; numbers and truth values are read from their text. */
function csvValue(input: SignatureInput, text: string): unknown {
  if (pandasMissing.has(text) && !input.categories?.includes(text) && !input.labels?.includes(text)) return null
  if (input.kind === 'numeric' && input.layout === undefined) {
    const bytes = encoder.encode(text)
    const value = parseNumber(bytes, 0, bytes.length, 46)
    return Number.isNaN(value) ? text : value
  }
  if (input.kind === 'boolean' && !input.labels?.includes(text)) return pandasTruths.get(text) ?? text
  return text
}

/** MLflow `/invocations` with CSV: commas, double quotes, a header. @throws StudioError bad-data naming row and column */
export function readCsvRequest(signature: Signature, text: string): ModelRequest {
  const scanner = createScanner({ delimiter: ',', quote: '"', columns: null })
  const lines: string[][] = []
  const take = (batch: RowBatch): void => {
    for (let row = 0; row < batch.rows; row++) {
      const cells: string[] = []
      for (let cell = batch.firstCell[row] as number; cell < (batch.firstCell[row + 1] as number); cell++) cells.push(cellText(batch, cell, '"'))
      lines.push(cells)
    }
  }
  take(scanner.push(encoder.encode(text.replace(/^\ufeff/, ''))))
  take(scanner.end())
  const [names, ...rows] = lines
  if (!names) throw bad('CSV', 'not a header and rows')
  rows.forEach((cells, i) => {
    if (cells.length !== names.length) throw bad('CSV', `row ${i + 1} must have ${names.length} cells`, cells.length)
  })
  const inputs = new Map(signature.inputs.map((input) => [input.name, input]))
  return requestOf(signature, { names, rows: rows.length, cell: (row, column) => csvValue(inputs.get(names[column] as string) as SignatureInput, (rows[row] as string[])[column] as string) }, true)
}
