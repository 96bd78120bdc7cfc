/** The page and the terminal, same file, same spec, same seed: the same numbers, bit for bit, whatever the estimator. */
import { execFileSync } from 'node:child_process'
import type { Page } from '@playwright/test'
import { buildCli } from '../../src/cli/build.mjs'
import { tableEstimators } from '../../src/core/estimators/registry.ts'
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

interface Scored {
  readonly estimator: string
  readonly params: Readonly<Record<string, unknown>>
  readonly backend: string
  readonly scores: readonly { readonly metric: string; readonly value: number }[]
}
/** Finished runs as they are stored, read past the app. */
const scoredRuns = (page: Page): Promise<Scored[]> =>
  page.evaluate(
    () =>
      new Promise<Scored[]>((resolve, reject) => {
        const request = indexedDB.open('glasshouse')
        request.onerror = () => reject(new Error('not opened'))
        request.onsuccess = () => {
          const db = request.result
          const all = db.transaction(['runs']).objectStore('runs').getAll()
          all.onsuccess = () => {
            db.close()
            const records = all.result as { run: { spec: { estimator: { id: string; params: Record<string, unknown> } }; environment: { backend: string }; evaluation?: { scores: { metric: string; value: number }[] } } }[]
            resolve(records.flatMap(({ run }) => (run.evaluation ? [{ estimator: run.spec.estimator.id, params: run.spec.estimator.params, backend: run.environment.backend, scores: run.evaluation.scores.map(({ metric, value }) => ({ metric, value })) }] : [])))
          }
        }
      }),
  )

test('the page and the terminal give the same numbers', async ({ studio }) => {
  await buildCli()
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  const wanted = tableEstimators.filter((entry) => entry.tasks.includes('binary') && !entry.tags.baseline)
  await goTo(studio, 'Train')
  for (const [i, { label }] of wanted.entries()) {
    await studio.getByRole('radio', { name: label, exact: true }).check()
    await studio.getByRole('button', { name: /^train/i }).last().click()
    await expect.poll(async () => (await scoredRuns(studio)).length, { timeout: 60_000 }).toBe(i + 2)
  }
  for (const run of await scoredRuns(studio)) {
    if (run.estimator === 'mlp') expect(run.backend).toBe('wasm')
    const words = Object.entries(run.params).flatMap(([name, value]) => ['--param', `${name}=${String(value)}`])
    const out = execFileSync(process.execPath, ['dist-cli/glasshouse.mjs', 'train', 'public/samples/german-credit.csv', '--target', 'credit_risk', '--estimator', run.estimator, ...words, '--json'], { encoding: 'utf8' })
    const { metrics } = JSON.parse(out) as { metrics: Record<string, number> }
    const stored = new Map(run.scores.map(({ metric, value }) => [metric.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), value]))
    expect(Object.keys(metrics).length).toBe(5)
    for (const [name, value] of Object.entries(metrics)) expect(value, `${name} of ${run.estimator}`).toBe(stored.get(name))
  }
})
