/** The OpenAPI 3.1 document of what is being served, made from the signatures. */
import { pictureFormats } from '../../core/images/header.ts'
import { formLimits, takesForms } from '../../core/bundle/form-request.ts'
import { shownValue } from '../../core/bundle/encode.ts'
import { thresholdRule } from '../../core/bundle/params.ts'
import { wholeTypes } from '../../core/bundle/requests.ts'
import type { Signature, SignatureInput } from '../../core/bundle/signature.ts'
import type { Models } from './models.ts'

type Schema = Readonly<Record<string, unknown>>

/** A JSON value of one column, as `/predict` takes it. */
export function cellSchema(input: SignatureInput): Schema {
  const type = { numeric: 'number', boolean: 'boolean', categorical: 'string', datetime: 'string', image: 'string' }[input.kind]
  const seen: string[] = []
  if (input.min !== undefined && input.max !== undefined && input.kind === 'numeric') seen.push(`training saw ${input.min} to ${input.max}`)
  if (input.categories) seen.push(`training saw ${input.categories.length} categories`, ...(input.categories.length <= 20 ? [input.categories.map((name) => name.slice(0, 60)).join(', ')] : []))
  if (input.layout !== undefined) seen.push(`written as ${input.layout}`)
  if (input.kind === 'image') seen.push(`a ${pictureFormats} file in base64`)
  const types = [...(input.kind === 'numeric' && input.layout !== undefined ? [type, 'string'] : [type]), ...(input.nullable ? ['null'] : [])]
  return { type: types.length > 1 ? types : types[0], ...(seen.length > 0 ? { description: seen.join('; ') } : {}) }
}

/** From entries by definition: a column may be called `__proto__`. */
const objectOf = (entries: Iterable<readonly [string, unknown]>): Schema => Object.fromEntries(entries)

const rowSchema = ({ inputs }: Signature): Schema => ({ type: 'object', required: inputs.map(({ name }) => name), additionalProperties: false, properties: objectOf(inputs.map((input) => [input.name, cellSchema(input)])) })

function answerSchema({ task, classes }: Signature): Schema {
  if (task === 'regression') return { type: 'object', required: ['value'], properties: { value: { type: 'number' } } }
  const probabilities = { type: 'object', required: classes, properties: objectOf(classes.map((name) => [name, { type: 'number', minimum: 0, maximum: 1 }])) }
  return { type: 'object', required: ['label', 'probabilities'], properties: { label: { type: 'string', enum: classes }, probabilities } }
}

const json = (schema: Schema): Schema => ({ 'application/json': { schema } })
/** What `/predict` takes: rows, or files where the model takes one picture a row. */
const asked = (signature: Signature, rows: Schema): Schema => ({
  ...json(rows),
  ...(takesForms(signature) && {
    'multipart/form-data': { schema: { type: 'object', required: [signature.inputs[0]?.name], properties: objectOf([['params', paramsSchema(signature)], ...signature.inputs.map(({ name }) => [name, { type: 'array', minItems: 1, maxItems: formLimits.pictures, items: { type: 'string', contentMediaType: 'application/octet-stream', description: `a ${pictureFormats} file` } }] as const)]) } },
  }),
})
const refusals = (texts: Readonly<Record<number, string>>): Schema => Object.fromEntries(Object.entries(texts).map(([status, text]) => [status, { description: text, content: json({ $ref: '#/components/schemas/Error' }) }]))
const modelName = { name: { type: 'string' } }
const unknownModel = { 404: 'No such model or version.' }
const ok = (schema: Schema): Schema => ({
  200: { description: 'The answer.', content: json(schema) },
  ...refusals({ 400: 'A value, column or field that does not fit; the sentence names row and column.', ...unknownModel, 413: 'The body is too large.', 415: 'Neither JSON nor CSV in UTF-8, or compressed.', 503: 'Too many requests are waiting; try again after Retry-After seconds.' }),
})
const post = (summary: string, tag: string, request: Schema, response: Schema): Schema => ({ post: { summary, tags: [tag], requestBody: { required: true, content: request }, responses: ok(response) } })
/** @param texts what else it may answer */
const get = (summary: string, tag: string, schema: Schema = { type: 'object' }, texts: Readonly<Record<number, string>> = {}): Schema => ({ get: { summary, tags: [tag], responses: { 200: { description: 'The answer.', content: json(schema) }, ...refusals({ 400: 'It came with a body.', ...texts }) } } })
const readiness = (more: Schema = {}): Schema => ({ type: 'object', required: ['ready'], properties: { ...more, ready: { type: 'boolean' } } })
/** A state has a body like that of 200. */
const readyGet = (summary: string, tag: string, more: Schema = {}, texts: Readonly<Record<number, string>> = {}): Schema => {
  const { get: operation } = get(summary, tag, readiness(more), texts) as { get: { responses: Schema } }
  return { get: { ...operation, responses: { ...operation.responses, 503: { description: 'Not while the server starts or drains.', content: json(readiness(more)) } } } }
}
/** For programs that write clients: a name of every operation, from its method and address. */
const named = (path: string, item: Schema): Schema => Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, { operationId: `${method}${path.replace(/[^A-Za-z0-9]+/g, '_')}`, ...(operation as Schema) }]))
const tensor = (datatypes: readonly string[], name: Schema = { type: 'string' }): Schema => ({ type: 'object', required: ['name', 'shape', 'datatype', 'data'], properties: { name, shape: { type: 'array', items: { type: 'integer', minimum: 1 } }, datatype: { enum: datatypes }, data: { type: 'array' } } })

/** What a request may set beside its rows; what is unknown is ignored with a warning. */
const paramsSchema = (signature: Signature): Schema => ({
  type: ['object', 'null'],
  properties: objectOf((signature.params ?? []).map(({ name, default: given, min, max }) => [name, { type: 'number', default: given, minimum: min, maximum: max, description: `${thresholdRule(signature, shownValue)}; probabilities do not change` }] as const)),
})
const inferRequest = (signature: Signature): Schema => ({
  type: 'object',
  required: ['inputs'],
  properties: {
    id: { type: 'string', maxLength: 200 },
    parameters: paramsSchema(signature),
    inputs: {
      type: 'array',
      minItems: signature.inputs.length,
      maxItems: signature.inputs.length,
      items: tensor(['FP32', 'BYTES', 'BOOL', ...wholeTypes], { enum: signature.inputs.map(({ name }) => name) }),
    },
    outputs: { type: 'array', items: { type: 'object', required: ['name'], properties: { name: { enum: signature.outputs.map(({ name }) => name) } } } },
  },
})
const inferAnswer: Schema = { type: 'object', required: ['model_name', 'outputs'], properties: { model_name: { type: 'string' }, model_version: { type: 'string' }, id: { type: 'string' }, outputs: { type: 'array', items: tensor(['FP32', 'FP64', 'BYTES']) } } }

const cache = new WeakMap<object, string>()

/** @returns JSON text; made once for each set of models */
export function openApi(models: Models): string {
  const known = cache.get(models.models)
  if (known !== undefined) return known
  const paths: [string, Schema][] = [
    ['/v2', get('Name and version of the server', 'Open Inference Protocol v2')],
    ['/v2/health/live', get('Whether the process answers', 'Health')],
    ['/v2/health/ready', readyGet('Whether requests are taken', 'Health', { live: { type: 'boolean' } })],
    ['/v1/models', get('Names of the models', 'KServe v1')],
    ['/ping', readyGet('As /v2/health/ready', 'MLflow')],
    ['/health', readyGet('As /v2/health/ready', 'MLflow')],
    ['/version', get('Name and version of the server', 'MLflow', { type: 'string' })],
  ]
  const answers = (signature: Signature): Schema => ({ type: 'object', required: ['predictions'], properties: { predictions: { type: 'array', items: answerSchema(signature) }, warnings: { type: 'array', items: { $ref: '#/components/schemas/Warning' } } } })
  const rows = (signature: Signature): Schema => ({ type: 'object', required: ['predictions'], properties: { predictions: { type: 'array', items: signature.task === 'regression' ? { type: 'number' } : answerSchema(signature) }, warnings: { type: 'array', items: { $ref: '#/components/schemas/Warning' } } } })
  const plain = (signature: Signature): Schema => ({ type: 'object', required: ['rows'], additionalProperties: false, properties: { rows: { type: 'array', minItems: 1, maxItems: 10_000, items: rowSchema(signature) }, params: paramsSchema(signature) } })
  const first = models.first.fallback.signature
  paths.push(['/predict', post('Rows by column names', 'Plain', asked(first, plain(first)), answers(first))])
  const list = (items: Schema): Schema => ({ type: 'array', items })
  paths.push([
    '/invocations',
    post(
      'Rows as MLflow sends them: exactly one of the four forms, or CSV with a header',
      'MLflow',
      {
        ...json({ oneOf: ['dataframe_split', 'dataframe_records', 'instances', 'inputs'].map((form) => ({ required: [form], properties: { [form]: {} } })), type: 'object', properties: { dataframe_split: { type: 'object', required: ['data'], properties: { columns: list({ type: 'string' }), data: list({ type: 'array' }), index: list({}) } }, dataframe_records: list({ type: 'object' }), instances: list({}), inputs: {}, params: paramsSchema(first) } }),
        'text/csv': { schema: { type: 'string' } },
      },
      rows(first),
    ),
  ])
  for (const [name, model] of models.models) {
    const { signature } = model.fallback
    const instances = json({ type: 'object', properties: { instances: list({ oneOf: [rowSchema(signature), { type: 'array' }] }), inputs: { type: 'object' } } })
    const versions = [...model.versions.keys(), ...model.config.aliases.keys()]
    for (const base of [name, ...versions.map((version) => `${name}/versions/${version}`)]) {
      paths.push([`/v1/models/${base}`, get('Whether the model is ready', 'KServe v1', readiness(modelName), unknownModel)], [`/v1/models/${base}:predict`, post('Instances as objects by column, or lists in the order of the signature', 'KServe v1', instances, rows(signature))])
    }
    for (const base of [`/v2/models/${name}`, ...versions.map((version) => `/v2/models/${name}/versions/${version}`)]) {
      paths.push([base, get('Inputs and outputs', 'Open Inference Protocol v2', { type: 'object' }, unknownModel)], [`${base}/ready`, readyGet('Whether the model is ready', 'Open Inference Protocol v2', modelName, unknownModel)], [`${base}/infer`, post('Tensors of shape [rows, 1], one for each column', 'Open Inference Protocol v2', json(inferRequest(signature)), inferAnswer)])
    }
    paths.push([`/predict/${name}`, post('Rows by column names', 'Plain', asked(signature, plain(signature)), answers(signature))])
    for (const version of versions) paths.push([`/predict/${name}/${version}`, post('Rows by column names, to this version', 'Plain', asked(signature, plain(signature)), answers(signature))])
  }
  const text = JSON.stringify({
    openapi: '3.1.0',
    info: { title: [...models.models.keys()].join(', '), version: '1', description: 'A model exported by Glasshouse.' },
    servers: [{ url: '/' }],
    security: [],
    paths: objectOf(paths.map(([path, item]) => [path, named(path, item)] as const)),
    components: {
      schemas: {
        Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
        Warning: { type: 'object', required: ['kind', 'column', 'count', 'text'], properties: { level: { const: 'warning' }, kind: { enum: ['unseen', 'out-of-range', 'not-whole', 'in-part', 'missing-column', 'extra-column', 'unknown-param'] }, column: { type: 'string' }, row: { type: 'integer', minimum: 1 }, count: { type: 'integer', minimum: 1 }, text: { type: 'string' } } },
      },
    },
  })
  cache.set(models.models, text)
  return text
}
