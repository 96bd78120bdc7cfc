/** White space around cells: which characters, and what they are around. */
import { expect, test } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { cellAt } from '../../../../src/core/data/column.ts'
import { blanks, contentFrom, contentTo, withoutBlanks } from '../../../../src/core/ingest/csv/blanks.ts'
import { bytesSource } from '../../../../src/core/ingest/source.ts'
import { loadDataset } from '../../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../../src/storage/memory-store.ts'
import { createProject } from '../../../../src/storage/projects.ts'
import { commitSource } from '../../../../src/tasks/ingest-commit.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

test('blanks are what Unicode calls white space, control characters and the mark of byte order, as bytes and as text', () => {
  const wrong: string[] = []
  for (let code = 0; code < 0x10000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const mark = String.fromCharCode(code)
    const isBlank = code < 32 || /[\p{White_Space}\ufeff]/u.test(mark)
    if (blanks.includes(mark) !== isBlank) wrong.push(`${code} in the list`)
    // Beside a letter of the same first bytes, cut off on either side by what is no part of the cell.
    for (const core of ['', 'x', 'Ç', 'ア', 'x\u00a0 y']) {
      const bytes = bytesOf(`\u00a0${mark}${mark}${core}${mark}\u00a0`).subarray(2, -2)
      const from = contentFrom(bytes, 0, bytes.length)
      const to = contentTo(bytes, from, bytes.length)
      const wanted = isBlank ? core : `${mark}${mark}${core}${mark}`
      if (decode(bytes.subarray(from, to)) !== wanted || withoutBlanks(decode(bytes)) !== wanted) wrong.push(`${code} around ${core}`)
    }
  }
  expect(wrong).toEqual([])
})

test('no cell of a table of values keeps white space around it, quoted or not; texts keep theirs', async () => {
  const store = createMemoryStore()
  const project = await createProject(store, 'p')
  const rows = [
    ['1.5\u00a0', 'yes\u00a0', 'red\u2003', '2020-01-31\u00a0', '1,5\u00a0kg\u00a0'],
    ['\u3000-2', '"\u00a0no"', '"red\n"', '\u00a02020-02-01', '" a ""b"" "'],
    ['\u00a0', 'no', '"\u00a0say ""x"" "', '"\u202f"', '\u00a0'],
    ['NA\u00a0', 'YES', 'red', '2020-02-03', 'b'],
  ]
  const text = `n;b;c;d;t\n${rows.map((row) => row.join(';')).join('\n')}\n`
  const choices = { options: { delimiter: ';', decimal: '.' as const }, kinds: [{ column: 't', kind: 'text' as const }] }
  const record = await commitSource({ bytes: bytesSource(bytesOf(text)), kind: 'file', fileName: 'x.csv' }, { projectId: project.id, token: 0, name: 'x', choices }, { store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 } })
  expect(record.rejectedCount).toBe(0)
  expect(record.columns.map(({ kind }) => kind)).toEqual(['numeric', 'boolean', 'categorical', 'datetime', 'text'])
  const dataset = await loadDataset(store, record.id)
  const cells = dataset.columns.map((column) => Array.from({ length: dataset.rows }, (_, row) => cellAt(column, row)))
  expect(cells.slice(0, 3)).toEqual([[1.5, -2, null, null], [true, false, false, true], ['red', 'red', 'say "x"', 'red']])
  expect(dataset.columns[3]?.kind === 'datetime' && [...dataset.columns[3].seconds].filter((_, row) => row !== 2)).toEqual([Date.UTC(2020, 0, 31) / 1000, Date.UTC(2020, 1, 1) / 1000, Date.UTC(2020, 1, 3) / 1000])
  expect(cells[3]?.[2]).toBe(null)
  expect(cells[4]).toEqual(['1,5\u00a0kg\u00a0', ' a "b" ', null, 'b'])
  const { profile } = (await store.read(['profiles'], (tx) => tx.get('profiles', record.id))) ?? {}
  expect(profile?.columns.map(({ reason }) => /No-break or other wide blanks around (\d) values? (?:is|are) not part of/.exec(reason)?.[1] ?? '')).toEqual(['2', '2', '2', '2', ''])
})
