/** Several requests as one, and its answer taken apart again. */
import type { Feed } from '../../core/bundle/encode.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import type { WorkerRequest } from './pool.ts'

/** @param requests of one signature: equal inputs in equal order */
export function joinRequests(requests: readonly WorkerRequest[]): WorkerRequest {
  const [first] = requests
  if (!first || requests.length === 1) return first ?? { feeds: [], rows: 0 }
  const rows = requests.reduce((sum, request) => sum + request.rows, 0)
  const feeds = first.feeds.map((feed, i): Feed => {
    const parts = requests.map((request) => request.feeds[i] as Feed)
    if (feed.type === 'string') return { type: 'string', values: parts.flatMap((part) => part.values as string[]) }
    if (feed.type === 'float') return { type: 'float', values: joined(new Float32Array(rows), parts.map((part) => part.values as Float32Array)) }
    return { type: 'int64', values: joined(new BigInt64Array(rows), parts.map((part) => part.values as BigInt64Array)) }
  })
  return { feeds, rows }
}

interface Settable<T> {
  readonly length: number
  set(part: T, at: number): void
}
function joined<T extends Settable<T>>(out: T, parts: readonly T[]): T {
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** @param rows of each request, in order */
export function splitAnswer(answer: ServedAnswer, rows: readonly number[]): ServedAnswer[] {
  if (rows.length === 1) return [answer]
  const total = rows.reduce((sum, count) => sum + count, 0)
  const cut = (values: ArrayLike<number> | readonly string[], from: number, to: number): ArrayLike<number> => (values as Float64Array).slice(from, to)
  const width = answer.probabilities ? answer.probabilities.length / total : 0
  let from = 0
  return rows.map((count) => {
    const to = from + count
    const part = { answers: cut(answer.answers, from, to), ...(answer.probabilities ? { probabilities: cut(answer.probabilities, from * width, to * width) } : {}) }
    from = to
    return part
  })
}
