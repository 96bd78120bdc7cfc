import { floatsOf, type Layer, type Shape } from './layer.ts'

/** The largest of each 2 x 2 block; an odd last row or column is left out. */
export function maxPoolLayer(input: Shape): Layer {
  const output: Shape = { ...input, height: input.height >> 1, width: input.width >> 1 }
  const [inputBytes, outputBytes] = [floatsOf(input) * 4, floatsOf(output) * 4]
  return {
    output,
    weights: 0,
    decayed: 0,
    flatWeights: 0,
    scratch: 0,
    eachRun() {},
    forward({ maxPool }, at, rows) {
      for (let row = 0; row < rows; row++) maxPool(at.input + row * inputBytes, input.height, input.width, input.depth, at.output + row * outputBytes)
    },
    backward({ unpool }, at, rows) {
      if (at.inputDelta === undefined) return
      for (let row = 0; row < rows; row++) {
        const [from, to] = [row * inputBytes, row * outputBytes]
        unpool(at.input + from, input.height, input.width, input.depth, at.output + to, at.delta + to, at.inputDelta + from)
      }
    },
  }
}
