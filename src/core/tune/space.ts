/** Where a search may look: one dimension a parameter, each a stretch of the unit interval. */
import { StudioError } from '../errors.ts'
import { exp, log } from '../math/elementary.ts'
import { paramProblem, type Param, type ParamTable, type ParamValue, type ParamValues } from '../params.ts'

export interface NumberDimension {
  readonly kind: 'number' | 'integer'
  readonly name: string
  readonly low: number
  readonly high: number
  readonly scale: 'linear' | 'log'
}
export interface ChoiceDimension {
  readonly kind: 'choice'
  readonly name: string
  /** At least two, all different. */
  readonly values: readonly ParamValue[]
}
export type Dimension = NumberDimension | ChoiceDimension
export type Space = readonly Dimension[]
/** Shape (dimensions), each in [0, 1). */
export type Point = readonly number[]

/** A place to begin: the numbers that a form shows first, around their defaults. Text and switches are left as they are. */
export function defaultSpace(table: ParamTable): Space {
  return Object.entries(table).flatMap(([name, param]): Dimension[] => {
    if ((param.kind !== 'number' && param.kind !== 'integer') || param.advanced) return []
    const { kind, min, max, scale = 'linear' } = param
    const isShare = kind === 'number' && scale === 'linear' && max - min <= 1
    const reach = scale === 'log' && kind === 'number' ? 100 : 4
    const [low, high] = isShare ? [min, max] : [Math.max(min, param.default / reach), Math.min(max, param.default * reach)]
    const [from, to] = kind === 'integer' ? [Math.ceil(low), Math.floor(high)] : [low, high]
    return from < to ? [{ kind, name, low: from, high: to, scale: from > 0 ? scale : 'linear' }] : []
  })
}

/** What a parameter may be varied over: a number between its ends, a choice or a switch over all its values. */
export function dimensionOf(name: string, param: Param): Dimension | undefined {
  if (param.kind === 'choice') return { kind: 'choice', name, values: param.options.map(({ value }) => value) }
  if (param.kind === 'boolean') return { kind: 'choice', name, values: [false, true] }
  if (param.kind === 'text') return undefined
  const known = defaultSpace({ [name]: { ...param, advanced: false } })[0]
  return known ?? { kind: param.kind, name, low: param.min, high: Math.min(param.max, Math.max(10 * Math.abs(param.default), param.min + 1)), scale: 'linear' }
}

const countedIn: ReadonlySet<string | undefined> = new Set(['trees', 'rounds', 'epochs'])
/** Parameters that a trial on a small budget may have less of, instead of fewer rows: what counts trees, rounds or epochs. */
export const resourcesOf = (table: ParamTable): readonly string[] =>
  Object.entries(table).flatMap(([name, param]) => (param.kind === 'integer' && !param.advanced && countedIn.has(param.unit) ? [name] : []))

/** @throws StudioError bad-param naming owner, parameter and rule */
export function checkSpace(owner: string, table: ParamTable, space: Space): void {
  const bad = (name: string, rule: string): StudioError => new StudioError({ code: 'bad-param', message: `invalid search space of ${owner}; ${rule}: ${name.slice(0, 100)}`, details: { owner, parameter: name.slice(0, 100) } })
  if (space.length === 0) throw bad('none', 'at least one parameter must vary')
  const seen = new Set<string>()
  for (const dimension of space) {
    const { name } = dimension
    const param = Object.hasOwn(table, name) ? table[name] : undefined
    if (!param) throw bad(name, 'no such parameter')
    if (seen.has(name)) throw bad(name, 'a parameter may vary once')
    seen.add(name)
    for (const value of dimension.kind === 'choice' ? dimension.values : [dimension.low, dimension.high]) {
      const problem = paramProblem(param, value)
      if (problem) throw bad(name, `${String(value)} is ${problem}`)
    }
    if (dimension.kind === 'choice') {
      if (dimension.values.length < 2 || new Set(dimension.values).size < dimension.values.length) throw bad(name, 'choices must be at least two, all different')
    } else {
      if (dimension.low >= dimension.high) throw bad(name, `the lowest value must be below the highest (${dimension.low}, ${dimension.high})`)
      if (dimension.scale === 'log' && dimension.low <= 0) throw bad(name, `a log scale needs a lowest value above 0 (${dimension.low})`)
    }
  }
}

function valueAt(dimension: Dimension, u: number): ParamValue {
  if (dimension.kind === 'choice') return dimension.values[Math.min(dimension.values.length - 1, Math.floor(u * dimension.values.length))] as ParamValue
  const { low, high, scale, kind } = dimension
  if (kind === 'number') {
    const value = scale === 'log' ? exp(log(low) + u * (log(high) - log(low))) : low + u * (high - low)
    return Math.min(high, Math.max(low, value))
  }
  // Half a step of room at both ends gives each whole number its share.
  const [from, to] = [low - 0.5, high + 0.5]
  const value = scale === 'log' ? exp(log(from) + u * (log(to) - log(from))) : from + u * (to - from)
  return Math.min(high, Math.max(low, Math.round(value)))
}

export function paramsAt(space: Space, point: Point): ParamValues {
  return Object.fromEntries(space.map((dimension, d) => [dimension.name, valueAt(dimension, point[d] as number)]))
}

/** The points of one dimension in a grid: all choices and small ranges of whole numbers, else `levels` from end to end. */
export function levelsOf(dimension: Dimension, levels: number): readonly number[] {
  const distinct = dimension.kind === 'choice' ? dimension.values.length : dimension.kind === 'integer' ? dimension.high - dimension.low + 1 : Infinity
  const middles = dimension.kind === 'choice' || distinct <= levels
  const count = dimension.kind === 'choice' ? distinct : Math.min(levels, distinct)
  return Array.from({ length: count }, (_, i) => (middles ? (i + 0.5) / count : Math.min(1 - 2 ** -32, i / (count - 1))))
}
