/**
 * The signature of a trained pipeline: which raw columns it asks for, what each may hold, what it answers.
 * Ranges and categories are those of the training rows; whether a value may be missing is tried out on
 * the pipeline itself, so the signature cannot promise what the model does not keep.
 */
import type { Context } from '../context.ts'
import { isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { Pipeline } from '../run/pipeline.ts'
import { nullableColumns } from './nullable.ts'
import { paramsFor } from './params.ts'
import type { Signature, SignatureInput } from './signature.ts'

export interface SignatureOptions {
  readonly name: string
  /** Binary: the decision threshold. */
  readonly threshold: number
}

/**
 * Names for the graph, one for each column, in order. A graph's name is the column's, except where
 * ONNX cannot take it: it has no empty name, its runtimes cut names at NUL, and no two may be equal.
 * An empty name becomes `(empty)`, NUL becomes U+2400, half a surrogate pair U+FFFD, what is then taken gets underscores.
 */
export function graphNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name === '' ? '(empty)' : name.replaceAll('\0', '\u2400').replace(/\p{Surrogate}/gu, '\ufffd')
    while (taken.has(free)) free += '_'
    taken.add(free)
    return free
  })
}

const tensors = { numeric: 'float', boolean: 'float', categorical: 'string', datetime: 'int64', image: 'uint8' } as const

export const isFinitePrediction = (prediction: Prediction): boolean =>
  prediction.task === 'regression' ? prediction.values.every(Number.isFinite) : prediction.probabilities.every(Number.isFinite)

/**
 * @param columns the dataset's columns
 * @param trainRows row numbers: ranges and categories are read there
 * @throws StudioError unsupported where an input is text or an id, which no model here reads
 */
export async function signatureOf(pipeline: Pipeline, columns: readonly Column[], trainRows: ArrayLike<number>, options: SignatureOptions, context?: Context): Promise<Signature> {
  const entering = pipeline.recipe.inputs.map(({ name }) => columnNamed({ columns }, name))
  const names = graphNames(entering.map((column) => column.name))
  // A picture is always needed, and the other columns are then asked for too.
  const pictures = entering.some(({ kind }) => kind === 'image')
  const unread = entering.find(({ kind }) => kind === 'text' || kind === 'id')
  const nullable = pictures || unread ? [] : await nullableColumns(pipeline, entering, trainRows, context)
  const inputs: SignatureInput[] = []
  for (const [index, column] of entering.entries()) {
    if (column.kind === 'text' || column.kind === 'id') {
      throw new StudioError({ code: 'unsupported', message: `unsupported input; a model cannot be asked with a column of kind ${column.kind}: ${column.name.slice(0, 200)}` })
    }
    const graphName = names[index] as string
    inputs.push({
      name: column.name,
      ...(graphName === column.name ? {} : { graphName }),
      kind: column.kind,
      tensor: tensors[column.kind],
      nullable: nullable[index] === true,
      ...seenOf(column, trainRows),
    })
  }
  const taken = new Set(names)
  const output = (name: string): string => {
    while (taken.has(name)) name += '_'
    taken.add(name)
    return name
  }
  const { task, column: target } = pipeline.target
  return {
    version: 2,
    name: options.name,
    task,
    target,
    inputs,
    classes: pipeline.classes,
    ...(task === 'binary' ? { threshold: options.threshold } : {}),
    params: paramsFor(task, options.threshold),
    outputs:
      task === 'regression'
        ? [{ name: output('value'), tensor: 'double', shape: [-1] }]
        : [
            { name: output('label'), tensor: 'string', shape: [-1] },
            { name: output('probabilities'), tensor: 'float', shape: [-1, pipeline.classes.length] },
          ],
  }
}

function seenOf(column: Column, rows: ArrayLike<number>): Partial<SignatureInput> {
  switch (column.kind) {
    case 'numeric':
      return { integer: column.integer, ...(column.layout === undefined ? {} : { layout: column.layout }), ...rangeOf(column, column.values, rows) }
    case 'datetime':
      return { layout: column.layout, ...rangeOf(column, column.seconds, rows) }
    case 'boolean':
      return { labels: column.labels }
    case 'categorical': {
      const seen = new Uint8Array(column.dictionary.length)
      for (let i = 0; i < rows.length; i++) {
        const code = column.codes[rows[i] as number] as number
        if (code >= 0) seen[code] = 1
      }
      return { categories: column.dictionary.filter((_, code) => seen[code] === 1) }
    }
    default:
      return {}
  }
}

function rangeOf(column: Column, values: Float64Array, rows: ArrayLike<number>): { min?: number; max?: number } {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (!isValid(column, row)) continue
    const value = values[row] as number
    if (value < min) min = value
    if (value > max) max = value
  }
  return min <= max ? { min, max } : {}
}
