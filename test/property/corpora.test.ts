/** Corpora: text that has broken programs, and encodings cut anywhere, through the whole import and back out. */
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { cellAt } from '../../src/core/data/column.ts'
import { StudioError } from '../../src/core/errors.ts'
import { unprotectText, writeCsv } from '../../src/core/ingest/csv-write.ts'
import { createTranscoder } from '../../src/core/ingest/decode.ts'
import type { Encoding, IngestChoices } from '../../src/core/ingest/options.ts'
import { bytesSource } from '../../src/core/ingest/source.ts'
import { loadDataset } from '../../src/storage/datasets.ts'
import { fsck } from '../../src/storage/fsck.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import type { Store } from '../../src/storage/port.ts'
import { createProject } from '../../src/storage/projects.ts'
import { commitSource } from '../../src/tasks/ingest-commit.ts'
import { projectExport } from '../../src/tasks/project-export.ts'
import { projectImport } from '../../src/tasks/project-import.ts'
import type { Host } from '../../src/tasks/task.ts'
import { loneSurrogates, naughtyByClass, naughtyStrings } from '../support/naughty-strings.ts'
import { scanAll } from '../support/scan.ts'

const host = (store: Store): Host => ({ store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 } })
async function imported(bytes: Uint8Array, choices: IngestChoices) {
  const store = createMemoryStore()
  const project = await createProject(store, 'p')
  const record = await commitSource({ bytes: bytesSource(bytes), kind: 'file', fileName: 'x.csv' }, { projectId: project.id, token: 0, name: 'x', choices }, host(store))
  return { store, project, record }
}
/** The one rule about blanks: a cell of nothing but white space and control characters is missing. */
const blank = (text: string): boolean => /^[\0- \u0085\s]*$/.test(text)
const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
const utf16 = (text: string, bigEndian: boolean): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), !bigEndian)
  return bytes
}
const mark = (...bytes: number[]) => (rest: Uint8Array): Uint8Array => Uint8Array.of(...bytes, ...rest)
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
/** How the same text lies in a file. */
const ways: readonly (readonly [string, Encoding, (text: string) => Uint8Array])[] = [
  ['UTF-8', 'utf-8', utf8],
  ['UTF-8 with its mark', 'utf-8', (text) => mark(0xef, 0xbb, 0xbf)(utf8(text))],
  ['UTF-16 LE with its mark', 'utf-16le', (text) => mark(0xff, 0xfe)(utf16(text, false))],
  ['UTF-16 BE with its mark', 'utf-16be', (text) => mark(0xfe, 0xff)(utf16(text, true))],
  ['UTF-16 LE', 'utf-16le', (text) => utf16(text, false)],
  ['UTF-16 BE', 'utf-16be', (text) => utf16(text, true)],
]
const asText = { options: { delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] }, kinds: [{ column: 'text', kind: 'text' }] } as const

describe('text that has broken programs', () => {
  it('is of many classes, each string once', () => {
    expect(Object.keys(naughtyByClass).length).toBeGreaterThan(12)
    expect(new Set(naughtyStrings).size).toBe(naughtyStrings.length)
  })
  it.each(ways)('comes out of an import as it went in: %s', async (_name, encoding, write) => {
    const { store, record } = await imported(write(`n,text\n${naughtyStrings.map((text, i) => `${i},${quote(text)}`).join('\n')}\n`), { ...asText, options: { ...asText.options, encoding } })
    const { columns, rows } = await loadDataset(store, record.id)
    const column = columns[1]
    expect(Array.from({ length: rows }, (_, row) => column && cellAt(column, row))).toEqual(naughtyStrings.map((text) => (blank(text) ? null : text)))
    expect(record.rejectedCount).toBe(0)
  })
  it('names columns and categories, and survives a project file', async () => {
    const names = [...new Set(naughtyStrings.filter((text) => text.trim() === text && text !== ''))]
    const csv = `${names.map(quote).join(',')}\n${[0, 1, 2].map((shift) => names.map((_, i) => quote(names[(i + shift) % names.length] as string)).join(',')).join('\n')}\n`
    const { store, project, record } = await imported(utf8(csv), { options: asText.options })
    expect(record.columns.map((column) => column.name)).toEqual(names)
    const { zip } = await projectExport({ projectId: project.id }, host(store))
    const other = createMemoryStore()
    await projectImport({ file: new File([zip], 'p.zip') }, host(other))
    const [brought] = await other.read(['datasets'], (tx) => tx.getAll('datasets'))
    const [before, after] = [await loadDataset(store, record.id), await loadDataset(other, brought?.id as string)]
    expect(after.columns).toEqual(before.columns)
    expect(await fsck(other)).toEqual([])
  })
  it('names projects', async () => {
    for (const name of [...naughtyStrings, ...loneSurrogates, '\u202E'.repeat(10_000)]) {
      const store = createMemoryStore()
      const project = await createProject(store, name)
      expect(project.name).toBe(name.trim().slice(0, 200) || 'Untitled project')
      const { zip, fileName } = await projectExport({ projectId: project.id }, host(store))
      expect(fileName).toMatch(/^[^/\\:*?"<>|\p{Cc}\p{Cf}]+\.zip$/u)
      const { projectId } = await projectImport({ file: new File([zip], 'p.zip') }, host(store))
      const [own] = await store.read(['projects'], async (tx) => [await tx.get('projects', projectId)])
      expect(own?.name).toBe(project.name)
    }
  })
  it('is written as CSV that reads back, for us and for a second parser', () => {
    const bytes = writeCsv(['text'], naughtyStrings.map((text) => [text]))
    expect(scanAll(bytes, { columns: 1 }).rows.map((row) => unprotectText(row[0] as string))).toEqual(['text', ...naughtyStrings])
    const theirs = Papa.parse<string[]>(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), { delimiter: ',', newline: '\r\n' }).data
    expect(theirs.slice(0, -1).map((row) => unprotectText(row[0] as string))).toEqual(['text', ...naughtyStrings])
  })
  it('halves of pairs become the replacement character, once for each', async () => {
    for (const text of loneSurrogates) {
      const { store, record } = await imported(utf16(`n,text\n1,${text}\n`, false), { ...asText, options: { ...asText.options, encoding: 'utf-16le' } })
      const column = (await loadDataset(store, record.id)).columns[1]
      expect(column && cellAt(column, 0)).toBe(text.replace(/\p{Surrogate}/gu, '\uFFFD'))
    }
  })
})

describe('a file cut anywhere', () => {
  const table = 'n,text\n1,café\n2,日本\n3,😀\n'
  const legacy = Uint8Array.from(table, (character) => (character.codePointAt(0) as number) & 0xff)
  const files = [...ways.map(([name, encoding, write]) => [name, encoding, write(table)] as const), ['Windows-1252', 'windows-1252', legacy] as const]
  it.each(files)('%s: is read up to the cut, or refused by byte; never by a defect', async (_name, encoding, whole) => {
    let refusals = 0
    for (let cut = 1; cut < whole.length; cut++) {
      const part = whole.subarray(0, cut)
      for (const choices of [{ options: { ...asText.options, encoding } }, {}]) {
        const outcome = await imported(part, choices).then(
          ({ record }) => record,
          (error: unknown) => error,
        )
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(StudioError)
          const { code, message } = outcome as StudioError
          expect(code).toBe('bad-data')
          expect(message).toMatch(/^(missing (data|rows)|invalid (text|rows|quote)); .{10,}/)
          refusals++
        } else expect(outcome).toMatchObject({ state: 'complete' })
      }
    }
    // At the least those without a row.
    expect(refusals).toBeGreaterThan(3)
    expect(refusals).toBeLessThan(2 * whole.length)
  })
  it.each([['utf-16le', false], ['utf-16be', true]] as const)('%s: half a character at the end is one replacement character, in pieces of any size', (encoding, bigEndian) => {
    const source = utf16('a😀b日', bigEndian)
    for (let cut = 1; cut <= source.length; cut++) {
      const part = source.subarray(0, cut)
      const wanted = new TextDecoder(encoding, { ignoreBOM: true }).decode(part)
      for (const size of [1, 2, 3, 5, 64]) {
        const transcoder = createTranscoder(encoding)
        const bytes: number[] = []
        for (let at = 0; at < part.length; at += size) bytes.push(...(transcoder?.transcode(part.subarray(at, at + size), at + size >= part.length) ?? []))
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)), `${cut} bytes in pieces of ${size}`).toBe(wanted)
      }
    }
  })
  it('UTF-8 cut inside a character is refused by the byte where the character begins', async () => {
    const whole = utf8('n,text\n1,日')
    for (const cut of [1, 2]) {
      await expect(imported(whole.subarray(0, whole.length - cut), { options: { ...asText.options, encoding: 'utf-8' } })).rejects.toMatchObject({ code: 'bad-data', details: { byte: 9 } })
    }
  })
})
