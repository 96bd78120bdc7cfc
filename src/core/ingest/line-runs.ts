/**
 * Lines of rows, kept short: pairs (row, its line) wherever a row's line is not the one below the row
 * before. A plain file is one pair a row group; each refused row or cell with line breaks adds one.
 */
export function lineRuns(lines: ArrayLike<number>, rows: number): Uint32Array {
  const runs: number[] = []
  for (let row = 0; row < rows; row++) {
    if (row === 0 || lines[row] !== (lines[row - 1] as number) + 1) runs.push(row, lines[row] as number)
  }
  return Uint32Array.from(runs)
}

/** The line of each row; zeros where they were not kept. */
export function linesFrom(runs: Uint32Array | undefined, rows: number): Uint32Array {
  const lines = new Uint32Array(rows)
  for (let k = 0; runs && k < runs.length; k += 2) {
    const from = runs[k] as number
    const to = runs[k + 2] ?? rows
    for (let row = from; row < to; row++) lines[row] = (runs[k + 1] as number) + row - from
  }
  return lines
}
