/**
 * `virtual:glasshouse-server`: the bundle's server as text, one plain .mjs file built from main.ts for
 * Node 20. The only import it keeps is onnxruntime-node.
 */
import { fileURLToPath } from 'node:url'

const id = 'virtual:glasshouse-server'
const entry = fileURLToPath(new URL('main.ts', import.meta.url))
let building

async function buildServer() {
  const { build } = await import('vite')
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: entry,
      write: false,
      target: 'node20',
      minify: false,
      rollupOptions: { external: ['onnxruntime-node', /^node:/], output: { entryFileNames: 'server.mjs', codeSplitting: false } },
    },
  })
  const { output } = Array.isArray(result) ? result[0] : result
  if (output.length !== 1) throw new Error(`invalid server build; it must be one file: ${output.map((file) => file.fileName).join(', ')}`)
  return output[0]
}

export function serverSource() {
  return {
    name: 'glasshouse-server',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    async load(source) {
      if (source !== `\0${id}`) return undefined
      building ??= buildServer()
      const { code, moduleIds } = await building
      for (const file of moduleIds ?? []) if (!file.startsWith('\0')) this.addWatchFile(file)
      return `export default ${JSON.stringify(code)}`
    },
    watchChange: () => {
      building = undefined
    },
  }
}
