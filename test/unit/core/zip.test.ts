import { strToU8, unzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { bytesOf, crc32, createZipWriter, openZip, zip, zipLimits } from '../../../src/core/zip.ts'

const text = (value: string) => new TextEncoder().encode(value)
const open = (bytes: Uint8Array, limits = zipLimits) => openZip(bytesOf(bytes), limits)
const sample = () => zip([{ name: 'a.txt', bytes: text('aaaa'.repeat(50)) }, { name: 'b/c.bin', bytes: Uint8Array.of(1, 2, 3), store: true }, { name: 'empty', bytes: new Uint8Array() }])
/** Offset of the n-th occurrence of a header mark. */
function find(bytes: Uint8Array, mark: number, n = 0): number {
  const view = new DataView(bytes.buffer)
  for (let at = 0, seen = 0; at <= bytes.length - 4; at++) if (view.getUint32(at, true) === mark && seen++ === n) return at
  throw new Error('no such header')
}
const local = (bytes: Uint8Array, n = 0) => find(bytes, 0x04034b50, n)
const central = (bytes: Uint8Array, n = 0) => find(bytes, 0x02014b50, n)
const end = (bytes: Uint8Array) => find(bytes, 0x06054b50)
function forged(change: (view: DataView, bytes: Uint8Array) => void, bytes = sample()): Uint8Array {
  change(new DataView(bytes.buffer), bytes)
  return bytes
}
const readAll = async (bytes: Uint8Array, limits = zipLimits) => {
  const reader = await open(bytes, limits)
  for (const name of reader.names) await reader.read(name)
}

describe('zip', () => {
  it('has the check value of CRC-32', () => {
    expect(crc32(text('123456789'))).toBe(0xcbf43926)
    expect(crc32(text('6789'), crc32(text('12345')))).toBe(0xcbf43926)
  })
  it('is the same for the same content, and another program reads it', async () => {
    expect(sample()).toEqual(sample())
    const theirs = unzipSync(sample())
    expect(Object.keys(theirs)).toEqual(['a.txt', 'b/c.bin', 'empty'])
    expect([...(theirs['b/c.bin'] as Uint8Array)]).toEqual([1, 2, 3])
    const reader = await open(sample())
    expect(reader.names).toEqual(['a.txt', 'b/c.bin', 'empty'])
    expect(new TextDecoder().decode(await reader.read('a.txt'))).toBe('aaaa'.repeat(50))
    expect((await reader.read('empty')).length).toBe(0)
    await expect(reader.read('constructor')).rejects.toThrow(/an entry is missing: constructor/)
  })
  it('reads what another program wrote, folders left out', async () => {
    const reader = await open(zipSync({ folder: { 'x.txt': strToU8('hi'), 'ä.txt': strToU8('ho') }, 'folder/sub': {} }))
    expect([...reader.names].sort()).toEqual(['folder/x.txt', 'folder/ä.txt'])
    expect(new TextDecoder().decode(await reader.read('folder/x.txt'))).toBe('hi')
  })
  it.each(['../evil', 'a/../b', '/etc/passwd', 'C:\\x', 'c:x', 'a\\b', 'a\u0000b', 'a\u202egnp.exe', './a', 'a//b', ''])('refuses the name %j, written and read', async (name) => {
    expect(() => zip([{ name, bytes: text('x') }])).toThrow(/invalid zip entry/)
    if (name === '') return
    const theirs = zipSync({ [name]: strToU8('x') })
    await expect(open(theirs)).rejects.toMatchObject({ code: 'bad-data', details: { entry: name } })
  })
  it('takes __proto__ as the plain name it is', async () => {
    const reader = await open(zip([{ name: '__proto__', bytes: text('x') }]))
    expect(reader.names).toEqual(['__proto__'])
    expect((await reader.read('__proto__')).length).toBe(1)
  })
  it('refuses a name that is there twice', async () => {
    const writer = createZipWriter()
    writer.add({ name: 'a', bytes: text('1') })
    expect(() => writer.add({ name: 'a', bytes: text('2') })).toThrow(/there twice/)
    const twice = forged((_, bytes) => {
      bytes[local(bytes, 1) + 30] = 97
      bytes[central(bytes, 1) + 46] = 97
    }, zip([{ name: 'a', bytes: text('1') }, { name: 'b', bytes: text('2') }]))
    await expect(open(twice)).rejects.toThrow(/an entry is there twice: a/)
  })
  it.each<[string, RegExp, (view: DataView, bytes: Uint8Array) => void]>([
    ['a size declared too small', /holds more than the 10 bytes it declares: a.txt/, (view, bytes) => view.setUint32(central(bytes) + 24, 10, true)],
    ['a size declared too large', /holds 200 bytes and declares 1000: a.txt/, (view, bytes) => view.setUint32(central(bytes) + 24, 1000, true)],
    ['a size of 1.9 GB', /larger than 536870912 bytes: a.txt/, (view, bytes) => view.setUint32(central(bytes) + 24, 1.9e9, true)],
    ['a forged check sum', /check sum of an entry does not fit its bytes: b\/c.bin/, (view, bytes) => view.setUint32(central(bytes, 1) + 16, 1, true)],
    ['a flipped bit', /check sum|cannot be unpacked|holds/, (_, bytes) => void (bytes[local(bytes, 1) + 30 + 7] = 9)],
    ['an entry over another', /overlaps another: b\/c.bin/, (view, bytes) => view.setUint32(central(bytes, 1) + 42, 3, true)],
    ['an entry beyond the end', /outside the file/, (view, bytes) => view.setUint32(central(bytes, 2) + 42, bytes.length, true)],
    ['an entry longer than the file', /outside the file|overlaps/, (view, bytes) => view.setUint32(central(bytes, 2) + 20, 5000, true)],
    ['two names', /two names: empty/, (_, bytes) => void (bytes[local(bytes, 2) + 30] = 69)],
    ['two methods', /not what the directory says/, (view, bytes) => view.setUint16(local(bytes) + 8, 0, true)],
    ['a link', /a link: a.txt/, (view, bytes) => view.setUint32(central(bytes) + 38, (0o120777 << 16) >>> 0, true)],
    ['encryption', /encrypted: a.txt/, (view, bytes) => view.setUint16(central(bytes) + 8, 1, true)],
    ['an unknown method', /method 12: a.txt/, (view, bytes) => view.setUint16(central(bytes) + 10, 12, true)],
    ['zip64 sizes', /zip64 format: a.txt/, (view, bytes) => view.setUint32(central(bytes) + 20, 0xffffffff, true)],
    ['a zip64 directory', /zip64/, (view, bytes) => view.setUint16(end(bytes) + 10, 0xffff, true)],
    ['several disks', /several files/, (view, bytes) => view.setUint16(end(bytes) + 4, 1, true)],
    ['a directory elsewhere', /not where it says/, (view, bytes) => view.setUint32(end(bytes) + 16, 1, true)],
    ['fewer entries than counted', /directory is damaged/, (view, bytes) => [8, 10].forEach((at) => view.setUint16(end(bytes) + at, 4, true))],
    ['more entries than counted', /more than it counts/, (view, bytes) => [8, 10].forEach((at) => view.setUint16(end(bytes) + at, 2, true))],
    ['65,000 entries', /more than 20000 entries: 65000/, (view, bytes) => [8, 10].forEach((at) => view.setUint16(end(bytes) + at, 65_000, true))],
    ['a name that is not UTF-8', /not UTF-8/, (_, bytes) => void (bytes[central(bytes) + 46] = 0xff)],
  ])('refuses %s', async (_what, reason, change) => {
    await expect(readAll(forged(change))).rejects.toThrow(reason)
  })
  it('refuses anything cut off, and anything that is no zip', async () => {
    const whole = sample()
    for (let length = 0; length < whole.length; length++) await expect(readAll(whole.slice(0, length))).rejects.toMatchObject({ name: 'StudioError' })
    await expect(open(text('a,b\n1,2\n'))).rejects.toThrow(/not a zip or was cut off/)
    await expect(open(Uint8Array.from([...text('junk'), ...whole]))).rejects.toThrow(/not where it says/)
  })
  it('of a person’s own zip, names are tidied and only the entries that cannot be taken are passed over', async () => {
    const passed: [string, string][] = []
    const lenient = (bytes: Uint8Array, limits = zipLimits) => {
      passed.length = 0
      return openZip(bytesOf(bytes), limits, (name, { message }) => passed.push([name, message]))
    }
    const theirs = zipSync(Object.fromEntries(['cats\\1.jpg', './cats/2.jpg', 'C:\\cats\\3.jpg', '/cats/4.jpg', 'cats/1.jpg', '../evil.jpg', 'cats/../../evil.jpg', 'a\u202egpj.exe'].map((name) => [name, strToU8(name)])))
    const reader = await lenient(theirs)
    expect(reader.names).toEqual(['cats/1.jpg', 'cats/2.jpg', 'cats/3.jpg', 'cats/4.jpg'])
    expect(passed.map(([name]) => name)).toEqual(['cats/1.jpg', '../evil.jpg', 'cats/../../evil.jpg', 'a\u202egpj.exe'])
    expect(passed[0]?.[1]).toMatch(/an entry is there twice: cats\/1.jpg/)
    // The first of two of one name is the one that is there.
    expect(new TextDecoder().decode(await reader.read('cats/1.jpg'))).toBe('cats\\1.jpg')
    // A link, a key, a size over the cap, each in the first of three entries: the others stay.
    for (const [change, reason] of [
      [(view: DataView, bytes: Uint8Array) => view.setUint32(central(bytes) + 38, (0o120777 << 16) >>> 0, true), /a link: a.txt/],
      [(view: DataView, bytes: Uint8Array) => view.setUint16(central(bytes) + 8, 1, true), /encrypted: a.txt/],
      [(view: DataView, bytes: Uint8Array) => view.setUint32(central(bytes) + 24, 1.9e9, true), /larger than 536870912 bytes: a.txt/],
    ] as const) {
      expect((await lenient(forged(change))).names).toEqual(['b/c.bin', 'empty'])
      expect(passed).toEqual([['a.txt', expect.stringMatching(reason)]])
    }
    // Explorer's old code page: 0x8E is Ä in CP437, where UTF-8 is not claimed.
    const old = forged((view, bytes) => {
      for (const [at, flag] of [[local(bytes) + 30, local(bytes) + 6], [central(bytes) + 46, central(bytes) + 8]] as const) {
        bytes[at] = 0x8e
        view.setUint16(flag, 0, true)
      }
    })
    expect((await lenient(old)).names[0]).toBe('Ä.txt')
    // What casts doubt on the whole is refused as a whole.
    await expect(lenient(forged((view, bytes) => view.setUint32(central(bytes, 1) + 42, 3, true)))).rejects.toThrow(/overlaps another/)
    await expect(lenient(sample(), { ...zipLimits, totalBytes: 100 })).rejects.toThrow(/more than 100 bytes/)
  })
  it('stops a bomb near the cap, whatever its headers say', async () => {
    const bomb = zip([{ name: 'bomb', bytes: new Uint8Array(40 * 1024 ** 2) }])
    await expect(readAll(bomb)).rejects.toThrow(/more than 200 times its size: bomb/)
    let read = 0
    const counted = { size: bomb.length, read: async (from: number, to: number) => ((read = Math.max(read, to)), bomb.subarray(from, to)) }
    const reader = await openZip(counted)
    read = 0
    await expect(reader.read('bomb')).rejects.toThrow()
    expect(read).toBeLessThan(2 * 16_384 + 100)
    const two = zip([{ name: 'a', bytes: new Uint8Array(600) }, { name: 'b', bytes: new Uint8Array(600) }])
    await expect(open(two, { ...zipLimits, totalBytes: 1000 })).rejects.toThrow(/more than 1000 bytes/)
  })
})
