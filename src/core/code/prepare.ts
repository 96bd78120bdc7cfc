/** A fitted recipe as a JavaScript program: raw cells in, the model's features out, with the same roundings. One entry a step. */
import { StudioError } from '../errors.ts'
import { walkRecipe } from '../recipe/recipe.ts'
import { steps } from '../recipe/registry.ts'
import type { FittedRecipeState, Json, SeriesKind } from '../recipe/step.ts'
import { inComment } from './text.ts'

interface Value {
  readonly name: string
  readonly kind: SeriesKind
  /** The variable that holds it: a number (NaN = missing), text (null = missing) or UTC seconds (NaN = missing). */
  readonly text: string
}
/** Adds `const vN = expression` and returns vN. */
type Keep = (expression: string, name: string) => string
type StepCode = (value: Value, state: Json, keep: Keep) => readonly Value[]

/** As it may stand in a page, too: no name of the data looks like markup. */
const quote = (text: string): string => JSON.stringify(text).replace(/[<\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
const names = (list: readonly string[]): string => `[${list.map(quote).join(', ')}]`
const as = <T>(state: Json): T => state as unknown as T

const stepCodes: ReadonlyMap<string, StepCode> = new Map<string, StepCode>([
  [
    'impute',
    (value, state, keep) => {
      const { fill, indicator } = as<{ fill: number | string; indicator: boolean }>(state)
      const missing = value.kind === 'categorical' ? `${value.text} === null` : `Number.isNaN(${value.text})`
      const filled = { ...value, text: keep(`${missing} ? ${typeof fill === 'string' ? quote(fill) : fill} : ${value.text}`, value.name) }
      const name = `${value.name} was missing`
      return indicator ? [filled, { name, kind: 'boolean', text: keep(`${missing} ? 1 : 0`, name) }] : [filled]
    },
  ],
  [
    'scale',
    (value, state, keep) => {
      const { center, scale } = as<{ center: number; scale: number }>(state)
      return [{ ...value, text: keep(`f(f(${value.text} - ${center < 0 ? `(${center})` : center}) / ${scale})`, value.name) }]
    },
  ],
  [
    'clip',
    (value, state, keep) => {
      const { low, high } = as<{ low: number; high: number }>(state)
      return [{ ...value, text: keep(`${value.text} < ${low} ? ${low} : ${value.text} > ${high} ? ${high} : ${value.text}`, value.name) }]
    },
  ],
  [
    'onehot',
    (value, state, keep) => {
      const { kept, missingColumn } = as<{ kept: readonly string[]; missingColumn: boolean }>(state)
      const column = (name: string, test: string): Value => ({ name, kind: 'boolean', text: keep(`${test} ? 1 : 0`, name) })
      return [
        ...kept.map((category) => column(`${value.name} = ${category}`, `${value.text} === ${quote(category)}`)),
        column(`${value.name} is another`, `${value.text} !== null && !${names(kept)}.includes(${value.text})`),
        ...(missingColumn ? [column(`${value.name} is missing`, `${value.text} === null`)] : []),
      ]
    },
  ],
  [
    'ordinal',
    (value, state, keep) => {
      const { names: known, bucket } = as<{ names: readonly string[]; bucket: boolean }>(state)
      return [{ ...value, kind: 'numeric', text: keep(`codeOf(${value.text}, ${names(known)}, ${bucket ? known.length : 'NaN'})`, value.name) }]
    },
  ],
  [
    'datetime-parts',
    (value, state, keep) =>
      as<{ parts: readonly string[] }>(state).parts.map((part) => ({ name: `${value.name} ${part}`, kind: 'numeric', text: keep(`datePart(${value.text}, '${part}')`, `${value.name} ${part}`) })),
  ],
  ['drop', () => []],
])

const helpers = `const f = Math.fround
const codeOf = (text, names, unseen) => (text === null ? NaN : names.includes(text) ? names.indexOf(text) : unseen)
function datePart(seconds, part) {
  if (Number.isNaN(seconds)) return NaN
  const date = new Date(seconds * 1000)
  if (part === 'year') return date.getUTCFullYear()
  if (part === 'month') return date.getUTCMonth() + 1
  return part === 'hour' ? date.getUTCHours() : (date.getUTCDay() + 6) % 7
}`

/** The cell of an input as the steps read it. */
function rawValue(kind: SeriesKind, at: number): string {
  if (kind === 'categorical') return `cells[${at}] === '' ? null : cells[${at}] ?? null`
  if (kind === 'datetime') return `cells[${at}] ?? NaN`
  return `f(cells[${at}] ?? NaN)`
}

/**
 * Functions `prepare(cells)` and its helpers. Cells come in the order of the signature: numbers, true or false, text,
 * moments as UTC seconds; null for what is missing.
 * @throws StudioError unsupported for a step without such a form
 */
export function prepareCode(recipe: FittedRecipeState): string {
  const lines: string[] = []
  let made = 0
  const keep: Keep = (expression, name) => {
    lines.push(`  const v${made} = ${expression} // ${inComment(name)}`)
    return `v${made++}`
  }
  const raw = recipe.inputs.map(({ name, kind }, at): Value => ({ name, kind, text: keep(rawValue(kind, at), name) }))
  const values = walkRecipe(recipe, raw, (step, value, state) => {
    const code = stepCodes.get(step)
    if (!code && steps.has(step) && steps.get(step).representation) throw new StudioError({ code: 'unsupported', message: `unsupported step; what becomes of a picture is in the graph, and in no program beside it: ${step}` })
    if (!code) throw new StudioError({ code: 'unsupported', message: `unsupported step; a program is written for ${[...stepCodes.keys()].join(', ')}: ${step}` })
    return code(value, state, keep)
  }).filter(({ kind }) => kind === 'numeric' || kind === 'boolean')
  if (values.length !== recipe.features.length || values.some(({ name }, i) => name !== recipe.features[i]?.name)) {
    throw new StudioError({ code: 'bug', message: `invalid program; its features must be those of the model, ${recipe.features.length}: ${values.length}` })
  }
  return [
    '// prepare(cells): the raw columns of a row, as an array, become the features of the model. null is missing.',
    ...recipe.inputs.map(({ name, kind }, i) => `//   ${i + 1}. ${inComment(name)}, ${kind === 'datetime' ? 'UTC seconds' : kind}`),
    helpers,
    '',
    'export function prepare(cells) {',
    ...lines,
    `  return [${values.map(({ text }) => text).join(', ')}]`,
    '}',
    '',
  ].join('\n')
}
