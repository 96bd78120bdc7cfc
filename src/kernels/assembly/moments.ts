/**
 * Inner loops of least squares, on a memory laid out by src/kernels/moments.ts. The plain twin in
 * src/kernels/moments-plain.ts defines their meaning; both leave the same bits behind.
 */

/** Rows of a block, and the bytes of one of its columns. */
const blockRows: u32 = 128
const columnBytes: usize = 1024

// @ts-ignore: decorator
@inline
function weigh(column: usize, count: u32, weights: usize, left: usize, sum: usize): void {
  memory.fill(column + ((<usize>count) << 3), 0, (<usize>(blockRows - count)) << 3)
  if (weights != 0) {
    memory.fill(left + ((<usize>count) << 3), 0, (<usize>(blockRows - count)) << 3)
    for (let i: u32 = 0; i < count; i++) {
      const at = (<usize>i) << 3
      store<f64>(left + at, load<f64>(weights + at) * load<f64>(column + at))
    }
  }
  const from = weights != 0 ? left : column
  let a = f64x2.splat(0)
  let b = f64x2.splat(0)
  let c = f64x2.splat(0)
  let d = f64x2.splat(0)
  for (let at: usize = 0; at < columnBytes; at += 64) {
    a = f64x2.add(a, v128.load(from + at))
    b = f64x2.add(b, v128.load(from + at, 16))
    c = f64x2.add(c, v128.load(from + at, 32))
    d = f64x2.add(d, v128.load(from + at, 48))
  }
  const both = f64x2.add(f64x2.add(a, b), f64x2.add(c, d))
  store<f64>(sum, load<f64>(sum) + (f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)))
}

export function centre(cells: usize, plane: usize, features: u32, columns: u32, target: usize, weights: usize, count: u32, shifts: usize, block: usize, left: usize, sums: usize): void {
  for (let j: u32 = 0; j < features; j++) {
    const column = block + (<usize>j) * columnBytes
    const from = cells + (<usize>j) * plane
    const shift = f64x2.splat(load<f64>(shifts + ((<usize>j) << 3)))
    for (let i: usize = 0; i < <usize>count; i += 4) {
      const four = v128.load(from + (i << 2))
      v128.store(column + (i << 3), f64x2.sub(f64x2.promote_low_f32x4(four), shift))
      v128.store(column + (i << 3), f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<u32>(four, four, 2, 3, 2, 3)), shift), 16)
    }
    weigh(column, count, weights, left + (<usize>j) * columnBytes, sums + ((<usize>j) << 3))
  }
  const column = block + (<usize>columns) * columnBytes
  const shift = load<f64>(shifts + ((<usize>features) << 3))
  for (let i: u32 = 0; i < count; i++) store<f64>(column + ((<usize>i) << 3), load<f64>(target + ((<usize>i) << 3)) - shift)
  weigh(column, count, weights, left + (<usize>columns) * columnBytes, sums + ((<usize>features) << 3))
}

// @ts-ignore: decorator
@inline
function put(at: usize, lanes: v128): void {
  store<f64>(at, load<f64>(at) + (f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1)))
}

export function products(block: usize, left: usize, columns: u32, from: u32, to: u32, gram: usize): void {
  for (let i = from; i < to; i += 2) {
    const a = left + (<usize>i) * columnBytes
    for (let j = i & ~3; j < columns; j += 4) {
      const b = block + (<usize>j) * columnBytes
      let s00 = f64x2.splat(0)
      let s01 = f64x2.splat(0)
      let s02 = f64x2.splat(0)
      let s03 = f64x2.splat(0)
      let s10 = f64x2.splat(0)
      let s11 = f64x2.splat(0)
      let s12 = f64x2.splat(0)
      let s13 = f64x2.splat(0)
      for (let at: usize = 0; at < columnBytes; at += 16) {
        const a0 = v128.load(a + at)
        const a1 = v128.load(a + at, 1024)
        const b0 = v128.load(b + at)
        s00 = f64x2.add(s00, f64x2.mul(a0, b0))
        s10 = f64x2.add(s10, f64x2.mul(a1, b0))
        const b1 = v128.load(b + at, 1024)
        s01 = f64x2.add(s01, f64x2.mul(a0, b1))
        s11 = f64x2.add(s11, f64x2.mul(a1, b1))
        const b2 = v128.load(b + at, 2048)
        s02 = f64x2.add(s02, f64x2.mul(a0, b2))
        s12 = f64x2.add(s12, f64x2.mul(a1, b2))
        const b3 = v128.load(b + at, 3072)
        s03 = f64x2.add(s03, f64x2.mul(a0, b3))
        s13 = f64x2.add(s13, f64x2.mul(a1, b3))
      }
      const into = gram + (((<usize>i) * <usize>columns + <usize>j) << 3)
      put(into, s00)
      put(into + 8, s01)
      put(into + 16, s02)
      put(into + 24, s03)
      const below = into + ((<usize>columns) << 3)
      put(below, s10)
      put(below + 8, s11)
      put(below + 16, s12)
      put(below + 24, s13)
    }
  }
}

export function along(block: usize, left: usize, columns: u32, out: usize): void {
  const a = left + (<usize>columns) * columnBytes
  for (let j: u32 = 0; j < columns; j += 4) {
    const b = block + (<usize>j) * columnBytes
    let s0 = f64x2.splat(0)
    let s1 = f64x2.splat(0)
    let s2 = f64x2.splat(0)
    let s3 = f64x2.splat(0)
    for (let at: usize = 0; at < columnBytes; at += 16) {
      const a0 = v128.load(a + at)
      s0 = f64x2.add(s0, f64x2.mul(a0, v128.load(b + at)))
      s1 = f64x2.add(s1, f64x2.mul(a0, v128.load(b + at, 1024)))
      s2 = f64x2.add(s2, f64x2.mul(a0, v128.load(b + at, 2048)))
      s3 = f64x2.add(s3, f64x2.mul(a0, v128.load(b + at, 3072)))
    }
    const into = out + ((<usize>j) << 3)
    put(into, s0)
    put(into + 8, s1)
    put(into + 16, s2)
    put(into + 24, s3)
  }
  const y = block + (<usize>columns) * columnBytes
  let squares = f64x2.splat(0)
  for (let at: usize = 0; at < columnBytes; at += 16) squares = f64x2.add(squares, f64x2.mul(v128.load(a + at), v128.load(y + at)))
  put(out + ((<usize>columns) << 3), squares)
}

export function blocks(
  cells: usize, plane: usize, features: u32, columns: u32, target: usize, weights: usize, count: u32,
  shifts: usize, block: usize, left: usize, sums: usize, gram: usize, out: usize,
): void {
  for (let row: u32 = 0; row < count; row += blockRows) {
    const at = <usize>row
    centre(cells + (at << 2), plane, features, columns, target + (at << 3), weights != 0 ? weights + (at << 3) : 0, min(blockRows, count - row), shifts, block, left, sums)
    along(block, left, columns, out)
    products(block, left, columns, 0, columns, gram)
  }
}
