/**
 * Finds rows and cells in UTF-8 bytes that arrive in pieces of any size; the answer never depends on the
 * sizes. Rows end at LF, CR or CRLF, mixed or not; a quote opens a cell only at its very start, a doubled
 * quote inside is one, and blanks after the closing quote are ignored. Other text after a closing quote
 * spoils the row, which is then marked, not guessed at.
 *
 * Ours rather than a library's because ingest needs lines and byte offsets, bounded memory, mixed line
 * ends and cells as byte ranges that numbers are read from without ever becoming strings.
 */
import { StudioError } from '../../errors.ts'
import { limits } from '../limits.ts'

export interface ScannerOptions {
  readonly delimiter: string
  /** Empty for none. */
  readonly quote: string
  /** Columns of the table where known: it tells a blank line from a missing cell, and rows from a long cell. */
  readonly columns: number | null
  /** Position in the file of the first byte pushed, and its line. */
  readonly byte?: number
  readonly line?: number
  /** How many bytes of the file UTF-8 bytes stand for; left out where the file is UTF-8. */
  readonly measure?: (bytes: Uint8Array, from: number, to: number) => number
}

export const plain = 0
export const quoted = 1
/** Quoted, with doubled quotes still inside. */
export const escaped = 3

/** Rows found by one push; valid until the next. */
export interface RowBatch {
  readonly bytes: Uint8Array
  readonly rows: number
  /** Cells of row r are [firstCell[r], firstCell[r + 1]). */
  readonly firstCell: Uint32Array
  /** Cell c is bytes[starts[c] .. ends[c]). */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** plain, quoted or escaped. */
  readonly flags: Uint8Array
  /** Shape (rows + 1): where each row starts in `bytes`; the last entry is where the next row will. */
  readonly rowStarts: Uint32Array
  /** Shape (rows + 1): 1-based lines of the file. */
  readonly lines: Uint32Array
  /** 1 where text follows a closing quote. */
  readonly spoiled: Uint8Array
  /** Position in the file of bytes[0]. */
  readonly byte: number
}
export interface Scanner {
  push(piece: Uint8Array): RowBatch
  /** The last row, where the file does not end with a line end. @throws StudioError bad-data for a quote never closed */
  end(): RowBatch
}

const atRow = 0
const atCell = 1
const inPlain = 2
const inQuotes = 3
const afterQuote = 4
const afterBlank = 5

/** @throws StudioError bad-data (from push and end) for a cell over the limit, or a quote that is never closed */
export function createScanner(options: ScannerOptions): Scanner {
  const encode = (text: string): number => {
    const bytes = new TextEncoder().encode(text)
    if (bytes.length === 1) return bytes[0] as number
    throw new StudioError({ code: 'bad-param', message: `invalid delimiter or quote; not one ASCII character: ${JSON.stringify(text)}` })
  }
  const delimiter = encode(options.delimiter)
  const quote = options.quote === '' ? -1 : encode(options.quote)
  /** 0 for every byte that may simply be passed over outside quotes. */
  const stops = new Uint8Array(256)
  stops[10] = 1
  stops[13] = 1
  stops[delimiter] = 1
  const measure = options.measure

  let buffer = new Uint8Array(1024)
  let length = 0
  let position = 0
  let state = atRow
  let skipLf = false
  let cellStart = 0
  let cellFlag = plain
  let contentEnd = 0
  let spoiledNow = 0
  let byte = options.byte ?? 0
  let line = options.line ?? 1
  let rowStart = 0
  let rowLine = line
  let quoteLine = line
  let lookedAhead = false

  let cells = 0
  let rows = 0
  let rowFirst = 0
  let starts = new Uint32Array(1024)
  let ends = new Uint32Array(1024)
  let flags = new Uint8Array(1024)
  let firstCell = new Uint32Array(257)
  let rowStarts = new Uint32Array(257)
  let lines = new Uint32Array(257)
  let spoiled = new Uint8Array(257)

  const positionOf = (index: number): number => byte + (measure ? measure(buffer, 0, index) : index)

  function growCells(): void {
    const larger = cells * 2
    starts = resized(starts, new Uint32Array(larger))
    ends = resized(ends, new Uint32Array(larger))
    flags = resized(flags, new Uint8Array(larger))
  }
  function addCell(from: number, to: number, flag: number): void {
    if (cells === starts.length) growCells()
    starts[cells] = from
    ends[cells] = to
    flags[cells] = flag
    cells++
    if (to - from > limits.cellBytes) tooLong(from)
    if (cells - rowFirst > limits.cellsPerRow) {
      throw new StudioError({
        code: 'bad-data',
        message: `invalid line; a line may hold at most ${limits.cellsPerRow} cells: line ${rowLine} has more`,
        details: { line: rowLine, byte: positionOf(rowStart), limit: limits.cellsPerRow },
        hint: 'Check the delimiter.',
      })
    }
  }
  function tooLong(from: number): never {
    throw new StudioError({
      code: 'bad-data',
      message: `invalid cell; a cell may be at most ${limits.cellBytes} bytes long: the one at byte ${positionOf(from)}, in the row of line ${rowLine}, is longer`,
      details: { line: rowLine, byte: positionOf(from), limit: limits.cellBytes },
      hint: 'Check the quotes around it, or shorten it.',
    })
  }
  function endRow(next: number): void {
    line++
    const blank = cells - rowFirst === 1 && flags[rowFirst] === plain && starts[rowFirst] === ends[rowFirst]
    if (blank && options.columns !== 1) cells = rowFirst
    else {
      if (rows + 1 === firstCell.length) {
        firstCell = resized(firstCell, new Uint32Array(rows * 2 + 3))
        rowStarts = resized(rowStarts, new Uint32Array(rows * 2 + 3))
        lines = resized(lines, new Uint32Array(rows * 2 + 3))
        spoiled = resized(spoiled, new Uint8Array(rows * 2 + 3))
      }
      firstCell[rows] = rowFirst
      rowStarts[rows] = rowStart
      lines[rows] = rowLine
      spoiled[rows] = spoiledNow
      rows++
      rowFirst = cells
    }
    spoiledNow = 0
    rowStart = next
    rowLine = line
    state = atRow
  }

  /** True where the first stretch of an open quoted cell reads like rows of this table. */
  function looksLikeRows(from: number, to: number): boolean {
    const columns = options.columns ?? 0
    if (columns < 2) return false
    let whole = 0
    let alike = 0
    let found = 0
    for (let i = from; i < to; i++) {
      const here = buffer[i]
      if (here === delimiter) found++
      else if (here === 10 || (here === 13 && buffer[i + 1] !== 10)) {
        // The first stretch belongs to the line of the quote itself.
        if (whole > 0 && found === columns - 1) alike++
        whole++
        found = 0
      }
    }
    return whole > 3 && alike >= 0.8 * (whole - 1)
  }
  function unclosed(): never {
    const at = positionOf(cellStart - 1)
    throw new StudioError({
      code: 'bad-data',
      message: `invalid quote; a quoted cell must end with a quote: the one opened on line ${quoteLine} (byte ${at}) is never closed`,
      details: { line: quoteLine, byte: at },
      hint: 'Close the quote or remove it; if quotes are ordinary characters in this file, set the quote to none.',
    })
  }

  function scan(): void {
    const end = length
    const bytes = buffer
    while (position < end) {
      if (state === inPlain) {
        while (position < end && stops[bytes[position] as number] === 0) position++
        if (position === end) break
        addCell(cellStart, position, plain)
        finishCell(bytes[position] as number)
      } else if (state === atRow || state === atCell) {
        const here = bytes[position] as number
        if (state === atRow && skipLf) {
          skipLf = false
          if (here === 10) {
            rowStart = ++position
            continue
          }
        }
        cellStart = position
        if (here === quote) {
          cellStart = ++position
          cellFlag = quoted
          quoteLine = line
          lookedAhead = false
          state = inQuotes
        } else state = inPlain
      } else if (state === inQuotes) {
        const ahead = cellStart + limits.quoteLookAhead
        const until = lookedAhead || ahead > end ? end : ahead
        while (position < until) {
          const here = bytes[position] as number
          if (here === quote) break
          if (here === 13 || (here === 10 && bytes[position - 1] !== 13)) line++
          position++
        }
        if (position < until) {
          position++
          state = afterQuote
        } else if (!lookedAhead && position === ahead) {
          lookedAhead = true
          if (looksLikeRows(cellStart, ahead)) unclosed()
        }
      } else {
        const here = bytes[position] as number
        if (state === afterQuote) {
          if (here === quote) {
            cellFlag = escaped
            state = inQuotes
            position++
            continue
          }
          contentEnd = position - 1
          state = afterBlank
        }
        while (position < end && stops[bytes[position] as number] === 0) {
          const blank = bytes[position]
          if (blank !== 32 && blank !== 9) spoiledNow = 1
          position++
        }
        if (position === end) break
        addCell(cellStart, contentEnd, cellFlag)
        finishCell(bytes[position] as number)
      }
    }
    if (state >= inPlain && length - cellStart > limits.cellBytes) tooLong(cellStart)
  }
  function finishCell(stop: number): void {
    position++
    if (stop === delimiter) state = atCell
    else {
      skipLf = stop === 13
      endRow(position)
    }
  }

  /** Forgets what was handed out and makes room for more. */
  function restart(more: number): void {
    if (rows > 0 || rowStart > 0) {
      const kept = cells - rowFirst
      for (let i = 0; i < kept; i++) {
        starts[i] = (starts[rowFirst + i] as number) - rowStart
        ends[i] = (ends[rowFirst + i] as number) - rowStart
        flags[i] = flags[rowFirst + i] as number
      }
      byte = positionOf(rowStart)
      buffer.copyWithin(0, rowStart, length)
      length -= rowStart
      position -= rowStart
      cellStart -= rowStart
      contentEnd -= rowStart
      cells = kept
      rowFirst = 0
      rows = 0
      rowStart = 0
    }
    if (length + more > buffer.length) buffer = resized(buffer, new Uint8Array(Math.max(length + more, buffer.length * 2)), length)
  }
  function batch(): RowBatch {
    firstCell[rows] = rowFirst
    rowStarts[rows] = rowStart
    lines[rows] = rowLine
    return { bytes: buffer, rows, firstCell, starts, ends, flags, rowStarts, lines, spoiled, byte }
  }

  return {
    push(piece) {
      restart(piece.length)
      buffer.set(piece, length)
      length += piece.length
      scan()
      return batch()
    },
    end() {
      restart(0)
      if (state === inQuotes) unclosed()
      if (state === atRow) return batch()
      if (state === atCell) addCell(position, position, plain)
      else if (state === inPlain) addCell(cellStart, position, plain)
      else addCell(cellStart, state === afterQuote ? position - 1 : contentEnd, cellFlag)
      endRow(position)
      return batch()
    },
  }
}

function resized<T extends Uint8Array | Uint32Array>(from: T, to: T, used = from.length): T {
  to.set(used === from.length ? from : from.subarray(0, used))
  return to
}

/** Bytes of a cell with doubled quotes made single. @param quote the byte of the quote */
export function unescapeCell(bytes: Uint8Array, from: number, to: number, quote: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(to - from)
  let at = 0
  for (let i = from; i < to; i++) {
    const here = bytes[i] as number
    out[at++] = here
    if (here === quote && bytes[i + 1] === quote && i + 1 < to) i++
  }
  return out.slice(0, at)
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of cell c of a batch. */
export function cellText(batch: RowBatch, cell: number, quote: string): string {
  const from = batch.starts[cell] as number
  const to = batch.ends[cell] as number
  return decoder.decode(batch.flags[cell] === escaped ? unescapeCell(batch.bytes, from, to, quote.charCodeAt(0)) : batch.bytes.subarray(from, to))
}
