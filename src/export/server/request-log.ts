/**
 * The opt-in log of requests: NDJSON, one line a row and an answering version.
 * `{"log":1,"time","request","row","model","version","arm","protocol","inputs":{column:value},"params":{"threshold"},"answer":{"value"}|{"label","probabilities"}}`.
 * `params` stands where the request set something: labels follow it. Values are as `/predict` takes them, so a log can be replayed; redacted columns say "[redacted]" and keep their place.
 */
import { missingTime } from '../../core/bundle/encode.ts'
import type { Feed } from '../../core/bundle/encode.ts'
import { jsonObject } from '../../core/bundle/examples.ts'
import type { Signature, SignatureInput } from '../../core/bundle/signature.ts'
import { formatDatetime } from '../../core/ingest/datetime.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import type { Redaction } from './redaction.ts'

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
  /** That the request asked for. */
  readonly threshold: number | undefined
  readonly answer: ServedAnswer
}

/** Where the lines go. */
export interface LineSink {
  /** What comes now is lost. */
  readonly full: boolean
  /** Lines lost behind our back. */
  readonly lost: number
  write(text: string): void
  close(): Promise<void>
}

/** Standard output is nobody's to close. */
export const outputSink: LineSink = {
  get full() {
    return process.stdout.writableLength > 16 * 1024 * 1024
  },
  lost: 0,
  write: (text) => void process.stdout.write(text),
  close: () => Promise.resolve(),
}

export class RequestLog {
  readonly #out: LineSink
  readonly #redaction: Redaction
  readonly #now: () => Date
  #refused = 0

  constructor(out: LineSink, redaction: Redaction, now: () => Date = () => new Date()) {
    this.#out = out
    this.#redaction = redaction
    this.#now = now
  }

  /** Rows that are not in it. */
  get dropped(): number {
    return this.#refused + this.#out.lost
  }

  write(entry: LogEntry): void {
    if (this.#out.full) {
      this.#refused += entry.rows
      return
    }
    const { signature, feeds, answer } = entry
    const head = `{"log":1,"time":"${this.#now().toISOString()}","request":${JSON.stringify(entry.request)}`
    const of = `"model":${JSON.stringify(entry.model)},"version":${JSON.stringify(entry.version)},"arm":"${entry.arm}","protocol":"${entry.protocol}"`
    const hidden = signature.inputs.map(({ name }) => this.#redaction.hides(name))
    const params = entry.threshold === undefined ? '' : `,"params":{"threshold":${entry.threshold}}`
    let text = ''
    for (let row = 0; row < entry.rows; row++) {
      const inputs = jsonObject(signature.inputs.map((input, i) => [input.name, hidden[i] ? '"[redacted]"' : JSON.stringify(cellValue(input, feeds[i] as Feed, row))]))
      text += `${head},"row":${row + 1},${of},"inputs":${inputs}${params},"answer":${answerJson(signature, answer, row)}}\n`
    }
    this.#out.write(text)
  }

  close(): Promise<void> {
    return this.#out.close()
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
