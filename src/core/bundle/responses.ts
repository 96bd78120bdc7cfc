/** Answers of a served model as JSON text. An answer that is not a finite number is an error, never null or 0. */
import { StudioError } from '../errors.ts'
import type { ServedAnswer } from '../onnx/runner.ts'
import { datatypes } from './requests.ts'
import type { ModelRequest } from './requests.ts'
import type { Notice } from './notices.ts'
import type { Signature } from './signature.ts'

/** @throws StudioError diverged where an output is not finite */
export function checkFiniteAnswer(answer: ServedAnswer, rows: number): void {
  const numbers = answer.probabilities ?? (answer.answers as ArrayLike<number>)
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isFinite(numbers[i])) continue
    const row = Math.floor(i / (numbers.length / rows)) + 1
    throw new StudioError({ code: 'diverged', message: `invalid output; the model answered ${numbers[i]} in row ${row}`, details: { row } })
  }
}

/** @param notices counted in `parameters`, which the protocol leaves to servers */
export function inferResponse(signature: Signature, model: string, version: string, request: ModelRequest, answer: ServedAnswer, notices: readonly Notice[] = []): string {
  const all = signature.outputs.map((output, i) => ({
    name: output.name,
    shape: [request.rows, ...output.shape.slice(1)],
    datatype: datatypes[output.tensor],
    data: Array.from((i === 0 ? answer.answers : (answer.probabilities ?? [])) as ArrayLike<number | string>),
  }))
  const outputs = request.outputs ? [...new Set(request.outputs)].flatMap((asked) => all.filter(({ name }) => name === asked)) : all
  const count = (kind: Notice['kind']): number => notices.reduce((sum, notice) => sum + (notice.kind === kind ? notice.count : 0), 0)
  const strange = count('unknown-param')
  const inPart = count('in-part')
  const parameters = notices.length === 0 ? {} : { parameters: { unseen: count('unseen'), out_of_range: count('out-of-range'), ...(strange > 0 && { unknown_parameters: strange }), ...(inPart > 0 && { in_part: inPart }) } }
  return JSON.stringify({ model_name: model, model_version: version, ...(request.id === undefined ? {} : { id: request.id }), ...parameters, outputs })
}

/** Written by hand, because a class may be called anything, `__proto__` too. */
export function plainResponse(signature: Signature, rows: number, answer: ServedAnswer, notices: readonly Notice[] = []): string {
  const k = signature.classes.length
  const { answers, probabilities } = answer
  const fields = signature.classes.map((name, c) => `${c === 0 ? '' : ','}${JSON.stringify(name)}:`)
  const labels = new Map(signature.classes.map((name) => [name, JSON.stringify(name)]))
  let predictions = ''
  for (let row = 0; row < rows; row++) {
    if (row > 0) predictions += ','
    // Finite numbers: JSON writes them as they are.
    if (!probabilities) predictions += `{"value":${answers[row] as number}}`
    else {
      predictions += `{"label":${labels.get(answers[row] as string) ?? JSON.stringify(answers[row])},"probabilities":{`
      for (let c = 0; c < k; c++) predictions += `${fields[c] as string}${probabilities[row * k + c] as number}`
      predictions += '}}'
    }
  }
  return `{"predictions":[${predictions}]${notices.length === 0 ? '' : `,"warnings":${JSON.stringify(notices)}`}}`
}

/** As KServe v1 and MLflow answer: one entry a row, a number for a value, an object as in `plainResponse` for a class. */
export function rowsResponse(signature: Signature, rows: number, answer: ServedAnswer, notices: readonly Notice[] = []): string {
  if (answer.probabilities) return plainResponse(signature, rows, answer, notices)
  return `{"predictions":${JSON.stringify(Array.from(answer.answers as ArrayLike<number>))}${notices.length === 0 ? '' : `,"warnings":${JSON.stringify(notices)}`}}`
}

/** The model's name in addresses: letters, digits and dashes of its own name. */
export const modelSlug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '') || 'model'

export function modelMetadata(signature: Signature, name: string, versions: readonly string[]): string {
  return JSON.stringify({
    name,
    versions,
    platform: 'onnxruntime_onnx',
    inputs: signature.inputs.map((input) => ({
      name: input.name,
      datatype: datatypes[input.tensor],
      shape: [-1, 1],
      parameters: { kind: input.kind, nullable: input.nullable, ...(input.layout === undefined ? {} : { layout: input.layout }) },
    })),
    outputs: signature.outputs.map(({ name, tensor, shape }) => ({ name, datatype: datatypes[tensor], shape })),
  })
}
