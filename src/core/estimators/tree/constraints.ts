/**
 * What a person knows of the features before any tree grows: directions in which predictions must not go back,
 * and groups outside of which features must not meet on a path. Written as JSON, because names may hold anything.
 */
import type { Matrix } from '../../data/matrix.ts'
import { StudioError } from '../../errors.ts'

export interface Constraints {
  /** Shape (features): +1 never falls, -1 never rises, 0 is free; undefined where all are free. */
  readonly signs: Int8Array | undefined
  /** Shape (groups, features): 1 for members; undefined where all may meet. */
  readonly groups: readonly Uint8Array[] | undefined
}

/** By the words of its form, where people meet it. */
const whereToMend = (name: string): string => `Mend it under “${name === 'monotonicCst' ? 'Directions' : 'Groups that may interact'}”, and train again.`

function read(owner: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new StudioError({ code: 'bad-param', message: `invalid ${name} of ${owner}; not JSON: ${text.slice(0, 200)}`, hint: whereToMend(name), cause })
  }
}

/** Features by name, and all that descend from a column by the column's name. */
function featuresNamed(X: Matrix, name: string): number[] {
  return X.features.flatMap((feature, index) => (feature.name === name || feature.source === name ? [index] : []))
}

/**
 * @param monotonicCst such as {"age": 1, "price": -1}; empty for none
 * @param interactionCst such as [["age", "price"], ["rooms"]]; features in no group form one together
 * @throws StudioError bad-param for other JSON, unknown features, categories with a direction, opposite directions
 */
export function parseConstraints(owner: string, X: Matrix, monotonicCst: string, interactionCst: string): Constraints {
  const refuse = (name: string, rule: string, value: unknown): never => {
    throw new StudioError({ code: 'bad-param', message: `invalid ${name} of ${owner}; ${rule}: ${(JSON.stringify(value) ?? String(value)).slice(0, 200)}`, hint: whereToMend(name) })
  }
  const found = (parameter: string, name: unknown): number[] => {
    const features = typeof name === 'string' ? featuresNamed(X, name) : []
    return features.length > 0 ? features : refuse(parameter, 'not the name of a feature', name)
  }
  let signs: Int8Array | undefined
  if (monotonicCst.trim() !== '') {
    const given = read(owner, 'monotonicCst', monotonicCst)
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return refuse('monotonicCst', 'not an object of feature names and 1, 0 or -1', given)
    // JSON keeps the last of two values under one name, without a word.
    const names: readonly string[] = monotonicCst.match(/"(?:[^"\\]|\\.)*"(?=\s*:)/g) ?? []
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) refuse('monotonicCst', 'two directions for one feature', JSON.parse(twice))
    signs = new Int8Array(X.features.length)
    for (const [name, sign] of Object.entries(given) as [string, unknown][]) {
      if (sign !== 1 && sign !== -1 && sign !== 0) refuse('monotonicCst', `the direction of ${name.slice(0, 100)} is not 1, 0 or -1`, sign)
      for (const feature of found('monotonicCst', name)) {
        if (sign !== 0 && X.features[feature]?.categories) refuse('monotonicCst', 'categories have no direction', name)
        if (signs[feature] !== 0 && signs[feature] !== sign) refuse('monotonicCst', 'two directions for one feature', name)
        signs[feature] = sign as number
      }
    }
    if (signs.every((sign) => sign === 0)) signs = undefined
  }
  if (interactionCst.trim() === '') return { signs, groups: undefined }
  const given = read(owner, 'interactionCst', interactionCst)
  if (!Array.isArray(given) || !given.every((group) => Array.isArray(group) && group.length > 0)) return refuse('interactionCst', 'not a list of lists of feature names', given)
  const groups = (given as unknown[][]).map((names) => {
    const members = new Uint8Array(X.features.length)
    for (const name of names) for (const feature of found('interactionCst', name)) members[feature] = 1
    return members
  })
  const others = Uint8Array.from(X.features, (_, feature) => (groups.some((group) => group[feature] === 1) ? 0 : 1))
  return { signs, groups: others.includes(1) ? [...groups, others] : groups }
}
