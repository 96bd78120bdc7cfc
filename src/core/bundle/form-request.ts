/**
 * Pictures as a form sends them (multipart/form-data): each file is a row of a model that takes one picture and nothing
 * else; a text field `params` holds what the request sets, as JSON. And what all pictures of a request may be together, however they come.
 */
import { StudioError } from '../errors.ts'
import { readHeader, type PictureHeader } from '../images/header.ts'
import { leftOutOf, leftOutWords } from '../images/in-part.ts'
import { cellError, encodeRows } from './encode.ts'
import type { Notice } from './notices.ts'
import { readParams, type RequestParams } from './params.ts'
import { fromBase64, hasPictures, toBase64 } from './pictures.ts'
import { bad, type ModelRequest } from './requests.ts'
import type { Signature } from './signature.ts'
import { parseStrictJson } from './strict-json.ts'

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
  /** A file, or text. */
  readonly value: Uint8Array | string
}

/** Beside the files; a column of that name has it for its own. */
const isParams = ({ name, value }: FormPart, signature: Signature): boolean => name === 'params' && typeof value === 'string' && signature.inputs[0]?.name !== name

function formParams(signature: Signature, fields: readonly FormPart[]): RequestParams {
  if (fields.length > 1) throw bad('params', 'given twice')
  const [given] = fields
  return given ? readParams(signature, 'params', parseStrictJson(given.value as string, 2)) : {}
}

/** What of a picture is not looked at, in the studio's words. */
const inPart = (column: string, row: number, header: PictureHeader): Notice[] => leftOutOf(header).map((what) => ({ level: 'warning', kind: 'in-part', column, row: row + 1, count: 1, text: leftOutWords[what] }))

/** Pictures in base64, row by row. @returns the request, with what is taken of them in part. @throws StudioError bad-data; nothing has been decoded then */
export function checkPictures(signature: Signature, request: ModelRequest): ModelRequest {
  if (!hasPictures(signature)) return request
  const { rows, feeds } = request
  if (rows > formLimits.rows) throw bad('rows', `more than ${formLimits.rows} rows with pictures`, rows)
  const notices = [...(request.notices ?? [])]
  let pixels = 0
  for (const [i, { kind, name }] of signature.inputs.entries()) {
    if (kind !== 'image') continue
    for (const [row, cell] of (feeds[i]?.values as readonly string[]).entries()) {
      const header = readHeader(fromBase64(cell))
      pixels += header.width * header.height
      if (pixels > formLimits.pixels) throw bad('rows', `more than ${formLimits.pixels / 1_000_000} million pixels in all, at row ${row + 1}`)
      notices.push(...inPart(name, row, header))
    }
  }
  return { ...request, notices }
}

/** @throws StudioError bad-data; nothing has been decoded then */
export function readFormRequest(signature: Signature, parts: readonly FormPart[]): ModelRequest {
  const [input] = signature.inputs
  if (!input || !takesForms(signature)) throw bad('body', 'a form is for models that take one picture a row')
  const params = formParams(signature, parts.filter((part) => isParams(part, signature)))
  const files = parts.filter((part) => !isParams(part, signature))
  if (files.length < 1 || files.length > formLimits.pictures) throw bad('form', `not between 1 and ${formLimits.pictures} files`, files.length)
  const notices = [...(params.notices ?? [])]
  let pixels = 0
  const cells = files.map(({ name, value }, row) => {
    if (name !== input.name) throw new StudioError({ code: 'bad-data', message: `unknown field in the form; the signature asks for ${input.name.slice(0, 80)}: ${name.slice(0, 80)}`, details: { field: name.slice(0, 200) } })
    if (typeof value === 'string') throw cellError(input, row, 'not a file', 'text')
    try {
      const header = readHeader(value)
      pixels += header.width * header.height
      notices.push(...inPart(name, row, header))
    } catch (error) {
      if (error instanceof StudioError) throw cellError(input, row, error.message, `${value.length} bytes`)
      throw error
    }
    if (pixels > formLimits.pixels) throw bad('form', `more than ${formLimits.pixels / 1_000_000} million pixels in all, at file ${row + 1}`)
    return toBase64(value)
  })
  return { rows: cells.length, feeds: encodeRows(signature, cells.length, (row) => cells[row]), ...params, notices }
}
