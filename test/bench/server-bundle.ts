/** Bundles for the server's bench: a table of 6 numbers and 2 categories, a small tree and a small network. */
import { columnFrom } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { deployExport } from '../../src/tasks/deploy-export.ts'
import { deployed } from '../support/deployed.ts'
import { unpack } from '../support/served-bundle.ts'

function table(rows: number): Dataset {
  const rng = createRng(3)
  const numbers = Array.from({ length: 6 }, () => Array.from({ length: rows }, () => Number(rng.normal().toPrecision(4))))
  const [places, sizes] = [['hill', 'shore', 'town', 'wood'], ['s', 'm', 'l']].map((names) => Array.from({ length: rows }, () => names[rng.int(names.length)] as string)) as [string[], string[]]
  const outcome = places.map((place, row) => ((numbers[0]?.[row] ?? 0) + (numbers[1]?.[row] ?? 0) * (place === 'hill' ? 2 : -1) + rng.normal() > 0.3 ? 'yes' : 'no'))
  const columns = [...numbers.map((values, i) => columnFrom(`number ${i + 1}`, 'numeric', values)), columnFrom('place', 'categorical', places), columnFrom('size', 'categorical', sizes), columnFrom('outcome', 'categorical', outcome)]
  return { id: 'bench', name: 'bench', rows, columns, source: { kind: 'derived', fileName: 'bench', bytes: 0, sha256: '0'.repeat(64) } }
}

/** Writes a bundle of an estimator into a folder. */
export async function makeBundle(estimator: string, folder: string): Promise<void> {
  const { host, runId } = await deployed(table(2000), 'binary', estimator, estimator === 'mlp' ? { hiddenLayerSizes: '16', maxIter: 5, backend: 'auto' } : {})
  const { zip } = await deployExport({ runId, name: 'bench', intendedUse: '', limitations: '' }, host)
  await unpack(zip as Uint8Array, folder)
}
