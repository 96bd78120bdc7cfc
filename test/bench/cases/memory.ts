/** What fits take at their peak beside what was said before they start: each in a process of its own, within a factor of 2. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { checkParams, type ParamValues } from '../../../src/core/params.ts'

/** Peaks below this are the engine's own unrest. */
const restless = 8 * 2 ** 20
const cases: readonly (readonly [id: string, task: string, rows: number, features: number, params?: ParamValues])[] = [
  ['ridge', 'regression', 300_000, 20],
  ['lasso', 'regression', 300_000, 20],
  ['logistic-regression', 'binary', 300_000, 20],
  ['gaussian-nb', 'binary', 300_000, 20],
  ['k-neighbors', 'binary', 200_000, 20],
  ['decision-tree', 'binary', 200_000, 20],
  ['random-forest', 'binary', 50_000, 20, { nEstimators: 20 }],
  ['extra-trees', 'regression', 30_000, 20, { nEstimators: 20 }],
  ['hist-gradient-boosting', 'binary', 300_000, 20, { maxIter: 20 }],
  ['hist-gradient-boosting', 'multiclass', 300_000, 20, { maxIter: 5 }],
  ['hist-gradient-boosting', 'regression', 200_000, 60, { maxIter: 5 }],
  ['explainable-boosting', 'binary', 100_000, 10, { maxIter: 3 }],
  ['linear-svm', 'binary', 100_000, 20],
  ['svm', 'binary', 4000, 20],
  ['mlp', 'binary', 200_000, 20, { maxIter: 1 }],
]

export async function run(json: boolean): Promise<boolean> {
  let good = true
  for (const [id, task, rows, features, params = {}] of cases) {
    const script = fileURLToPath(new URL('../memory-one.ts', import.meta.url))
    const measured = Number(execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', script, id, task, String(rows), String(features), JSON.stringify(params)]))
    const estimator = estimators.get(id)
    const said = estimator.memory?.(checkParams(id, estimator.params, params) as never, { rows, features, classes: task === 'regression' ? 1 : task === 'binary' ? 2 : 3 }) ?? 0
    const ratio = (said + restless) / (measured + restless)
    const fits = ratio > 0.5 && ratio < 2
    good &&= fits
    const line = { id, task, rows, features, saidMB: said / 2 ** 20, measuredMB: measured / 2 ** 20, ratio, fits }
    const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1).padStart(8)} MB`
    process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${`${id} ${task} ${rows} x ${features}`.padEnd(52)} said ${mb(said)}  peak ${mb(measured)}  ${ratio.toFixed(2)}${fits ? '' : '  OVER A FACTOR OF 2'}\n`)
  }
  return good
}
