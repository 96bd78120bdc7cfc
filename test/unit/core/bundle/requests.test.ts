import { describe, expect, test } from 'vitest'
import { encodeCell, missingTime } from '../../../../src/core/bundle/encode.ts'
import { noticesOf } from '../../../../src/core/bundle/notices.ts'
import { readInferRequest, readPlainRequest } from '../../../../src/core/bundle/requests.ts'
import { checkFiniteAnswer, inferResponse, modelSlug, plainResponse } from '../../../../src/core/bundle/responses.ts'
import { atThreshold } from '../../../../src/core/bundle/params.ts'
import { graphNames } from '../../../../src/core/bundle/signature-of.ts'
import type { Signature, SignatureInput } from '../../../../src/core/bundle/signature.ts'
import { parseStrictJson } from '../../../../src/core/bundle/strict-json.ts'
import { readCsvRequest, readMlflowRequest, readV1Request } from '../../../../src/core/bundle/table-requests.ts'

const number: SignatureInput = { name: '__proto__', kind: 'numeric', tensor: 'float', nullable: true }
const category: SignatureInput = { name: 'colour', kind: 'categorical', tensor: 'string', nullable: false, categories: ['red'] }
const flag: SignatureInput = { name: 'flag', kind: 'boolean', tensor: 'float', nullable: false, labels: ['no', 'yes'] }
const date: SignatureInput = { name: 'day', kind: 'datetime', tensor: 'int64', nullable: true, layout: 'yyyy-MM-dd' }
const signature: Signature = {
  version: 1,
  name: 'Test',
  task: 'binary',
  target: 'y',
  inputs: [number, category, flag, date],
  classes: ['__proto__', '"quoted"'],
  threshold: 0.5,
  outputs: [
    { name: 'label', tensor: 'string', shape: [-1] },
    { name: 'probabilities', tensor: 'float', shape: [-1, 2] },
  ],
}

describe('strict JSON', () => {
  test.each(['null', 'true', '-0.5e3', '"a\\u0041\\n"', '[]', '[1,[2]]', ' { "a" : [ ] } '])('reads %s as JSON.parse does', (text) => {
    const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)])) : value)
    expect(plain(parseStrictJson(text, 4))).toEqual(JSON.parse(text))
  })
  test('keeps a name such as __proto__ as a name', () => {
    expect(parseStrictJson('{"__proto__":1,"constructor":2}', 4)).toEqual(new Map([['__proto__', 1], ['constructor', 2]]))
  })
  test.each([
    ['', /ends too early at character 1/],
    ['{"a":1,"a":2}', /repeated name, "a"/],
    ['{"a":1,"\\u0061":2}', /repeated name/],
    ['1e999', /too large/],
    ['NaN', /NaN and Infinity are no JSON/],
    ['[-Infinity]', /null stands for missing/],
    ['01', /behind the end/],
    ['[1,]', /value was expected/],
    ['"a\nb"', /does not allow/],
    ['"open', /does not end/],
    ['[1] x', /behind the end/],
    ['{a:1}', /double quotes/],
    ['[[[[[[1]]]]]]', /deeper than 4/],
    ['['.repeat(250_000), /deeper than 4/],
  ])('refuses case %#', (text, reason) => {
    expect(() => parseStrictJson(text, 4)).toThrow(reason)
  })
})

describe('one cell', () => {
  test.each<[SignatureInput, unknown, unknown]>([
    [number, -1.5, { value: -1.5 }],
    [number, null, { value: Number.NaN }],
    [category, 'never seen', { value: 'never seen' }],
    [flag, true, { value: 1 }],
    [flag, 'no', { value: 0 }],
    // 2024-02-29 is day 19,782 since 1970-01-01: 54 years of 365 days and 13 leap days make 19,723; 31 + 28 more follow.
    [date, '2024-02-29', { value: BigInt(19_782 * 86_400) }],
    [date, null, { value: missingTime }],
  ])('case %# is taken', (input, value, wanted) => {
    expect(encodeCell(input, value)).toEqual(wanted)
  })
  test.each<[SignatureInput, unknown, RegExp]>([
    [number, '5', /not a finite number/],
    [number, '', /not a finite number/],
    [number, true, /not a finite number/],
    [number, Number.POSITIVE_INFINITY, /not a finite number/],
    [number, 1e39, /32-bit/],
    [category, 5, /not text/],
    [category, '', /a value is needed/],
    [category, null, /a value is needed/],
    [category, 'x'.repeat(65_537), /longer than 65536/],
    [flag, 1, /not true or false/],
    [flag, 'maybe', /"no" or "yes"/],
    [date, '2023-02-29', /layout yyyy-MM-dd/],
    [date, 1700000000, /layout yyyy-MM-dd/],
  ])('case %# is refused', (input, value, reason) => {
    expect(encodeCell(input, value)).toEqual({ problem: expect.stringMatching(reason) })
  })
})

describe('requests', () => {
  const row = '{"__proto__":1,"colour":"red","flag":true,"day":"2024-01-01"}'
  const plain = (text: string) => readPlainRequest(signature, parseStrictJson(text, 4))
  const infer = (value: unknown) => readInferRequest(signature, parseStrictJson(JSON.stringify(value), 4))
  const tensors = (change: Record<string, unknown> = {}) => [
    { name: '__proto__', shape: [1, 1], datatype: 'FP32', data: [1], ...change },
    { name: 'colour', shape: [1, 1], datatype: 'BYTES', data: ['red'] },
    { name: 'flag', shape: [1, 1], datatype: 'BOOL', data: [true] },
    { name: 'day', shape: [1, 1], datatype: 'INT64', data: [1704067200] },
  ]
  test('plain rows and v2 tensors make the same feeds; data may be nested', () => {
    const feeds = plain(`{"rows":[${row}]}`).feeds
    expect(feeds.map((feed) => feed.values)).toEqual([Float32Array.of(1), ['red'], Float32Array.of(1), BigInt64Array.of(1704067200n)])
    expect(infer({ inputs: tensors() }).feeds).toEqual(feeds)
    expect(infer({ inputs: tensors({ data: [[1]] }) }).feeds).toEqual(feeds)
    expect(infer({ id: 'x', inputs: tensors(), outputs: [{ name: 'label' }] })).toMatchObject({ id: 'x', rows: 1, outputs: ['label'] })
  })
  test('errors name the column, the rule, the value and the row', () => {
    expect(() => plain(`{"rows":[${row},${row.replace('"red"', '7')}]}`)).toThrow('invalid colour; not text: 7 in row 2')
    expect(() => plain('{"rows":[{}]}')).toThrow('missing column in row 1; the signature asks for "__proto__"')
    expect(() => plain(`{"rows":[${row.replace('}', ',"toString":1}')}]}`)).toThrow('unknown column in row 1; not in the signature: "toString"')
  })
  test.each([[-1, 1], [0, 1], [2 ** 53, 1], [1.5, 1], [10_001, 1], [1], [1, 1, 1], [1, 2]].map((shape) => [shape]))('shape %j is refused', (shape) => {
    expect(() => infer({ inputs: tensors({ shape }) })).toThrow(/invalid shape of __proto__/)
  })
  test.each<[Record<string, unknown>, RegExp]>([
    [{ datatype: 'FP64' }, /invalid datatype of __proto__; not FP32 or INT64 or .*: "FP64"/],
    [{ datatype: 'INT32', data: [3.5] }, /invalid __proto__; not a whole number: 3.5 in row 1/],
    [{ datatype: 'INT64', data: [2 ** 24 + 1] }, /a whole number that FP32 does not hold.*: 16777217 in row 1/],
    [{ datatype: 'UINT8', data: [-3] }, /^invalid __proto__; not within UINT8, 0 to 255: -3 in row 1$/],
    [{ datatype: 'UINT8', data: [256] }, /not within UINT8, 0 to 255: 256/],
    [{ datatype: 'INT8', data: [128] }, /not within INT8, -128 to 127: 128/],
    [{ datatype: 'INT16', data: [-32769] }, /not within INT16, -32768 to 32767: -32769/],
    [{ datatype: 'UINT32', data: [2 ** 32] }, /not within UINT32, 0 to 4294967295: 4294967296/],
    [{ datatype: 'UINT64', data: [-1] }, /not within UINT64, 0 to 18446744073709551615: -1/],
    [{ datatype: 'INT64', data: [2 ** 63] }, /not within INT64, -9223372036854775808 to 9223372036854775807: /],
    [{ datatype: 'INT64', data: [2 ** 53] }, /not a whole number of size below 2\^53; larger ones are rounded/],
    [{ data: [1, 2] }, /length must be that of its shape, 1: 2/],
    [{ data: 1 }, /not a list/],
    [{ data: ['1'] }, /not a finite number: "1" in row 1/],
    [{ data: [[[1]]] }, /deeper than 4/],
    [{ extra: 1 }, /not one of name, shape/],
    [{ parameters: [1] }, /invalid parameters of __proto__; not an object/],
    [{ parameters: { binary_data_size: 4 } }, /unsupported binary_data_size in parameters of __proto__; send data as a JSON list/],
    [{ parameters: { shared_memory_region: 'a' } }, /unsupported shared_memory_region/],
  ])('a tensor with %j is refused', (change, reason) => {
    expect(() => infer({ inputs: tensors(change) })).toThrow(reason)
  })
  test('whole numbers of every width are taken where they fit: for numbers, truth and moments', () => {
    const wide = tensors({ datatype: 'UINT8', data: [1] }).map((tensor) => (tensor.name === 'day' ? { ...tensor, datatype: 'INT32' } : tensor.name === 'flag' ? { ...tensor, datatype: 'INT8', data: [1] } : tensor))
    expect(infer({ inputs: wide }).feeds).toEqual(infer({ inputs: tensors() }).feeds)
    expect(() => infer({ inputs: wide.map((tensor) => (tensor.name === 'flag' ? { ...tensor, data: [2] } : tensor)) })).toThrow('invalid flag; not 0 or 1: 2 in row 1')
    expect(() => infer({ inputs: wide.map((tensor) => (tensor.name === 'day' ? { ...tensor, datatype: 'INT16' } : tensor)) })).toThrow('invalid day; not within INT16, -32768 to 32767; seconds since 1970 are asked for: 1704067200 in row 1')
    for (const [datatype, least, largest] of [['INT8', -128, 127], ['UINT8', 0, 255], ['INT16', -32768, 32767]]) {
      expect([least, largest].map((value) => infer({ inputs: tensors({ datatype, data: [value] }) }).feeds[0]?.values[0])).toEqual([least, largest])
    }
    expect(infer({ inputs: tensors({ datatype: 'INT64', data: [null] }) }).feeds[0]?.values[0]).toBeNaN()
  })
  test('a fraction where training saw whole numbers alone is answered and told', () => {
    const whole: Signature = { ...signature, inputs: [{ ...number, integer: true, min: 0, max: 9 }] }
    const told = (value: number) => noticesOf(whole, [{ type: 'float', values: Float32Array.of(value) }], 1).map(({ kind, text }) => [kind, text])
    expect(told(3.5)).toEqual([['not-whole', '3.5 is not a whole number; training saw whole numbers alone.']])
    expect([told(3), told(Number.NaN), told(10).map(([kind]) => kind)]).toEqual([[], [], ['out-of-range']])
  })
  test('dataframe_split without columns goes by position where the width fits', () => {
    const split = (data: unknown, columns?: unknown) => readMlflowRequest(signature, parseStrictJson(JSON.stringify({ dataframe_split: { data, ...(columns ? { columns } : {}) } }), 4))
    const row = [1, 'red', true, '2024-01-01']
    expect(split([row]).feeds).toEqual(split([row], ['__proto__', 'colour', 'flag', 'day']).feeds)
    expect(() => split([row.slice(1)])).toThrow('row 1 is not a list of 4 values')
  })
  test('outputs come as they were asked for, and all where none was', () => {
    const names = (outputs?: unknown): string[] => {
      const request = infer({ inputs: tensors(), parameters: { sent: true }, ...(outputs ? { outputs } : {}) })
      return (JSON.parse(inferResponse(signature, 'm', '1', request, { answers: ['a'], probabilities: [0.5, 0.5] })) as { outputs: { name: string }[] }).outputs.map(({ name }) => name)
    }
    expect(names()).toEqual(['label', 'probabilities'])
    expect(names([])).toEqual(['label', 'probabilities'])
    expect(names([{ name: 'probabilities', parameters: { binary_data: true } }, { name: 'label' }, { name: 'label' }])).toEqual(['probabilities', 'label'])
  })
  test('2^53 seconds are refused, though JSON can write them', () => {
    expect(() => infer({ inputs: [...tensors().slice(0, 3), { name: 'day', shape: [1, 1], datatype: 'INT64', data: [2 ** 53] }] })).toThrow(/invalid day; not a whole number of size below 2\^53.*; seconds since 1970/)
  })
})

describe('tables', () => {
  const rows = [{ ['__proto__']: 1.5, colour: 'red', flag: true, day: '2024-01-01' }, { colour: 'red', flag: false }]
  const values = (request: ReturnType<typeof readCsvRequest>) => request.feeds.map((feed) => Array.from(feed.values as ArrayLike<unknown>))
  const mlflow = (body: unknown) => readMlflowRequest(signature, parseStrictJson(JSON.stringify(body), 4))
  test('what a record of MLflow does not have is missing, as pandas has it, and said; KServe v1 refuses it', () => {
    const read = mlflow({ dataframe_records: rows, params: null })
    expect(values(read)).toEqual([[1.5, Number.NaN], ['red', 'red'], [1, 0], [1704067200n, missingTime]])
    expect(read.notices?.map(({ kind, column, text }) => [kind, column, text])).toEqual([['missing-column', '__proto__', 'It counts as missing in 1 row.'], ['missing-column', 'day', 'It counts as missing in 1 row.']])
    expect(values(mlflow({ instances: rows }))).toEqual(values(read))
    expect(() => mlflow({ dataframe_records: [rows[0], { colour: 'red' }] })).toThrow('invalid flag; a value is needed')
    expect(() => readV1Request(signature, parseStrictJson(JSON.stringify({ instances: rows }), 4))).toThrow('missing column in row 2; another row has "__proto__"')
  })
  test('what pandas reads as missing is missing in CSV, unless training knew it as a category', () => {
    const csv = (text: string, of = signature) => values(readCsvRequest(of, `__proto__,colour,flag,day\n${text}`))
    for (const word of ['', 'NA', 'NaN', 'null', '<NA>']) expect(csv(`${word},red,yes,${word}`), word).toEqual([[Number.NaN], ['red'], [1], [missingTime]])
    expect(() => csv('1,NA,yes,')).toThrow('invalid colour; a value is needed')
    expect(csv('1,NA,yes,', { ...signature, inputs: [number, { ...category, categories: ['NA'] }, flag, date] })[1]).toEqual(['NA'])
    for (const word of ['true', 'True', 'TRUE']) expect(csv(`1,red,${word},`)[2], word).toEqual([1])
    for (const word of ['false', 'False', 'FALSE']) expect(csv(`1,red,${word},`)[2], word).toEqual([0])
    expect(() => csv('1,red,tRUE,')).toThrow('invalid flag; not true or false')
    expect(() => csv('?,red,yes,')).toThrow('invalid __proto__; not a finite number: "?" in row 1')
  })
  test('columns of which the model knows none are refused in every form, though it answers rows without any value', () => {
    const lax: Signature = { ...signature, inputs: [number, { ...category, nullable: true }, date] }
    const refusal = (given: string): string => `unknown columns; the signature has none of them, it asks for "__proto__", "colour", "day": ${given}`
    expect(() => readCsvRequest(lax, '__proto__;colour;day\n1;red;\n')).toThrow(refusal('"__proto__;colour;day"'))
    const forms = (columns: readonly string[]) => [{ dataframe_split: { columns, data: [columns.map(() => null)] } }, ...['dataframe_records', 'instances'].map((form) => ({ [form]: [Object.fromEntries(columns.map((name) => [name, null]))] })), { inputs: Object.fromEntries(columns.map((name) => [name, [null]])) }]
    const read = (form: object) => readMlflowRequest(lax, parseStrictJson(JSON.stringify(form), 4))
    for (const form of forms(['Colour', 'Day'])) expect(() => read(form), Object.keys(form)[0]).toThrow(refusal('"Colour", "Day"'))
    for (const form of forms(['Colour', 'day'])) expect(read(form).notices?.map(({ kind, column }) => [kind, column])).toEqual([['extra-column', 'Colour'], ['missing-column', '__proto__'], ['missing-column', 'colour']])
    // A record of nothing names nothing wrongly.
    expect(values(read({ dataframe_records: [{}] }))).toEqual([[Number.NaN], [''], [missingTime]])
    expect(() => readV1Request(lax, parseStrictJson('{"instances":[{"Colour":null}]}', 4))).toThrow(refusal('"Colour"'))
  })
})

describe('answers', () => {
  test('classes of any name are written as they are', () => {
    const text = plainResponse(signature, 1, { answers: ['__proto__'], probabilities: [0.75, 0.25] })
    expect(text).toBe('{"predictions":[{"label":"__proto__","probabilities":{"__proto__":0.75,"\\"quoted\\"":0.25}}]}')
  })
  test('an answer that is not finite is an error that names the row', () => {
    expect(() => checkFiniteAnswer({ answers: ['a', 'b'], probabilities: [0.5, 0.5, Number.NaN, 1] }, 2)).toThrow('invalid output; the model answered NaN in row 2')
    expect(() => checkFiniteAnswer({ answers: [Number.POSITIVE_INFINITY] }, 1)).toThrow('Infinity in row 1')
  })
  test('addresses hold letters, digits and dashes', () => {
    expect(['My <b>Model</b>', '../..', '模型', 'a'.repeat(100)].map(modelSlug)).toEqual(['my-b-model-b', 'model', 'model', 'a'.repeat(60)])
  })
})

test('graph names differ from column names only where ONNX cannot take them', () => {
  expect(graphNames(['a', '', '(empty)', 'b\0c', 'b\u2400c', '__proto__', '<b>'])).toEqual(['a', '(empty)', '(empty)_', 'b\u2400c', 'b\u2400c_', '__proto__', '<b>'])
})

describe('numbers that a file writes with groups and signs', () => {
  const price: SignatureInput = { name: 'price', kind: 'numeric', tensor: 'float', nullable: false, layout: '$1,234.5' }
  test.each([['$1,250.50', 1250.5], ['1,250.50', 1250.5], ['12', 12], [12.5, 12.5]])('are read by the layout of the signature: %s', (cell, value) => {
    expect(encodeCell(price, cell)).toEqual({ value })
  })
  test.each(['€5', 'n/k', '1,25', true])('and refused by its name: %s', (cell) => {
    expect(encodeCell(price, cell)).toHaveProperty('problem')
  })
  test('text is no number where the signature names no layout', () => {
    expect(encodeCell({ name: 'price', kind: 'numeric', tensor: 'float', nullable: false }, '12')).toEqual({ problem: 'not a finite number' })
  })
})

describe('parameters beside the rows', () => {
  const two: Signature = { ...signature, version: 2, params: [{ name: 'threshold', type: 'double', default: 0.5, min: 0, max: 1 }] }
  const text = (more: string): ReturnType<typeof parseStrictJson> => parseStrictJson(`{"rows":[{"__proto__":1,"colour":"red","flag":true,"day":null}]${more}}`, 6)
  test('the threshold has a default, is taken from every protocol, and moves labels alone', () => {
    expect(readPlainRequest(two, text(''))).not.toHaveProperty('threshold')
    // Asked is asked, whatever this model's own is: beside it another may answer, whose own is another.
    expect(readPlainRequest(two, text(',"params":{"threshold":0.5}'))).toMatchObject({ threshold: 0.5 })
    expect(readPlainRequest(two, text(',"params":{"threshold":0.9}'))).toMatchObject({ threshold: 0.9 })
    expect(readMlflowRequest(two, parseStrictJson('{"instances":[{"__proto__":1,"colour":"red","flag":true,"day":null}],"params":{"threshold":0}}', 6))).toMatchObject({ threshold: 0 })
    const tensor = (name: string, datatype: string, value: string): string => `{"name":"${name}","shape":[1,1],"datatype":"${datatype}","data":[${value}]}`
    expect(readInferRequest(two, parseStrictJson(`{"parameters":{"threshold":1},"inputs":[${tensor('__proto__', 'FP32', '1')},${tensor('colour', 'BYTES', '"red"')},${tensor('flag', 'BOOL', 'true')},${tensor('day', 'INT64', '0')}]}`, 6))).toMatchObject({ threshold: 1 })
    for (const name of ['params', 'parameters']) expect(() => readV1Request(two, parseStrictJson(`{"instances":[{"__proto__":1,"colour":"red","flag":true,"day":null}],"${name}":{"threshold":1}}`, 4)), name).toThrow(`unsupported ${name}; KServe v1 has no place for what a request sets`)
    const answer = { answers: ['__proto__', '"quoted"'], probabilities: [0.6, 0.4, 0.2, 0.8] }
    expect(atThreshold(two, answer, undefined)).toBe(answer)
    expect(atThreshold(two, answer, 0.5)).toBe(answer)
    expect(atThreshold({ ...two, threshold: 0.9 }, answer, 0.5)).toEqual({ ...answer, answers: ['__proto__', '"quoted"'] })
    // Nine in ten is reached at 0.9, though as a 32-bit number it is a little less.
    expect(atThreshold(two, { answers: ['__proto__'], probabilities: Float32Array.of(0.1, 0.9) }, 0.9).answers).toEqual(['"quoted"'])
    expect(atThreshold(two, answer, 0.4)).toEqual({ ...answer, answers: ['"quoted"', '"quoted"'] })
    expect(atThreshold(two, answer, 0.9)).toEqual({ ...answer, answers: ['__proto__', '__proto__'] })
  })
  test.each(['"0.5"', '1.5', '-0.1', 'null', '{}'])('a threshold of %s is refused by name', (value) => {
    expect(() => readPlainRequest(two, text(`,"params":{"threshold":${value}}`))).toThrow('invalid threshold in params; not a number between 0 and 1: ')
  })
  test('what is unknown is told and ignored, by a signature of version 1 everything', () => {
    expect(readPlainRequest(two, text(',"params":{"temperature":1}')).notices).toMatchObject([{ kind: 'unknown-param', column: 'temperature', text: 'The model has no such parameter; it has threshold.' }])
    expect(readPlainRequest(signature, text(',"params":{"threshold":0.9}'))).toMatchObject({ notices: [{ kind: 'unknown-param', column: 'threshold' }] })
    expect(() => readPlainRequest(two, text(',"params":[1]'))).toThrow('invalid params; not an object')
  })
})
