/** Tables that the peers write: float32 columns end to end, and one byte a row for classes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Matrix } from '../../src/core/data/matrix.ts'
import { labelsOf } from '../../src/core/data/target.ts'
import type { ClassPrediction, ClassTarget, Prediction } from '../../src/core/data/target.ts'

export interface BinaryTable {
  readonly train: Matrix
  readonly y: ClassTarget
  readonly held: Matrix
  /** Classes of the held-out rows. */
  readonly codes: Int32Array
  /** Share of held-out rows whose class is predicted. */
  accuracy(prediction: Prediction): number
}

/** @param rows training rows; those after them are held out */
export function readBinaryTable(folder: string, rows: number, features: number): BinaryTable {
  const bytes = readFileSync(join(folder, 'columns.f32'))
  const cells = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const codes = Int32Array.from(readFileSync(join(folder, 'target.u8')))
  const all = codes.length
  const matrix = (from: number, to: number): Matrix => ({
    rows: to - from,
    features: Array.from({ length: features }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: cells.slice(f * all + from, f * all + to) })),
  })
  return {
    train: matrix(0, rows),
    y: { task: 'binary', column: 'y', classes: ['0', '1'], codes: codes.slice(0, rows) },
    held: matrix(rows, all),
    codes: codes.slice(rows),
    accuracy: (prediction) => labelsOf(prediction as ClassPrediction).reduce((right, label, i) => right + (label === codes[rows + i] ? 1 : 0), 0) / (all - rows),
  }
}
