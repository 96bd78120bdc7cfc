/** Pictures of a request: base64 there and back, and what all of them may be together. */
import { expect, test } from 'vitest'
import { checkPictures, formLimits } from '../../../../src/core/bundle/form-request.ts'
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
