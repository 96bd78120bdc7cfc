/** Every category that training saw is in a golden row; where they are too many, file and certificate say how many are. */
import { expect, test } from 'vitest'
import type { GoldenRows } from '../../../src/core/bundle/golden.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { columnFrom } from '../../../src/core/data/column.ts'
import type { Dataset } from '../../../src/core/data/dataset.ts'
import { bytesOf, openZip } from '../../../src/core/zip.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'

/** Two columns of as many categories, each twice or more in the data. */
async function exported(categories: number) {
  const rows = categories * 3
  const column = (name: string, cell: (row: number) => string | number, kind: 'numeric' | 'categorical' = 'categorical') => columnFrom(name, kind, Array.from({ length: rows }, (_, row) => cell(row)))
  const columns = [column('city', (row) => `city ${row % categories}`), column('street', (row) => `street ${(row * 7 + 1) % categories}`), column('size', (row) => row % 10, 'numeric'), column('outcome', (row) => (row % 10 > 4 ? 'yes' : 'no'))]
  const dataset: Dataset = { id: 'cities', name: 'cities', rows, columns, source: { kind: 'derived', fileName: 'cities', bytes: 0, sha256: '0'.repeat(64) } }
  const { host, runId } = await deployed(dataset, 'binary', 'decision-tree', { maxDepth: 2 })
  const { certificate, zip, signature, card } = await deployExport({ runId, name: '', intendedUse: '', limitations: '' }, host)
  const bytes = await (await openZip(bytesOf(zip as Uint8Array))).read('golden.json')
  return { certificate, signature, card, bytes, golden: JSON.parse(new TextDecoder().decode(bytes)) as GoldenRows }
}
/** Categories of training in the golden rows, and all there are. */
const covered = (signature: Signature, golden: GoldenRows) =>
  signature.inputs.flatMap(({ name, categories }, i) => {
    const cells = new Set(golden.rows.map((row) => row[i]))
    return categories ? [{ column: name, held: categories.filter((category) => cells.has(category)).length, of: categories.length }] : []
  })

test('400 categories in each of two columns', async () => {
  const { certificate, signature, bytes, golden } = await exported(400)
  const all = covered(signature, golden)
  expect(all.map(({ column }) => column)).toEqual(['city', 'street'])
  for (const { held, of } of all) expect([held, of > 300]).toEqual([of, true])
  // Both columns in one row.
  expect(golden.rows.length).toBeLessThan(700)
  expect(bytes.length).toBeLessThan(150_000)
  expect(golden.capped).toBeUndefined()
  expect(certificate.capped).toBeUndefined()
})

test('more categories than there is room for', async () => {
  const { certificate, signature, card, bytes, golden } = await exported(2500)
  const all = covered(signature, golden)
  expect(golden.capped).toEqual(all)
  expect(certificate).toMatchObject({ passed: true, capped: all })
  for (const { held, of } of all) expect([held >= 1000, held < of]).toEqual([true, true])
  expect(bytes.length).toBeLessThan(400_000)
  expect(card).toContain(`golden rows hold ${all[0]?.held} of ${all[0]?.of} categories of city`)
})
