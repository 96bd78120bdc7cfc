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
  /** Chance that a held-out row of the second class scores higher than one of the first; ties count half. */
  auc(prediction: Prediction): number
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
    auc: (prediction) => {
      const scores = Float64Array.from({ length: all - rows }, (_, i) => (prediction as ClassPrediction).probabilities[2 * i + 1] as number)
      return aucOf(scores, codes.subarray(rows))
    },
  }
}

function aucOf(scores: Float64Array, codes: Int32Array): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const positives = codes.reduce((sum, code) => sum + code, 0)
  let ranks = 0
  for (let from = 0, to = 0; from < order.length; from = to) {
    let here = 0
    for (; to < order.length && scores[order[to] as number] === scores[order[from] as number]; to++) here += codes[order[to] as number] as number
    ranks += here * ((from + 1 + to) / 2)
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (codes.length - positives))
}
