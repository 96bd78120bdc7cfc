/**
 * Handwritten digits from scratch, without a GPU, on one thread: 8,000 learnt, 2,000 held out. Gates: at least 97 % of
 * those named rightly, fitted in at most 2 minutes.
 */
import { labelsOf, type ClassPrediction } from '../../../src/core/data/target.ts'
import { cnn } from '../../../src/core/estimators/neural/cnn.ts'
import { checkParams } from '../../../src/core/params.ts'
import { digits, type Digits } from '../../support/digits.ts'
import { nodeContext } from '../../support/node-context.ts'
import { tell } from '../harness.ts'

const [leastAccuracy, mostSeconds] = [0.97, 120]

export async function run(json: boolean): Promise<boolean> {
  const [train, held] = digits(1, 8000, 2000) as [Digits, Digits]
  const params = checkParams('cnn', cnn.params, { maxIter: 15, shift: 0.08, rotate: 10, zoom: 0.1 })
  const context = nodeContext()
  const begun = performance.now()
  const model = await cnn.fit(train.X, train.y, { params, seed: 1 }, context)
  const fitted = performance.now()
  const labels = labelsOf((await model.predict(held.X, context)) as ClassPrediction)
  const predicted = performance.now()
  const accuracy = labels.filter((label, row) => label === held.y.codes[row]).length / labels.length
  const seconds = (fitted - begun) / 1000
  const line = { name: 'mnist', fit_s: Number(seconds.toFixed(1)), predict_ms_a_picture: Number(((predicted - fitted) / labels.length).toFixed(2)), accuracy, epochs: model.facts['epochs'] }
  tell(line, json)
  return accuracy >= leastAccuracy && seconds <= mostSeconds
}
