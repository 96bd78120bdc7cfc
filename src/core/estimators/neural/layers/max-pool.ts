import { floatsOf, type Layer, type Shape } from './layer.ts'

/** The largest of each 2 x 2 block; an odd last row or column is left out. */
export function maxPoolLayer(input: Shape): Layer {
  const output: Shape = { ...input, height: input.height >> 1, width: input.width >> 1 }
  return {
    output,
    weights: 0,
    decayed: 0,
    flatWeights: 0,
    scratch: 0,
    work: floatsOf(input),
    eachRun() {},
    forward({ maxPool }, at, rows) {
      maxPool(at.input, rows, input.height, input.width, input.depth, at.output)
    },
    backward({ unpool }, at, rows) {
      if (at.inputDelta !== undefined) unpool(at.input, rows, input.height, input.width, input.depth, at.output, at.delta, at.inputDelta)
    },
  }
}
