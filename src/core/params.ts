/**
 * Hyper-parameters as data. One table an estimator, step or explainer declares gives the form, the
 * validation, the search space, the documentation and the invalid values that the contract tests try.
 * Names follow scikit-learn's vocabulary, camel-cased.
 */
import { StudioError } from './errors.ts'

interface ParamBase {
  readonly label: string
  /** One sentence a newcomer understands. */
  readonly help: string
  /** Kept behind "More" in forms. */
  readonly advanced?: boolean
  /** Has no effect on targets of the other kind. */
  readonly only?: 'classes' | 'numbers'
  /** Has an effect only while another parameter of the table has one of these values. */
  readonly when?: { readonly param: string; readonly is: readonly ParamValue[] }
}
export interface NumberParam extends ParamBase {
  readonly kind: 'number' | 'integer'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly scale?: 'linear' | 'log'
  /** The unit behind the field, such as "rows" or "trees". */
  readonly unit?: string
}
export interface ChoiceParam extends ParamBase {
  readonly kind: 'choice'
  readonly default: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
}
export interface BooleanParam extends ParamBase {
  readonly kind: 'boolean'
  readonly default: boolean
}
export interface TextParam extends ParamBase {
  readonly kind: 'text'
  readonly default: string
  readonly maxLength: number
}
export type Param = NumberParam | ChoiceParam | BooleanParam | TextParam
export type ParamTable = Readonly<Record<string, Param>>
export type ParamValue = number | string | boolean
export type ParamValues = Readonly<Record<string, ParamValue>>

/** The typed values of a table: number, string or boolean by kind. */
export type ValuesOf<T extends ParamTable> = {
  readonly [K in keyof T]: T[K] extends NumberParam ? number : T[K] extends BooleanParam ? boolean : string
}

/** The parameters that have an effect on such a target; all of them where the task is not known. */
export function paramsForTask(table: ParamTable, task: 'binary' | 'multiclass' | 'regression' | undefined): ParamTable {
  const kind = task === 'regression' ? 'numbers' : 'classes'
  return task === undefined ? table : Object.fromEntries(Object.entries(table).filter(([, { only = kind }]) => only === kind))
}

/** The parameters that have an effect beside these values of the others. */
export function paramsWithEffect(table: ParamTable, values: ParamValues): ParamTable {
  return Object.fromEntries(
    Object.entries(table).filter(([, { when }]) => {
      if (!when) return true
      const value = Object.hasOwn(values, when.param) ? values[when.param] : table[when.param]?.default
      return value !== undefined && when.is.includes(value)
    }),
  )
}

export function defaultsOf<T extends ParamTable>(table: T): ValuesOf<T> {
  return Object.fromEntries(Object.entries(table).map(([name, param]) => [name, param.default])) as ValuesOf<T>
}

/** Why a value is not allowed, as "not in [0, 1]", or undefined where it is. */
export function paramProblem(param: Param, value: unknown): string | undefined {
  switch (param.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'not true or false'
    case 'text':
      return typeof value === 'string' && value.length <= param.maxLength ? undefined : `not text of at most ${param.maxLength} characters`
    case 'choice':
      return param.options.some((option) => option.value === value) ? undefined : `not one of ${param.options.map((option) => option.value).join(', ')}`
    case 'number':
    case 'integer': {
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'not a finite number'
      if (param.kind === 'integer' && !Number.isInteger(value)) return 'not a whole number'
      return value >= param.min && value <= param.max ? undefined : `not in [${param.min}, ${param.max}]`
    }
  }
}

/**
 * Fills in defaults and checks every value.
 * @throws StudioError bad-param naming owner, parameter, rule and value
 */
export function checkParams<T extends ParamTable>(owner: string, table: T, values: ParamValues): ValuesOf<T> {
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(table, name)) {
      throw new StudioError({ code: 'bad-param', message: `unknown parameter of ${owner}; not one of ${Object.keys(table).join(', ')}: ${name}` })
    }
  }
  const checked: Record<string, ParamValue> = {}
  for (const [name, param] of Object.entries(table)) {
    const value = Object.hasOwn(values, name) ? values[name] : param.default
    const problem = paramProblem(param, value)
    if (problem) {
      throw new StudioError({ code: 'bad-param', message: `invalid ${name} of ${owner}; ${problem}: ${String(value)}`, details: { owner, parameter: name } })
    }
    checked[name] = value as ParamValue
  }
  return checked as ValuesOf<T>
}

/** One value of each kind of wrongness, for the contract tests. */
export function invalidValues(param: Param): readonly unknown[] {
  switch (param.kind) {
    case 'boolean':
      return ['yes', 1, null]
    case 'text':
      return [7, 'x'.repeat(param.maxLength + 1)]
    case 'choice':
      return ['no-such-option', 3]
    case 'integer':
      return [param.min - 1, param.max + 1, param.min + 0.5, Number.NaN, '3']
    case 'number':
      return [param.min - 1, param.max * 2 + 1, Number.POSITIVE_INFINITY, Number.NaN, '3']
  }
}
