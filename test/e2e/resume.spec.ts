/** F5: a tab that is lost in the middle of a training. What was kept is offered, and ends as the same model. */
import type { Page } from '@playwright/test'
import { violations } from '../support/axe.ts'
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

/** SHA-256 of each stored model, by the sequence of its run. */
const models = (page: Page) =>
  page.evaluate(async () => {
    const [database] = await indexedDB.databases()
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(database!.name!)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error!)
    })
    const all = <T>(name: string) => new Promise<T[]>((resolve) => (db.transaction(name).objectStore(name).getAll().onsuccess = (event) => resolve((event.target as IDBRequest<T[]>).result)))
    const runs = await all<{ id: string; run: { sequence: number } }>('runs')
    const hashes: [number, string][] = []
    for (const { runId, model } of await all<{ runId: string; model: { json: object; arrays: Record<string, ArrayBufferView> } }>('models')) {
      const parts = [new TextEncoder().encode(JSON.stringify(model.json)), ...Object.keys(model.arrays).sort().map((name) => model.arrays[name]!)]
      const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())
      hashes.push([runs.find(({ id }) => id === runId)!.run.sequence, [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join()])
    }
    const kept = (await all('checkpointParts')).length
    db.close()
    return { hashes, kept }
  })

test('F5: a training that a reload broke off goes on to the same model', async ({ studio }) => {
  // Long enough on a quick machine, too: the first place is kept after 2 s.
  await openSample(studio, 'Diamonds')
  await chooseTarget(studio, 'price')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Random forest' }).check()
  const trees = studio.getByRole('textbox', { name: 'Trees' })
  await trees.fill('60')
  await trees.press('Tab')
  const train = studio.getByRole('button', { name: 'Train random forest' })
  await train.click()
  await expect.poll(async () => (await models(studio)).kept, { timeout: 30_000 }).toBeGreaterThan(0)
  await studio.reload()
  const stopped = studio.getByRole('region', { name: 'Trainings that were broken off' })
  await expect(stopped).toContainText(/Stopped after tree [\d,]+ of 60/)
  expect(await violations(studio)).toEqual([])
  await stopped.getByRole('button', { name: 'Go on' }).press('Enter')
  await expect(stopped).toBeHidden()
  await expect(studio.getByRole('row', { name: /Random forest.*Done/ })).toHaveCount(1, { timeout: 60_000 })
  await expect(studio.getByRole('region', { name: 'Random forest', exact: true })).toContainText(/Broken off.*after tree [\d,]+ of 60; it went on from there/s)
  // Undisturbed, with the same settings.
  await studio.getByRole('button', { name: 'Use its settings' }).click()
  await train.click()
  await expect(studio.getByRole('row', { name: /Random forest.*Done/ })).toHaveCount(2, { timeout: 60_000 })
  const { hashes, kept } = await models(studio)
  // The baseline's, the one that went on, and the undisturbed one.
  const [, broken, whole] = hashes.sort(([a], [b]) => a - b).map(([, hash]) => hash)
  expect(hashes).toHaveLength(3)
  expect(broken).toBe(whole)
  expect(kept).toBe(0)
})
