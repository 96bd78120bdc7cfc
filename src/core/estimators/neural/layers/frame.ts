export type Padding = 'same' | 'valid'

/** Pixels of zeros before and behind each side, so that a kernel of this size leaves the size as it is (the odd one behind, as ONNX's SAME_UPPER). */
export const pads = (size: number, padding: Padding): readonly [before: number, behind: number] => (padding === 'same' ? [(size - 1) >> 1, size >> 1] : [0, 0])
