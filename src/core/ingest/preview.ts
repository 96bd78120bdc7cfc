/** What an import would look like, from the beginning of the source only. */
import { fittingRows, reject, type Rejects } from './csv/cells.ts'
import { cellText, type RowBatch } from './csv/scanner.ts'
import { createTranscoder } from './decode.ts'
import { limits } from './limits.ts'
import type { IngestChoices, IngestPreview } from './options.ts'
import { planColumns, rowBytes, scannerFor, shapeOf, surveyFor } from './read-table.ts'
import { decodedHead, type WatchedSource } from './source.ts'

/** @throws StudioError bad-data, unsupported as an import of the source would */
export async function previewTable(source: WatchedSource, choices: IngestChoices): Promise<IngestPreview> {
  const shape = await shapeOf(source, choices)
  const { options, names } = shape
  const head = await source.head(limits.headBytes)
  const text = decodedHead(head, options.encoding, !shape.partial)
  const scanner = scannerFor(shape, shape.bom, 1)
  const survey = surveyFor(shape)
  const rows: string[][] = []
  const rejects: Rejects = { count: 0, listed: [] }
  let headerLeft = options.header
  const measure = createTranscoder(options.encoding)?.measure
  const take = (batch: RowBatch): void => {
    if (batch.rows === 0) return
    const at = rowBytes(batch, measure)
    const from = headerLeft ? 1 : 0
    headerLeft = false
    const fitting = fittingRows(
      batch,
      names.length,
      (row, reason) => {
        if (rejects.listed.length < limits.previewRows) reject(rejects, batch, row, at[row] as number, options, null, reason)
      },
      from,
    )
    survey.add(batch, fitting)
    for (const row of fitting) {
      if (rows.length >= limits.previewRows) break
      const first = batch.firstCell[row] as number
      rows.push(names.map((_, c) => cellText(batch, first + c, options.quote).slice(0, limits.quotedCharacters)))
    }
  }
  for (let at = 0; at < text.length; at += 65_536) take(scanner.push(text.subarray(at, at + 65_536)))
  if (!shape.partial) take(scanner.end())
  const columns = planColumns(shape, survey, choices).map(({ name, kind, layout }) => ({ name, kind, ...(layout === undefined ? {} : { layout }) }))
  return { options, guesses: shape.guesses, columns, rows, rejected: rejects.listed, partial: shape.partial, notes: shape.notes }
}
