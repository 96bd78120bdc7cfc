/**
 * JSON of strangers, read strictly: objects become Maps (a column may be called `__proto__`), a repeated
 * key is an error, numbers must be finite, and nesting below the outermost value is bounded.
 */
import { StudioError } from '../errors.ts'

export type StrictJson = null | boolean | number | string | StrictJson[] | ReadonlyMap<string, StrictJson>

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** @param maxDepth brackets inside the outermost one @throws StudioError bad-data with the character's position */
export function parseStrictJson(text: string, maxDepth: number): StrictJson {
  let at = 0
  const refuse = (reason: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid JSON; ${reason} at character ${at + 1}`, details: { position: at + 1 } })
  const space = (): void => {
    for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9; code = text.charCodeAt(at)) at++
  }
  const string = (): string => {
    const start = at
    let plain = true
    for (at++; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 92) {
        at++
        plain = false
      } else if (code < 32) plain = false
      else if (code === 34) {
        at++
        // Nothing in it that JSON would read otherwise or refuse.
        if (plain) return text.slice(start + 1, at - 1)
        try {
          return JSON.parse(text.slice(start, at)) as string
        } catch {
          at = start
          throw refuse('a text that JSON does not allow')
        }
      }
    }
    throw refuse('a text that does not end')
  }
  const value = (depth: number): StrictJson => {
    space()
    const code = text.charCodeAt(at)
    if (code === 34) return string()
    if (code === 123 || code === 91) {
      if (depth > maxDepth) throw refuse(`nesting deeper than ${maxDepth} levels`)
      return code === 123 ? object(depth) : list(depth)
    }
    const word = code === 116 ? 'true' : code === 102 ? 'false' : code === 110 ? 'null' : ''
    if (word !== '' && text.startsWith(word, at)) {
      at += word.length
      return code === 110 ? null : code === 116
    }
    numberPattern.lastIndex = at
    const match = numberPattern.exec(text)
    if (!match) throw refuse(at >= text.length ? 'it ends too early' : /^(?:NaN|-?Infinity)/.test(text.slice(at, at + 9)) ? 'NaN and Infinity are no JSON (null stands for missing), a value was expected' : 'a value was expected')
    const number = Number(match[0])
    if (!Number.isFinite(number)) throw refuse('a number too large')
    at += match[0].length
    return number
  }
  /** Whether another item follows; the closing bracket is taken. */
  const more = (close: number): boolean => {
    space()
    const code = text.charCodeAt(at)
    if (code === 44) {
      at++
      return true
    }
    if (code !== close) throw refuse(at >= text.length ? 'it ends too early' : 'a comma or a closing bracket was expected')
    at++
    return false
  }
  const empty = (close: number): boolean => {
    at++
    space()
    if (text.charCodeAt(at) !== close) return false
    at++
    return true
  }
  const list = (depth: number): StrictJson[] => {
    const items: StrictJson[] = []
    if (empty(93)) return items
    do items.push(value(depth + 1))
    while (more(93))
    return items
  }
  const object = (depth: number): ReadonlyMap<string, StrictJson> => {
    const entries = new Map<string, StrictJson>()
    if (empty(125)) return entries
    do {
      space()
      if (text.charCodeAt(at) !== 34) throw refuse('a name in double quotes was expected')
      const name = string()
      if (entries.has(name)) throw refuse(`a repeated name, ${JSON.stringify(name.slice(0, 80))},`)
      space()
      if (text.charCodeAt(at) !== 58) throw refuse('a colon was expected')
      at++
      entries.set(name, value(depth + 1))
    } while (more(125))
    return entries
  }
  const result = value(0)
  space()
  if (at < text.length) throw refuse('something behind the end')
  return result
}
