/**
 * Proof that the graph answers as the studio does: both are asked the same held-out rows. Probabilities
 * may differ by 1e-5; values by what `toleranceFor` says, because the graph
 * adds in float32; labels not at all, except where two probabilities (or one and the threshold) lie
 * within 1e-5, which are counted as ties; of models of trees no label may differ at all.
 */
import { encodeColumns } from '../bundle/encode.ts'
import type { CategoryCap } from '../bundle/golden.ts'
import { hasPictures, type OpenCell } from '../bundle/pictures.ts'
import type { Signature } from '../bundle/signature.ts'
import type { Context } from '../context.ts'
import type { Column } from '../data/column.ts'
import { labelsOf } from '../data/target.ts'
import type { ClassPrediction, Prediction } from '../data/target.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { estimators } from '../estimators/registry.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { opsetLabel } from './proto.ts'
import { answer } from './runner.ts'
import type { OnnxSession, ServedAnswer } from './runner.ts'

export const probabilityTolerance = 1e-5
export const maxParityRows = 10_000
/** The whole network runs for each picture, so a person may say that some are enough: never fewer than so many. */
export const fewestParityPictures = 60
/** Rows that are asked at once. */
export const batchRows = 1000
/** What the person reads meanwhile. */
export const comparing = 'Comparing the graph with the studio'

export interface ParityOutput {
  readonly output: string
  readonly maxDifference: number
  readonly tolerance: number
}
export interface ParityCertificate {
  readonly rows: number
  readonly part: string
  readonly outputs: readonly ParityOutput[]
  readonly labelsEqual: number
  /** Labels that differ where two probabilities lie within the tolerance. */
  readonly ties: number
  /** Labels that differ otherwise: must be 0. */
  readonly labelsDifferent: number
  readonly passed: boolean
  readonly runtime: string
  readonly opset: string
  /** Columns whose golden rows do not hold every category of training. */
  readonly capped?: readonly CategoryCap[]
}

/**
 * Of values 1e-5 x max(1, sd of the target), and where the target spreads by less than 1 as strict in its own unit: 1e-5 x
 * its sd, or 1e-6 x its size where that is far from zero, since float32 rounds by the size. An absolute 1e-5 would let
 * every graph pass for a target such as 0.00002.
 * @param targetSd population standard deviation of the target in the training rows; unused for classes
 * @param targetLevel largest size of a target there
 */
export function toleranceFor(signature: Signature, targetSd: number, targetLevel = 0): number {
  if (signature.task !== 'regression') return probabilityTolerance
  const spread = Math.max(targetSd, targetLevel / 10)
  return probabilityTolerance * (targetSd >= 1 || spread === 0 ? Math.max(1, targetSd) : Math.min(1, spread))
}

export class ParityCount {
  readonly #signature: Signature
  readonly #tolerance: number
  readonly #tiesFail: boolean
  #rows = 0
  #largest = 0
  #equal = 0
  #ties = 0
  #different = 0

  /** @param tiesFail whether a tie with another label counts as different: trees take whole paths, so theirs must be the same */
  constructor(signature: Signature, tolerance: number, tiesFail = false) {
    this.#signature = signature
    this.#tolerance = tolerance
    this.#tiesFail = tiesFail
  }

  add(studio: Prediction, graph: ServedAnswer, rows: number): void {
    const numbers = studio.task === 'regression' ? studio.values : studio.probabilities
    const served = studio.task === 'regression' ? (graph.answers as ArrayLike<number>) : (graph.probabilities as ArrayLike<number>)
    for (let i = 0; i < numbers.length; i++) {
      const difference = Math.abs((numbers[i] as number) - (served[i] as number))
      // NaN on either side is a difference that no tolerance covers.
      if (!(difference <= this.#largest)) this.#largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
    }
    this.#rows += rows
    if (studio.task === 'regression') return
    const labels = labelsOf(studio, this.#signature.threshold)
    for (let row = 0; row < rows; row++) {
      if (graph.answers[row] === this.#signature.classes[labels[row] as number]) this.#equal++
      else if (!this.#tiesFail && isTie(studio, row, this.#signature.threshold)) this.#ties++
      else this.#different++
    }
  }

  certificate(part: string, runtime: string): ParityCertificate {
    const passed = this.#rows > 0 && this.#largest <= this.#tolerance && this.#different === 0
    const output = this.#signature.task === 'regression' ? 0 : 1
    return {
      rows: this.#rows,
      part,
      outputs: [{ output: this.#signature.outputs[output]?.name ?? '', maxDifference: this.#largest, tolerance: this.#tolerance }],
      labelsEqual: this.#equal,
      ties: this.#ties,
      labelsDifferent: this.#different,
      passed,
      runtime,
      opset: opsetLabel,
    }
  }
}

/** Models of trees give every row the same class, ties included. */
export const tiesFail = ({ model }: Pipeline): boolean => estimators.get(model.estimator).shows?.includes('trees') === true

/** Whether a label of this row hangs on less than the tolerance. */
export function isTie({ classes, probabilities }: ClassPrediction, row: number, threshold = 0.5): boolean {
  const k = classes.length
  const own = probabilities.slice(row * k, (row + 1) * k)
  if (k === 2) return Math.abs((own[1] as number) - threshold) <= probabilityTolerance
  own.sort()
  return (own[k - 1] as number) - (own[k - 2] as number) <= probabilityTolerance
}

/**
 * Pictures are asked one by one, in an order of chance (data lie in the order of their classes), until all have been
 * or the context says stop; the certificate tells which.
 * @param rows held-out row numbers; of tables the first 10,000 are used, of pictures 10,000 drawn by chance
 * @param part their name, for the certificate
 */
export async function checkParity(
  session: OnnxSession,
  pipeline: Pipeline,
  signature: Signature,
  data: { readonly columns: readonly Column[]; readonly rows: Uint32Array; readonly part: string },
  options: { readonly targetSd: number; readonly targetLevel?: number; readonly runtime: string; readonly open?: OpenCell },
  context: Context,
): Promise<ParityCertificate> {
  const count = new ParityCount(signature, toleranceFor(signature, options.targetSd, options.targetLevel), tiesFail(pipeline))
  const pictures = hasPictures(signature)
  const all = (pictures ? shuffle(data.rows.slice(), createRng(1)) : data.rows).subarray(0, maxParityRows)
  const total = all.length
  const batch = pictures ? 1 : batchRows
  let part = data.part
  for (let start = 0; start < total; start += batch) {
    if (pictures && start >= fewestParityPictures && context.stopping()) {
      part = `${data.part}, drawn by chance from ${data.rows.length} because the check was ended early`
      break
    }
    const rows = all.subarray(start, start + batch)
    const served = await answer(session, signature, encodeColumns(signature, data.columns, rows), rows.length, options.open)
    count.add(await pipeline.predict(data.columns, rows, context), served, rows.length)
    context.report({ kind: 'step', phase: comparing, done: start + rows.length, total })
    await context.checkpoint()
  }
  return count.certificate(part, options.runtime)
}
