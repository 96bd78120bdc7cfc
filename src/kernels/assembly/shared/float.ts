/** Functions that the host's Math computes with other bits from engine to engine; these give the same everywhere. */

/** Of a normal positive number. Twin: naturalLog in src/kernels/float.ts. */
export function naturalLog(x: f64): f64 {
  const bits = reinterpret<u64>(x)
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  if (m > 1.4142135623730951) {
    m *= 0.5
    exponent += 1
  }
  const s = (m - 1) / (m + 1)
  const z = s * s
  let sum: f64 = 1.0 / 19.0
  sum = sum * z + 1.0 / 17.0
  sum = sum * z + 1.0 / 15.0
  sum = sum * z + 1.0 / 13.0
  sum = sum * z + 1.0 / 11.0
  sum = sum * z + 1.0 / 9.0
  sum = sum * z + 1.0 / 7.0
  sum = sum * z + 1.0 / 5.0
  sum = sum * z + 1.0 / 3.0
  sum = sum * z + 1.0
  return <f64>exponent * 0.6931471805599453 + 2.0 * s * sum
}

/** Four times e^x in float32. Twin: exponentialOf in src/kernels/float.ts. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.max(x, f32x4.splat(-87))
  const magic = f32x4.splat(12582912)
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)), magic)
  const k = f32x4.sub(shifted, magic)
  const r = f32x4.sub(f32x4.sub(clamped, f32x4.mul(k, f32x4.splat(0.693359375))), f32x4.mul(k, f32x4.splat(-2.12194440e-4)))
  let p = f32x4.splat(1.9875691500e-4)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1))
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1))
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23)
  return f32x4.mul(y, power)
}
