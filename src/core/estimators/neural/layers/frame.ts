import type { NeuralKernels } from '../../../../kernels/neural.ts'
import { floatsOf, type Shape } from './layer.ts'

export type Padding = 'same' | 'valid'

/** Pixels of zeros before and behind each side, so that a kernel of this size leaves the size as it is (the odd one behind, as ONNX's SAME_UPPER). */
export const pads = (size: number, padding: Padding): readonly [before: number, behind: number] => (padding === 'same' ? [(size - 1) >> 1, size >> 1] : [0, 0])

/** Zeros around an image for "same" padding; without them images are worked on where they lie. */
export function framed(input: Shape, size: number, padding: Padding) {
  const [before, behind] = pads(size, padding)
  const isBare = before + behind === 0
  const shape: Shape = { ...input, height: input.height + before + behind, width: input.width + before + behind }
  const [imageBytes, imageRow, frameRow] = [floatsOf(input) * 4, input.width * input.depth * 4, shape.width * shape.depth * 4]
  const inside = before * frameRow + before * input.depth * 4
  const empty = ({ buffer }: NeuralKernels, at: number, count: number): void => void new Float32Array(buffer, at, count).fill(0)
  return {
    shape,
    /** Floats of scratch for one framed image. */
    floats: isBare ? 0 : floatsOf(shape),
    /** Zeros the frame, once before `enter`. */
    clear(kernels: NeuralKernels, frame: number): void {
      if (!isBare) empty(kernels, frame, floatsOf(shape))
    },
    /** @returns where the image of this row lies with its frame */
    enter({ copyRows }: NeuralKernels, images: number, row: number, frame: number): number {
      if (isBare) return images + row * imageBytes
      copyRows(images + row * imageBytes, imageRow, frame + inside, frameRow, imageRow, input.height)
      return frame
    },
    /** Lets `add` add to zeros in the framed image, and keeps what lies inside the frame. */
    collect(kernels: NeuralKernels, images: number, row: number, frame: number, add: (image: number) => void): void {
      const image = images + row * imageBytes
      empty(kernels, isBare ? image : frame, floatsOf(shape))
      add(isBare ? image : frame)
      if (!isBare) kernels.copyRows(frame + inside, frameRow, image, imageRow, imageRow, input.height)
    },
  }
}
