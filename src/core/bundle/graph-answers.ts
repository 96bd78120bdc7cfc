/** An exported graph as a model that answers rows of a file. */
import type { Column } from '../data/column.ts'
import type { Pixels } from '../images/luma.ts'
import type { CsvCell } from '../ingest/csv-write.ts'
import { answer, type OnnxSession } from '../onnx/runner.ts'
import { encodeColumns } from './encode.ts'
import type { AnsweringModel } from './predict-file.ts'
import type { PictureAnswer } from './predict-pictures.ts'
import type { Signature } from './signature.ts'

export const graphAnswers = (session: OnnxSession, signature: Signature): AnsweringModel => ({
  signature,
  answer: (columns, rows) => cellsOf(session, signature, columns, rows),
})

async function cellsOf(session: OnnxSession, signature: Signature, columns: readonly Column[], rows: Uint32Array): Promise<CsvCell[][]> {
  const { answers, probabilities } = await answer(session, signature, encodeColumns(signature, columns, rows), rows.length)
  const k = signature.classes.length
  const written = signature.outputs.at(-1)?.tensor === 'float' ? shortest : (value: number): number => value
  return Array.from(rows, (_, i) => {
    if (!probabilities) return [written(answers[i] as number)]
    return [answers[i] as string, ...Array.from({ length: k }, (_, c) => written(probabilities[i * k + c] as number))]
  })
}

/** The same for one picture, which is decoded by then. */
export async function askPicture(session: OnnxSession, signature: Signature, pixels: Pixels): Promise<PictureAnswer> {
  const { answers, probabilities = [] } = await answer(session, signature, [{ type: 'string', values: [''] }], 1, () => pixels)
  return { label: String(answers[0]), probabilities: Array.from(probabilities, shortest) }
}

/** The shortest number that is the same 32-bit number: the graph knows no more digits than that. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits))
    if (Math.fround(text) === value) return text
  }
  return value
}
