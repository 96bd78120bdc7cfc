/** Which class a file belongs to: by the folder it lies in, or by a table of labels beside it. */
import { headRows } from '../ingest/csv/dialect.ts'
import { StudioError } from '../errors.ts'

/** Longest name of a class, in characters. */
export const longestClass = 100
export const tidyClass = (name: string): string => name.normalize('NFC').replace(/\s+/g, ' ').trim().slice(0, longestClass)

/** Of each class: one to learn from, and one to judge by. */
export const leastPictures = 2

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Files that systems leave behind: passed over without a word. */
export const isLitter = (path: string): boolean => /(^|\/)(\.(?!\.\/)[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i.test(path)

/** The folder that holds the file; null where it lies in none. `a/cats/1.jpg` is of class `cats`. */
export function folderClass(path: string): string | null {
  const parts = path.split('/').filter(Boolean)
  const folder = parts.length > 1 ? tidyClass(parts.at(-2) as string) : ''
  return folder === '' ? null : folder
}

/** @returns the class of a path, by its whole name first, then by its file name alone; undefined where the table has none */
export type LabelTable = (path: string) => string | undefined

const fileHeader = /^(file|file[ _-]?name|filename|image|image[ _-]?(id|name|path)|img|path|picture|photo|name|id)$/i
const labelHeader = /^(label|labels|class|class[ _-]?name|category|target|species|breed|y)$/i

/**
 * A CSV or TSV with a file and a label in each row; the columns are found by their names, or are the first
 * two. Names match with or without folder and ending.
 * @throws StudioError bad-data where it has fewer than two columns
 */
export function readLabels(bytes: Uint8Array, name: string): LabelTable {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3)
  const start = new TextDecoder().decode(bytes.subarray(0, 4096))
  const delimiter = [',', '\t', ';'].map((mark) => ({ mark, count: start.split(mark).length })).sort((a, b) => b.count - a.count)[0]?.mark ?? ','
  const rows = headRows(bytes, delimiter, '"', true, 1_000_000)
  const head = rows[0] ?? []
  if (head.length < 2) throw new StudioError({ code: 'bad-data', message: `invalid table of labels; two columns are needed, a file and its label: ${head.length} in ${name.slice(0, 80)}` })
  const cells = head.map((cell) => cell.trim())
  const labelAt = cells.findIndex((cell) => labelHeader.test(cell))
  const fileAt = cells.findIndex((cell, i) => i !== labelAt && fileHeader.test(cell))
  const headed = labelAt >= 0 || fileAt >= 0
  const at = { file: fileAt >= 0 ? fileAt : labelAt === 0 ? 1 : 0, label: labelAt >= 0 ? labelAt : fileAt === 1 ? 0 : 1 }
  const byPath = new Map<string, string>()
  const key = (path: string): string => path.trim().replaceAll('\\', '/').replace(/^\.?\//, '').toLowerCase()
  for (const row of headed ? rows.slice(1) : rows) {
    const file = row[at.file]
    const label = tidyClass(row[at.label] ?? '')
    if (file && label) byPath.set(key(file), label)
  }
  return (path) => {
    const whole = key(path)
    const last = nameOf(whole)
    const bare = (text: string): string => text.replace(/\.[a-z0-9]{1,5}$/, '')
    // Paths of a dropped folder begin with the folder itself, which the table need not name.
    const tails = whole.split('/').map((_, i, parts) => parts.slice(i).join('/'))
    for (const tail of tails) {
      const found = byPath.get(tail)
      if (found !== undefined) return found
    }
    return byPath.get(bare(whole)) ?? byPath.get(bare(last))
  }
}
