/** Cells by their bytes: hashes, sets and dictionaries that make a string only for what is new. */

/** FNV-1a with a final mix, 32 bits. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Distinct texts in order of first appearance. */
export interface ByteDictionary {
  readonly size: number
  /** The code of a text, added where new. */
  codeOf(bytes: Uint8Array, from: number, to: number): number
  textOf(code: number): string
  /** Texts with codes from `first` on. */
  texts(first: number): string[]
}

export function createByteDictionary(known: readonly string[] = []): ByteDictionary {
  let table = new Int32Array(64).fill(-1)
  let hashes = new Uint32Array(64)
  let ends = new Uint32Array(64)
  let pool = new Uint8Array(1024)
  let size = 0
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  function grow(): void {
    table = new Int32Array(table.length * 2).fill(-1)
    const mask = table.length - 1
    for (let code = 0; code < size; code++) {
      let slot = (hashes[code] as number) & mask
      while (table[slot] !== -1) slot = (slot + 1) & mask
      table[slot] = code
    }
  }
  const startOf = (code: number): number => (code === 0 ? 0 : (ends[code - 1] as number))

  function codeOf(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(bytes, from, to)
    const mask = table.length - 1
    const length = to - from
    let slot = hash & mask
    for (;;) {
      const code = table[slot] as number
      if (code === -1) break
      const start = startOf(code)
      if (hashes[code] === hash && (ends[code] as number) - start === length) {
        let i = 0
        while (i < length && pool[start + i] === bytes[from + i]) i++
        if (i === length) return code
      }
      slot = (slot + 1) & mask
    }
    const start = size === 0 ? 0 : (ends[size - 1] as number)
    if (size === hashes.length) {
      hashes = doubled(hashes, new Uint32Array(size * 2))
      ends = doubled(ends, new Uint32Array(size * 2))
    }
    if (start + length > pool.length) pool = doubled(pool, new Uint8Array(Math.max(pool.length * 2, start + length)))
    pool.set(bytes.subarray(from, to), start)
    hashes[size] = hash
    ends[size] = start + length
    table[slot] = size
    size++
    if (size * 2 > table.length) grow()
    return size - 1
  }
  const encoder = new TextEncoder()
  for (const text of known) {
    const bytes = encoder.encode(text)
    codeOf(bytes, 0, bytes.length)
  }
  const textOf = (code: number): string => decoder.decode(pool.subarray(startOf(code), ends[code]))
  return {
    get size() {
      return size
    },
    codeOf,
    textOf,
    texts: (first) => Array.from({ length: size - first }, (_, i) => textOf(first + i)),
  }
}

function doubled<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
