/** What-if edits cells: is there one that the model reads? A picture is none, and columns made from pictures are not edited. */
import type { ColumnInfo } from '../../core/data/dataset.ts'
import type { Run } from '../../core/run/run.ts'

export function hasCells(features: Run['features'], columns: readonly Pick<ColumnInfo, 'name' | 'kind'>[]): boolean {
  const pictures = new Set(columns.filter(({ kind }) => kind === 'image').map(({ name }) => name))
  return pictures.size === 0 || features.some(({ source }) => !pictures.has(source))
}
