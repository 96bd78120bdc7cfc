/**
 * Golden rows: a few rows with the studio's own answers, kept in the bundle. They cover what differs
 * easily: every category, missing values, extremes, values exactly on a split, and categories that
 * training never saw. The server answers them at start and refuses to serve if one differs.
 */
import { columnFrom } from '../data/column.ts'
import type { Cell, Column, TextColumn } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { labelsOf } from '../data/target.ts'
import type { Matrix } from '../data/matrix.ts'
import type { OnnxGraph } from '../onnx/graph.ts'
import { tiesFail } from '../onnx/parity.ts'
import { parseDatetime } from '../ingest/datetime.ts'
import type { Pixels } from '../images/luma.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { goldenPictures, plainPng, toBase64 } from './pictures.ts'
import { jsonCell } from './encode.ts'
import { categoryRows, roomForFirsts, variants, type Candidate } from './golden-variants.ts'
import type { Signature, SignatureInput } from './signature.ts'
import { isFinitePrediction } from './signature-of.ts'

export type GoldenCell = number | string | boolean | null
export interface GoldenRows {
  readonly version: 1
  /** Input names, in the signature's order: the columns of `rows`. */
  readonly columns: readonly string[]
  readonly rows: readonly (readonly GoldenCell[])[]
  /** Why each row is here. */
  readonly reasons: readonly string[]
  readonly expected: {
    /** Regression. */
    readonly values?: readonly number[]
    readonly labels?: readonly string[]
    /** One list a row, in class order. */
    readonly probabilities?: readonly (readonly number[])[]
  }
  /** Largest difference allowed for probabilities or values. */
  readonly tolerance: number
  /** A label that hangs on less than the tolerance must be the same too. */
  readonly tiesFail?: true
  /** Columns with more categories of training than rows have room for; absent where every category is in a row. */
  readonly capped?: readonly CategoryCap[]
}
export interface CategoryCap {
  readonly column: string
  /** Categories of training that a row holds, and that there are. */
  readonly held: number
  readonly of: number
}

/** Rows that are ordinary; rows and cells that are looked at. */
const most = { plain: 10, searched: 50_000, cells: 20_000_000 }

/** The dataset columns that JSON cells stand for; categories keep their text, a date its seconds. */
export function columnsOfCells(inputs: readonly SignatureInput[], rows: readonly (readonly GoldenCell[])[]): Column[] {
  return inputs.map((input, i) => {
    const cells = rows.map((row): Cell => {
      const cell = row[i] ?? null
      return input.kind === 'datetime' && typeof cell === 'string' ? parseDatetime(input.layout ?? 'epoch-seconds', cell) : cell
    })
    return columnFrom(input.name, input.kind, cells)
  })
}

/**
 * @param rows held-out row numbers the examples are taken from
 * @param graph of this pipeline: its tree nodes name the values that splits are made at
 */
export async function goldenRows(pipeline: Pipeline, signature: Signature, columns: readonly Column[], rows: ArrayLike<number>, graph: OnnxGraph, tolerance: number): Promise<GoldenRows> {
  const { inputs } = signature
  const entering = inputs.map((input) => columnNamed({ columns }, input.name))
  const cellsAt = (row: number): readonly GoldenCell[] | undefined => {
    const cells = entering.map((column, i) => jsonCell(inputs[i] as SignatureInput, column, row))
    return cells.every((cell, i) => cell !== undefined && (cell !== null || inputs[i]?.nullable)) ? (cells as GoldenCell[]) : undefined
  }
  const candidates: Candidate[] = []
  let base: readonly GoldenCell[] | undefined
  let found = 0
  const seen = inputs.map(() => new Set<string>())
  const extremes = inputs.map(() => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }))
  let room = 0
  for (let i = 0; i < Math.min(rows.length, most.searched, most.cells / inputs.length); i++) {
    const cells = cellsAt(rows[i] as number)
    if (!cells) continue
    if (!base) room = roomForFirsts(inputs, cells)
    base ??= cells
    found++
    let reason = found <= most.plain ? 'an ordinary row' : ''
    cells.forEach((cell, c) => {
      const input = inputs[c] as SignatureInput
      if (typeof cell === 'number') {
        const range = extremes[c] as { low: number; high: number }
        if (cell < range.low) range.low = cell
        if (cell > range.high) range.high = cell
        return
      }
      const mark = JSON.stringify(cell)
      const known = seen[c] as Set<string>
      if (known.has(mark)) return
      known.add(mark)
      if (input.kind === 'categorical' || input.kind === 'boolean' || cell === null) reason ||= `first ${cell === null ? 'missing value' : 'of its kind'} in a column`
    })
    if (reason && candidates.length < room) candidates.push({ cells, reason })
  }
  const held = inputs.map((_, c) => new Set(candidates.map(({ cells }) => JSON.stringify(cells[c]))))
  if (base) {
    const row = base
    const prepare = (index: number, values: readonly number[]): Matrix => pipeline.features(columnsOfCells(inputs, values.map((cell) => row.map((old, i) => (i === index ? cell : old)))))
    candidates.push(...variants(inputs, row, extremes, graph, pipeline.recipe, prepare), ...categoryRows(inputs, row, held))
  }
  return judged(pipeline, signature, candidates, tolerance)
}

/**
 * For a model of pictures: made-up ones as PNG files, because a person's photographs stay where they are.
 * @param tensorsOf what the recipe asks for of some pictures, by representation
 */
export async function goldenPictureRows(pipeline: Pipeline, signature: Signature, tolerance: number, tensorsOf: (pictures: readonly Pixels[]) => Promise<ReadonlyMap<string, Float32Array>>): Promise<GoldenRows> {
  const made = goldenPictures()
  const [input] = signature.inputs
  const column = columnFrom(input?.name ?? '', 'image', made.map((_, i) => `golden ${i}`)) as TextColumn
  const tensors = await tensorsOf(made.map(({ pixels }) => pixels))
  return judged(pipeline, signature, made.map(({ reason, pixels }) => ({ reason, cells: [toBase64(plainPng(pixels))] })), tolerance, [{ ...column, tensors }])
}

/** Asks the studio for each row's answer; rows it cannot answer are not golden. */
async function judged(pipeline: Pipeline, signature: Signature, candidates: readonly Candidate[], tolerance: number, columns = columnsOfCells(signature.inputs, candidates.map(({ cells }) => cells))): Promise<GoldenRows> {
  const prediction = await pipeline.predict(columns)
  const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  const k = prediction.task === 'regression' ? 1 : prediction.classes.length
  const row = (i: number): number[] => Array.from(numbers.subarray(i * k, (i + 1) * k))
  const all = isFinitePrediction(prediction)
  const kept = candidates.map((_, i) => i).filter((i) => all || row(i).every(Number.isFinite))
  const labels = prediction.task === 'regression' ? null : labelsOf(prediction, signature.threshold)
  const capped = signature.inputs.flatMap(({ name, categories }, i): CategoryCap[] => {
    const cells = new Set(kept.map((row) => candidates[row]?.cells[i]))
    const held = categories?.filter((category) => cells.has(category)).length ?? 0
    return categories && held < categories.length ? [{ column: name, held, of: categories.length }] : []
  })
  return {
    version: 1,
    columns: signature.inputs.map((input) => input.name),
    rows: kept.map((i) => (candidates[i] as Candidate).cells),
    reasons: kept.map((i) => (candidates[i] as Candidate).reason),
    expected: labels ? { labels: kept.map((i) => signature.classes[labels[i] as number] as string), probabilities: kept.map(row) } : { values: kept.map((i) => numbers[i] as number) },
    tolerance,
    ...(tiesFail(pipeline) && { tiesFail: true }),
    ...(capped.length > 0 && { capped }),
  }
}
