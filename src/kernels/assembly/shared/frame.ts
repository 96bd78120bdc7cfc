/** Zeros around an image, for padding that keeps the size. */

/** Copies rows of rowBytes each between two strides; a stride of 0 repeats a row. */
export function copyRows(from: usize, fromRow: usize, to: usize, toRow: usize, rowBytes: usize, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) memory.copy(to + (<usize>i) * toRow, from + (<usize>i) * fromRow, rowBytes)
}

/** Puts an image into zeros of `before` and `behind` pixels on each side; without them it stays where it is. The frame is zero around it. */
export function enterFrame(image: usize, height: u32, width: u32, channels: u32, before: u32, behind: u32, frame: usize): usize {
  if (before + behind == 0) return image
  const pixel = (<usize>channels) << 2
  const frameRow = (<usize>(width + before + behind)) * pixel
  copyRows(image, (<usize>width) * pixel, frame + (<usize>before) * (frameRow + pixel), frameRow, (<usize>width) * pixel, height)
  return frame
}

/** Bytes of an image in its frame. */
export function framedBytes(height: u32, width: u32, channels: u32, sides: u32): usize {
  return (<usize>((height + sides) * (width + sides) * channels)) << 2
}
