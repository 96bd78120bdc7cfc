/** From what the survey counted to a kind with its reason. A person's choice always wins. */
import type { Kind } from '../data/kinds.ts'
import type { Guess } from './options.ts'
import { bestLayout, writtenNumbers, type ColumnSurvey } from './survey.ts'

export interface ColumnPlan {
  readonly name: string
  readonly kind: Guess<Kind>
  /** Datetime: how moments are written. Numeric: how numbers are, where not plainly (csv/written-number.ts). */
  readonly layout?: string
  /** Boolean only: how the file writes false and true. */
  readonly labels?: readonly [string, string]
}

/** Pairs of texts that mean false and true, in lower case. */
export const booleanPairs: readonly (readonly [string, string])[] = [
  ['false', 'true'],
  ['no', 'yes'],
  ['n', 'y'],
  ['f', 't'],
  ['off', 'on'],
  ['0', '1'],
]
/** A column of at least this share of numbers (or dates) has that kind, and the rest is refused by row. */
const overwhelming = 0.99
const enoughRows = 100
const idName = /(^|[^a-z])(id|uuid|guid|key|index|rowid|row_?number)$/i
const dateName = /date|day|datum|time/i
const count = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`

function labelsOf(survey: ColumnSurvey): readonly [string, string] | undefined {
  if (survey.distinctCapped || survey.distinct > 4 || survey.distinct === 0) return undefined
  const pair = booleanPairs.find((texts) => survey.samples.every((sample) => texts.includes(sample.toLowerCase())))
  if (!pair) return undefined
  // Only one of the two was seen: yes or no alone says nothing, true or false does.
  const seen = pair.map((text) => survey.samples.find((sample) => sample.toLowerCase() === text))
  if ((seen[0] === undefined || seen[1] === undefined) && pair[0] !== 'false') return undefined
  return [seen[0] ?? pair[0], seen[1] ?? pair[1]]
}
const allDiffer = (survey: ColumnSurvey, n: number): boolean => (survey.distinctCapped ? survey.cellsAtCap === survey.distinct : survey.distinct === n)

/** Layout and labels for a kind that a person chose: the best there is. */
export function planFor(name: string, survey: ColumnSurvey, kind: Kind, reason: string, decimal = '.'): ColumnPlan {
  const guess = { value: kind, confidence: 1, reason }
  if (kind === 'datetime') return { name, kind: guess, layout: bestLayout(survey)?.layout ?? 'yyyy-MM-dd' }
  if (kind === 'numeric') {
    const written = writtenNumbers(survey, decimal)
    return { name, kind: guess, ...(written && written.hits > survey.numbers ? { layout: written.layout } : {}) }
  }
  if (kind === 'boolean') return { name, kind: guess, labels: labelsOf(survey) ?? (survey.samples.length === 2 && !survey.distinctCapped && survey.distinct === 2 ? (survey.samples.toSorted() as [string, string]) : ['false', 'true']) }
  return { name, kind: guess }
}

export function decideKind(name: string, survey: ColumnSurvey, decimal = '.'): ColumnPlan {
  const found = kindOf(name, survey, decimal)
  const { value, reason } = found.kind
  // Texts keep theirs.
  if (survey.wideBlanks === 0 || value === 'text' || value === 'id') return found
  const taken = `No-break or other wide blanks around ${count(survey.wideBlanks, 'value')} are not part of ${survey.wideBlanks === 1 ? 'it' : 'them'}.`
  return { ...found, kind: { ...found.kind, reason: `${reason} ${taken}` } }
}

function kindOf(name: string, survey: ColumnSurvey, decimal: string): ColumnPlan {
  const n = survey.cells - survey.missing
  const plan = (value: Kind, confidence: number, reason: string, more: Partial<ColumnPlan> = {}): ColumnPlan => ({ name, kind: { value, confidence, reason }, ...more })
  if (n === 0) return plan('text', 0.3, 'Every value is missing, so nothing tells what it means.')

  const labels = labelsOf(survey)
  if (labels) return plan('boolean', labels[0] === '0' ? 0.8 : 0.98, `Every value is "${labels[0]}" or "${labels[1]}".`, { labels })

  if (survey.leadingZeros > 0 && survey.firstLeadingZero) {
    const { text, line } = survey.firstLeadingZero
    const reason = `Codes with leading zeros, such as "${text}" on line ${line}, are names, not quantities.`
    if (allDiffer(survey, n) && n >= 20) return plan('id', 0.8, `${reason} No two rows share one.`)
    return survey.distinctCapped || survey.distinct > Math.max(50, n / 2) ? plan('text', 0.8, reason) : plan('categorical', 0.9, reason)
  }

  const verdict = bestLayout(survey)
  const isCompact = verdict?.layout === 'yyyyMMdd'
  if (verdict && (!isCompact || dateName.test(name)) && (verdict.hits === n || (n >= enoughRows && verdict.hits >= overwhelming * n))) {
    const misfits = n - verdict.hits
    const rest = misfits === 0 ? '' : ` ${count(misfits, 'row')} that cannot be read so will be listed and kept out.`
    return plan('datetime', verdict.confidence, `${misfits === 0 ? 'Every value' : `${count(verdict.hits, 'value')} of ${n.toLocaleString('en')}`} follows ${verdict.layout}.${verdict.reason}${rest}`, { layout: verdict.layout })
  }

  if (survey.numbers === n) {
    if (survey.decimals === 0 && allDiffer(survey, n) && n >= 20 && (idName.test(name) || (survey.consecutive && (name === '' || /^column_\d+$/.test(name))))) {
      return plan('id', 0.9, survey.consecutive ? 'Whole numbers that count the rows.' : 'Whole numbers under the name of an id, and no two rows share one.')
    }
    return plan('numeric', 0.98, 'Every value is a number.')
  }
  const misfit = survey.firstNotNumber
  if (n >= enoughRows && survey.numbers >= overwhelming * n && misfit) {
    return plan('numeric', 0.8, `${count(survey.numbers, 'value')} of ${n.toLocaleString('en')} are numbers; ${count(n - survey.numbers, 'row')} such as "${misfit.text}" on line ${misfit.line} will be listed and kept out.`)
  }
  const written = writtenNumbers(survey, decimal)
  if (written && (written.hits === n || (n >= enoughRows && written.hits >= overwhelming * n))) {
    const { first } = survey.written
    const example = first ? `, such as "${first.text}" on line ${first.line}` : ''
    const rest = written.hits === n || !survey.firstNotWritten ? '' : ` ${count(n - written.hits, 'row')} such as "${survey.firstNotWritten.text}" on line ${survey.firstNotWritten.line} will be listed and kept out.`
    const unit = written.layout.includes('%') ? ' Per cent stay per cent: 74.5% is 74.5.' : ''
    return plan('numeric', written.hits === n ? 0.9 : 0.8, `${written.hits === n ? 'Every value is a number' : `${count(written.hits, 'value')} of ${n.toLocaleString('en')} are numbers`} written as ${written.layout}${example}.${unit}${rest}`, { layout: written.layout })
  }
  const not = misfit && survey.numbers > 0 ? ` Not numeric: "${misfit.text}" on line ${misfit.line}.` : ''
  const words = n - survey.numbers === 0 ? 0 : survey.spaces / (n - survey.numbers)
  const characters = n - survey.numbers === 0 ? 0 : survey.characters / (n - survey.numbers)
  if (allDiffer(survey, n) && n >= 20 && words < 0.5 && survey.longest <= 64) return plan('id', idName.test(name) ? 0.95 : 0.7, `No two rows share a value, as with names of rows.${not}`)
  const distinct = survey.distinctCapped ? `more than ${survey.distinct.toLocaleString('en')}` : survey.distinct.toLocaleString('en')
  if ((characters > 60 || words >= 4) && (survey.distinctCapped || survey.distinct > 20) && survey.distinct > n / 10) {
    return plan('text', 0.9, `Sentences of ${Math.round(characters)} characters on average.${not}`)
  }
  if (survey.distinctCapped || survey.distinct > Math.max(50, n / 2)) return plan('text', 0.7, `${distinct} different values in ${n.toLocaleString('en')}: too many to be categories.${not}`)
  return plan('categorical', survey.distinct <= Math.max(20, n / 10) ? 0.95 : 0.7, `${distinct} different ${survey.distinct === 1 ? 'value' : 'values'} in ${count(n, 'row')}.${not}`)
}
