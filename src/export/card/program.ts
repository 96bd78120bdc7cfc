/** The script of a card whose model is a readable program: `predict(prepare(row))` of src/core/code. */
import type { GoldenCell } from '../../core/bundle/golden.ts'
import type { CardAnswer, CardModel } from './answer.ts'
import { tablePage } from './table-page.ts'

/** @param predict a value, or a probability for each class */
export function open(model: CardModel, predict: (row: readonly GoldenCell[]) => number | readonly number[]): void {
  const { classes, threshold = 0.5 } = model
  tablePage(model, (rows) =>
    rows.map((row): CardAnswer => {
      const answer = predict(row)
      if (typeof answer === 'number') return { value: answer }
      const best = classes.length === 2 ? ((answer[1] as number) >= threshold ? 1 : 0) : answer.indexOf(Math.max(...answer))
      return { label: classes[best] as string, probabilities: answer }
    }),
  )
}
