/**
 * `virtual:glasshouse-server`, `-single`, `-scorer` and `-preparer`: the programs of bundles and jobs as text, each one
 * .mjs file for Node 20. The only import they keep is onnxruntime-node; `-single` keeps none and has a place for
 * ONNX Runtime's wasm and a bundle's files. `virtual:glasshouse-notices`: the
 * licences of what was built into them. `virtual:glasshouse-card-program` and `-graph`: the scripts of a model card's page.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const programs = new Map([
  ['virtual:glasshouse-server', { entry: 'main.ts' }],
  ['virtual:glasshouse-single', { entry: 'main.ts', instead: { 'runner-node.ts': 'single/runner.ts', 'bundle-source.ts': 'single/source.ts' } }],
  ['virtual:glasshouse-scorer', { entry: 'score.ts' }],
  ['virtual:glasshouse-preparer', { entry: 'prepare.ts' }],
])
/** Scripts that stand in a page. */
const pages = new Map([
  ['virtual:glasshouse-card-program', { page: '../card/program.ts' }],
  ['virtual:glasshouse-card-graph', { page: '../card/graph.ts' }],
])
/** Program -> its build, kept until a source changes. */
const builds = new Map()

const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** Some files of a program in another form. */
const exchange = (instead) => ({
  name: 'exchange',
  enforce: 'pre',
  resolveId(source) {
    const name = source.slice(source.lastIndexOf('/') + 1)
    return Object.hasOwn(instead, name) ? here(instead[name]) : undefined
  },
})

async function buildProgram({ entry, instead = {} }) {
  const { build } = await import('vite')
  const result = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [exchange(instead)],
    build: {
      ssr: here(entry),
      write: false,
      target: 'node20',
      // Fastify and its parts come along: read our own part in the studio's source.
      minify: true,
      rollupOptions: { external: ['onnxruntime-node', /^node:/], output: { entryFileNames: 'program.mjs', codeSplitting: false } },
    },
    // Node's own modules and ONNX Runtime stay outside; the rest comes along.
    ssr: { noExternal: true, external: ['onnxruntime-node'] },
  })
  const { output } = Array.isArray(result) ? result[0] : result
  if (output.length !== 1) throw new Error(`invalid build of ${entry}; it must be one file: ${output.map((file) => file.fileName).join(', ')}`)
  return output[0]
}

/** ONNX Runtime names its files by the address of its module: a page has none, and is handed their bytes. */
const withoutAddresses = {
  name: 'without-addresses',
  enforce: 'pre',
  transform: (code, id) => (id.includes('/onnxruntime-web/') ? code.replaceAll('import.meta.url', 'document.baseURI') : undefined),
}

/** A script that declares `glasshouseCard`; a page has no other file, so it is one statement. */
async function buildPage({ page }) {
  const { build } = await import('vite')
  const result = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [withoutAddresses],
    build: { write: false, target: 'es2023', minify: true, lib: { entry: here(page), formats: ['iife'], name: 'glasshouseCard' } },
  })
  const { output } = Array.isArray(result) ? result[0] : result
  if (output.length !== 1) throw new Error(`invalid build of ${page}; it must be one script: ${output.map((file) => file.fileName).join(', ')}`)
  return output[0]
}

function buildOnce(id, program) {
  if (!builds.has(id)) builds.set(id, program.page ? buildPage(program) : buildProgram(program))
  return builds.get(id)
}

/** The folder of the package that a module belongs to, or undefined for our own. */
function packageOf(file) {
  if (!file.includes('/node_modules/')) return undefined
  let folder = dirname(file)
  while (!existsSync(join(folder, 'package.json')) || !('version' in JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))) folder = dirname(folder)
  return folder
}

/** Name, version and licence text of every package inside the programs. */
function noticesOf(files) {
  const folders = [...new Set(files.map((file) => packageOf(file.replace(/^\0/, '').split('?')[0])))].filter((folder) => folder !== undefined).sort()
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      // What was compiled to WebAssembly has a licence of its own.
      const found = ['.', 'codec'].flatMap((part) => (existsSync(join(folder, part)) ? readdirSync(join(folder, part)).filter((entry) => /^(licen[cs]e|copying)/i.test(entry)).slice(0, 1).map((entry) => join(folder, part, entry)) : []))
      const texts = found.map((file) => readFileSync(file, 'utf8').trim())
      return `${name} ${version} (${license})\n\n${texts.join('\n\n') || 'No licence file in the package.'}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

const notices = 'virtual:glasshouse-notices'

export function serverSource() {
  return {
    name: 'glasshouse-server',
    resolveId: (source) => (programs.has(source) || pages.has(source) || source === notices ? `\0${source}` : undefined),
    async load(source) {
      const id = source.slice(1)
      if (source === `\0${notices}`) {
        const built = await Promise.all([...programs].map(([name, program]) => buildOnce(name, program)))
        return `export default ${JSON.stringify(noticesOf(built.flatMap(({ moduleIds }) => moduleIds ?? [])))}`
      }
      const program = source.startsWith('\0') ? (programs.get(id) ?? pages.get(id)) : undefined
      if (program === undefined) return undefined
      const { code, moduleIds } = await buildOnce(id, program)
      for (const file of moduleIds ?? []) if (!file.startsWith('\0')) this.addWatchFile(file)
      return `export default ${JSON.stringify(code)}`
    },
    watchChange: () => builds.clear(),
  }
}
