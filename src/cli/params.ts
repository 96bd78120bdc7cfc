/** `--param NAME=VALUE` -> values, checked against the estimator's own table before any file is opened. */
import type { Estimator } from '../core/estimators/estimator.ts'
import { checkParams, type Param, type ParamValue, type ParamValues } from '../core/params.ts'
import { UsageError } from './usage.ts'

/** Text as the kind of value that a parameter takes; text that is none goes on as text and is refused by the table. */
function valueOf(param: Param | undefined, text: string): ParamValue {
  if (param?.kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if ((param?.kind === 'number' || param?.kind === 'integer') && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  return text
}

/**
 * The values given, those of the earlier model that training goes on from, and every default.
 * @throws UsageError for a word without `=` or a name given twice
 * @throws StudioError bad-param for an unknown name (naming those there are) or a value out of range
 */
export function readParams(estimator: Pick<Estimator, 'id' | 'params'>, words: readonly string[], earlier: ParamValues = {}): ParamValues {
  const given: [string, ParamValue][] = []
  for (const word of words) {
    const cut = word.indexOf('=')
    if (cut <= 0) throw new UsageError(`invalid --param; it is written NAME=VALUE: ${word}`)
    const name = word.slice(0, cut)
    if (given.some(([known]) => known === name)) throw new UsageError(`invalid --param; given twice: ${name}`)
    given.push([name, valueOf(Object.hasOwn(estimator.params, name) ? estimator.params[name] : undefined, word.slice(cut + 1))])
  }
  return checkParams(estimator.id, estimator.params, { ...earlier, ...Object.fromEntries(given) })
}
