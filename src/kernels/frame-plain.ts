/** What the plain twins of picture kernels share: zeros around an image, and blocks of 2 x 2. */

/** Over the memory of the plain kernels; pointers are byte offsets. */
export function plainFrames(buffer: ArrayBuffer) {
  const f32 = new Float32Array(buffer)
  const u8 = new Uint8Array(buffer)
  const copyRows = (from: number, fromRow: number, to: number, toRow: number, rowBytes: number, rows: number): void => {
    for (let i = 0; i < rows; i++) u8.copyWithin(to + i * toRow, from + i * fromRow, from + i * fromRow + rowBytes)
  }
  const measure = (height: number, width: number, channels: number, before: number, behind: number) => {
    const [row, frameRow] = [width * channels * 4, (width + before + behind) * channels * 4]
    return { row, frameRow, imageBytes: height * row, frameFloats: (height + before + behind) * (frameRow / 4), inside: before * (frameRow + channels * 4) }
  }
  return {
    copyRows,
    /** @returns where image `i` lies with zeros around it: in the frame, or where it was */
    enter(images: number, i: number, height: number, width: number, channels: number, before: number, behind: number, frame: number): number {
      const { row, frameRow, imageBytes, frameFloats, inside } = measure(height, width, channels, before, behind)
      if (before + behind === 0) return images + i * imageBytes
      f32.fill(0, frame >>> 2, (frame >>> 2) + frameFloats)
      copyRows(images + i * imageBytes, row, frame + inside, frameRow, row, height)
      return frame
    },
    /** Lets `add` add to zeros in a framed image, and keeps what lies inside the frame. */
    collect(images: number, i: number, height: number, width: number, channels: number, before: number, behind: number, frame: number, add: (framed: number) => void): void {
      const { row, frameRow, imageBytes, frameFloats, inside } = measure(height, width, channels, before, behind)
      const image = images + i * imageBytes
      const into = before + behind === 0 ? image : frame
      f32.fill(0, into >>> 2, (into >>> 2) + frameFloats)
      add(into)
      if (into === frame) copyRows(frame + inside, frameRow, image, row, row, height)
    },
  }
}

/** The four places of each 2 x 2 block of some images and the place of what it becomes, channel by channel. */
export function eachBlock(images: number, height: number, width: number, channels: number, visit: (places: readonly [number, number, number, number], pooled: number) => void): void {
  let pooled = 0
  for (let image = 0; image < images; image++) {
    for (let y = 0; y + 2 <= height; y += 2) {
      for (let x = 0; x + 2 <= width; x += 2) {
        for (let c = 0; c < channels; c++, pooled++) {
          const first = ((image * height + y) * width + x) * channels + c
          visit([first, first + channels, first + width * channels, first + (width + 1) * channels], pooled)
        }
      }
    }
  }
}
