/**
 * `npm test` inside the bundle: the golden rows over both protocols, then requests that must be refused,
 * each followed by a good one that must still be answered right.
 */
import { goldenProblem } from '../../core/bundle/compare-golden.ts'
import { inferTensors, jsonObject, plainBody } from '../../core/bundle/examples.ts'
import type { V2Tensor } from '../../core/bundle/examples.ts'
import type { GoldenCell, GoldenRows } from '../../core/bundle/golden.ts'
import { modelSlug } from '../../core/bundle/responses.ts'
import type { Signature, SignatureInput } from '../../core/bundle/signature.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import type { Bundle } from './bundle.ts'

export interface AbuseCase {
  readonly name: string
  readonly method?: string
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  /** What the error must name. */
  readonly says?: string
}

/** Everything that must be refused, made from the signature and one good row. */
export function abuseCases(signature: Signature, row: readonly GoldenCell[], bodyLimit: number): AbuseCase[] {
  const model = modelSlug(signature.name)
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
    { name: 'more data than shape', path: infer, body: changed({ shape: [1, 1], data: [null, null] }), status: 400, says: 'length' },
    { name: 'one input longer than the others', path: infer, body: good.length > 1 ? changed({ shape: [2, 1], data: [first.data, first.data] }) : changed({ shape: [2, 1] }), status: 400 },
    ...[[-1, 1], [0, 1], [1.5, 1], [9007199254740992, 1], [1], [1, 2], '1', null].map((shape): AbuseCase => ({ name: `shape ${JSON.stringify(shape)}`, path: infer, body: changed({ shape }), status: 400, says: 'shape' })),
    ...signature.inputs.slice(0, 50).flatMap((of) => cellCases(of, (json) => withCell(of, json))),
  ]
  return cases.map((item) => (item.says === 'shape' && !named ? { ...item, says: 'invalid' } : item))
}

function cellCases(of: SignatureInput, body: (json: string) => string): AbuseCase[] {
  const wrong: Record<SignatureInput['kind'], readonly string[]> = {
    numeric: ['"5"', 'true', '1e999', 'NaN', '[1]', '{}', '1e39', '""'],
    boolean: ['0', '1', '"maybe"', '[true]'],
    categorical: ['5', 'true', '["a"]', '{}', JSON.stringify('x'.repeat(65_537))],
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
  const response = await fetch(new URL(item.path, url), { method, headers: { 'Content-Type': 'application/json', ...item.headers }, ...(method === 'GET' || item.body === undefined ? {} : { body: item.body }) })
  return { status: response.status, text: await response.text() }
}

/** The answer to golden rows as both routes give it. */
export async function askGolden(url: string, signature: Signature, golden: GoldenRows, route: 'plain' | 'infer'): Promise<string | undefined> {
  const asked =
    route === 'plain'
      ? await ask(url, { path: '/predict', body: plainBody(signature, golden.rows) })
      : await ask(url, { path: `/v2/models/${modelSlug(signature.name)}/infer`, body: JSON.stringify({ id: 'golden', inputs: inferTensors(signature, golden.rows) }) })
  if (asked.status !== 200) return `status ${asked.status}: ${asked.text.slice(0, 200)}`
  return goldenProblem(signature, golden, route === 'plain' ? plainAnswer(signature, asked.text) : inferAnswer(asked.text))
}

function plainAnswer(signature: Signature, text: string): ServedAnswer {
  const { predictions } = JSON.parse(text) as { predictions: { value?: number; label?: string; probabilities?: Record<string, number> }[] }
  if (signature.task === 'regression') return { answers: predictions.map(({ value }) => value as number) }
  return { answers: predictions.map(({ label }) => label as string), probabilities: predictions.flatMap(({ probabilities }) => signature.classes.map((name) => Object.entries(probabilities ?? {}).find(([key]) => key === name)?.[1] ?? Number.NaN)) }
}
function inferAnswer(text: string): ServedAnswer {
  const { outputs } = JSON.parse(text) as { outputs: { data: (number | string)[] }[] }
  const [answers, probabilities] = outputs
  return { answers: (answers?.data ?? []) as string[], ...(probabilities ? { probabilities: probabilities.data as number[] } : {}) }
}

/** @returns how many checks failed */
export async function selfTest(url: string, { signature, golden }: Bundle, bodyLimit: number, print: (line: string) => void): Promise<number> {
  let passed = 0
  let failed = 0
  const judge = (name: string, problem: string | undefined): void => {
    if (problem === undefined) passed++
    else {
      failed++
      print(`FAILED ${name}: ${problem}`)
    }
  }
  const limited: GoldenRows = { ...golden, rows: golden.rows.slice(0, 1), reasons: golden.reasons.slice(0, 1) }
  for (const route of ['plain', 'infer'] as const) judge(`golden rows, ${route}`, await askGolden(url, signature, golden, route))
  const row = golden.rows[0]
  if (row) {
    for (const item of abuseCases(signature, row, bodyLimit)) {
      const { status, text } = await ask(url, item)
      const explained = /^\{"error":".+"\}$/s.test(text) && (item.says === undefined || text.includes(item.says))
      judge(item.name, status === item.status && explained ? undefined : `expected ${item.status} and a reason${item.says ? ` with "${item.says}"` : ''}, received ${status} ${text.slice(0, 200)}`)
      judge(`a good request after: ${item.name}`, await askGolden(url, signature, limited, 'plain'))
    }
  }
  print(`${passed} passed, ${failed} failed`)
  return failed
}
