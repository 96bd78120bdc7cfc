/** The file as a twin reads it: pandas is asked where it is installed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCell } from '../../../../../src/core/code/twin/read.ts'
import { quietContext } from '../../../../../src/core/context.ts'
import { cellAt } from '../../../../../src/core/data/column.ts'
import { blanks } from '../../../../../src/core/ingest/csv/blanks.ts'
import type { IngestChoices } from '../../../../../src/core/ingest/options.ts'
import { bytesSource } from '../../../../../src/core/ingest/source.ts'
import { loadDataset } from '../../../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../../../src/storage/memory-store.ts'
import { createProject } from '../../../../../src/storage/projects.ts'
import { commitSource } from '../../../../../src/tasks/ingest-commit.ts'

const python = ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', 'import pandas']).status === 0)
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
/** Every blank before, behind and within a name; what looks like one and is none. */
const cells = [...[...blanks].filter((mark) => mark !== '\0').flatMap((mark) => [`${mark}a`, `b${mark}`, `c${mark}d`]), '\u200be', 'f\u2060', ...Array.from({ length: 60 }, (_, i) => `an ordinary name, number ${i % 2}`)]
const file = new TextEncoder().encode(`x,name\n${cells.map((cell, i) => `${i}\u00a0,${quoted(cell)}`).join('\n')}\n`)

async function read() {
  const store = createMemoryStore()
  const project = await createProject(store, 'p')
  const choices: IngestChoices = { options: { delimiter: ',', quote: '"', decimal: '.', header: true }, kinds: [{ column: 'name', kind: 'categorical' }, { column: 'x', kind: 'numeric' }] }
  const record = await commitSource({ bytes: bytesSource(file), kind: 'file', fileName: 'x.csv' }, { projectId: project.id, token: 0, name: 'x', choices }, { store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 } })
  const { columns, rows } = await loadDataset(store, record.id)
  const data = { source: record.source, rows: record.rowsCommitted, options: record.options, rejected: record.rejectedCount, columns: record.columns }
  return { lines: readCell(data, new Set(['x', 'name'])), wanted: columns.map((column) => Array.from({ length: rows }, (_, row) => cellAt(column, row))) }
}

test('a twin takes off the studio’s white space, all of it and no more', async () => {
  const { lines, wanted } = await read()
  const [, list = ''] = /^BLANKS = "".join\(map\(chr, \[(.*)\]\)\)$/m.exec(lines.join('\n')) ?? []
  const codes = list.split(', ').join(',').split(/,(?![^(]*\))/).flatMap((part) => {
    const [, from, to] = /^\*range\((\d+),(\d+)\)$/.exec(part) ?? []
    return from === undefined ? [Number(part)] : Array.from({ length: Number(to) - Number(from) }, (_, i) => Number(from) + i)
  })
  expect(String.fromCharCode(...codes)).toBe(blanks)
  expect(new Set(wanted[1]).size).toBe(2 + (blanks.length - 1) + 2 + 2)
})

test.skipIf(python === undefined)('pandas finds the very cells of the studio', async () => {
  const { lines, wanted } = await read()
  const folder = mkdtempSync(join(tmpdir(), 'glasshouse-twin-read-'))
  try {
    writeFileSync(join(folder, 'x.csv'), file)
    const script = ['import csv, hashlib, json, os', 'from pathlib import Path', 'import numpy as np', 'import pandas as pd', ...lines, 'print(json.dumps([frame["x"].tolist(), frame["name"].tolist()]))'].join('\n')
    const { stdout, stderr } = spawnSync(python as string, ['-W', 'ignore', '-c', script], { cwd: folder, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(wanted)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
