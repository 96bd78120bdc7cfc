/** Makes a metric out of the one function that is its own, and guards what all metrics promise. */
import { ConfusionView } from './confusion-view.ts'
import type { Metric, Score } from './metric.ts'
import { Sample, wholeDraw } from './sample.ts'
import type { Draw } from './sample.ts'

type Described = Omit<Metric, 'compute' | 'scoreDraw' | 'scoreConfusion'>

const noRows: Score = { undefined: 'there are no rows' }
const notFinite: Score = { undefined: 'a prediction is not a finite number, or too large to be squared' }

/** A metric of rows with their probabilities or values. */
export function defineMetric(about: Described, score: (draw: Draw) => Score): Metric {
  const scoreDraw = (draw: Draw): Score => (draw.total === 0 ? noRows : draw.sample.finite ? finite(score(draw)) : notFinite)
  return { ...about, scoreDraw, compute: (input) => scoreDraw(wholeDraw(new Sample(input))) }
}

/** A metric that the confusion table alone decides. */
export function defineLabelMetric(about: Omit<Described, 'needs'>, score: (table: ConfusionView) => Score): Metric {
  const scoreView = (view: ConfusionView): Score => (view.total === 0 ? noRows : finite(score(view)))
  const metric = defineMetric({ ...about, needs: 'label' }, (draw) => scoreView(draw.confusionView()))
  return { ...metric, scoreConfusion: (confusion, classes) => scoreView(new ConfusionView(confusion, classes)) }
}

function finite(score: Score): Score {
  if ('undefined' in score || Number.isFinite(score.value)) return score
  return notFinite
}

export const scoreOr = (value: number | null, reason: string): Score => (value === null ? { undefined: reason } : { value })
