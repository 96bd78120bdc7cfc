/**
 * What may stand around a cell without being part of it: control characters, the blank, Unicode's other white space
 * (White_Space of PropList.txt), such as the no-break blanks that spreadsheets and web pages leave behind, and a byte order mark
 * that came along with a part of another file.
 */

/** Every such character, in order. */
export const blanks: string = [...Array.from({ length: 33 }, (_, code) => code), 0x85, 0xa0, 0x1680, ...Array.from({ length: 11 }, (_, i) => 0x2000 + i), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff].map((code) => String.fromCharCode(code)).join('')
const blank = new Set(blanks)

/** Bytes of the wide blank at `at`, else 0. UTF-8 of those above: C2 85, C2 A0, E1 9A 80, E2 80 80 to 8A, E2 80 A8, A9 and AF, E2 81 9F, E3 80 80, EF BB BF. */
function wideAt(bytes: Uint8Array, at: number, to: number): number {
  const first = bytes[at]
  const second = bytes[at + 1]
  const third = bytes[at + 2] as number
  if (first === 0xc2) return at + 2 <= to && (second === 0x85 || second === 0xa0) ? 2 : 0
  if (at + 3 > to) return 0
  if (first === 0xe2 && second === 0x80) return third <= 0x8a || third === 0xa8 || third === 0xa9 || third === 0xaf ? 3 : 0
  return (first === 0xe1 && second === 0x9a && third === 0x80) || (first === 0xe2 && second === 0x81 && third === 0x9f) || (first === 0xe3 && second === 0x80 && third === 0x80) || (first === 0xef && second === 0xbb && third === 0xbf) ? 3 : 0
}

/** Where the content of UTF-8 bytes [from, to) begins; `to` where there is none. */
export function contentFrom(bytes: Uint8Array, from: number, to: number): number {
  while (from < to) {
    const byte = bytes[from] as number
    if (byte > 32 && byte < 0xc2) break
    const wide = byte <= 32 ? 1 : wideAt(bytes, from, to)
    if (wide === 0) break
    from += wide
  }
  return from
}

/** Where the content of UTF-8 bytes [from, to) ends, `from` being where it begins. */
export function contentTo(bytes: Uint8Array, from: number, to: number): number {
  while (to > from) {
    const byte = bytes[to - 1] as number
    if (byte > 32 && byte < 0x80) break
    if (byte <= 32) to--
    else if (to - 2 >= from && wideAt(bytes, to - 2, to) === 2) to -= 2
    else if (to - 3 >= from && wideAt(bytes, to - 3, to) === 3) to -= 3
    else break
  }
  return to
}

/** The same of text. */
export function withoutBlanks(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && blank.has(text[from] as string)) from++
  while (to > from && blank.has(text[to - 1] as string)) to--
  return text.slice(from, to)
}
