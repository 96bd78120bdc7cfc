/** Immutable columns, a number of rows, and where they came from. */
import { StudioError } from '../errors.ts'
import type { Column } from './column.ts'
import type { Kind } from './kinds.ts'

/** Where the rows came from and how they were read. */
export interface Source {
  readonly kind: 'file' | 'paste' | 'sample' | 'derived'
  readonly fileName: string
  readonly bytes: number
  /** SHA-256 of the source's bytes, 64 hex digits. */
  readonly sha256: string
  /** For samples: the licence at the data's origin. */
  readonly licence?: string
  readonly url?: string
  /** Where rows of several files were put together: each with its SHA-256 and the rows taken, oldest first. */
  readonly madeOf?: readonly { readonly fileName: string; readonly sha256: string; readonly rows: number }[]
}

/** A column without its values: what pages and forms need. */
export interface ColumnInfo {
  readonly name: string
  readonly kind: Kind
  readonly missing: number
  /** Categories in order of appearance; only for categorical and boolean columns. */
  readonly categories?: readonly string[]
  readonly integer?: boolean
  /** How the file writes moments, and numbers that are not plain: needed to read the same text again when serving. */
  readonly layout?: string
}

export interface Dataset {
  /** SHA-256 over names, kinds, values and validity: equal data has an equal id. */
  readonly id: string
  readonly name: string
  readonly rows: number
  readonly columns: readonly Column[]
  readonly source: Source
}

/** By name; columns never change. Whoever asks a table of 10,000 for each of its columns must not wait for their square. */
const places = new WeakMap<readonly Column[], ReadonlyMap<string, Column>>()

/** Of equal names the first. @throws StudioError bad-data telling how many columns there are */
export function columnNamed(dataset: { readonly columns: readonly Column[] }, name: string): Column {
  const { columns } = dataset
  const known = places.get(columns) ?? new Map(columns.toReversed().map((column) => [column.name, column]))
  places.set(columns, known)
  const column = known.get(name)
  if (column) return column
  throw new StudioError({
    code: 'bad-data',
    message: `missing column; not among the ${dataset.columns.length} columns of the data: ${name.slice(0, 200)}`,
    details: { column: name.slice(0, 200) },
  })
}

/** Names, kinds and categories, for forms and signatures. */
export function columnInfo(column: Column): ColumnInfo {
  let valid = 0
  for (let row = 0; row < column.length; row++) valid += ((column.validity[row >> 3] as number) >> (row & 7)) & 1
  const info = { name: column.name, kind: column.kind, missing: column.length - valid }
  if (column.kind === 'categorical') return { ...info, categories: column.dictionary }
  if (column.kind === 'boolean') return { ...info, categories: column.labels }
  if (column.kind === 'numeric') return { ...info, integer: column.integer, ...(column.layout === undefined ? {} : { layout: column.layout }) }
  if (column.kind === 'datetime') return { ...info, layout: column.layout }
  return info
}
