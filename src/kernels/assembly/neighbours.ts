/**
 * Exact nearest neighbours on a memory laid out by src/kernels/neighbours.ts. Products in float32 with a bound on
 * their error rule most points out; the others are measured in float64, as the plain twin measures all.
 */

// @ts-ignore: decorator
@inline
function squaredDistance(point: usize, query: usize, features: u32): f32 {
  let sum: f64 = 0
  for (let j: u32 = 0; j < features; j++) {
    const d = <f64>load<f32>(point + (<usize>j << 5)) - <f64>load<f32>(query + (<usize>j << 4))
    sum += d * d
  }
  // Beyond the largest float all are equally far.
  return <f32>min(sum, 3.4028234663852886e38)
}

/** Puts a point among the nearest of a query, if it is nearer than the last; returns the last's distance. */
function insert(distances: usize, indices: usize, k: u32, distance: f32, index: u32): f32 {
  let at = k - 1
  if (!(distance < load<f32>(distances + (<usize>at << 2)))) return load<f32>(distances + (<usize>at << 2))
  while (at > 0 && load<f32>(distances + (<usize>(at - 1) << 2)) > distance) {
    store<f32>(distances + (<usize>at << 2), load<f32>(distances + (<usize>(at - 1) << 2)))
    store<u32>(indices + (<usize>at << 2), load<u32>(indices + (<usize>(at - 1) << 2)))
    at--
  }
  store<f32>(distances + (<usize>at << 2), distance)
  store<u32>(indices + (<usize>at << 2), index)
  return load<f32>(distances + (<usize>(k - 1) << 2))
}

/** Measures the flagged points of half a panel. */
// @ts-ignore: decorator
@inline
function measure(mask: i32, panel: usize, lane: u32, first: u32, points: u32, query: usize, features: u32, distances: usize, indices: usize, k: u32): void {
  for (let i: u32 = 0; i < 4; i++) {
    if (!((mask >> i) & 1) || first + lane + i >= points) continue
    insert(distances, indices, k, squaredDistance(panel + (<usize>(lane + i) << 2), query, features), first + lane + i)
  }
}

// @ts-ignore: decorator
@inline
function limitOf(distances: usize, k: u32, bounds: usize, q: usize): v128 {
  return f32x4.splat(load<f32>(distances + ((((q + 1) * <usize>k) - 1) << 2)) * 0.5 * 1.000001 + load<f32>(bounds + (q << 2)))
}

export function search(panels: usize, norms: usize, points: u32, features: u32, queries: usize, bounds: usize, k: u32, distances: usize, indices: usize, from: u32, to: u32): void {
  const panelBytes = <usize>features << 5
  const listBytes = <usize>k << 2
  let limit0 = limitOf(distances, k, bounds, 0)
  let limit1 = limitOf(distances, k, bounds, 1)
  let limit2 = limitOf(distances, k, bounds, 2)
  let limit3 = limitOf(distances, k, bounds, 3)
  for (let first: u32 = from; first < to; first += 8) {
    const panel = panels + <usize>(first >> 3) * panelBytes
    const low = v128.load(norms + (<usize>first << 2))
    const high = v128.load(norms + (<usize>first << 2), 16)
    let a0 = low
    let b0 = high
    let a1 = low
    let b1 = high
    let a2 = low
    let b2 = high
    let a3 = low
    let b3 = high
    let x = panel
    let q = queries
    for (let j: u32 = 0; j < features; j++) {
      const u = v128.load(x)
      const v = v128.load(x, 16)
      const q0 = v128.load32_splat(q)
      a0 = f32x4.sub(a0, f32x4.mul(u, q0))
      b0 = f32x4.sub(b0, f32x4.mul(v, q0))
      const q1 = v128.load32_splat(q, 4)
      a1 = f32x4.sub(a1, f32x4.mul(u, q1))
      b1 = f32x4.sub(b1, f32x4.mul(v, q1))
      const q2 = v128.load32_splat(q, 8)
      a2 = f32x4.sub(a2, f32x4.mul(u, q2))
      b2 = f32x4.sub(b2, f32x4.mul(v, q2))
      const q3 = v128.load32_splat(q, 12)
      a3 = f32x4.sub(a3, f32x4.mul(u, q3))
      b3 = f32x4.sub(b3, f32x4.mul(v, q3))
      x += 32
      q += 16
    }
    // Not greater, so that a NaN of an overflow is measured too.
    const n0 = f32x4.gt(a0, limit0)
    const m0 = f32x4.gt(b0, limit0)
    const n1 = f32x4.gt(a1, limit1)
    const m1 = f32x4.gt(b1, limit1)
    const n2 = f32x4.gt(a2, limit2)
    const m2 = f32x4.gt(b2, limit2)
    const n3 = f32x4.gt(a3, limit3)
    const m3 = f32x4.gt(b3, limit3)
    if (i32x4.all_true(v128.and(v128.and(v128.and(n0, m0), v128.and(n1, m1)), v128.and(v128.and(n2, m2), v128.and(n3, m3))))) continue
    measure(~i32x4.bitmask(n0), panel, 0, first, points, queries, features, distances, indices, k)
    measure(~i32x4.bitmask(m0), panel, 4, first, points, queries, features, distances, indices, k)
    measure(~i32x4.bitmask(n1), panel, 0, first, points, queries + 4, features, distances + listBytes, indices + listBytes, k)
    measure(~i32x4.bitmask(m1), panel, 4, first, points, queries + 4, features, distances + listBytes, indices + listBytes, k)
    measure(~i32x4.bitmask(n2), panel, 0, first, points, queries + 8, features, distances + 2 * listBytes, indices + 2 * listBytes, k)
    measure(~i32x4.bitmask(m2), panel, 4, first, points, queries + 8, features, distances + 2 * listBytes, indices + 2 * listBytes, k)
    measure(~i32x4.bitmask(n3), panel, 0, first, points, queries + 12, features, distances + 3 * listBytes, indices + 3 * listBytes, k)
    measure(~i32x4.bitmask(m3), panel, 4, first, points, queries + 12, features, distances + 3 * listBytes, indices + 3 * listBytes, k)
    limit0 = limitOf(distances, k, bounds, 0)
    limit1 = limitOf(distances, k, bounds, 1)
    limit2 = limitOf(distances, k, bounds, 2)
    limit3 = limitOf(distances, k, bounds, 3)
  }
}
