/** Words of a command line -> operands and options. Nothing is guessed: an unknown option is refused by name. */
import { UsageError } from './usage.ts'

export interface OptionTable {
  /** `flag` stands alone, `value` takes the next word (or what follows `=`), `list` may be given again. */
  readonly [name: string]: 'flag' | 'value' | 'list'
}
export interface Words {
  readonly operands: readonly string[]
  flag(name: string): boolean
  value(name: string): string | undefined
  list(name: string): readonly string[]
}

/**
 * @param operands names of the operands, in order, all needed; a last one that ends in `...` may be given again
 * @throws UsageError for an option that is unknown, given twice or without its value, and for a wrong number of operands
 */
export function readWords(argv: readonly string[], operands: readonly string[], table: OptionTable): Words {
  const options = new Map(Object.entries(table))
  const found = new Map<string, string[]>()
  const rest: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (word === '--') {
      rest.push(...argv.slice(i + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word)
      continue
    }
    const cut = word.indexOf('=')
    const name = cut < 0 ? word : word.slice(0, cut)
    const kind = options.get(name)
    if (kind === undefined) throw new UsageError(`unknown option; not one of ${[...options.keys()].join(', ')}: ${name}`)
    const given = found.get(name) ?? []
    if (given.length > 0 && kind !== 'list') throw new UsageError(`invalid ${name}; it is given twice`)
    if (kind === 'flag') {
      if (cut >= 0) throw new UsageError(`invalid ${name}; it takes no value: ${word.slice(cut + 1)}`)
      given.push('')
    } else {
      const value = cut >= 0 ? word.slice(cut + 1) : argv[++i]
      if (value === undefined) throw new UsageError(`missing value of ${name}; nothing follows it`)
      given.push(value)
    }
    found.set(name, given)
  }
  if (rest.length < operands.length) throw new UsageError(`missing ${operands[rest.length]}; needed are ${operands.join(' ')}`)
  if (rest.length > operands.length && !operands.at(-1)?.endsWith('...')) throw new UsageError(`unknown operand; needed are ${operands.join(' ')} only: ${rest[operands.length]}`)
  return {
    operands: rest,
    flag: (name) => found.has(name),
    value: (name) => found.get(name)?.[0],
    list: (name) => found.get(name) ?? [],
  }
}

/** @throws UsageError where the text is not a whole number in [min, max] */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new UsageError(`invalid ${name}; not a whole number in [${min}, ${max}]: ${text}`)
  return value
}
