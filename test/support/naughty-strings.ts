/**
 * Text that has broken programs, by class and of our own making: each is a legal cell and, made unique,
 * a legal column name. Lone surrogates cannot be written as UTF-8 and stand in `loneSurrogates`.
 */
const from = (...codes: number[]): string => String.fromCodePoint(...codes)

export const naughtyByClass: Readonly<Record<string, readonly string[]>> = {
  /** Names that objects already have. */
  keys: ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'length', 'then', 'null', 'undefined', 'NaN', 'Infinity', '-0', 'true'],
  markup: ['<img src=x onerror=alert(1)>', '"><script>alert(2)</script>', '</title><svg onload=alert(5)>', "' onfocus='alert(6)' autofocus='", 'javascript:alert(7)', '<!--', ']]>', '&lt;b&gt;&amp;&#0;', '<a href="https://example.org">click</a>', '{{1+1}}', '${1+1}', '{@html "<b>"}', '%00', '%n%s%d'],
  formulas: ['=1+1', '=HYPERLINK("http://x","y")', '+1-1', '-2+3', '@SUM(A1)', "'=1", "'", '\t=1', '|cmd'],
  delimiters: ['a,b', 'a;b', 'a\tb', 'a|b', 'say "hi"', '""', '"', 'two\nlines', 'two\r\nlines', 'a\rb', '\\', '\\n', '\\"', "''"],
  spaces: [' ', '  lead and trail  ', from(0xa0), from(0x2003), from(0x3000), from(0x200b), from(0xfeff), `a${from(0x2028)}b`, `a${from(0x2029)}b`, from(0x85)],
  control: [from(1), from(7), from(8), from(0x1b, 0x5b, 0x33, 0x31, 0x6d), from(0x7f), from(0x9b)],
  direction: [`${from(0x202e)}gnp.exe`, `${from(0x2066)}a${from(0x2069)}`, from(0x200f), 'שלום עולם', 'مرحبا بالعالم', `x${from(0x202d)}y`],
  /** One letter in several codes, and letters that change length with their case. */
  letters: ['é', `e${from(0x301)}`, `Z${from(0x310, 0x334, 0x35c, 0x489, 0x33d).repeat(20)}`, 'ß', 'İ', 'ı', 'ſ', 'ﬃ', 'Ǆ', 'ΌΣΟΣ', 'Ω', from(0x2126), '뮤직', from(0x1112, 0x1161, 0x11ab), 'ก็็็็็', '田中さん', 'Ⅷ', '１２３', '²³', '٣'],
  /** Beyond the first plane, and what is drawn as one sign of many codes. */
  emoji: ['😀', '👩‍👩‍👧‍👦', '👍🏿', '🇩🇪', '1️⃣', from(0x1f3f4, 0xe0067, 0xe0062, 0xe0065, 0xe006e, 0xe0067, 0xe007f), from(0x1d4d0), from(0x10ffff), from(0x20bb7)],
  unassigned: [from(0xfffe), from(0xffff), from(0xfffd), from(0xe000), from(0xfdd0)],
  numbers: ['0x1F', '1e999', '-1e-999', '0.1.2', '1,000', '1_000', '007', '+1', '.5', '5.', '1/2', '١٢', '9007199254740993', '1E5', '--1', 'Inf', '0b1'],
  dates: ['2024-02-30', '0000-00-00', '31/12/1999', '24:00', '1970-01-01T00:00:60Z', '+275760-09-13'],
  paths: ['../../etc/passwd', 'C:\\con', '/dev/null', 'NUL.txt', '.', '..', '~', 'file:///x'],
  queries: ["'; DROP TABLE rows; --", '1 OR 1=1', '$(reboot)', '`id`', '() { :;}; x'],
}
export const naughtyStrings: readonly string[] = Object.values(naughtyByClass).flat()
/** Halves of pairs: text in a program, and in no file. */
export const loneSurrogates: readonly string[] = ['\ud800', '\udfff', 'a\ud83d', '\ude00b', '\ud800\ud800']
