/**
 * Zip files, written the same for the same content and read as from a stranger. The reader trusts no
 * header: it counts real bytes, checks size and CRC itself, keeps to caps, and refuses by name what could
 * mean two things. Format: PKWARE APPNOTE 6.3.10, without zip64, encryption and multiple disks.
 */
import { deflateSync, Inflate } from 'fflate'
import { crc32 } from './crc32.ts'
import { StudioError } from './errors.ts'

export { crc32 }

export interface ZipEntry {
  /** Forward slashes, relative. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Keep as it is: for bytes that are compressed already. */
  readonly store?: boolean
  readonly executable?: boolean
}

const localMark = 0x04034b50
const centralMark = 0x02014b50
const endMark = 0x06054b50
const most32 = 0xffffffff
/** 1980-01-01, the first day a zip can name: equal content, equal bytes. */
const dosDate = 0x21
const utf8Flag = 0x800

function fields(parts: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, [bytes]) => sum + bytes, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const [bytes, value] of parts) {
    if (bytes === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += bytes
  }
  return out
}

export interface ZipWriter {
  /** @throws StudioError bad-param for a name that a reader would refuse or that is taken; unsupported beyond 4 GB */
  add(entry: ZipEntry): void
  end(): Uint8Array<ArrayBuffer>
}

export function createZipWriter(): ZipWriter {
  const parts: Uint8Array[] = []
  const central: Uint8Array[] = []
  const taken = new Set<string>()
  let offset = 0
  const push = (bytes: Uint8Array): void => {
    parts.push(bytes)
    offset += bytes.length
  }
  return {
    add({ name, bytes, store, executable }) {
      const problem = nameProblem(name) ?? (taken.has(name) ? 'there twice' : undefined)
      if (problem !== undefined) throw new StudioError({ code: 'bad-param', message: `invalid zip entry; ${problem}: ${name.slice(0, 200)}` })
      taken.add(name)
      const deflated = store ? undefined : deflateSync(bytes, { level: 6 })
      const body = deflated && deflated.length < bytes.length ? deflated : bytes
      const encoded = new TextEncoder().encode(name)
      if (bytes.length >= most32 || offset + body.length >= most32 - 65_536 || taken.size > 65_534) throw new StudioError({ code: 'unsupported', message: `unsupported zip; more than 4 GB or 65,534 entries at ${name.slice(0, 200)}` })
      const common = [[2, 20], [2, utf8Flag], [2, body === bytes ? 0 : 8], [2, 0], [2, dosDate], [4, crc32(bytes)], [4, body.length], [4, bytes.length], [2, encoded.length], [2, 0]] as const
      central.push(
        fields([[4, centralMark], [2, (3 << 8) | 20], ...common, [2, 0], [2, 0], [2, 0], [4, ((executable ? 0o100755 : 0o100644) << 16) >>> 0], [4, offset]]),
        encoded,
      )
      push(fields([[4, localMark], ...common]))
      push(encoded)
      push(body)
    },
    end() {
      const start = offset
      for (const part of central) push(part)
      const count = central.length / 2
      push(fields([[4, endMark], [2, 0], [2, 0], [2, count], [2, count], [4, offset - start], [4, start], [2, 0]]))
      const whole = new Uint8Array(offset)
      let at = 0
      for (const part of parts) {
        whole.set(part, at)
        at += part.length
      }
      return whole
    },
  }
}

/** Entries in the order given. @throws StudioError as ZipWriter.add */
export function zip(entries: Iterable<ZipEntry>): Uint8Array<ArrayBuffer> {
  const writer = createZipWriter()
  for (const entry of entries) writer.add(entry)
  return writer.end()
}

/** Why a name cannot be used, or undefined. A name is a label here, but it may become a path on someone's disk. */
function nameProblem(name: string): string | undefined {
  if (name === '') return 'an empty name'
  if (name.length > 500) return 'a name longer than 500 characters'
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'a control character in its name'
  if (/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(name)) return 'a character in its name that reverses text'
  if (name.startsWith('/')) return 'an absolute name'
  if (name.includes('\\')) return 'a backslash in its name'
  if (/^[a-z]:/i.test(name)) return 'a drive letter in its name'
  if (name.split('/').some((part) => part === '..' || part === '.' || part === '')) return 'a name that leaves its folder'
  return undefined
}

export interface ZipLimits {
  readonly totalBytes: number
  readonly entryBytes: number
  /** Unpacked to packed, once `ratioFrom` bytes are unpacked. */
  readonly ratio: number
  readonly ratioFrom: number
  readonly entries: number
}
export const zipLimits: ZipLimits = { totalBytes: 2 * 1024 ** 3, entryBytes: 512 * 1024 ** 2, ratio: 200, ratioFrom: 10 * 1024 ** 2, entries: 20_000 }

/** Bytes that can be read anywhere: a file, or an array. */
export interface RandomBytes {
  readonly size: number
  /** Bytes from `from` up to, not including, `to`. */
  read(from: number, to: number): Promise<Uint8Array>
}
export const bytesOf = (array: Uint8Array): RandomBytes => ({ size: array.length, read: async (from, to) => array.subarray(from, to) })

export interface ZipReader {
  /** Files in the order of the directory; folders are left out. */
  readonly names: readonly string[]
  has(name: string): boolean
  /** The unpacked bytes, checked. @throws StudioError bad-data */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>
}

interface Member {
  readonly name: string
  /** As it is written in the file. */
  readonly written: Uint8Array
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
}

const badZip = (reason: string, name?: string): StudioError =>
  new StudioError({
    code: 'bad-data',
    message: name === undefined ? `invalid zip; ${reason}` : `invalid zip; ${reason}: ${name.slice(0, 200)}`,
    ...(name === undefined ? {} : { details: { entry: name.slice(0, 200) } }),
  })

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

async function findEnd(source: RandomBytes): Promise<{ count: number; from: number; to: number }> {
  const tailFrom = Math.max(0, source.size - 65_557)
  const tail = viewOf(await source.read(tailFrom, source.size))
  for (let at = tail.byteLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== endMark || at + 22 + tail.getUint16(at + 20, true) !== tail.byteLength) continue
    const count = tail.getUint16(at + 10, true)
    const size = tail.getUint32(at + 12, true)
    const from = tail.getUint32(at + 16, true)
    const end = tailFrom + at
    if (count === 0xffff || size === most32 || from === most32) throw new StudioError({ code: 'unsupported', message: 'unsupported zip; it is in the zip64 format' })
    if (tail.getUint16(at + 4, true) !== 0 || tail.getUint16(at + 6, true) !== 0 || tail.getUint16(at + 8, true) !== count) throw new StudioError({ code: 'unsupported', message: 'unsupported zip; it is spread over several files' })
    if (from + size !== end) throw badZip('its directory is not where it says')
    return { count, from, to: end }
  }
  throw badZip('it has no directory at its end, so it is not a zip or was cut off')
}

/** The upper half of code page 437, which names are in that are not UTF-8 (APPNOTE, appendix D). */
const upper437 = 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'
const from437 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : (upper437[byte - 128] as string))).join('')

function textOf(bytes: Uint8Array, old: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).normalize('NFC')
  } catch {
    if (old) return from437(bytes)
    throw badZip('a name that is not UTF-8', new TextDecoder('latin1').decode(bytes))
  }
}

/** As other systems write it: `C:\cats\1.jpg` and `./cats/1.jpg` are `cats/1.jpg`. What leaves its folder still does. */
const tidied = (name: string): string => {
  const parts = name.replaceAll('\\', '/').replace(/^[a-z]:/i, '').split('/')
  return parts.filter((part, i) => part !== '.' && (part !== '' || i === parts.length - 1)).join('/')
}

/** Hears of an entry that is passed over. */
export type OnSkip = (name: string, error: StudioError) => void

const unsupportedEntry = (what: string, name: string): StudioError => new StudioError({ code: 'unsupported', message: `unsupported zip; an entry is ${what}: ${name.slice(0, 200)}` })

/** Why an entry cannot be taken. */
function entryProblem({ name, flags, method, packed, size, offset }: Member, attributes: number, names: ReadonlySet<string>, limits: ZipLimits): StudioError | undefined {
  const folder = name.endsWith('/')
  const problem = nameProblem(folder ? name.slice(0, -1) : name)
  if (problem !== undefined) return badZip(problem, name)
  if (names.has(name)) return badZip('an entry is there twice', name)
  if (((attributes >>> 16) & 0xf000) === 0xa000) return badZip('an entry is a link', name)
  if (flags & 0x2041) return unsupportedEntry('encrypted', name)
  if (method !== 0 && method !== 8) return unsupportedEntry(`compressed with method ${method}`, name)
  if (packed === most32 || size === most32 || offset === most32) return unsupportedEntry('in the zip64 format', name)
  if (size > limits.entryBytes) return badZip(`an entry is larger than ${limits.entryBytes} bytes`, name)
  if (folder && size > 0) return badZip('a folder with content', name)
  return undefined
}

async function readDirectory(source: RandomBytes, limits: ZipLimits, onSkip?: OnSkip): Promise<{ members: Member[]; from: number }> {
  const { count, from, to } = await findEnd(source)
  if (count > limits.entries) throw badZip(`more than ${limits.entries} entries: ${count}`)
  const bytes = await source.read(from, to)
  const view = viewOf(bytes)
  const members: Member[] = []
  const names = new Set<string>()
  let total = 0
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== centralMark) throw badZip('its directory is damaged')
    const end = at + 46 + view.getUint16(at + 28, true)
    const next = end + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (next > bytes.length) throw badZip('its directory is damaged')
    const written = bytes.subarray(at + 46, end)
    const flags = view.getUint16(at + 8, true)
    const attributes = view.getUint32(at + 38, true)
    const plain = textOf(written, onSkip !== undefined && (flags & utf8Flag) === 0)
    const member: Member = {
      name: onSkip ? tidied(plain) : plain,
      written,
      flags,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    }
    const { name } = member
    at = next
    const problem = entryProblem(member, attributes, names, limits)
    if (problem) {
      if (!onSkip) throw problem
      onSkip(name, problem)
      continue
    }
    names.add(name)
    total += member.size
    if (total > limits.totalBytes) throw badZip(`it holds more than ${limits.totalBytes} bytes`)
    if (!name.endsWith('/')) members.push(member)
  }
  if (at !== bytes.length) throw badZip('its directory holds more than it counts')
  return { members, from }
}

const starts = new WeakMap<Member, number>()

/** Where each member's bytes lie: the local headers must agree with the directory, and no two may overlap. */
async function locate(source: RandomBytes, members: readonly Member[], directory: number): Promise<void> {
  let free = 0
  for (const member of [...members].sort((a, b) => a.offset - b.offset)) {
    if (member.offset < free) throw badZip('an entry overlaps another', member.name)
    if (member.offset + 30 > directory) throw badZip('an entry lies outside the file', member.name)
    const view = viewOf(await source.read(member.offset, member.offset + 30))
    if (view.getUint32(0, true) !== localMark || view.getUint16(8, true) !== member.method) throw badZip('an entry is not what the directory says', member.name)
    const nameEnd = member.offset + 30 + view.getUint16(26, true)
    const start = nameEnd + view.getUint16(28, true)
    free = start + member.packed
    if (free > directory) throw badZip('an entry lies outside the file', member.name)
    const again = await source.read(member.offset + 30, nameEnd)
    if (again.length !== member.written.length || again.some((byte, i) => byte !== member.written[i])) throw badZip('an entry has two names', member.name)
    starts.set(member, start)
  }
}

const pieceBytes = 16_384

async function unpack(source: RandomBytes, member: Member, limits: ZipLimits, spend: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const { name, packed, size } = member
  const start = starts.get(member) as number
  // The declared size is a promise to be checked, not a reason to allocate: memory grows with what really comes.
  const pieces: Uint8Array[] = []
  let real = 0
  let crc = 0
  let consumed = 0
  const take = (piece: Uint8Array): void => {
    real += piece.length
    spend(piece.length)
    if (real > size) throw badZip(`an entry holds more than the ${size} bytes it declares`, name)
    if (real > limits.ratioFrom && real > limits.ratio * Math.max(consumed, 1)) throw badZip(`an entry unpacks to more than ${limits.ratio} times its size`, name)
    crc = crc32(piece, crc)
    pieces.push(piece.slice())
  }
  const inflate = member.method === 8 ? new Inflate((piece) => take(piece)) : undefined
  try {
    for (let at = 0; at < packed || at === 0; at += pieceBytes) {
      const end = Math.min(packed, at + pieceBytes)
      const piece = await source.read(start + at, start + end)
      if (piece.length !== end - at) throw badZip('it ends too early', name)
      consumed += piece.length
      if (inflate) inflate.push(piece, end === packed)
      else take(piece)
    }
  } catch (cause) {
    if (cause instanceof StudioError) throw cause
    throw new StudioError({ code: 'bad-data', message: `invalid zip; an entry cannot be unpacked: ${name.slice(0, 200)}`, details: { entry: name.slice(0, 200) }, cause })
  }
  if (real !== size) throw badZip(`an entry holds ${real} bytes and declares ${size}`, name)
  if (crc !== member.crc) throw badZip('the check sum of an entry does not fit its bytes', name)
  const whole = new Uint8Array(real)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Names of the files in a zip of whatever origin, by its directory alone; entries that cannot be taken are left out. @throws StudioError as `openZip` */
export const listZip = async (source: RandomBytes, limits: ZipLimits = zipLimits): Promise<string[]> => (await readDirectory(source, limits, () => {})).members.map(({ name }) => name)

/**
 * Reads the directory of a zip; its entries are unpacked one by one, when asked for.
 * @param onSkip for a person's own zip of any origin: names are tidied, and an entry that cannot be taken is passed over; absent,
 * it refuses the whole. What makes the zip as a whole doubtful (overlaps, a damaged directory, too much of everything) always does.
 * @throws StudioError bad-data, unsupported: naming the entry where there is one
 */
export async function openZip(source: RandomBytes, limits: ZipLimits = zipLimits, onSkip?: OnSkip): Promise<ZipReader> {
  const { members, from } = await readDirectory(source, limits, onSkip)
  await locate(source, members, from)
  const byName = new Map(members.map((member) => [member.name, member]))
  let spent = 0
  const spend = (bytes: number): void => {
    spent += bytes
    if (spent > limits.totalBytes) throw badZip(`it holds more than ${limits.totalBytes} bytes`)
  }
  return {
    names: members.map((member) => member.name),
    has: (name) => byName.has(name),
    async read(name) {
      const member = byName.get(name)
      if (!member) throw badZip('an entry is missing', name)
      return unpack(source, member, limits, spend)
    },
  }
}
