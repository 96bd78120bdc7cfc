/** How numbers, lists and names of the data stand in a program's text. */
export const codeLanguages = ['javascript', 'python', 'c', 'sql'] as const
export type CodeLanguage = (typeof codeLanguages)[number]
/** Those with loops and tables. */
export type LoopLanguage = Exclude<CodeLanguage, 'sql'>

/** Every double again; JavaScript's shortest form is one. */
export const number = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value))
const whole = (value: number): string => String(value)

/** Names of the data in a comment: one line, nothing that ends it. */
export const inComment = (name: string): string => JSON.stringify(name).replaceAll('*/', '* /').replace(/[^\x20-\x7e]|</g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`).slice(0, 120)

/** NaN cannot be written as a constant of all three. */
const item = (integers: boolean): ((value: number) => string) => (integers ? whole : (value) => (Number.isNaN(value) ? '0.0' : number(value)))

/**
 * A table of numbers. @param width of a row; 0 for a plain list. Numbers must be finite: a hole is written as 0.
 */
export function table(language: LoopLanguage, name: string, values: ArrayLike<number>, { width = 0, integers = false }: { width?: number; integers?: boolean } = {}): string[] {
  const write = item(integers)
  const [open, close] = language === 'c' ? ['{', '}'] : ['[', ']']
  const list = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => write(values[from + i] as number)).join(', ')
  const type = integers ? 'int' : 'double'
  const lines: string[] = []
  if (width === 0) {
    for (let from = 0; from < values.length; from += 16) lines.push(`  ${list(from, Math.min(values.length, from + 16))},`)
    // C has no empty arrays.
    if (lines.length === 0 && language === 'c') lines.push('  0')
  } else for (let from = 0; from < values.length; from += width) lines.push(`  ${open}${list(from, from + width)}${close},`)
  const dimensions = width === 0 ? `[${Math.max(1, values.length)}]` : `[${values.length / width}][${width}]`
  const head = language === 'c' ? `static const ${type} ${name}${dimensions} = {` : language === 'python' ? `${name} = [` : `const ${name} = [`
  return [head, ...lines, language === 'c' ? '};' : language === 'python' ? ']' : ']']
}
