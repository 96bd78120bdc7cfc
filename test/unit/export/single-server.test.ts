/** The server in one file: alone in an empty folder, with nothing installed, it answers as the studio; changed, it does not start. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { singleServer } from '../../../src/export/single-server.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'
import { richDataset } from '../../support/rich-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-single-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let file: Uint8Array

beforeAll(async () => {
  const { host, runId } = await deployed(richDataset('binary'), 'binary', 'decision-tree')
  const zip = (await deployExport({ runId, name: 'One file', intendedUse: '', limitations: '' }, host)).zip as Uint8Array
  file = await singleServer(zip, new Uint8Array(readFileSync('node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm')))
  writeFileSync(join(folder, 'model.mjs'), file)
}, 60_000)

test('alone in a folder it answers the golden rows at its start, then passes its own tests: four protocols, requests that must be refused', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['model.mjs', '--test'], { cwd: folder, encoding: 'utf8' })
  expect(status, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/^[1-9]\d+ passed, 0 failed$/m)
}, 60_000)

test('a byte of the model that was changed keeps it from starting, with exit code 78', () => {
  const text = new TextDecoder().decode(file)
  const at = text.indexOf('model.onnx\\",\\"') + 40
  expect(at).toBeGreaterThan(40)
  writeFileSync(join(folder, 'changed.mjs'), `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`)
  const { status, stderr } = spawnSync(process.execPath, ['changed.mjs', '--verify'], { cwd: folder, encoding: 'utf8' })
  expect(stderr).toContain('model.onnx must have SHA-256')
  expect(status).toBe(78)
})
