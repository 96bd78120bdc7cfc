/**
 * `virtual:glasshouse-server` and `virtual:glasshouse-scorer`: the bundle's programs as text, each one plain
 * .mjs file for Node 20. The only import they keep is onnxruntime-node.
 */
import { fileURLToPath } from 'node:url'

const programs = new Map([
  ['virtual:glasshouse-server', 'main.ts'],
  ['virtual:glasshouse-scorer', 'score.ts'],
])
/** Program -> its build, kept until a source changes. */
const builds = new Map()

async function buildProgram(entry) {
  const { build } = await import('vite')
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: fileURLToPath(new URL(entry, import.meta.url)),
      write: false,
      target: 'node20',
      minify: false,
      rollupOptions: { external: ['onnxruntime-node', /^node:/], output: { entryFileNames: 'program.mjs', codeSplitting: false } },
    },
    // Node's own modules and ONNX Runtime stay outside; the rest comes along.
    ssr: { noExternal: true, external: ['onnxruntime-node'] },
  })
  const { output } = Array.isArray(result) ? result[0] : result
  if (output.length !== 1) throw new Error(`invalid build of ${entry}; it must be one file: ${output.map((file) => file.fileName).join(', ')}`)
  return output[0]
}

export function serverSource() {
  return {
    name: 'glasshouse-server',
    resolveId: (source) => (programs.has(source) ? `\0${source}` : undefined),
    async load(source) {
      const id = source.slice(1)
      const entry = source.startsWith('\0') ? programs.get(id) : undefined
      if (entry === undefined) return undefined
      if (!builds.has(id)) builds.set(id, buildProgram(entry))
      const { code, moduleIds } = await builds.get(id)
      for (const file of moduleIds ?? []) if (!file.startsWith('\0')) this.addWatchFile(file)
      return `export default ${JSON.stringify(code)}`
    },
    watchChange: () => builds.clear(),
  }
}
