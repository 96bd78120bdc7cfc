import { floatsOf, type Layer, type Shape } from './layer.ts'

/** While learning, leaves out this share of the numbers and scales the others up (Srivastava et al. 2014, inverted); answering, passes all. */
export function dropoutLayer(input: Shape, share: number): Layer {
  const rate = Math.floor(share * 2 ** 32)
  const scale = Math.fround(1 / (1 - share))
  return {
    output: input,
    weights: 0,
    decayed: 0,
    flatWeights: 0,
    scratch: 0,
    work: floatsOf(input),
    eachRun() {},
    forward({ copyRows, dropout }, at, rows) {
      const count = rows * floatsOf(input)
      if (at.training) dropout(at.input, count, at.chance + at.first * floatsOf(input), rate, scale, at.output)
      else copyRows(at.input, 0, at.output, 0, count * 4, 1)
    },
    backward({ copyRows, dropout }, at, rows) {
      if (at.inputDelta === undefined) return
      const count = rows * floatsOf(input)
      if (at.training) dropout(at.delta, count, at.chance + at.first * floatsOf(input), rate, scale, at.inputDelta)
      else copyRows(at.delta, 0, at.inputDelta, 0, count * 4, 1)
    },
  }
}
