/**
 * `glasshouse serve`: unpacks the bundle into a folder of its own and runs the server inside it, as a
 * deployment would. What the server prints is passed on; it ends when we are told to.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StudioError } from '../core/errors.ts'
import { readWords, wholeNumber } from './arguments.ts'
import { openBundle } from './files.ts'
import type { Io } from './io.ts'
import { defaultPort } from './usage.ts'

/** Of the bundle's server: a bundle or a setting that cannot be served. */
const refusedBundle = 78

export async function serve(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip'], { '--port': 'value' })
  const [path] = words.operands as [string]
  const port = wholeNumber('--port', words.value('--port') ?? String(defaultPort), 0, 65_535)
  const { files } = await openBundle(path)
  if (!files.has('server/server.mjs')) throw new StudioError({ code: 'bundle-mismatch', message: 'invalid bundle; manifest.json does not list server/server.mjs' })
  const folder = await mkdtemp(join(tmpdir(), 'glasshouse-serve-'))
  try {
    for (const [name, bytes] of files) {
      // Names come from the zip reader, which refuses whatever leads out of its folder.
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), bytes)
    }
    await lendRuntime(folder)
    const code = await runServer(folder, port, io)
    if (code === refusedBundle) throw new StudioError({ code: 'bundle-mismatch', message: 'invalid bundle; its server refused to start' })
    if (code !== 0) throw new StudioError({ code: 'unsupported', message: `the server ended with exit code ${code}` })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The server's one package: the native runtime where it is installed here, else the WebAssembly one of this build under its name. */
async function lendRuntime(folder: string): Promise<void> {
  const place = join(folder, 'node_modules', 'onnxruntime-node')
  await mkdir(dirname(place), { recursive: true })
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
    await symlink(dirname(entry), place, 'junction')
  } catch {
    const runtime = new URL('onnxruntime.mjs', import.meta.url)
    await mkdir(place)
    await writeFile(join(place, 'package.json'), JSON.stringify({ name: 'onnxruntime-node', version: '0.0.0', type: 'module', main: 'index.js' }))
    await writeFile(join(place, 'index.js'), `export * from ${JSON.stringify(runtime.href)}\n`)
  }
}

function runServer(folder: string, port: number, io: Io): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = spawn(process.execPath, [join(folder, 'server', 'server.mjs')], { cwd: folder, env: { ...process.env, PORT: String(port), BUNDLE: folder }, stdio: ['ignore', 'inherit', 'inherit'] })
    const stop = (): void => void server.kill('SIGTERM')
    if (io.signal.aborted) stop()
    io.signal.addEventListener('abort', stop)
    server.once('error', reject)
    server.once('close', (code, signal) => resolve(code ?? (signal === 'SIGTERM' ? 0 : 1)))
  })
}
