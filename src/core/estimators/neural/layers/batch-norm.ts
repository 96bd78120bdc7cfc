import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { floatsOf, type Layer, type Shape } from './layer.ts'

/** Share of a batch's statistics that enters the running ones (0.1 in PyTorch, 0.01 in Keras), and what keeps roots away from zero (as PyTorch). */
export const [momentum, epsilon] = [0.1, 1e-5]

/**
 * Batch normalisation (Ioffe & Szegedy 2015) over rows and pixels, channel by channel. Weights of a checkpoint:
 * scale, shift, running mean, running variance, each (channels); the running ones have no slope, so the
 * optimiser leaves them alone. The running variance is the unbiased one, as in PyTorch.
 * @param input its depth a multiple of 4
 */
export function batchNormLayer(input: Shape, activation?: Activation): Layer {
  const { channels, depth } = input
  const pixels = input.height * input.width
  const bytes = depth * 4
  return {
    output: input,
    weights: 4 * depth,
    decayed: 0,
    flatWeights: 4 * channels,
    scratch: 4 * depth,
    memory: () => 2 * depth,
    eachRun(visit) {
      for (let part = 0; part < 4; part++) visit(part * channels, part * depth, channels)
    },
    forward(kernels, at, rows) {
      const { buffer } = kernels
      const count = rows * pixels
      const running = new Float32Array(buffer, at.weights + 2 * bytes, 2 * depth)
      const used = new Float32Array(buffer, at.memory, 2 * depth)
      if (at.training) {
        kernels.moments(at.input, count, depth, at.memory)
        for (let j = 0; j < 2 * depth; j++) {
          const unbiased = j < depth || count < 2 ? 1 : count / (count - 1)
          running[j] = (running[j] as number) * (1 - momentum) + (used[j] as number) * unbiased * momentum
        }
      } else used.set(running)
      const scale = new Float32Array(buffer, at.scratch, depth)
      const shift = new Float32Array(buffer, at.scratch + bytes, depth)
      const theta = new Float32Array(buffer, at.weights, 2 * depth)
      for (let j = 0; j < depth; j++) {
        scale[j] = (theta[j] as number) / Math.sqrt((used[depth + j] as number) + epsilon)
        shift[j] = (theta[depth + j] as number) - (used[j] as number) * (scale[j] as number)
      }
      kernels.scaleColumns(at.input, count, depth, at.scratch, at.scratch + bytes, at.output)
      if (activation) kernels.activate(at.output, count, depth, channels, activationCodes[activation])
    },
    backward(kernels, at, rows) {
      const { buffer } = kernels
      const count = rows * pixels
      if (activation) kernels.slope(at.delta, at.output, rows * floatsOf(input), activationCodes[activation])
      const variance = new Float32Array(buffer, at.memory + bytes, depth)
      const theta = new Float32Array(buffer, at.weights, depth)
      const gradient = new Float32Array(buffer, at.gradient, 4 * depth)
      // Sums of delta and of delta * (x - mean): in the scratch first, the two gradients after.
      kernels.slopeSums(at.input, at.delta, count, depth, at.memory, at.scratch)
      const sums = new Float32Array(buffer, at.scratch, 2 * depth)
      const factor = new Float32Array(buffer, at.scratch + 2 * bytes, depth)
      gradient.fill(0)
      for (let j = 0; j < depth; j++) {
        const inverse = 1 / Math.sqrt((variance[j] as number) + epsilon)
        gradient[j] = (sums[depth + j] as number) * inverse
        gradient[depth + j] = sums[j] as number
        factor[j] = (theta[j] as number) * inverse
        // While answering, mean and variance do not depend on the input.
        sums[depth + j] = at.training ? ((sums[depth + j] as number) * inverse * inverse) / count : 0
        sums[j] = at.training ? (sums[j] as number) / count : 0
      }
      if (at.inputDelta === undefined) return
      kernels.normaliseSlopes(at.input, at.delta, count, depth, at.memory, at.scratch, at.scratch + bytes, at.scratch + 2 * bytes, at.inputDelta)
    },
  }
}
