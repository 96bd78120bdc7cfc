/** What a report says in three sentences: what changed, how sure that is, what to do. */
import { say } from './words.ts'
import { metrics } from '../metrics/registry.ts'
import type { DriftReport, ScoreChange, Verdict } from './report.ts'

const count = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)

/** Rows under this many say little. */
const fewRows = 100

export function verdictOf(report: Omit<DriftReport, 'verdict'>): Verdict {
  const { known } = report.source
  const found = freshVerdict(report)
  if (!known) return found
  const about = (n: number, word: string): string => `${known.judged ? word : ''}${n.toLocaleString('en')}`
  const which = `${known.rows === known.of ? `All ${count(known.of, 'row')}` : `${about(known.rows, 'About ')} of ${count(known.of, 'row')}`} are rows of the model's own data, and it learnt from ${known.learnt === known.rows ? 'every one of these' : known.learnt === 0 ? 'none of these' : `${about(known.learnt, 'about ')} of these`}.`
  if (known.leftOut) return { ...found, sure: `${which} They were left out. ${found.sure}` }
  if (known.judged) return { ...found, sure: `${which} Which ones cannot be told, so they are judged with the others, and a change can look smaller than it is. ${found.sure}` }
  return { level: 'unknown', text: which, sure: 'On rows that it learnt from any model looks good, and rows that were there before cannot show a change. So nothing is judged here.', next: 'Drop rows that came after the model was made.' }
}

function freshVerdict(report: Omit<DriftReport, 'verdict'>): Verdict {
  const { source, share, performance, answers, estimates, joint } = report
  if (source.rows < 30) return { level: 'unknown', text: `${count(source.rows, 'row')} are too few to say whether anything changed.`, sure: 'Thirty rows are the least, a few hundred are better.', next: 'Wait for more rows, or put several files together.' }
  const inputs = inputsText(report)
  const few = source.rows < fewRows ? ` With ${count(source.rows, 'row')} only a large change can be seen.` : ''
  const [answer] = answers
  const answersDrifted = answer?.drift?.drifted === true
  const main = performance?.scores[0]
  if (performance && main?.worse) {
    return {
      level: 'act',
      text: `The model has become worse: ${scoreText(main)}. ${inputs}`,
      sure: `The difference is ${intervalText(main)}, over ${count(performance.rows, 'labelled row')}.${few}`,
      next: share.drifted > 0 ? 'Look at the columns at the top of the list, then train again with the new rows.' : 'The inputs look as before, so what they mean for the outcome may have changed. Train again with the new rows.',
    }
  }
  if (performance && main?.change) {
    const changed = share.isDrift || answersDrifted || joint?.drifted === true
    return {
      level: changed ? 'watch' : 'steady',
      text: `The model is as good as before, as far as can be told: ${scoreText(main)}. ${inputs}`,
      sure: `The difference is ${intervalText(main)}, over ${count(performance.rows, 'labelled row')}.${few}`,
      next: changed ? 'It copes with the change so far. Keep watching, and train again when there are enough new rows.' : 'Nothing to do.',
    }
  }
  const lower = estimates.find(({ believable, high, check }) => believable && high < check.low)
  const promise = lower ? ` By its own probabilities its ${metrics.get(lower.metric).label.toLowerCase()} would now be about ${say(lower.value)}, and was ${say(lower.check.true)}.` : ''
  const unlabelled = 'Whether it is still right cannot be seen without labels.'
  if (share.isDrift || (answersDrifted && share.drifted > 0)) {
    return {
      level: 'act',
      text: `${inputs}${answersDrifted ? ' So are the answers.' : ''}${promise}`,
      sure: `${chanceText(report)} ${unlabelled}${few}`,
      next: 'Find out whether the world changed or the data did (another unit, another form, a broken sensor). Then label some of these rows and look again.',
    }
  }
  if (share.drifted > 0 || answersDrifted || joint?.drifted || lower) {
    return {
      level: 'watch',
      text: `${inputs}${answersDrifted ? ' The answers are distributed otherwise too.' : ''}${share.drifted === 0 && joint?.drifted ? ' Taken together the inputs have changed: a classifier tells new rows from old ones.' : ''}${promise}`,
      sure: `${chanceText(report)} ${unlabelled}${few}`,
      next: 'Look at what changed, most of all where the model leans on it. Label some of these rows to be sure.',
    }
  }
  if (share.tested === 0) return { level: 'unknown', text: 'No input could be compared.', sure: 'The reasons stand beside the columns.', next: 'Compare a file whose columns have values.' }
  return { level: 'steady', text: inputs, sure: `${unlabelled}${few}`, next: 'Nothing to do.' }
}

function inputsText({ share, columns }: Omit<DriftReport, 'verdict'>): string {
  if (share.tested === 0) return 'No input could be compared.'
  if (share.drifted === 0) return `None of the ${count(share.tested, 'input')} is distributed otherwise than in training.`
  const names = columns.filter(({ drift }) => drift?.drifted).slice(0, 3).map(({ name }) => cut(name))
  const more = share.drifted - names.length
  return `${share.drifted} of ${count(share.tested, 'input')} ${share.drifted === 1 ? 'is' : 'are'} distributed otherwise than in training: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
}

function chanceText({ share }: Omit<DriftReport, 'verdict'>): string {
  if (share.byChance === 0) return 'The distances lie above their limits; with so many rows chance plays no part.'
  const about = share.byChance < 1 ? 'less than one column' : `about ${count(Math.round(share.byChance), 'column')}`
  return `By chance alone ${about} of ${share.tested} would be told as changed.`
}

const scoreText = ({ metric, before, now }: ScoreChange): string => `${metrics.get(metric).label} is ${say(now.value)} now and was ${say(before.value)} on validation rows`
const intervalText = ({ change }: ScoreChange): string => (change ? `${say(change.value)} (95% interval ${say(change.low)} to ${say(change.high)})` : 'not known')
