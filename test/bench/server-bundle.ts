/** Bundles for the server's and the batch job's bench: a table of 6 numbers and 2 categories, and models of it. */
import { cellAt, columnFrom, type Column } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import { csvLine } from '../../src/core/ingest/csv-write.ts'
import { createRng } from '../../src/core/math/rng.ts'
import type { Pipeline } from '../../src/core/run/pipeline.ts'
import { deployExport } from '../../src/tasks/deploy-export.ts'
import { deployed } from '../support/deployed.ts'
import { unpack } from '../support/served-bundle.ts'

function columnsOf(rows: number, seed: number): Column[] {
  const rng = createRng(seed)
  const numbers = Array.from({ length: 6 }, () => Array.from({ length: rows }, () => Number(rng.normal().toPrecision(4))))
  const [places, sizes] = [['hill', 'shore', 'town', 'wood'], ['s', 'm', 'l']].map((names) => Array.from({ length: rows }, () => names[rng.int(names.length)] as string)) as [string[], string[]]
  const outcome = places.map((place, row) => ((numbers[0]?.[row] ?? 0) + (numbers[1]?.[row] ?? 0) * (place === 'hill' ? 2 : -1) + rng.normal() > 0.3 ? 'yes' : 'no'))
  return [...numbers.map((values, i) => columnFrom(`number ${i + 1}`, 'numeric', values)), columnFrom('place', 'categorical', places), columnFrom('size', 'categorical', sizes), columnFrom('outcome', 'categorical', outcome)]
}

/** New rows of the same kind, and as CSV. */
export function table(rows: number, seed: number): { readonly columns: Column[]; readonly csv: string } {
  const columns = columnsOf(rows, seed)
  return { columns, csv: csvOf(columns, rows) }
}

export function csvOf(columns: readonly Column[], rows: number): string {
  let csv = csvLine(columns.map(({ name }) => name))
  for (let row = 0; row < rows; row++) csv += csvLine(columns.map((column) => cellAt(column, row) as string | number))
  return csv
}

/** The 2,000 rows that the studio has of it. */
export const studioTable = (): Dataset => ({ id: 'bench', name: 'bench', rows: 2000, columns: columnsOf(2000, 3), source: { kind: 'derived', fileName: 'bench', bytes: 0, sha256: '0'.repeat(64) } })

/** Writes a bundle of an estimator into a folder. */
export async function makeBundle(estimator: string, folder: string): Promise<{ readonly pipeline: Pipeline; readonly table: typeof table; readonly zip: Uint8Array }> {
  const { host, runId, result } = await deployed(studioTable(), 'binary', estimator, estimator === 'mlp' ? { hiddenLayerSizes: '16', maxIter: 5, backend: 'auto' } : {})
  const { zip } = await deployExport({ runId, name: 'bench', intendedUse: '', limitations: '' }, host)
  await unpack(zip as Uint8Array, folder)
  return { pipeline: result.pipeline, table, zip: zip as Uint8Array }
}
