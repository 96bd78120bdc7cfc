/** What a command is given besides its words. */
import type { ProgressLine } from './progress.ts'

export interface Io {
  /** To standard output: the answer, nothing else. */
  readonly out: (content: string | Uint8Array) => void
  /** To standard error. */
  readonly progress: ProgressLine
  /** Aborted on Ctrl+C. */
  readonly signal: AbortSignal
}
