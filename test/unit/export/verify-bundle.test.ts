import { beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/core/ids.ts'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import type { OnnxRunner } from '../../../src/core/onnx/runner.ts'
import { bytesOf, openZip, zip, type ZipEntry } from '../../../src/core/zip.ts'
import { verifyBundle } from '../../../src/export/verify-bundle.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'
import { richDataset } from '../../support/rich-data.ts'

const bundles = new Map<string, Uint8Array>()
beforeAll(async () => {
  for (const [task, estimator] of [['binary', 'decision-tree'], ['regression', 'ridge']] as const) {
    const { host, runId } = await deployed(richDataset(task), task, estimator)
    const { zip: made } = await deployExport({ runId, name: `Rich ${task}`, intendedUse: '', limitations: '' }, host)
    bundles.set(task, made as Uint8Array)
  }
}, 60_000)

/** The same bundle with some files changed; `signed` lists the new checksum too, as a forger would. */
async function changed(task: string, change: (name: string, bytes: Uint8Array) => Uint8Array | undefined, signed = false): Promise<Uint8Array> {
  const reader = await openZip(bytesOf(bundles.get(task) as Uint8Array))
  const entries: ZipEntry[] = []
  for (const name of reader.names) {
    const bytes = change(name, await reader.read(name))
    if (bytes) entries.push({ name, bytes })
  }
  if (!signed) return zip(entries)
  const manifest = JSON.parse(new TextDecoder().decode(entries.find(({ name }) => name === 'manifest.json')?.bytes)) as { files: { path: string; sha256: string }[] }
  for (const file of manifest.files) file.sha256 = await sha256(Uint8Array.from(entries.find(({ name }) => name === file.path)?.bytes ?? []))
  return zip([...entries.filter(({ name }) => name !== 'manifest.json'), { name: 'manifest.json', bytes: new TextEncoder().encode(JSON.stringify(manifest)) }])
}

describe('verify', () => {
  test.each(['binary', 'regression'])('an untouched %s bundle passes, with the figures of its golden rows', async (task) => {
    const verdict = await verifyBundle(bundles.get(task) as Uint8Array)
    expect(verdict).toMatchObject({ model: `rich-${task}`, passed: true, certificate: { part: 'golden rows', labelsDifferent: 0, passed: true } })
    expect(verdict.certificate.rows).toBeGreaterThan(20)
    expect(verdict.files).toBeGreaterThan(10)
    expect(verdict.certificate.runtime).toMatch(/^onnxruntime-node/)
  })
  test.each(['model.onnx', 'signature.json', 'golden.json', 'MODEL_CARD.md', 'server/server.mjs'])('a changed %s is found by its checksum', async (file) => {
    const bytes = await changed('binary', (name, old) => (name === file ? Uint8Array.from([...old, 32]) : old))
    await expect(verifyBundle(bytes)).rejects.toMatchObject({ code: 'bundle-mismatch', message: expect.stringContaining(file) })
  })
  test('a file left out, and one slipped in, are named', async () => {
    await expect(verifyBundle(await changed('binary', (name, old) => (name === 'run.json' ? undefined : old)))).rejects.toThrow('a listed file is missing: run.json')
    const reader = await openZip(bytesOf(bundles.get('binary') as Uint8Array))
    const entries = await Promise.all(reader.names.map(async (name) => ({ name, bytes: await reader.read(name) })))
    await expect(verifyBundle(zip([...entries, { name: 'server/more.mjs', bytes: Uint8Array.of(1) }]))).rejects.toThrow('does not list what is in it: server/more.mjs')
  })
  test('golden rows with another answer do not pass, checksums in order or not', async () => {
    const bytes = await changed('regression', (name, old) => (name === 'golden.json' ? new TextEncoder().encode(new TextDecoder().decode(old).replace(/"values": \[\s*[\d.-]+/, '"values": [ 7')) : old), true)
    const verdict = await verifyBundle(bytes)
    expect(verdict.passed).toBe(false)
    expect(verdict.problem).toMatch(/^golden row 1 .*expected 7, received/)
  })
  test('a runtime that answers otherwise does not pass', async () => {
    const real = nodeRunner()
    const wrong: OnnxRunner = {
      runtime: 'wrong 1.0',
      async open(model) {
        const session = await real.open(model)
        return { close: () => session.close(), run: async (feeds, rows) => new Map([...(await session.run(feeds, rows))].map(([name, values]) => [name, typeof values[0] === 'number' ? Float64Array.from(values as ArrayLike<number>, (value) => value + 1e-3) : values])) }
      },
    }
    expect(await verifyBundle(bundles.get('binary') as Uint8Array, wrong)).toMatchObject({ passed: false, certificate: { runtime: 'wrong 1.0' } })
  })
  test('what is no bundle is refused', async () => {
    await expect(verifyBundle(Uint8Array.of(1, 2, 3))).rejects.toThrow('invalid zip')
    await expect(verifyBundle(zip([{ name: 'a', bytes: Uint8Array.of(1) }]))).rejects.toThrow('no manifest.json')
  })
})
