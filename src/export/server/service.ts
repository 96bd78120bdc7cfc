/** From a request that was read to an answer: routing, inference, notices, and everything that is counted or logged of it. */
import { noticesOf } from '../../core/bundle/notices.ts'
import type { Notice } from '../../core/bundle/notices.ts'
import type { ModelRequest } from '../../core/bundle/requests.ts'
import { atThreshold } from '../../core/bundle/params.ts'
import { checkFiniteAnswer } from '../../core/bundle/responses.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import { labelsOf, shortLabel, type ServerMetrics } from './server-metrics.ts'
import type { ServedModel } from './models.ts'
import type { RequestLog } from './request-log.ts'
import type { ServedVersion } from './served-version.ts'
import type { Turn } from './turns.ts'

export type Protocol = 'v2' | 'v1' | 'mlflow' | 'plain'
export interface Answered {
  readonly version: ServedVersion
  readonly answer: ServedAnswer
  readonly notices: readonly Notice[]
}

export class Service {
  readonly #metrics: ServerMetrics
  readonly #log: RequestLog | undefined

  constructor(metrics: ServerMetrics, log?: RequestLog) {
    this.#metrics = metrics
    this.#log = log
  }

  /**
   * @param read the body by a signature; all arms of a route have the same inputs
   * @param turn of a large request: waited for between its steps
   * @throws whatever `read` throws; Overloaded; StudioError diverged where an output is not finite
   */
  async answer(model: ServedModel, asked: string | undefined, id: string, protocol: Protocol, read: (version: ServedVersion) => ModelRequest, turn?: Turn): Promise<Answered & { readonly request: ModelRequest }> {
    const route = model.route(asked, id)
    const request = read(route.primary)
    const { primary } = route
    if (turn) await turn()
    const answering = primary.run(request)
    for (const shadow of this.#shadows(model) ? route.shadows : []) {
      // Nobody waits for it, and its failure is nobody's but its own.
      shadow.run(request).then((answer) => {
        checkFiniteAnswer(answer, request.rows)
        this.#told(shadow, 'shadow', id, protocol, request, atThreshold(shadow.signature, answer, request.threshold))
      }).catch(() => this.#metrics.shadowFailures.inc(labelsOf(shadow)))
    }
    const own = await answering
    if (turn) await turn()
    checkFiniteAnswer(own, request.rows)
    const answer = atThreshold(primary.signature, own, request.threshold)
    const notices = [...(request.notices ?? []), ...noticesOf(primary.signature, request.feeds, request.rows)]
    this.#count(primary, request, answer, notices)
    if (turn && this.#log) await turn()
    this.#told(primary, route.shadows.length > 0 ? 'primary' : 'single', id, protocol, request, answer)
    return { version: primary, answer, notices, request }
  }

  /** A shadow always works; the other sides of a split only where their answers are kept. */
  #shadows(model: ServedModel): boolean {
    return model.config.routing.kind === 'shadow' || this.#log !== undefined
  }

  #count(version: ServedVersion, request: ModelRequest, answer: ServedAnswer, notices: readonly Notice[]): void {
    const { predictions, unseen, outOfRange } = this.#metrics
    const of = labelsOf(version)
    if (version.signature.task === 'regression') predictions.inc({ ...of, class: 'value' }, request.rows)
    else {
      const counts = new Map<string, number>()
      for (let row = 0; row < request.rows; row++) counts.set(answer.answers[row] as string, (counts.get(answer.answers[row] as string) ?? 0) + 1)
      for (const [label, count] of counts) predictions.inc({ ...of, class: shortLabel(label) }, count)
    }
    for (const notice of notices) {
      if (notice.kind === 'unseen') unseen.inc({ ...of, column: shortLabel(notice.column) }, notice.count)
      if (notice.kind === 'out-of-range') outOfRange.inc({ ...of, column: shortLabel(notice.column) }, notice.count)
    }
    version.drift?.add(request.feeds, answer, request.rows)
  }

  #told(version: ServedVersion, arm: 'single' | 'primary' | 'shadow', id: string, protocol: Protocol, request: ModelRequest, answer: ServedAnswer): void {
    this.#log?.write({ request: id, model: version.model, version: version.version, arm, protocol, signature: version.signature, feeds: request.feeds, rows: request.rows, threshold: request.threshold, answer })
  }
}
