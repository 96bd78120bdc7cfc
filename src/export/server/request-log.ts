/**
 * The opt-in log of requests: NDJSON, one line a row and an answering version.
 * `{"log":1,"time","request","row","model","version","arm","protocol","inputs":{column:value},"answer":{"value"}|{"label","probabilities"}}`.
 * Values are as `/predict` takes them, so a log can be replayed; redacted columns say "[redacted]" and keep their place.
 */
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { missingTime } from '../../core/bundle/encode.ts'
import type { Feed } from '../../core/bundle/encode.ts'
import { jsonObject } from '../../core/bundle/examples.ts'
import type { Signature, SignatureInput } from '../../core/bundle/signature.ts'
import { formatDatetime } from '../../core/ingest/datetime.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'

export interface LogEntry {
  readonly request: string
  readonly model: string
  readonly version: string
  /** single: the only answer; primary: the one given; shadow: computed beside it and not given. */
  readonly arm: 'single' | 'primary' | 'shadow'
  readonly protocol: string
  readonly signature: Signature
  readonly feeds: readonly Feed[]
  readonly rows: number
  readonly answer: ServedAnswer
}

/** Bytes that may wait for the disk; what comes then is dropped and counted. */
const mostWaiting = 16 * 1024 * 1024

export class RequestLog {
  readonly #out: Writable
  readonly #redacted: ReadonlySet<string>
  readonly #now: () => Date
  dropped = 0
  written = 0

  /** @param redacted column names; * stands for all of them */
  constructor(target: string | Writable, redacted: readonly string[], now: () => Date = () => new Date()) {
    this.#out = typeof target !== 'string' ? target : target === '-' ? process.stdout : createWriteStream(target, { flags: 'a', mode: 0o600 })
    this.#redacted = new Set(redacted)
    this.#now = now
    // A full disk must not end the server.
    this.#out.on('error', () => this.dropped++)
  }

  write(entry: LogEntry): void {
    if (this.#out.writableLength > mostWaiting || this.#out.destroyed) {
      this.dropped += entry.rows
      return
    }
    const { signature, feeds, answer } = entry
    const head = `{"log":1,"time":"${this.#now().toISOString()}","request":${JSON.stringify(entry.request)}`
    const of = `"model":${JSON.stringify(entry.model)},"version":${JSON.stringify(entry.version)},"arm":"${entry.arm}","protocol":"${entry.protocol}"`
    let text = ''
    for (let row = 0; row < entry.rows; row++) {
      const inputs = jsonObject(signature.inputs.map((input, i) => [input.name, this.#cell(input, feeds[i] as Feed, row)]))
      text += `${head},"row":${row + 1},${of},"inputs":${inputs},"answer":${answerJson(signature, answer, row)}}\n`
    }
    this.#out.write(text)
    this.written += entry.rows
  }

  #cell(input: SignatureInput, feed: Feed, row: number): string {
    if (this.#redacted.has(input.name) || this.#redacted.has('*')) return '"[redacted]"'
    return JSON.stringify(cellValue(input, feed, row))
  }

  close(): Promise<void> {
    return new Promise((resolve) => (this.#out === process.stdout || this.#out.destroyed ? resolve() : this.#out.end(resolve)))
  }
}

/** A tensor's cell as `/predict` takes it. */
export function cellValue(input: SignatureInput, feed: Feed, row: number): number | string | boolean | null {
  // A log is no place for pictures.
  if (input.kind === 'image') return null
  if (feed.type === 'string') return feed.values[row] === '' ? null : (feed.values[row] as string)
  if (feed.type === 'int64') {
    const seconds = feed.values[row] as bigint
    return seconds === missingTime ? null : formatDatetime(input.layout ?? 'epoch-seconds', Number(seconds))
  }
  const value = feed.values[row] as number
  if (value !== value) return null
  return input.kind === 'boolean' ? value === 1 : value
}

function answerJson(signature: Signature, answer: ServedAnswer, row: number): string {
  const given = JSON.stringify(answer.answers[row])
  if (!answer.probabilities) return `{"value":${given}}`
  const k = signature.classes.length
  return `{"label":${given},"probabilities":${jsonObject(signature.classes.map((name, c) => [name, JSON.stringify(answer.probabilities?.[row * k + c])]))}}`
}
