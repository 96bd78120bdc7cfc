/**
 * `npm test` inside the bundle: the golden rows over every protocol, then requests that must be refused,
 * each followed by a good one that must still be answered right.
 */
import { goldenProblem } from '../../core/bundle/compare-golden.ts'
import { inferTensors, jsonObject, plainBody } from '../../core/bundle/examples.ts'
import type { V2Tensor } from '../../core/bundle/examples.ts'
import { takesForms } from '../../core/bundle/form-request.ts'
import type { GoldenCell, GoldenRows } from '../../core/bundle/golden.ts'
import { fromBase64 } from '../../core/bundle/pictures.ts'
import { modelSlug } from '../../core/bundle/responses.ts'
import type { Signature, SignatureInput } from '../../core/bundle/signature.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import type { Bundle } from './bundle.ts'

export interface AbuseCase {
  readonly name: string
  readonly method?: string
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  /** What the error must name. */
  readonly says?: string
}

/** Everything that must be refused, made from the signature and one good row. */
export function abuseCases(signature: Signature, row: readonly GoldenCell[], bodyLimit: number, model = modelSlug(signature.name)): AbuseCase[] {
  const infer = `/v2/models/${model}/infer`
  const good = inferTensors(signature, [row])
  const first = good[0] as V2Tensor
  const input = signature.inputs[0] as SignatureInput
  const named = input.name.slice(0, 40)
  const asInfer = (tensors: readonly unknown[]): string => JSON.stringify({ inputs: tensors })
  const changed = (change: Partial<V2Tensor>): string => asInfer([{ ...first, ...change }, ...good.slice(1)])
  const withCell = (of: SignatureInput, json: string): string => `{"rows":[${jsonObject(signature.inputs.map((item, i) => [item.name, item === of ? json : JSON.stringify(row[i] ?? null)]))}]}`
  const cases: AbuseCase[] = [
    { name: 'no such address', method: 'GET', path: '/../../etc/passwd', status: 404 },
    { name: 'an address like a prototype', method: 'GET', path: '/__proto__', status: 404 },
    { name: 'unknown model', path: '/v2/models/__proto__/infer', body: '{}', status: 404, says: 'unknown model' },
    { name: 'unknown version', path: `/v2/models/${model}/versions/2/infer`, body: '{}', status: 404, says: 'unknown version' },
    { name: 'GET of an inference route', method: 'GET', path: infer, status: 405 },
    { name: 'POST to health', path: '/v2/health/live', body: '{}', status: 405 },
    { name: 'DELETE of the model', method: 'DELETE', path: `/v2/models/${model}`, status: 405 },
    { name: 'compressed body', path: infer, body: asInfer(good), headers: { 'Content-Encoding': 'gzip' }, status: 415 },
    { name: 'a form', path: infer, body: 'a=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, status: 415 },
    { name: 'too large a body', path: infer, body: `"${'x'.repeat(bodyLimit)}"`, status: 413 },
    { name: 'empty body', path: infer, body: '', status: 400 },
    { name: 'not JSON', path: '/predict', body: '{"rows":[', status: 400, says: 'invalid JSON' },
    { name: 'not UTF-8', path: '/predict', body: Uint8Array.of(123, 34, 255, 34, 125), status: 400, says: 'UTF-8' },
    { name: 'deep nesting', path: '/predict', body: '['.repeat(250_000), status: 400, says: 'nesting' },
    { name: 'a repeated name', path: '/predict', body: '{"rows":[],"rows":[]}', status: 400, says: 'repeated' },
    { name: 'no rows', path: '/predict', body: '{"rows":[]}', status: 400, says: 'rows' },
    { name: 'too many rows', path: '/predict', body: `{"rows":[${'0,'.repeat(10_000)}0]}`, status: 400, says: 'rows' },
    { name: 'a row that is a list', path: '/predict', body: '{"rows":[[1]]}', status: 400, says: 'rows' },
    { name: 'a missing column', path: '/predict', body: '{"rows":[{}]}', status: 400, says: 'missing column' },
    { name: 'an extra column', path: '/predict', body: plainBody(signature, [row]).replace('{"rows":[{', '{"rows":[{"no such column":1,'), status: 400, says: 'no such column' },
    { name: 'an extra field', path: '/predict', body: plainBody(signature, [row]).replace('{"rows"', '{"constructor":1,"rows"'), status: 400, says: 'constructor' },
    { name: 'a missing input', path: infer, body: asInfer(good.slice(1)), status: 400, says: 'missing input' },
    { name: 'an extra input', path: infer, body: asInfer([...good, { ...first, name: 'toString' }]), status: 400, says: 'toString' },
    { name: 'an input given twice', path: infer, body: asInfer([...good, first]), status: 400, says: 'twice' },
    { name: 'another datatype', path: infer, body: changed({ datatype: 'FP16' }), status: 400, says: 'datatype' },
    { name: 'unknown output', path: infer, body: JSON.stringify({ inputs: good, outputs: [{ name: '__proto__' }] }), status: 400, says: 'outputs' },
    { name: 'parameters that are no object', path: infer, body: JSON.stringify({ inputs: good, parameters: 5 }), status: 400, says: 'parameters' },
    { name: 'data behind the JSON', path: infer, body: changed({ data: undefined as never, parameters: { binary_data_size: 4 } } as never), status: 400, says: 'binary_data_size' },
    { name: 'data in shared memory', path: infer, body: changed({ data: undefined as never, parameters: { shared_memory_region: 'x' } } as never), status: 400, says: 'shared_memory_region' },
    { name: 'a binary body', path: infer, body: asInfer(good), headers: { 'Inference-Header-Content-Length': '1' }, status: 415, says: 'binary' },
    { name: 'more data than shape', path: infer, body: changed({ shape: [1, 1], data: [null, null] }), status: 400, says: 'length' },
    { name: 'one input longer than the others', path: infer, body: good.length > 1 ? changed({ shape: [2, 1], data: [first.data, first.data] }) : changed({ shape: [2, 1] }), status: 400 },
    ...[[-1, 1], [0, 1], [1.5, 1], [9007199254740992, 1], [1], [1, 2], '1', null].map((shape): AbuseCase => ({ name: `shape ${JSON.stringify(shape)}`, path: infer, body: changed({ shape }), status: 400, says: 'shape' })),
    ...(first.datatype === 'FP32' || first.datatype === 'INT64' ? [{ name: 'a number that its datatype does not hold', path: infer, body: changed({ datatype: 'UINT8', data: [-1] }), status: 400, says: 'UINT8, 0 to 255' }] : []),
    ...tableCases(signature, row, model),
    ...(takesForms(signature) ? formCases(signature) : []),
    // Fewer where a row is long: each case sends two.
    ...signature.inputs.slice(0, Math.max(5, Math.min(50, Math.floor(20_000 / signature.inputs.length)))).flatMap((of) => cellCases(of, (json) => withCell(of, json))),
  ]
  return cases.map((item) => (item.says === 'shape' && !named ? { ...item, says: 'invalid' } : item))
}

/** KServe v1 and MLflow. */
function tableCases(signature: Signature, row: readonly GoldenCell[], model: string): AbuseCase[] {
  const predict = `/v1/models/${model}:predict`
  const names = JSON.stringify(signature.inputs.map(({ name }) => name))
  const cells = JSON.stringify(row)
  const csv = { 'Content-Type': 'text/csv' }
  return [
    { name: 'v1 without instances', path: predict, body: '{}', status: 400, says: 'instances' },
    { name: 'v1 with both forms', path: predict, body: '{"instances":[],"inputs":{}}', status: 400, says: 'exactly one' },
    { name: 'v1 with no rows', path: predict, body: '{"instances":[]}', status: 400, says: 'rows' },
    { name: 'v1 with a row too short', path: predict, body: '{"instances":[[]]}', status: 400, says: 'row 1' },
    { name: 'v1 with columns of unequal length', path: predict, body: '{"inputs":{"a":[1],"b":[1,2]}}', status: 400, says: 'same number' },
    { name: 'v1 with an unknown column', path: predict, body: '{"inputs":{"no such column":[1]}}', status: 400, says: 'no such column' },
    { name: 'v1 of an unknown model', path: '/v1/models/__proto__:predict', body: '{}', status: 404, says: 'unknown model' },
    { name: 'v1 explain', path: `/v1/models/${model}:explain`, body: '{}', status: 404 },
    { name: 'MLflow with no form', path: '/invocations', body: '{}', status: 400, says: 'exactly one' },
    { name: 'MLflow with two forms', path: '/invocations', body: '{"instances":[[1]],"inputs":[[1]]}', status: 400, says: 'exactly one' },
    { name: 'MLflow with a list of parameters', path: '/invocations', body: `{"dataframe_split":{"columns":${names},"data":[${cells}]},"params":[1]}`, status: 400, says: 'params' },
    { name: 'MLflow with a row too long', path: '/invocations', body: `{"dataframe_split":{"columns":["a"],"data":[[1,2]]}}`, status: 400, says: 'row 1' },
    { name: 'MLflow with a column twice', path: '/invocations', body: '{"dataframe_split":{"columns":["a","a"],"data":[[1,2]]}}', status: 400, says: 'twice' },
    { name: 'MLflow with another content type', path: '/invocations', body: 'x', headers: { 'Content-Type': 'application/parquet' }, status: 415, says: 'text/csv' },
    { name: 'CSV in another charset', path: '/invocations', body: 'a', headers: { 'Content-Type': 'text/csv; charset=latin1' }, status: 415, says: 'UTF-8' },
    { name: 'CSV of nothing', path: '/invocations', body: '', headers: csv, status: 400 },
    { name: 'CSV with a header alone', path: '/invocations', body: 'a,b', headers: csv, status: 400, says: 'rows' },
    { name: 'CSV with an open quote', path: '/invocations', body: 'a,b\n1,"2', headers: csv, status: 400, says: 'quote' },
    { name: 'CSV with a ragged row', path: '/invocations', body: 'a,b\n1', headers: csv, status: 400, says: 'row 1' },
    { name: 'CSV with semicolons', path: '/invocations', body: 'no such column;nor this\n1;2', headers: csv, status: 400, says: 'no such column' },
    { name: 'CSV where JSON is asked', path: '/predict', body: 'a', headers: csv, status: 415 },
  ]
}

/** A form that is broken, too long, or holds what is not asked for. */
function formCases({ inputs }: Signature): AbuseCase[] {
  const form = (fill: (form: FormData) => void): FormData => {
    const made = new FormData()
    fill(made)
    return made
  }
  const name = inputs[0]?.name ?? ''
  const file = new Blob(['no picture'])
  const typed = { 'Content-Type': 'multipart/form-data; boundary=x' }
  return [
    { name: 'a form without a boundary', path: '/predict', body: 'x', headers: { 'Content-Type': 'multipart/form-data' }, status: 400, says: 'boundary' },
    { name: 'a form that is none', path: '/predict', body: 'x', headers: typed, status: 400, says: 'form' },
    { name: 'a form cut off', path: '/predict', body: `--x\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\n\r\nabc`, headers: typed, status: 400, says: 'form' },
    { name: 'a form of nothing', path: '/predict', body: form(() => {}), status: 400, says: 'form' },
    { name: 'a form of boundaries', path: '/predict', body: '--x\r\n'.repeat(10_000), headers: typed, status: 400, says: 'more than' },
    { name: 'a form with another field', path: '/predict', body: form((made) => made.append(`${name} `, file, 'a')), status: 400, says: 'unknown field' },
    { name: 'a form with text', path: '/predict', body: form((made) => made.append(name, 'text')), status: 400, says: 'not a file' },
    { name: 'a form with a file that is no picture', path: '/predict', body: form((made) => made.append(name, file, 'a')), status: 400, says: 'row 1' },
    { name: 'a form where JSON is asked', path: '/invocations', body: form((made) => made.append(name, file, 'a')), status: 415 },
  ]
}

function cellCases(of: SignatureInput, body: (json: string) => string): AbuseCase[] {
  const wrong: Record<SignatureInput['kind'], readonly string[]> = {
    numeric: ['"5"', 'true', '1e999', 'NaN', '[1]', '{}', '1e39', '""'],
    boolean: ['0', '1', '"maybe"', '[true]'],
    categorical: ['5', 'true', '["a"]', '{}', JSON.stringify('x'.repeat(65_537))],
    image: ['5', 'true', '"not base64!"', '"aGVsbG8="', '{}'],
    datetime: ['5', 'true', '"not a date"', '"2024-13-45"', '""', '9007199254740992'],
  }
  return [...wrong[of.kind], ...(of.nullable ? [] : ['null'])].map((json) => ({ name: `${of.kind} given ${json.slice(0, 20)}`, path: '/predict', body: body(json), status: 400, says: 'invalid' }))
}

export interface Reply {
  readonly status: number
  readonly text: string
}
export async function ask(url: string, item: Pick<AbuseCase, 'method' | 'path' | 'body' | 'headers'>): Promise<Reply> {
  const method = item.method ?? 'POST'
  // A form brings a type of its own, with its boundary.
  const headers = new Headers(item.body instanceof FormData ? {} : { 'Content-Type': 'application/json' })
  for (const [name, value] of Object.entries(item.headers ?? {})) headers.set(name, value)
  const response = await fetch(new URL(item.path, url), { method, headers, ...(method === 'GET' || item.body === undefined ? {} : { body: item.body }) })
  return { status: response.status, text: await response.text() }
}

export const goldenRoutes = ['plain', 'infer', 'v1', 'split', 'records', 'csv'] as const
export type GoldenRoute = (typeof goldenRoutes)[number] | 'form'

function goldenRequest(signature: Signature, rows: GoldenRows['rows'], route: GoldenRoute, model: string): Pick<AbuseCase, 'path' | 'body' | 'headers'> {
  const names = signature.inputs.map(({ name }) => name)
  switch (route) {
    case 'plain':
      return { path: '/predict', body: plainBody(signature, rows) }
    case 'form': {
      const body = new FormData()
      for (const row of rows) body.append(names[0] as string, new Blob([fromBase64(String(row[0]))]), 'picture')
      return { path: '/predict', body }
    }
    case 'infer':
      return { path: `/v2/models/${model}/infer`, body: JSON.stringify({ id: 'golden', inputs: inferTensors(signature, rows) }) }
    case 'v1':
      return { path: `/v1/models/${model}:predict`, body: JSON.stringify({ instances: rows }) }
    case 'split':
      return { path: '/invocations', body: JSON.stringify({ dataframe_split: { columns: names, data: rows } }) }
    case 'records':
      return { path: '/invocations', body: `{"dataframe_records":[${rows.map((row) => jsonObject(names.map((name, i) => [name, JSON.stringify(row[i] ?? null)]))).join(',')}]}` }
    case 'csv':
      return { path: '/invocations', body: [names, ...rows].map((row) => row.map((cell) => `"${String(cell ?? '').replaceAll('"', '""')}"`).join(',')).join('\n'), headers: { 'Content-Type': 'text/csv; charset=utf-8' } }
  }
}

/** Asks the golden rows by one protocol, in as few requests as `most` bytes allow. @returns what is wrong, or undefined */
export async function askGolden(url: string, signature: Signature, golden: GoldenRows, route: GoldenRoute, model = modelSlug(signature.name), most = 900_000): Promise<string | undefined> {
  const request = goldenRequest(signature, golden.rows, route, model)
  const { length } = golden.rows
  if (length > 1 && typeof request.body === 'string' && Buffer.byteLength(request.body) > most) {
    const half = Math.ceil(length / 2)
    return (await askGolden(url, signature, goldenPart(golden, 0, half), route, model, most)) ?? askGolden(url, signature, goldenPart(golden, half, length), route, model, most)
  }
  const asked = await ask(url, request)
  if (asked.status !== 200) return `status ${asked.status}: ${asked.text.slice(0, 200)}`
  return goldenProblem(signature, golden, route === 'infer' ? inferAnswer(asked.text) : rowsAnswer(signature, asked.text))
}

function goldenPart(golden: GoldenRows, from: number, to: number): GoldenRows {
  const { values, labels, probabilities } = golden.expected
  const expected = { ...(values && { values: values.slice(from, to) }), ...(labels && { labels: labels.slice(from, to) }), ...(probabilities && { probabilities: probabilities.slice(from, to) }) }
  return { ...golden, rows: golden.rows.slice(from, to), reasons: golden.reasons.slice(from, to), expected }
}

function rowsAnswer(signature: Signature, text: string): ServedAnswer {
  const { predictions: given } = JSON.parse(text) as { predictions: (number | { value?: number; label?: string; probabilities?: Record<string, number> })[] }
  if (signature.task === 'regression') return { answers: given.map((item) => (typeof item === 'number' ? item : (item.value as number))) }
  const predictions = given as Exclude<(typeof given)[number], number>[]
  return { answers: predictions.map(({ label }) => label as string), probabilities: predictions.flatMap(({ probabilities }) => signature.classes.map((name) => Object.entries(probabilities ?? {}).find(([key]) => key === name)?.[1] ?? Number.NaN)) }
}
function inferAnswer(text: string): ServedAnswer {
  const { outputs } = JSON.parse(text) as { outputs: { data: (number | string)[] }[] }
  const [answers, probabilities] = outputs
  return { answers: (answers?.data ?? []) as string[], ...(probabilities ? { probabilities: probabilities.data as number[] } : {}) }
}

/** @returns how many checks failed */
export async function selfTest(url: string, model: string, { signature, golden }: Bundle, bodyLimit: number, print: (line: string) => void): Promise<number> {
  let passed = 0
  let failed = 0
  const judge = (name: string, problem: string | undefined): void => {
    if (problem === undefined) passed++
    else {
      failed++
      print(`FAILED ${name}: ${problem}`)
    }
  }
  const limited = goldenPart(golden, 0, 1)
  for (const route of [...goldenRoutes, ...(takesForms(signature) ? (['form'] as const) : [])]) judge(`golden rows, ${route}`, await askGolden(url, signature, golden, route, model, bodyLimit))
  const row = golden.rows[0]
  if (row) {
    for (const item of abuseCases(signature, row, bodyLimit, model)) {
      const { status, text } = await ask(url, item)
      const explained = /^\{"error":".+"\}$/s.test(text) && (item.says === undefined || text.includes(item.says))
      judge(item.name, status === item.status && explained ? undefined : `expected ${item.status} and a reason${item.says ? ` with "${item.says}"` : ''}, received ${status} ${text.slice(0, 200)}`)
      judge(`a good request after: ${item.name}`, await askGolden(url, signature, limited, 'plain'))
    }
  }
  print(`${passed} passed, ${failed} failed`)
  return failed
}
