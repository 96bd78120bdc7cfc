/**
 * The inner loops of training a neural network behind one interface: compiled (AssemblyScript, WASM SIMD)
 * or plain TypeScript, with the same bits in every result, because each element is summed in order and
 * nothing is fused. All data lie in one buffer; pointers and strides are byte offsets. Widths of layers
 * are padded to `widthPadding` floats, and what is padded stays zero.
 */
import { compileOnce } from './compile.ts'
import { type Crew, Team } from './crew.ts'

export const widthPadding = 8

/** Numbers of the activations, as `activate` and `slope` take them. */
export const activationCodes = { relu: 0, tanh: 1, logistic: 2 } as const

/**
 * Images are channels-last, one behind the other. Heights, widths, channels and kernels are counted in elements; before and
 * behind are pixels of zeros around an image. Slopes are those of the loss.
 */
export interface ConvolutionKernels {
  /** One row a position: the kernel's window, row by row (im2col), for stride 1 without padding. */
  unfold(image: number, height: number, width: number, channels: number, kernelHeight: number, kernelWidth: number, out: number): void
  /** Adds each window back where `unfold` took it from; kernelWidth * channels a multiple of 4. */
  fold(windows: number, height: number, width: number, channels: number, kernelHeight: number, kernelWidth: number, image: number): void
  /** Stride 1. Weights (size, size, channels, filters), biases behind them; filters a multiple of 8. Scratch: unfolded windows of an image, then the image with its frame. */
  convolve(image: number, images: number, height: number, width: number, channels: number, size: number, before: number, behind: number, weights: number, filters: number, out: number, scratch: number): void
  /** Slopes by the weights, without biases, summed over the images. */
  convolveWeightSlopes(image: number, images: number, height: number, width: number, channels: number, size: number, before: number, behind: number, delta: number, filters: number, gradient: number, scratch: number): void
  /** Slopes by the images. turned: the weights transposed, of which the first `real` rows count. */
  convolveImageSlopes(delta: number, images: number, height: number, width: number, channels: number, size: number, before: number, behind: number, turned: number, filters: number, real: number, imageDelta: number, scratch: number): void
  /** Largest of each 2 x 2 block; an odd last row or column is left out. channels a multiple of 4. */
  maxPool(image: number, images: number, height: number, width: number, channels: number, out: number): void
  /** Sends each slope to the first of its block that was the largest; the rest of delta becomes zero. */
  unpool(image: number, images: number, height: number, width: number, channels: number, pooled: number, slopes: number, delta: number): void
}
/** Channels and columns are multiples of 4. */
export interface PictureLayerKernels {
  /** Copies rows of rowBytes each between two strides; a stride of 0 repeats a row. */
  copyRows(from: number, fromRow: number, to: number, toRow: number, rowBytes: number, rows: number): void
  /** Each channel by its own kernel, stride 1. Weights (kernel, kernel, channels), biases behind them. Scratch: an image with its frame. */
  depthwise(image: number, images: number, height: number, width: number, channels: number, kernel: number, before: number, behind: number, weights: number, out: number, scratch: number): void
  /** Slopes by the images; height and width are theirs. */
  depthwiseImageSlopes(delta: number, images: number, height: number, width: number, channels: number, kernel: number, before: number, behind: number, weights: number, imageDelta: number, scratch: number): void
  /** Slopes by the weights, without biases, summed over the images. */
  depthwiseWeightSlopes(image: number, images: number, height: number, width: number, channels: number, kernel: number, before: number, behind: number, delta: number, gradient: number, scratch: number): void
  /** Mean of each 2 x 2 block; an odd last row or column is left out. */
  averagePool(image: number, images: number, height: number, width: number, channels: number, out: number): void
  /** Shares each slope among the four of its block; the rest of delta becomes zero. */
  averageUnpool(slopes: number, images: number, height: number, width: number, channels: number, delta: number): void
  /** Mean and variance (divided by rows) of each of some columns of a wider table. */
  moments(a: number, rowBytes: number, rows: number, columns: number, means: number, variances: number): void
  /** out = a * scale + shift, each column its own; may be in place. */
  scaleColumns(a: number, rows: number, columns: number, scale: number, shift: number, out: number): void
  /** Sums by column of delta, and of delta * (a - mean), over some columns of wider tables. */
  slopeSums(a: number, delta: number, rowBytes: number, rows: number, columns: number, mean: number, sums: number, weightedSums: number): void
  /** out = (delta - offset - (a - mean) * pull) * factor, each column its own; may be in place of delta. */
  normaliseSlopes(a: number, delta: number, rows: number, columns: number, mean: number, offset: number, pull: number, factor: number, out: number): void
  /** out = a * scale where the number drawn for the place (seed: u32) is at least rate of 2^32, else 0. */
  dropout(a: number, count: number, seed: number, rate: number, scale: number, out: number): void
}
export interface NeuralKernels extends ConvolutionKernels, PictureLayerKernels {
  readonly buffer: ArrayBufferLike
  /**
   * C (m x n) = start + A (m x k) B (k x n). Element (i, p) of A lies at a + i * aRow + p * aCol; rows of B
   * and C are contiguous, n a multiple of 8. start: pointer to what the sums begin with, 0 for zeros; row i
   * begins at start + i * startRow, so 0 repeats one row (biases) and start = c, startRow = cRow adds to C.
   */
  multiply(a: number, aRow: number, aCol: number, b: number, bRow: number, c: number, cRow: number, start: number, startRow: number, m: number, n: number, k: number): void
  /** out (columns x rows) = A transposed. */
  transpose(a: number, aRow: number, rows: number, columns: number, out: number, outRow: number): void
  /** out[j] = sum of column j; columns a multiple of 4. */
  sumColumns(a: number, aRow: number, rows: number, columns: number, out: number): void
  /** Copies rows (u32 numbers) of rowBytes each. */
  gather(source: number, rowBytes: number, rows: number, count: number, out: number): void
  /** In place on (rows x columns); columns from `real` on become zero. */
  activate(a: number, rows: number, columns: number, real: number, kind: number): void
  /** delta *= slope of the activation at its output; count a multiple of 4. */
  slope(delta: number, output: number, count: number, kind: number): void
  /** Softmax and log loss against one-hot targets (rows x classes); logits become (probability - target) * scale. out, f64: sum of losses, rows whose largest logit is their class. */
  logLoss(logits: number, rows: number, columns: number, targets: number, classes: number, scale: number, out: number): void
  /** Half squared error of column 0; outputs become (output - target) * scale. out, f64: sum of losses, 0. */
  squaredLoss(outputs: number, rows: number, columns: number, targets: number, scale: number, out: number): void
  /** a *= factor; count a multiple of 4. */
  scaleBy(a: number, count: number, factor: number): void
  /** a[i] += what lies `stride` bytes on, then twice, for parts - 1 times, in that order; count a multiple of 4. */
  addParts(a: number, stride: number, parts: number, count: number): void
  /** One step with beta 0.9 and 0.999; rate and epsilon hold the bias correction; decay * theta joins the gradient. count a multiple of 4. */
  adam(theta: number, m: number, v: number, gradient: number, count: number, decay: number, rate: number, epsilon: number): void
}

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledNeuralKernels(wasm: ArrayBuffer, bytes: number): Promise<NeuralKernels> {
  const { exports } = await WebAssembly.instantiate(await compileOnce('neural', wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  return { ...(exports as unknown as Omit<NeuralKernels, 'buffer'>), buffer: memory.buffer }
}

/** The same on a memory that helpers share. @param wasm of neural-shared.wasm; @throws RangeError where memory is refused */
export async function sharedNeuralKernels(wasm: ArrayBuffer, bytes: number, crew: Crew): Promise<{ readonly kernels: NeuralKernels; readonly team: Team }> {
  const module = await compileOnce('neural-shared', wasm)
  const pages = Math.ceil(bytes / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  return { team: new Team(crew, module, memory, exports), kernels: { ...(exports as unknown as Omit<NeuralKernels, 'buffer'>), buffer: memory.buffer } }
}
