/** A bundle of each kind of model: it verifies, and one server, told to serve one after the other, answers its golden rows by all protocols. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import { askGolden, goldenRoutes } from '../../../src/export/server/self-test.ts'
import { verifyBundle } from '../../../src/export/verify-bundle.ts'
import { bundleOfKind, kindsOfModels } from '../../support/every-kind.ts'
import { startServer, type RunningServer } from '../../support/served-bundle.ts'

const root = mkdtempSync(join(tmpdir(), 'glasshouse-kinds-'))
const serving = join(root, 'serving.json')
const serve = (estimator: string): void => writeFileSync(serving, JSON.stringify({ models: [{ versions: { 1: estimator } }] }))
let server: RunningServer
let url: string

beforeAll(async () => {
  const first = await bundleOfKind(mkdtempSync(join(root, 'first-')), 'ridge', 'regression')
  writeFileSync(serving, JSON.stringify({ models: [{ versions: { 1: first.folder } }] }))
  server = startServer(first.folder, { SERVING: serving })
  url = await server.url()
}, 60_000)
afterAll(() => {
  server.child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

test.each(kindsOfModels)('%s, %s', async (estimator, task) => {
  const { zip, signature, golden } = await bundleOfKind(root, estimator, task)
  expect(await verifyBundle(zip, nodeRunner())).toMatchObject({ passed: true })
  serve(estimator)
  server.child.kill('SIGHUP')
  await server.says(new RegExp(`"reloaded","versions":"kind-${estimator}/1"`))
  for (const route of goldenRoutes) expect(await askGolden(url, signature, golden, route), route).toBeUndefined()
}, 30_000)
