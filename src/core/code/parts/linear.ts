/** Weighted sums of features, of their squared distances from means, and of whether they are on. */
import { number, type LoopLanguage } from '../text.ts'
import { end, type Part } from './part.ts'

/** One term a line: score, and what is added to it. */
function termPart(terms: readonly { readonly output: number; readonly text: (x: string, language: LoopLanguage | 'sql') => string; readonly feature: number }[]): Part {
  return {
    numbers: terms.length,
    code: (language) => ({ body: terms.map(({ output, text, feature }) => `${language === 'python' ? '    ' : '  '}s[${output}] += ${text(`x[${feature}]`, language)}${end(language)}`) }),
    sql: (output) => {
      const own = terms.filter((term) => term.output === output)
      return own.length === 0 ? undefined : own.map(({ text, feature }) => text(`f${feature + 1}`, 'sql')).join('\n    + ')
    },
  }
}
const each = <T>(count: number, width: number, of: (output: number, feature: number, at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => of(Math.floor(at / width), at % width, at))

/** @param weights row-major, shape (outputs, features) */
export const linearPart = (weights: ArrayLike<number>, features: number): Part =>
  termPart(each(weights.length, features, (output, feature, at) => ({ output, feature, w: weights[at] as number })).flatMap(({ output, feature, w }) => (w === 0 ? [] : [{ output, feature, text: (x: string) => `${number(w)} * ${x}` }])))

/** Adds factor (x - mean)^2. @param means, factors row-major, shape (outputs, features) */
export const squaresPart = (means: ArrayLike<number>, factors: ArrayLike<number>, features: number): Part =>
  termPart(each(means.length, features, (output, feature, at) => ({ output, feature, text: (x: string) => `${number(factors[at] as number)} * (${x} - ${number(means[at] as number)}) * (${x} - ${number(means[at] as number)})` })))

/** Adds a weight where the feature lies above the threshold. */
export const switchPart = (weights: ArrayLike<number>, features: number, threshold: number): Part =>
  termPart(
    each(weights.length, features, (output, feature, at) => ({
      output,
      feature,
      text: (x: string, language: LoopLanguage | 'sql') => {
        const [test, w] = [`${x} > ${number(threshold)}`, number(weights[at] as number)]
        return language === 'python' ? `(${w} if ${test} else 0.0)` : language === 'sql' ? `CASE WHEN ${test} THEN ${w} ELSE 0.0 END` : `(${test} ? ${w} : 0.0)`
      },
    })),
  )
