/**
 * What a request may set beside its rows. A classifier of two classes has its decision threshold: the label follows it, the
 * probabilities do not change. Whatever else is given is told as a warning and ignored, as MLflow does.
 */
import { shownValue } from './encode.ts'
import type { Notice } from './notices.ts'
import type { Signature } from './signature.ts'
import type { StrictJson } from './strict-json.ts'
import { StudioError } from '../errors.ts'
import type { Task } from '../data/target.ts'
import type { ServedAnswer } from '../onnx/runner.ts'

export interface SignatureParam {
  readonly name: 'threshold'
  /** As MLflow's signatures write it. */
  readonly type: 'double'
  readonly default: number
  readonly min: number
  readonly max: number
}
export interface RequestParams {
  /** As asked, also where it is the default: other models that answer the same request have others. */
  readonly threshold?: number
  /** Absent where there are none. */
  readonly notices?: readonly Notice[]
}

const toldParams = 50

export const paramsFor = (task: Task, threshold: number): readonly SignatureParam[] => (task === 'binary' ? [{ name: 'threshold', type: 'double', default: threshold, min: 0, max: 1 }] : [])

/** Which label a threshold hangs on, as a sentence without its end. @param name how a class is written there */
export const thresholdRule = ({ classes }: Signature, name: (text: string) => string): string => `a row is labelled ${name(classes[1] as string)} where the probability of ${name(classes[1] as string)} is at least the threshold, else ${name(classes[0] as string)}`
/** Another threshold than a model's own, for an example. */
export const otherThreshold = ({ threshold }: Signature): number => (threshold === 0.3 ? 0.6 : 0.3)

/** @param what the field's name; @throws StudioError bad-data for what is no object, or a known parameter of a wrong value */
export function readParams({ params = [] }: Signature, what: string, given: StrictJson | undefined): RequestParams {
  if (given === undefined || given === null) return {}
  const refuse = (name: string, rule: string, value: StrictJson): StudioError => new StudioError({ code: 'bad-data', message: `invalid ${name}; ${rule}: ${shownValue(value instanceof Map ? {} : value)}`, details: { field: name } })
  if (!(given instanceof Map)) throw refuse(what, 'not an object', given)
  const notices: Notice[] = []
  let threshold: number | undefined
  for (const [name, value] of given as ReadonlyMap<string, StrictJson>) {
    const known = params.find((param) => param.name === name)
    if (!known) {
      if (notices.length < toldParams) notices.push({ level: 'warning', kind: 'unknown-param', column: name.slice(0, 200), count: 1, text: params.length === 0 ? 'The model has no parameters.' : `The model has no such parameter; it has ${params.map((param) => param.name).join(', ')}.` })
      continue
    }
    if (typeof value !== 'number' || !(value >= known.min && value <= known.max)) throw refuse(`${known.name} in ${what}`, `not a number between ${known.min} and ${known.max}`, value)
    threshold = value
  }
  return { ...(notices.length > 0 && { notices }), ...(threshold !== undefined && { threshold }) }
}

/** The answer with labels at a request's own threshold; as it is where the request has none, or the model's, by which the graph decided. Compared in float32, as there. */
export function atThreshold({ classes, threshold: own }: Signature, answer: ServedAnswer, threshold: number | undefined): ServedAnswer {
  const { probabilities } = answer
  if (threshold === undefined || threshold === own || !probabilities) return answer
  const least = Math.fround(threshold)
  return { ...answer, answers: Array.from({ length: answer.answers.length }, (_, row) => classes[Math.fround(probabilities[2 * row + 1] as number) >= least ? 1 : 0] as string) }
}
