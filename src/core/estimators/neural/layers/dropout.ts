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
    eachRun() {},
    forward({ buffer, dropout }, at, rows) {
      const count = rows * floatsOf(input)
      if (at.training) dropout(at.input, count, at.chance, rate, scale, at.output)
      else new Float32Array(buffer, at.output, count).set(new Float32Array(buffer, at.input, count))
    },
    backward({ buffer, dropout }, at, rows) {
      if (at.inputDelta === undefined) return
      const count = rows * floatsOf(input)
      if (at.training) dropout(at.delta, count, at.chance, rate, scale, at.inputDelta)
      else new Float32Array(buffer, at.inputDelta, count).set(new Float32Array(buffer, at.delta, count))
    },
  }
}
