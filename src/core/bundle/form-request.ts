/**
 * Pictures as a form sends them (multipart/form-data): each file is a row of a model that takes one picture and nothing
 * else. And what all pictures of a request may be together, however they come.
 */
import { StudioError } from '../errors.ts'
import { readHeader } from '../images/header.ts'
import { cellError, encodeRows } from './encode.ts'
import { fromBase64, hasPictures, toBase64 } from './pictures.ts'
import { bad, type ModelRequest } from './requests.ts'
import type { Signature } from './signature.ts'

export const formLimits = {
  /** Files of one request. */
  pictures: 64,
  /** Rows of one request with pictures in JSON. */
  rows: 256,
  /** Of all its pictures together, read from their headers: what is small as a file may be large once it is decoded. */
  pixels: 256_000_000,
} as const

/** Whether a model can be asked by a form at all. */
export const takesForms = (signature: Signature): boolean => signature.inputs.length === 1 && hasPictures(signature)

export interface FormPart {
  readonly name: string
  /** The file; undefined where the field held text. */
  readonly bytes: Uint8Array | undefined
}

/** Pictures in base64, row by row. @throws StudioError bad-data; nothing has been decoded then */
export function checkPictures(signature: Signature, { rows, feeds }: ModelRequest): void {
  if (!hasPictures(signature)) return
  if (rows > formLimits.rows) throw bad('rows', `more than ${formLimits.rows} rows with pictures`, rows)
  let pixels = 0
  for (const [i, { kind }] of signature.inputs.entries()) {
    if (kind !== 'image') continue
    for (const [row, cell] of (feeds[i]?.values as readonly string[]).entries()) {
      const { width, height } = readHeader(fromBase64(cell))
      pixels += width * height
      if (pixels > formLimits.pixels) throw bad('rows', `more than ${formLimits.pixels / 1_000_000} million pixels in all, at row ${row + 1}`)
    }
  }
}

/** @throws StudioError bad-data; nothing has been decoded then */
export function readFormRequest(signature: Signature, parts: readonly FormPart[]): ModelRequest {
  const [input] = signature.inputs
  if (!input || !takesForms(signature)) throw bad('body', 'a form is for models that take one picture a row')
  if (parts.length < 1 || parts.length > formLimits.pictures) throw bad('form', `not between 1 and ${formLimits.pictures} files`, parts.length)
  let pixels = 0
  const cells = parts.map(({ name, bytes }, row) => {
    if (name !== input.name) throw new StudioError({ code: 'bad-data', message: `unknown field in the form; the signature asks for ${input.name.slice(0, 80)}: ${name.slice(0, 80)}`, details: { field: name.slice(0, 200) } })
    if (!bytes) throw cellError(input, row, 'not a file', 'text')
    try {
      const { width, height } = readHeader(bytes)
      pixels += width * height
    } catch (error) {
      if (error instanceof StudioError) throw cellError(input, row, error.message, `${bytes.length} bytes`)
      throw error
    }
    if (pixels > formLimits.pixels) throw bad('form', `more than ${formLimits.pixels / 1_000_000} million pixels in all, at file ${row + 1}`)
    return toBase64(bytes)
  })
  return { rows: cells.length, feeds: encodeRows(signature, cells.length, (row) => cells[row]) }
}
