/** The privacy promise, as far as a browser test can prove it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contentSecurityPolicy } from '../../src/core/headers.ts'
import { serveFolder } from '../support/static-server.ts'
import { built, chooseTarget, expect, listen, openSample, test, trainModel } from './studio.ts'

test.use({ serviceWorkers: 'allow' })

/** A server on another port that nothing may reach; counts what does. */
async function canary(): Promise<{ url: string; hits: () => number; stop: () => Promise<void> }> {
  let hits = 0
  const server = createServer((_request, response) => {
    hits++
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('reached')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, hits: () => hits, stop: () => new Promise((resolve) => server.close(() => resolve())) }
}

test('every document and script carries the policy, and nothing asks another origin', async ({ studio, server }) => {
  const foreign: string[] = []
  const bare: string[] = []
  studio.context().on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== new URL(server.url).origin) foreign.push(request.url())
  })
  studio.context().on('response', (response) => {
    const isCode = ['document', 'script'].includes(response.request().resourceType()) || /worker|\.js$/.test(response.url())
    if (isCode && response.headers()['content-security-policy'] !== contentSecurityPolicy) bare.push(response.url())
  })
  await studio.reload()
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
  expect(foreign).toEqual([])
  expect(bare).toEqual([])
})

test('after "offline ready" the whole journey asks the server for nothing', async ({ studio, server }) => {
  await expect(studio.getByText('Offline ready').first()).toBeVisible({ timeout: 60_000 })
  // The second visit is the first that the service worker serves from its start.
  await studio.reload()
  await expect(studio.getByText('Offline ready').first()).toBeVisible({ timeout: 60_000 })
  server.log.length = 0
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await trainModel(studio, 'Gradient boosting')
  await expect(studio.getByRole('row', { name: /Gradient boosting.*Done/ })).toBeVisible({ timeout: 60_000 })
  await trainModel(studio, 'Neural network (MLP)')
  await expect(studio.getByRole('row', { name: /Neural network.*Done/ })).toBeVisible({ timeout: 90_000 })
  // The browser itself may look for a newer service worker script; it carries nothing.
  expect(server.log.filter((line) => line !== 'GET /service-worker.js')).toEqual([])
})

for (const headers of [true, false]) {
  test(`no worker can send anything out, on a host that ${headers ? 'sends' : 'sends none of'} the headers`, async ({ page }) => {
    const server = await serveFolder(built, { headers })
    const trap = await canary()
    const heard: string[] = []
    listen(page, [/Content Security Policy|Refused to connect|ERR_BLOCKED|violates the following|Fetch API cannot load/], heard)
    await page.goto(server.url)
    await expect(page.getByText('Offline ready').first()).toBeVisible({ timeout: 60_000 })
    // On a bare host the service worker stamps the headers on everything from the second visit on.
    await page.reload()
    await openSample(page, 'Palmer penguins')
    await chooseTarget(page, 'species')
    await expect.poll(() => page.workers().length).toBeGreaterThan(1)
    for (const worker of page.workers()) {
      const answer = await worker.evaluate((url) => fetch(url).then(() => 'reached', () => 'refused'), trap.url)
      expect(answer, worker.url()).toBe('refused')
    }
    expect(await page.evaluate((url) => fetch(url).then(() => 'reached', () => 'refused'), trap.url)).toBe('refused')
    expect(await page.evaluate(() => [typeof RTCPeerConnection, crossOriginIsolated])).toEqual(['undefined', true])
    expect(trap.hits()).toBe(0)
    expect(heard).toEqual([])
    await trap.stop()
    await server.stop()
  })
}
