import { floatsOf, type Layer, type Shape } from './layer.ts'

const none = { weights: 0, decayed: 0, flatWeights: 0, scratch: 0, eachRun() {} }

/** The mean of each 2 x 2 block; an odd last row or column is left out. */
export function averagePoolLayer(input: Shape): Layer {
  const output: Shape = { ...input, height: input.height >> 1, width: input.width >> 1 }
  const [inputBytes, outputBytes] = [floatsOf(input) * 4, floatsOf(output) * 4]
  return {
    ...none,
    output,
    forward({ averagePool }, at, rows) {
      for (let row = 0; row < rows; row++) averagePool(at.input + row * inputBytes, input.height, input.width, input.depth, at.output + row * outputBytes)
    },
    backward({ averageUnpool }, at, rows) {
      if (at.inputDelta === undefined) return
      for (let row = 0; row < rows; row++) averageUnpool(at.delta + row * outputBytes, input.height, input.width, input.depth, at.inputDelta + row * inputBytes)
    },
  }
}

/** The mean of each channel over all pixels. */
export function globalAverageLayer(input: Shape): Layer {
  const { depth } = input
  const pixels = input.height * input.width
  const share = Math.fround(1 / pixels)
  const output: Shape = { ...input, height: 1, width: 1 }
  return {
    ...none,
    output,
    forward({ buffer, sumColumns }, at, rows) {
      for (let row = 0; row < rows; row++) sumColumns(at.input + row * pixels * depth * 4, depth * 4, pixels, depth, at.output + row * depth * 4)
      const means = new Float32Array(buffer, at.output, rows * depth)
      for (let i = 0; i < means.length; i++) means[i] = (means[i] as number) * share
    },
    backward({ buffer }, at, rows) {
      if (at.inputDelta === undefined) return
      const slopes = new Float32Array(buffer, at.delta, rows * depth)
      for (let i = 0; i < slopes.length; i++) slopes[i] = (slopes[i] as number) * share
      const images = new Float32Array(buffer, at.inputDelta, rows * pixels * depth)
      for (let row = 0; row < rows; row++) {
        const slope = slopes.subarray(row * depth, row * depth + depth)
        for (let p = 0; p < pixels; p++) images.set(slope, (row * pixels + p) * depth)
      }
    },
  }
}
