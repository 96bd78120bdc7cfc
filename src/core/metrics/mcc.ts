import { defineLabelMetric } from './define.ts'

export const mcc = defineLabelMetric(
  {
    id: 'mcc',
    label: 'Matthews correlation',
    help: 'The correlation of predicted and actual classes: 1 is perfect, 0 is no better than chance.',
    source: 'scikit-learn matthews_corrcoef (Gorodkin 2004 for several classes); undefined, not 0, where one side has a single class',
    tasks: ['binary', 'multiclass'],
    greaterIsBetter: true,
    range: [-1, 1],
    unit: 'none',
  },
  (table) => {
    const n = table.total
    let hits = 0
    let both = 0
    let actualSquares = 0
    let predictedSquares = 0
    for (let c = 0; c < table.classes.length; c++) {
      const actual = table.actual[c] as number
      const predicted = table.predicted[c] as number
      hits += table.hits[c] as number
      both += actual * predicted
      actualSquares += actual * actual
      predictedSquares += predicted * predicted
    }
    const actualSpread = n * n - actualSquares
    const predictedSpread = n * n - predictedSquares
    if (actualSpread === 0) return { undefined: 'all rows are of one class' }
    if (predictedSpread === 0) return { undefined: 'all rows are predicted to be of one class' }
    const value = (hits * n - both) / Math.sqrt(actualSpread * predictedSpread)
    return { value: Math.min(1, Math.max(-1, value)) }
  },
)
