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
const stale = kernels.filter((file) => process.argv.includes('--force') || changed(join(here, file.replace(/\.ts$/, '.wasm'))) <= newest)

if (stale.length > 0) {
  const asc = (await import('assemblyscript/asc')).default
  // asc resolves paths against the working directory.
  process.chdir(here)
  for (const file of stale) {
    const output = file.replace(/\.ts$/, '.wasm')
    // No runtime, no imports: a kernel is arithmetic on a memory that its caller lays out.
    const flags = ['--runtime', 'stub', '--use', 'abort=', '--noAssert', '--enable', 'simd', '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge']
    const { error, stderr } = await asc.main([join('assembly', file), '--outFile', output, '--baseDir', '.', ...flags])
    if (error) {
      process.stderr.write(`${stderr.toString()}\n${error.message}\n`)
      process.exit(1)
    }
    process.stdout.write(`kernels: ${output} ${statSync(join(here, output)).size} bytes\n`)
  }
}
