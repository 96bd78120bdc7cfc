/** Linear models that PyTorch fits elsewhere: one best model each, so the answer is the studio's own to rounding. */
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { linearToState } from '../estimators/linear.ts'
import type { ModelState } from '../estimators/estimator.ts'
import type { Head } from '../estimators/tree/head.ts'
import { checkParams, type ParamValue } from '../params.ts'
import type { RunSpec } from '../run/run-spec.ts'
import { check, v } from '../schema.ts'

/** What the job minimises: squares, or the log loss of rows that weigh 1 or as their class is rare, plus l2 / 2 (squares: l2) times the squared coefficients. */
export interface LinearPlan {
  readonly kind: 'logistic' | 'squares'
  readonly classes: number
  readonly l2: number
  readonly fitIntercept: boolean
  readonly balanced: boolean
  readonly tol: number
  readonly maxIter: number
}
export const linearElsewhere: ReadonlySet<string> = new Set(['logistic-regression', 'ridge', 'linear-regression'])

/** @throws StudioError unsupported for a penalty that is not smooth */
export function linearPlan({ estimator: { id, params } }: RunSpec, classes: number): LinearPlan {
  const given: Readonly<Record<string, ParamValue>> = checkParams(id, estimators.get(id).params, params)
  if (id !== 'logistic-regression') return { kind: 'squares', classes: 0, l2: id === 'ridge' ? Number(given['alpha']) : 0, fitIntercept: given['fitIntercept'] === true, balanced: false, tol: 0, maxIter: 0 }
  const { penalty } = given
  if (penalty !== 'l2' && penalty !== 'none') throw new StudioError({ code: 'unsupported', message: `unsupported penalty; PyTorch fits logistic regression with the penalty on squares or none: ${String(penalty)}` })
  return { kind: 'logistic', classes, l2: penalty === 'l2' ? 1 / Number(given['C']) : 0, fitIntercept: true, balanced: given['classWeight'] === 'balanced', tol: Number(given['tol']), maxIter: Number(given['maxIter']) }
}

const numbers = v.array(v.pipe(v.number(), v.finite()))
const schema = v.looseObject({ coefficients: numbers, intercepts: numbers, featureScales: numbers, facts: v.record(v.string(), v.union([v.number(), v.boolean()])) })

/** @throws StudioError bad-data where it is no such model, or one of other features or classes */
export function fromLinear(json: unknown, id: string, { task, classes, categoryCounts }: Omit<Head, 'base'>): { readonly state: ModelState; readonly facts: Readonly<Record<string, number | boolean>> } {
  const { coefficients, intercepts, featureScales, facts } = check(schema, json, 'linear model')
  const [features, outputs] = [categoryCounts.length, task === 'multiclass' ? classes.length : 1]
  const wanted = [['coefficients', coefficients.length, features * outputs], ['intercepts', intercepts.length, outputs], ['featureScales', featureScales.length, features]] as const
  for (const [name, found, right] of wanted) if (found !== right) throw new StudioError({ code: 'bad-data', message: `invalid linear model; ${name} must be ${right} numbers: ${found}` })
  return { state: linearToState(id, { task, classes, coefficients: Float64Array.from(coefficients), intercepts: Float64Array.from(intercepts), featureScales: Float64Array.from(featureScales) }), facts }
}
