/** Pictures of a request: base64 there and back, and what all of them may be together. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkPictures, formLimits, readFormRequest } from '../../../../src/core/bundle/form-request.ts'
import { paramsFor } from '../../../../src/core/bundle/params.ts'
import { fromBase64, toBase64 } from '../../../../src/core/bundle/pictures.ts'
import type { Signature } from '../../../../src/core/bundle/signature.ts'
import { png } from '../../../support/pictures.ts'

test('base64 is that of others, whatever the length', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length * 7) & 255)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
    expect(fromBase64(toBase64(bytes))).toEqual(bytes)
  }
  expect(() => fromBase64('not base64!')).toThrow()
})

test('many pictures in JSON, or many pixels in small files, are refused before anything is decoded', () => {
  const signature = { inputs: [{ name: 'image', kind: 'image', tensor: 'uint8', nullable: false }] } as unknown as Signature
  const small = toBase64(png(2, 2, () => [0, 0, 0]))
  const huge = toBase64(png(2, 2, () => [0, 0, 0], [8000, 8000]))
  const ask = (cells: string[]) => () => checkPictures(signature, { rows: cells.length, feeds: [{ type: 'string', values: cells }] })
  expect(ask(Array<string>(formLimits.rows).fill(small))).not.toThrow()
  expect(ask(Array<string>(formLimits.rows + 1).fill(small))).toThrow('invalid rows; more than 256 rows with pictures: 257')
  expect(ask([small, ...Array<string>(4).fill(huge)])).toThrow('invalid rows; more than 256 million pixels in all, at row 5')
})

test('what a picture has beyond its first frame and eight bits is left out with a word, by row', () => {
  const signature = { inputs: [{ name: 'image', kind: 'image', tensor: 'uint8', nullable: false }] } as unknown as Signature
  const files = ['rgb8.png', 'rgb16.png', 'animated.gif'].map((name) => new Uint8Array(readFileSync(`test/fixtures/pictures/${name}`)))
  const told = [
    { level: 'warning', kind: 'in-part', column: 'image', row: 2, count: 1, text: 'It has 16 bits a channel, and is read with 8.' },
    { level: 'warning', kind: 'in-part', column: 'image', row: 3, count: 1, text: 'It is animated: its first frame is taken.' },
  ]
  const early = { level: 'warning', kind: 'unknown-param', column: 'a', count: 1, text: '' } as const
  expect(checkPictures(signature, { rows: 3, feeds: [{ type: 'string', values: files.map(toBase64) }], notices: [early] }).notices).toEqual([early, ...told])
  expect(readFormRequest(signature, files.map((value) => ({ name: 'image', value }))).notices).toEqual(told)
})

test('a form sets what JSON sets, in a text field; a column of that name is a column', () => {
  const of = (column: string) => ({ inputs: [{ name: column, kind: 'image', tensor: 'uint8', nullable: false }], params: paramsFor('binary', 0.5) }) as unknown as Signature
  const picture = png(2, 2, () => [0, 0, 0])
  const ask = (fields: readonly string[], column = 'image') => readFormRequest(of(column), [{ name: column, value: picture }, ...fields.map((value) => ({ name: 'params', value }))])
  expect(ask([])).not.toHaveProperty('threshold')
  expect(ask(['{"threshold":0.9}'])).toMatchObject({ rows: 1, threshold: 0.9, notices: [] })
  expect(ask(['{"treshold":0.9}']).notices).toMatchObject([{ kind: 'unknown-param', column: 'treshold' }])
  expect(() => ask(['{"threshold":2}'])).toThrow('invalid threshold in params; not a number between 0 and 1: 2')
  expect(() => ask(['0.9'])).toThrow('invalid params; not an object: 0.9')
  expect(() => ask(['{threshold:0.9}'])).toThrow(/^invalid JSON/)
  expect(() => ask(['{}', '{}'])).toThrow('invalid params; given twice')
  expect(() => ask(['{"threshold":0.9}'], 'params')).toThrow('invalid params; not a file: "text" in row 2')
  expect(() => readFormRequest(of('image'), [{ name: 'params', value: '{}' }])).toThrow('invalid form; not between 1 and 64 files: 0')
  expect(() => readFormRequest(of('image'), [{ name: 'params', value: picture }])).toThrow('unknown field in the form')
})
