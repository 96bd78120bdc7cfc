/**
 * Prediction of tree ensembles on a memory laid out by src/core/estimators/tree/scorer.ts. The plain twin in
 * src/kernels/trees-plain.ts defines the meaning; both leave the same bits behind. See trees.ts for the layout.
 */

// @ts-ignore: decorator
@inline
function step(node: usize, row: usize): usize {
  const right = <usize>(load<f32>(row + load<u32>(node)) > load<f32>(node, 4))
  return load<u32>(node, 8) + (right << 5)
}

// @ts-ignore: decorator
@inline
function stepWithSets(node: usize, row: usize): usize {
  const at = row + load<u32>(node)
  const code = min<u32>(load<u32>(at), load<u32>(node, 16))
  const outside = (~(load<u32>(load<u32>(node, 12) + ((code >> 5) << 2)) >> (code & 31))) & 1
  const right = <u32>(load<f32>(at) > load<f32>(node, 4)) | outside
  return load<u32>(node, 8) + (<usize>right << 5)
}

// @ts-ignore: decorator
@inline
function add(node: usize, score: usize, width: u32): void {
  const value = <usize>load<u32>(node, 20)
  for (let w: usize = 0; w < <usize>width << 3; w += 8) store<f64>(score + w, load<f64>(score + w) + load<f64>(value + w))
}

export function score(trees: usize, count: u32, block: usize, stride: usize, rows: u32, scores: usize, outputs: u32, width: u32): void {
  const scoreBytes = <usize>outputs << 3
  for (let t: u32 = 0; t < count; t++) {
    const tree = trees + (<usize>t << 4)
    const root = <usize>load<u32>(tree)
    const depth = load<u32>(tree, 4)
    const hasSets = load<u32>(tree, 12) != 0
    let row = block
    let out = scores + (<usize>load<u32>(tree, 8) << 3)
    for (let i: u32 = 0; i < rows; i += 8) {
      const r1 = row + stride
      const r2 = r1 + stride
      const r3 = r2 + stride
      const r4 = r3 + stride
      const r5 = r4 + stride
      const r6 = r5 + stride
      const r7 = r6 + stride
      let n0 = root
      let n1 = root
      let n2 = root
      let n3 = root
      let n4 = root
      let n5 = root
      let n6 = root
      let n7 = root
      if (hasSets) {
        for (let d: u32 = 0; d < depth; d++) {
          n0 = stepWithSets(n0, row)
          n1 = stepWithSets(n1, r1)
          n2 = stepWithSets(n2, r2)
          n3 = stepWithSets(n3, r3)
          n4 = stepWithSets(n4, r4)
          n5 = stepWithSets(n5, r5)
          n6 = stepWithSets(n6, r6)
          n7 = stepWithSets(n7, r7)
        }
      } else {
        for (let d: u32 = 0; d < depth; d++) {
          n0 = step(n0, row)
          n1 = step(n1, r1)
          n2 = step(n2, r2)
          n3 = step(n3, r3)
          n4 = step(n4, r4)
          n5 = step(n5, r5)
          n6 = step(n6, r6)
          n7 = step(n7, r7)
        }
      }
      add(n0, out, width)
      add(n1, out + scoreBytes, width)
      add(n2, out + scoreBytes * 2, width)
      add(n3, out + scoreBytes * 3, width)
      add(n4, out + scoreBytes * 4, width)
      add(n5, out + scoreBytes * 5, width)
      add(n6, out + scoreBytes * 6, width)
      add(n7, out + scoreBytes * 7, width)
      row = r7 + stride
      out += scoreBytes << 3
    }
  }
}

export function attribute(trees: usize, count: u32, block: usize, stride: usize, rows: u32, masks: usize, out: usize, outStride: usize, outputStride: usize, width: u32): void {
  for (let t: u32 = 0; t < count; t++) {
    const tree = trees + (<usize>t << 4)
    const root = <usize>load<u32>(tree)
    const end = root + (<usize>load<u32>(tree, 4) << 5)
    const target = out + <usize>load<u32>(tree, 8) * outputStride
    for (let i: u32 = 0; i < rows; i++) {
      const row = block + <usize>i * stride
      const base = target + <usize>i * outStride
      store<u32>(masks, 0xffffffff)
      let at = masks
      for (let node = root; node < end; node += 32) {
        const mask = load<u32>(at)
        at += 4
        const left = <usize>load<u32>(node, 8)
        if (left != node) {
          const bit = load<u32>(node, 24)
          const goes = stepWithSets(node, row) != left
          const children = masks + ((left - root) >> 3)
          store<u32>(children, goes ? mask & ~bit : mask)
          store<u32>(children, goes ? mask : mask & ~bit, 4)
          continue
        }
        const leaf = <usize>load<u32>(node, 24)
        const d = load<u32>(leaf)
        const shares = leaf + load<u32>(leaf, 4) + <usize>((mask & ((<u32>1 << d) - 1)) * d) * 8
        const values = <usize>load<u32>(node, 20)
        if (width == 1) {
          const value = load<f64>(values)
          for (let k: usize = 0; k < <usize>d; k++) {
            const place = base + (<usize>load<u32>(leaf + 8 + (k << 2)) << 3)
            store<f64>(place, load<f64>(place) + load<f64>(shares + (k << 3)) * value)
          }
          continue
        }
        for (let k: u32 = 0; k < d; k++) {
          const share = load<f64>(shares + (<usize>k << 3))
          let place = base + (<usize>load<u32>(leaf + 8 + (<usize>k << 2)) << 3)
          for (let w: u32 = 0; w < width; w++) {
            store<f64>(place, load<f64>(place) + share * load<f64>(values + (<usize>w << 3)))
            place += outputStride
          }
        }
      }
    }
  }
}
