/** SHA-256 (FIPS 180-4) of bytes that arrive in pieces: WebCrypto wants them all at once, a large file does not fit. */
import { toHex } from '../ids.ts'

const primes: number[] = []
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n)
const fraction = (x: number): number => ((x - Math.floor(x)) * 2 ** 32) >>> 0
const roundConstants = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)))
const start = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)))

export interface Sha256 {
  update(bytes: Uint8Array): void
  /** 64 hex digits; nothing may be added after it. */
  digest(): string
}

export function createSha256(): Sha256 {
  const state = start.slice()
  const words = new Int32Array(64)
  const block = new Uint8Array(64)
  let held = 0
  let total = 0

  function compress(bytes: Uint8Array, at: number): void {
    for (let i = 0; i < 16; i++, at += 4) words[i] = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15] as number
      const y = words[i - 2] as number
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      words[i] = ((words[i - 16] as number) + s0 + (words[i - 7] as number) + s1) | 0
    }
    let a = state[0] as number
    let b = state[1] as number
    let c = state[2] as number
    let d = state[3] as number
    let e = state[4] as number
    let f = state[5] as number
    let g = state[6] as number
    let h = state[7] as number
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (roundConstants[i] as number) + (words[i] as number)) | 0
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    state[0] = ((state[0] as number) + a) | 0
    state[1] = ((state[1] as number) + b) | 0
    state[2] = ((state[2] as number) + c) | 0
    state[3] = ((state[3] as number) + d) | 0
    state[4] = ((state[4] as number) + e) | 0
    state[5] = ((state[5] as number) + f) | 0
    state[6] = ((state[6] as number) + g) | 0
    state[7] = ((state[7] as number) + h) | 0
  }
  function update(bytes: Uint8Array): void {
    total += bytes.length
    let at = 0
    if (held > 0) {
      at = Math.min(64 - held, bytes.length)
      block.set(bytes.subarray(0, at), held)
      held += at
      if (held < 64) return
      compress(block, 0)
      held = 0
    }
    for (; at + 64 <= bytes.length; at += 64) compress(bytes, at)
    block.set(bytes.subarray(at), 0)
    held = bytes.length - at
  }
  return {
    update,
    digest() {
      const bits = total * 8
      const tail = new Uint8Array((held < 56 ? 64 : 128) - held)
      tail[0] = 0x80
      const view = new DataView(tail.buffer)
      view.setUint32(tail.length - 8, Math.floor(bits / 2 ** 32))
      view.setUint32(tail.length - 4, bits >>> 0)
      update(tail)
      const out = new DataView(new ArrayBuffer(32))
      state.forEach((word, i) => out.setInt32(i * 4, word))
      return toHex(new Uint8Array(out.buffer))
    },
  }
}
