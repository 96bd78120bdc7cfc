/** What a bundle's README tells holds of its server. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { bundleReadme } from '../../../src/export/bundle-readme.ts'

const signature: Signature = { version: 1, name: 'm', task: 'binary', target: 'y', inputs: [], classes: ['no', 'yes'], outputs: [] }

test('every setting that the server reads has its row, and every row a setting', () => {
  const folder = 'src/export/server'
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
  const read = sources.flatMap((text) => [...text.matchAll(/(?:whole|text)Setting\('([A-Z_]+)'/g)].map(([, name]) => name as string))
  const table = bundleReadme(signature, []).split('## Settings (environment)')[1]?.split('\n## ')[0] ?? ''
  const told = [...table.matchAll(/^\| ([A-Z_]+(?:, [A-Z_]+)*) \|/gm)].flatMap(([, names]) => (names as string).split(', '))
  expect(told.length).toBe(new Set(told).size)
  expect(told.sort()).toEqual([...new Set(read)].sort())
})
