/** Real clients on a bundle's server: curl, a v2 client written from the protocol's specification, pandas. Each must get the golden answers. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../support/served-bundle.ts'
import { tell } from '../harness.ts'
import { bundleMaker, startVite } from '../vite.ts'

const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3'

/** @returns whether every client got what the golden rows say */
export async function run(json: boolean): Promise<boolean> {
  for (const [command, args, name] of [[python, ['-c', 'import pandas'], 'python3-pandas'], ['curl', ['--version'], 'curl']] as const) {
    if (spawnSync(command, args).status === 0) continue
    process.stderr.write(`missing client; install: apt-get install ${name}\n`)
    process.exit(2)
  }
  const vite = await startVite()
  const makeBundle = await bundleMaker(vite)
  let all = true
  try {
    for (const estimator of ['decision-tree', 'hist-gradient-boosting', 'logistic-regression', 'mlp']) {
      const folder = mkdtempSync(join(tmpdir(), 'bench-clients-'))
      await makeBundle(estimator, folder)
      const server = startServer(folder)
      const url = await server.url()
      // The client runs while this process waits: the server is a process of its own.
      const { status, stdout, stderr } = spawnSync(python, [fileURLToPath(new URL('./clients.py', import.meta.url)), folder, url], { encoding: 'utf8' })
      server.child.kill('SIGKILL')
      const golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as { expected: { labels: string[] } }
      rmSync(folder, { recursive: true, force: true })
      const answers = status === 0 ? (JSON.parse(stdout) as Record<string, unknown>) : {}
      if (status !== 0) process.stderr.write(stderr)
      const verdicts = Object.fromEntries(Object.entries(answers).map(([client, given]) => [client, JSON.stringify(given) === JSON.stringify(golden.expected.labels)]))
      const passed = status === 0 && Object.values(verdicts).every(Boolean)
      all &&= passed
      const line = { name: `clients, ${estimator}`, rows: golden.expected.labels.length, ...verdicts, passed }
      tell(line, json)
    }
  } finally {
    await vite.close()
  }
  return all
}
