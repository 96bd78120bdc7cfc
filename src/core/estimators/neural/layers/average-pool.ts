import { floatsOf, type Layer, type Shape } from './layer.ts'

const none = { weights: 0, decayed: 0, flatWeights: 0, scratch: 0, eachRun() {} }

/** The mean of each 2 x 2 block; an odd last row or column is left out. */
export function averagePoolLayer(input: Shape): Layer {
  return {
    ...none,
    output: { ...input, height: input.height >> 1, width: input.width >> 1 },
    work: floatsOf(input),
    forward({ averagePool }, at, rows) {
      averagePool(at.input, rows, input.height, input.width, input.depth, at.output)
    },
    backward({ averageUnpool }, at, rows) {
      if (at.inputDelta !== undefined) averageUnpool(at.delta, rows, input.height, input.width, input.depth, at.inputDelta)
    },
  }
}

/** The mean of each channel over all pixels. */
export function globalAverageLayer(input: Shape): Layer {
  const { depth } = input
  const pixels = input.height * input.width
  const share = 1 / pixels
  const [pixelBytes, imageBytes] = [depth * 4, floatsOf(input) * 4]
  return {
    ...none,
    output: { ...input, height: 1, width: 1 },
    work: floatsOf(input),
    forward({ sumColumns, scaleBy }, at, rows) {
      for (let row = 0; row < rows; row++) sumColumns(at.input + row * imageBytes, pixelBytes, pixels, depth, at.output + row * pixelBytes)
      scaleBy(at.output, rows * depth, share)
    },
    backward({ copyRows, scaleBy }, at, rows) {
      if (at.inputDelta === undefined) return
      scaleBy(at.delta, rows * depth, share)
      for (let row = 0; row < rows; row++) copyRows(at.delta + row * pixelBytes, 0, at.inputDelta + row * imageBytes, pixelBytes, pixelBytes, pixels)
    },
  }
}
