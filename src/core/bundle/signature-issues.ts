import { writeCsv } from '../ingest/csv-write.ts'

/** A cell, row or column of a new file that does not match the signature. */
export interface SignatureIssue {
  readonly level: 'error' | 'warning'
  readonly kind: 'missing-column' | 'extra-column' | 'unseen' | 'out-of-range' | 'not-a-number' | 'missing-value' | 'ragged-row' | 'other-model' | 'other-threshold'
  readonly column: string
  /** 1-based data row, absent for whole columns. */
  readonly row?: number
  readonly count: number
  readonly text: string
}

/** Cells listed one by one for each kind of issue and column; the rest is counted. */
const listedCells = 20
/** Beyond these a list helps nobody: the file is another one. */
const keptIssues = 100_000

/** Issues by kind and column: the first cells by row, the rest as one count. */
export class Issues {
  readonly #groups = new Map<string, { readonly listed: SignatureIssue[]; more: number }>()
  readonly #kept: SignatureIssue[] = []
  #count = 0

  add(issue: SignatureIssue): void {
    this.#count++
    if (this.#kept.length < keptIssues) this.#kept.push(issue)
    const key = `${issue.kind} ${issue.column}`
    const group = this.#groups.get(key) ?? { listed: [], more: 0 }
    this.#groups.set(key, group)
    if (group.listed.length < listedCells) group.listed.push(issue)
    else group.more += issue.count
  }
  list(): SignatureIssue[] {
    return [...this.#groups.values()].flatMap(({ listed, more }) => {
      const { level, kind, column } = listed[0] as SignatureIssue
      return more === 0 ? listed : [...listed, { level, kind, column, count: more, text: `${more.toLocaleString('en')} more such cells in this column.` }]
    })
  }
  /** Every issue with its row, where `list` counts some of them; null where it has them all. */
  csv(): Uint8Array<ArrayBuffer> | null {
    if ([...this.#groups.values()].every(({ more }) => more === 0)) return null
    const rest = this.#count - this.#kept.length
    const rows = this.#kept.map(({ level, kind, row, column, text }) => [level, kind, row ?? null, column, text])
    return writeCsv(['level', 'kind', 'row', 'column', 'what'], rest === 0 ? rows : [...rows, [null, null, null, null, `${rest.toLocaleString('en')} more are not listed.`]])
  }
}
