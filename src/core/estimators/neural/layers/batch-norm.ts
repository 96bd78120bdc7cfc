import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import type { Layer, Shape } from './layer.ts'

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
  // Memory: means and variances of the batch, then scale and shift, then what goes back: offset, pull, factor.
  const [used, scale, back] = [0, 2 * bytes, 4 * bytes]
  /** Columns that one thread takes: a cache line of them. */
  const share = 16
  const eachShare = <T>(callOf: (from: number, columns: number) => T): T[] => Array.from({ length: Math.ceil(depth / share) }, (_, k) => callOf(k * share * 4, Math.min(share, depth - k * share)))
  return {
    output: input,
    weights: 4 * depth,
    decayed: 0,
    flatWeights: 4 * channels,
    scratch: 0,
    work: 4 * pixels * depth,
    memory: 7 * depth,
    eachRun(visit) {
      for (let part = 0; part < 4; part++) visit(part * channels, part * depth, channels)
    },
    gather({ buffer }, at, rows, each) {
      const count = rows * pixels
      const running = new Float32Array(buffer, at.weights + 2 * bytes, 2 * depth)
      const moments = new Float32Array(buffer, at.memory + used, 2 * depth)
      if (at.training) {
        each(eachShare((from, columns) => ['moments', at.input + from, bytes, count, columns, at.memory + used + from, at.memory + used + bytes + from]))
        for (let j = 0; j < 2 * depth; j++) {
          const unbiased = j < depth || count < 2 ? 1 : count / (count - 1)
          running[j] = (running[j] as number) * (1 - momentum) + (moments[j] as number) * unbiased * momentum
        }
      } else moments.set(running)
      const factors = new Float32Array(buffer, at.memory + scale, depth)
      const shifts = new Float32Array(buffer, at.memory + scale + bytes, depth)
      const theta = new Float32Array(buffer, at.weights, 2 * depth)
      for (let j = 0; j < depth; j++) {
        factors[j] = (theta[j] as number) / Math.sqrt((moments[depth + j] as number) + epsilon)
        shifts[j] = (theta[depth + j] as number) - (moments[j] as number) * (factors[j] as number)
      }
    },
    forward({ scaleColumns, activate }, at, rows) {
      scaleColumns(at.input, rows * pixels, depth, at.memory + scale, at.memory + scale + bytes, at.output)
      if (activation) activate(at.output, rows * pixels, depth, channels, activationCodes[activation])
    },
    gatherBack({ buffer }, at, rows, each) {
      const count = rows * pixels
      // A share of rows is as good as any: each number is by itself.
      const some = Math.ceil(count / 16)
      if (activation) each(Array.from({ length: Math.ceil(count / some) }, (_, k) => ['slope', at.delta + k * some * bytes, at.output + k * some * bytes, Math.min(some, count - k * some) * depth, activationCodes[activation]] as const))
      const variance = new Float32Array(buffer, at.memory + used + bytes, depth)
      const theta = new Float32Array(buffer, at.weights, depth)
      const gradient = new Float32Array(buffer, at.gradient, 4 * depth)
      // Sums of delta and of delta * (x - mean) come where offset and pull lie afterwards.
      each(eachShare((from, columns) => ['slopeSums', at.input + from, at.delta + from, bytes, count, columns, at.memory + used + from, at.memory + back + from, at.memory + back + bytes + from]))
      const sums = new Float32Array(buffer, at.memory + back, 2 * depth)
      const factor = new Float32Array(buffer, at.memory + back + 2 * bytes, depth)
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
    },
    backward({ normaliseSlopes }, at, rows) {
      if (at.inputDelta === undefined) return
      normaliseSlopes(at.input, at.delta, rows * pixels, depth, at.memory + used, at.memory + back, at.memory + back + bytes, at.memory + back + 2 * bytes, at.inputDelta)
    },
  }
}
