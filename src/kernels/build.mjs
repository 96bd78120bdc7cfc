/**
 * Compiles assembly/NAME.ts to NAME.wasm with AssemblyScript. Files that are newer than their sources
 * and this script are left alone, so it is cheap to run before every build and test.
 */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const sources = join(here, 'assembly')
const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

const kernels = readdirSync(sources).filter((file) => file.endsWith('.ts'))
const parts = readdirSync(join(sources, 'shared')).map((file) => join('shared', file))
const newest = Math.max(changed(fileURLToPath(import.meta.url)), ...[...kernels, ...parts].map((file) => changed(join(sources, file))))
/** Those that several threads share a memory for are built a second time, as NAME-shared.wasm. */
const shared = ['boosting.ts', 'neural.ts']
const targets = [...kernels.map((file) => ({ file, output: file.replace(/\.ts$/, '.wasm'), more: [] })), ...shared.map((file) => ({ file, output: file.replace(/\.ts$/, '-shared.wasm'), more: sharedFlags() }))]
const stale = targets.filter(({ output }) => process.argv.includes('--force') || changed(join(here, output)) <= newest)

function sharedFlags() {
  return ['--enable', 'threads', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536']
}

if (stale.length > 0) {
  const asc = (await import('assemblyscript/asc')).default
  // asc resolves paths against the working directory.
  process.chdir(here)
  for (const { file, output, more } of stale) {
    // No runtime, no imports: a kernel is arithmetic on a memory that its caller lays out.
    const flags = ['--runtime', 'stub', '--use', 'abort=', '--noAssert', '--enable', 'simd', '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge']
    const { error, stderr } = await asc.main([join('assembly', file), '--outFile', output, '--baseDir', '.', ...flags, ...more])
    if (error) {
      process.stderr.write(`${stderr.toString()}\n${error.message}\n`)
      process.exit(1)
    }
    process.stdout.write(`kernels: ${output} ${statSync(join(here, output)).size} bytes\n`)
  }
}
