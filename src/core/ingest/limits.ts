/** What an ingest accepts, in one table: quoted by messages, docs and tests. Sizes in bytes. */
export const limits = {
  /** Columns of a table. */
  columns: 10_000,
  /** One cell, after decoding to UTF-8. */
  cellBytes: 67_108_864,
  /** Cells of one line; more is not a table. */
  cellsPerRow: 1_000_000,
  /** A quoted cell longer than this is checked for looking like rows: then its quote was never closed. */
  quoteLookAhead: 1_048_576,
  /** The beginning of the source from which dialect and preview are taken. */
  headBytes: 1_048_576,
  /** A row group in storage. */
  chunkBytes: 4_194_304,
  /** Distinct names of a categorical column. */
  categories: 1_000_000,
  /** Sources up to this size are read once and kept until the ingest ends; larger ones are read twice. */
  keepBytes: 134_217_728,
  /** Stored columns up to this size are kept until the profile is made; larger ones are read back one by one. */
  keepColumnBytes: 268_435_456,
  /** Rows listed with their reason; more are counted. */
  rejectedListed: 1_000,
  /** Rows of text that a preview shows. */
  previewRows: 50,
  /** Characters of a cell or row in a message or list. */
  quotedCharacters: 500,
} as const
