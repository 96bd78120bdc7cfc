/** Runs the scanner of core over a whole text, cut into pieces, and gives cells as text. */
import { cellText, createScanner, type ScannerOptions } from '../../src/core/ingest/csv/scanner.ts'

export interface Scanned {
  readonly rows: string[][]
  readonly lines: number[]
  readonly bytes: number[]
  readonly spoiled: number[]
}
export function scanAll(text: string | Uint8Array, options: Partial<ScannerOptions> = {}, pieceBytes = 1 << 20): Scanned {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const quote = options.quote ?? '"'
  const scanner = createScanner({ delimiter: ',', quote, columns: null, ...options })
  const found: Scanned = { rows: [], lines: [], bytes: [], spoiled: [] }
  const take = (batch: ReturnType<typeof scanner.push>): void => {
    for (let row = 0; row < batch.rows; row++) {
      const cells: string[] = []
      for (let cell = batch.firstCell[row] as number; cell < (batch.firstCell[row + 1] as number); cell++) cells.push(cellText(batch, cell, quote))
      found.rows.push(cells)
      found.lines.push(batch.lines[row] as number)
      found.bytes.push(batch.byte + (batch.rowStarts[row] as number))
      if (batch.spoiled[row] === 1) found.spoiled.push(found.rows.length - 1)
    }
  }
  for (let at = 0; at < bytes.length; at += pieceBytes) take(scanner.push(bytes.subarray(at, at + pieceBytes)))
  take(scanner.end())
  return found
}
