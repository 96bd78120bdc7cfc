/** Sorting of float32 columns by three counting passes over 11 bits: linear, stable, the same everywhere. */

const radixBits = 11
const radix = 1 << radixBits

/** Unsigned keys in the order of the values; -0 sorts with 0. NaN is not allowed. */
function orderedKeys(values: Float32Array): Uint32Array<ArrayBuffer> {
  const keys = new Uint32Array(values.length)
  const positive = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) positive[i] = (values[i] as number) + 0
  const bits = new Uint32Array(positive.buffer)
  for (let i = 0; i < keys.length; i++) {
    const word = bits[i] as number
    keys[i] = word & 0x80000000 ? ~word : word | 0x80000000
  }
  return keys
}

/** Positions of the values in ascending order; equal values keep their order. */
export function argsort(values: Float32Array): Uint32Array {
  const n = values.length
  const keys = orderedKeys(values)
  let order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  let other = new Uint32Array(n)
  for (let shift = 0; shift < 32; shift += radixBits) {
    const counts = new Uint32Array(radix + 1)
    for (let i = 0; i < n; i++) {
      const digit = ((keys[i] as number) >>> shift) & (radix - 1)
      counts[digit + 1] = (counts[digit + 1] as number) + 1
    }
    if (counts.includes(n)) continue
    for (let d = 0; d < radix; d++) counts[d + 1] = (counts[d + 1] as number) + (counts[d] as number)
    for (let i = 0; i < n; i++) {
      const item = order[i] as number
      const digit = ((keys[item] as number) >>> shift) & (radix - 1)
      const place = counts[digit] as number
      other[place] = item
      counts[digit] = place + 1
    }
    const swap = order
    order = other
    other = swap
  }
  return order
}

/** Values ascending, in a new array. */
export function sorted(values: Float32Array): Float32Array {
  if (values.length < 4 * radix) return values.slice().sort()
  let keys = orderedKeys(values)
  let other = new Uint32Array(keys.length)
  for (let shift = 0; shift < 32; shift += radixBits) {
    const counts = new Uint32Array(radix + 1)
    for (let i = 0; i < keys.length; i++) {
      const digit = ((keys[i] as number) >>> shift) & (radix - 1)
      counts[digit + 1] = (counts[digit + 1] as number) + 1
    }
    for (let d = 0; d < radix; d++) counts[d + 1] = (counts[d + 1] as number) + (counts[d] as number)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number
      const digit = (key >>> shift) & (radix - 1)
      const place = counts[digit] as number
      other[place] = key
      counts[digit] = place + 1
    }
    const swap = keys
    keys = other
    other = swap
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as number
    keys[i] = key & 0x80000000 ? key & 0x7fffffff : ~key
  }
  return new Float32Array(keys.buffer)
}
