/** How numbers, lists and names of the data stand in a program's text. */
import { StudioError } from '../errors.ts'

export const codeLanguages = ['javascript', 'python', 'c', 'sql'] as const
export type CodeLanguage = (typeof codeLanguages)[number]
/** Those with loops and tables. */
export type LoopLanguage = Exclude<CodeLanguage, 'sql'>

/**
 * Every finite double again: JavaScript's shortest form, with a point where there is no exponent, so that no language takes it for an integer
 * (C has none beyond 2^63).
 * @throws StudioError bug for what no language writes as a number
 */
export function number(value: number): string {
  if (!Number.isFinite(value)) throw new StudioError({ code: 'bug', message: `invalid constant; a program's numbers are finite: ${value}` })
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}
const inAscii = (text: string): string => JSON.stringify(text).replaceAll('*/', '* /').replace(/[^\x20-\x7e]|</g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
/**
 * Names of the data in a comment: one line, nothing that ends it. A long one is cut between two characters and closed: C goes on with
 * the comment on the next line where one ends in a backslash. @param most characters of the whole, quotes included
 */
export function inComment(name: string, most = 120): string {
  const whole = inAscii(name)
  if (whole.length <= most) return whole
  let kept = '...'
  for (const mark of name) {
    const longer = `${kept.slice(0, -3)}${mark}...`
    if (inAscii(longer).length > most) break
    kept = longer
  }
  return inAscii(kept)
}

/** The shortest decimal that 32 bits round to this float32. */
function single(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return number(short)
  }
  return number(Number(value.toPrecision(9)))
}
/** From the headers that each program begins with (write.ts). */
const infinity: Readonly<Record<LoopLanguage, string>> = { javascript: 'Infinity', python: 'inf', c: 'INFINITY' }
/** NaN cannot be written as a constant of all three. */
function item(language: LoopLanguage, type: 'int' | 'float' | 'double', value: number): string {
  if (type === 'int') return String(value)
  if (Number.isNaN(value)) return '0.0'
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}${infinity[language]}`
  return type === 'float' ? single(value) : number(value)
}

/**
 * A table of numbers. @param width of a row; 0 for a plain list. @param type `float`: 32 bits hold them, and a plain list of 32 bits is what
 * is declared. A hole is written as 0.
 */
export function table(language: LoopLanguage, name: string, values: ArrayLike<number>, { width = 0, type = 'double' }: { width?: number; type?: 'int' | 'float' | 'double' } = {}): string[] {
  const list = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => item(language, type, values[from + i] as number)).join(', ')
  const [open, close] = language === 'c' ? ['{', '}'] : ['[', ']']
  const lines: string[] = []
  if (width === 0) {
    for (let from = 0; from < values.length; from += 16) lines.push(`  ${list(from, Math.min(values.length, from + 16))},`)
    // C has no empty arrays.
    if (lines.length === 0 && language === 'c') lines.push('  0')
  } else for (let from = 0; from < values.length; from += width) lines.push(`  ${open}${list(from, from + width)}${close},`)
  if (language === 'c') return [`static const ${type} ${name}${width === 0 ? `[${Math.max(1, values.length)}]` : `[${values.length / width}][${width}]`} = {`, ...lines, '};']
  if (type === 'float') return language === 'python' ? ['from array import array', `${name} = array("f", [`, ...lines, '])'] : [`const ${name} = new Float32Array([`, ...lines, '])']
  return [language === 'python' ? `${name} = [` : `const ${name} = [`, ...lines, ']']
}
