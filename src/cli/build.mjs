/**
 * Builds the command line into dist-cli: plain modules for Node, the kernels and ONNX Runtime's wasm beside
 * them, nothing to install. `buildCli` does nothing where the last build saw the same sources.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const target = join(root, 'dist-cli')
const stamp = 'built-from.txt'
/** What the build reads; pages, charts and styles are no part of it. */
const sources = ['src/cli', 'src/core', 'src/export', 'src/jobs', 'src/kernels', 'src/storage', 'src/tasks', 'package.json', 'package-lock.json']

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)]))
    // The compiled kernels are made from the sources, which are counted.
    .filter((file) => !file.endsWith('.wasm'))
}

/** Changes whenever a source file was written, without reading any. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of sources.flatMap((path) => filesBelow(join(root, path))).sort()) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

const isBuiltFrom = (wanted) => existsSync(join(target, stamp)) && readFileSync(join(target, stamp), 'utf8') === wanted

/** A build takes seconds; a lock that is older was left by one that was killed. */
const lockMs = 120_000

/** One builder at a time: the others wait and find its work done. */
async function locked(work) {
  const lock = `${target}.lock`
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      if (age > lockMs) rmSync(lock, { recursive: true, force: true })
      else await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  try {
    await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

export async function buildCli({ force = false } = {}) {
  const wanted = fingerprint()
  if (!force && isBuiltFrom(wanted)) return
  await locked(async () => {
    if (force || !isBuiltFrom(wanted)) await bundle(wanted)
  })
}

/** Everything that is said while building goes to standard error: standard output belongs to the command. */
async function bundle(wanted) {
  const kernels = spawnSync(process.execPath, [join(root, 'src/kernels/build.mjs')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (kernels.status !== 0) throw new Error('the kernels could not be built')
  const { build } = await import('vite')
  const { serverSource } = await import('../export/server/vite-plugin.mjs')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // Built aside and renamed: a command that starts meanwhile finds the old build or the new one, never half of one.
  const aside = `${target}.${process.pid}.part`
  rmSync(aside, { recursive: true, force: true })
  try {
    await build({
      root,
      configFile: false,
      logLevel: 'error',
      define: { __APP_VERSION__: JSON.stringify(version) },
      plugins: [serverSource()],
      ssr: { noExternal: true, external: ['onnxruntime-node'] },
      build: {
        ssr: true,
        outDir: aside,
        emptyOutDir: true,
        target: 'node20',
        minify: false,
        copyPublicDir: false,
        rollupOptions: {
          input: { glasshouse: join(root, 'src/cli/main.ts'), api: join(root, 'src/cli/api.ts'), onnxruntime: join(root, 'src/cli/onnxruntime.ts'), helper: join(root, 'src/cli/helper.ts'), fold: join(root, 'src/cli/fold.ts') },
          // Graphics cards are the page's; here the network trains on our kernels or tfjs on the CPU.
          external: ['onnxruntime-node', '@tensorflow/tfjs-backend-webgl', '@tensorflow/tfjs-backend-webgpu', /^node:/],
          output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
        },
      },
    })
    for (const file of readdirSync(join(root, 'src/kernels'))) if (file.endsWith('.wasm')) cpSync(join(root, 'src/kernels', file), join(aside, file))
    cpSync(fileURLToPath(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')), join(aside, 'ort-wasm-simd-threaded.wasm'))
    cpSync(join(root, 'src/core/images/backbone/mobilenet-v2.bin'), join(aside, 'mobilenet-v2.bin'))
    writeFileSync(join(aside, stamp), wanted)
    const old = `${aside}.old`
    if (existsSync(target)) renameSync(target, old)
    renameSync(aside, target)
    rmSync(old, { recursive: true, force: true })
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildCli({ force: process.argv.includes('--force') })
