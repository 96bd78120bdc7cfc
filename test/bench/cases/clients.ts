/**
 * Real clients on the server of a bundle of each kind of model: curl, a v2 client written from the protocol's
 * specification, pandas; of pictures as forms too. Each must get the golden answers.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GoldenRows } from '../../../src/core/bundle/golden.ts'
import { png } from '../../support/pictures.ts'
import { startServer, unpack } from '../../support/served-bundle.ts'
import { tell } from '../harness.ts'
import { startVite } from '../vite.ts'

const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3'

/** @returns whether every client got what the golden rows say */
export async function run(json: boolean): Promise<boolean> {
  for (const [command, args, name] of [[python, ['-c', 'import pandas'], 'python3-pandas'], ['curl', ['--version'], 'curl']] as const) {
    if (spawnSync(command, args).status === 0) continue
    process.stderr.write(`missing client; install: apt-get install ${name}\n`)
    process.exit(2)
  }
  const vite = await startVite()
  const root = mkdtempSync(join(tmpdir(), 'bench-clients-'))
  let all = true
  try {
    const { bundleOfKind, kindsOfModels } = (await vite.ssrLoadModule('/test/support/every-kind.ts')) as typeof import('../../support/every-kind.ts')
    const kinds = [...kindsOfModels.map(([estimator, task]) => ({ name: `${estimator}, ${task}`, make: async () => (await bundleOfKind(root, estimator, task)).folder })), ...pictureKinds(root)]
    for (const { name, make } of kinds) {
      const folder = await make()
      const server = startServer(folder)
      const url = await server.url()
      // The client runs while this process waits: the server is a process of its own.
      const { status, stdout, stderr } = spawnSync(python, [fileURLToPath(new URL('./clients.py', import.meta.url)), folder, url], { encoding: 'utf8', maxBuffer: 2 ** 26 })
      server.child.kill('SIGTERM')
      const drained = (await server.exit) === 0
      const golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as GoldenRows
      const answers = status === 0 ? (JSON.parse(stdout) as Record<string, (string | number)[]>) : {}
      if (status !== 0) process.stderr.write(stderr)
      const verdicts = Object.fromEntries(Object.entries(answers).map(([client, given]) => [client, agrees(golden, given)]))
      const passed = status === 0 && drained && Object.values(verdicts).every(Boolean)
      all &&= passed
      tell({ name: `clients, ${name}`, rows: golden.rows.length, ...verdicts, passed }, json)
    }
  } finally {
    await vite.close()
    rmSync(root, { recursive: true, force: true })
  }
  return all
}

const agrees = ({ rows, expected, tolerance }: GoldenRows, given: readonly (string | number)[]): boolean =>
  given.length === rows.length && given.every((answer, row) => (expected.values ? Math.abs(Number(answer) - (expected.values[row] as number)) <= tolerance : answer === expected.labels?.[row]))

/** A head on the pretrained network, and a network from scratch, by the command line. */
function pictureKinds(root: string): { readonly name: string; readonly make: () => Promise<string> }[] {
  const photos = join(root, 'photos')
  const draw = (): void => {
    if (existsSync(photos)) return
    for (const [k, label] of ['across', 'down'].entries()) {
      mkdirSync(join(photos, label), { recursive: true })
      for (let i = 0; i < 10; i++) writeFileSync(join(photos, label, `${i}.png`), png(40, 32, (x, y) => (Math.floor(((k === 0 ? y : x) + 3 * i) / (4 + (i % 4))) % 2 === 0 ? [240, 240, 230] : [20, 30, 60])))
    }
  }
  const trained = (name: string, ...more: string[]) => ({
    name: `pictures, ${name}`,
    make: async () => {
      draw()
      const zip = join(root, `${name}.zip`)
      const { status, stderr } = spawnSync(process.execPath, ['src/cli/run.mjs', 'train', photos, '--out', zip, ...more], { encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
      await unpack(new Uint8Array(readFileSync(zip)), join(root, `pictures ${name}`))
      return join(root, `pictures ${name}`)
    },
  })
  return [trained('logistic-regression'), trained('cnn', '--estimator', 'cnn', '--param', 'maxIter=2', '--param', 'layers=[{"type":"conv","filters":4},{"type":"max-pool"}]', '--param', 'backend=wasm')]
}
