import { describe, expect, it } from 'vitest'
import { readWords, wholeNumber } from '../../../src/cli/arguments.ts'
import { readParams } from '../../../src/cli/params.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { estimators } from '../../../src/core/estimators/registry.ts'

const table = { '--target': 'value', '--param': 'list', '--json': 'flag' } as const

describe('words of a command line', () => {
  it('takes options before, between and behind operands, with a blank or an equals sign', () => {
    const words = readWords(['--json', 'a.csv', '--target=x=y', '--param', 'a=1', '--param', 'b=2'], ['FILE.csv'], table)
    expect(words.operands).toEqual(['a.csv'])
    expect(words.flag('--json')).toBe(true)
    expect(words.value('--target')).toBe('x=y')
    expect(words.list('--param')).toEqual(['a=1', 'b=2'])
  })
  it('takes a value that looks like an option, and operands behind --', () => {
    expect(readWords(['a.csv', '--target', '--odd'], ['FILE.csv'], table).value('--target')).toBe('--odd')
    expect(readWords(['--', '--file.csv'], ['FILE.csv'], table).operands).toEqual(['--file.csv'])
  })
  it.each<[string, string[], string]>([
    ['an unknown option', ['a.csv', '--tarfet', 'y'], 'unknown option; not one of --target, --param, --json: --tarfet'],
    ['an option called like a property', ['a.csv', '--__proto__'], 'unknown option; not one of --target, --param, --json: --__proto__'],
    ['an option without its value', ['a.csv', '--target'], 'missing value of --target; nothing follows it'],
    ['an option given twice', ['a.csv', '--target', 'a', '--target', 'b'], 'invalid --target; it is given twice'],
    ['a flag with a value', ['a.csv', '--json=yes'], 'invalid --json; it takes no value: yes'],
    ['no operand', ['--json'], 'missing FILE.csv; needed are FILE.csv'],
    ['one operand too many', ['a.csv', 'b.csv'], 'unknown operand; needed are FILE.csv only: b.csv'],
  ])('refuses %s', (_title, argv, message) => {
    expect(() => readWords(argv, ['FILE.csv'], table)).toThrow(new UsageError(message))
  })
  it.each(['', '-1', '1.5', '1e3', '0x10', ' 5', '11', 'NaN'])('refuses %j as a whole number up to 10', (text) => {
    expect(() => wholeNumber('--port', text, 0, 10)).toThrow(`invalid --port; not a whole number in [0, 10]: ${text}`)
  })
})

describe('--param', () => {
  const boosting = estimators.get('hist-gradient-boosting')
  it('gives every default, and each value by its kind', () => {
    const params = readParams(boosting, ['maxIter=7', 'learningRate=2e-1', 'earlyStopping=off'])
    expect(params).toMatchObject({ maxIter: 7, learningRate: 0.2, earlyStopping: 'off' })
    expect(Object.keys(params)).toEqual(Object.keys(boosting.params))
  })
  it.each<[string, string]>([
    ['maxIter', 'invalid --param; it is written NAME=VALUE: maxIter'],
    ['=3', 'invalid --param; it is written NAME=VALUE: =3'],
    ['maxIter=many', 'invalid maxIter of hist-gradient-boosting; not a finite number: many'],
    ['maxIter=', 'invalid maxIter of hist-gradient-boosting; not a finite number: '],
    ['maxIter=1.5', 'invalid maxIter of hist-gradient-boosting; not a whole number: 1.5'],
    ['learningRate=7', 'invalid learningRate of hist-gradient-boosting; not in [0.001, 1]: 7'],
    ['earlyStopping=maybe', 'invalid earlyStopping of hist-gradient-boosting; not one of auto, on, off: maybe'],
  ])('refuses %s', (word, message) => {
    expect(() => readParams(boosting, [word])).toThrow(message)
  })
  it('refuses names that are none, also those that every object has', () => {
    for (const name of ['depth', 'toString', '__proto__']) expect(() => readParams(boosting, [`${name}=1`])).toThrow(/^unknown parameter of hist-gradient-boosting; not one of learningRate, .*: /)
  })
})
