/** Walks every import of the source and holds it against the dependency rule. */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Folder -> what it may import besides itself. A longer path wins over a shorter one. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'src/core': ['src/kernels'],
  'src/kernels': [],
  'src/jobs': ['src/core'],
  'src/storage': ['src/core'],
  'src/charts': ['src/core'],
  'src/export': ['src/core', 'src/storage', 'src/export/server/template'],
  'src/export/server': ['src/core'],
  // The script of a card runs in a page of its own: it decodes pictures and asks as the studio's pages do.
  'src/export/card': ['src/core', 'src/tasks/open-picture.ts', 'src/state/coalesce.ts'],
  'src/tasks': ['src/core', 'src/storage', 'src/export', 'src/jobs/protocol.ts'],
  'workers': ['src/core', 'src/storage', 'src/export', 'src/tasks', 'src/kernels', 'src/jobs/protocol.ts', 'src/jobs/host.ts', 'src/jobs/worker-context.ts', 'src/jobs/script-url.ts', 'src/jobs/fold-pool.ts', 'src/jobs/worker-seat.ts'],
  'src/state': ['src/core', 'src/storage', 'src/export', 'src/jobs'],
  'src/ui': ['src/core', 'src/charts'],
  'src/pages': ['src/state', 'src/ui', 'src/charts', 'src/core', 'src/jobs/protocol.ts', 'src/storage/records.ts'],
  'src/app': ['src/core', 'src/storage', 'src/export', 'src/jobs', 'src/state', 'src/ui', 'src/charts', 'src/pages'],
  // The terminal does what the workers do: the same tasks, over records in memory.
  'src/cli': ['src/core', 'src/kernels', 'src/export', 'src/storage', 'src/tasks', 'src/jobs/protocol.ts', 'src/jobs/fold-pool.ts'],
}
/** Packages and where they may be imported. */
const doors: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^papaparse$/, ['src/core/ingest/csv']],
  [/^@tensorflow\//, ['src/core/estimators/neural/']],
  [/^fflate$/, ['src/core/zip']],
  [/^valibot$/, ['src/core/schema']],
  [/^onnxruntime-/, ['src/core/onnx/runner', 'src/export/server/', 'src/export/card/', 'src/cli/onnxruntime.ts']],
  [/^(fastify|prom-client)$/, ['src/export/server/']],
  [/^(@jsquash\/|pngjs$)/, ['src/export/server/']],
  [/^idb$/, ['src/storage/']],
  [/^comlink$/, ['src/jobs/', 'workers/']],
  [/^plotly/, ['src/ui/Plot.svelte', 'src/ui/plotly']],
  [/^svelte(\/|$)|^@lucide\/svelte\//, ['src/app/', 'src/pages/', 'src/ui/', 'src/state/']],
  [/^node:/, ['src/export/server/', 'src/cli/', 'src/kernels/']],
]

const sources = ['src', 'workers'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => normalize(join(folder, path)))
    .filter((path) => /\.(ts|svelte|mjs)$/.test(path) && !path.endsWith('.d.ts') && !path.includes('kernels/assembly') && !path.includes('/node_modules/')),
)
const folderOf = (path: string): string | undefined =>
  Object.keys(mayImport)
    .filter((folder) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0]

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const pattern = /(?:^|[\n;{])\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2]) as string)
}

function violations(path: string): string[] {
  const from = folderOf(path)
  if (!from) return [`${path}: in no folder of the rule table; known are ${Object.keys(mayImport).join(', ')}`]
  return importsOf(path).flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      // An address is not an import of the code behind it.
      if (path === 'workers/assets.ts' && specifier.endsWith('.wasm?url')) return []
      const door = doors.find(([pattern]) => pattern.test(specifier))
      if (!door) return specifier.startsWith('virtual:') || specifier.startsWith('assemblyscript') || specifier === 'vite' || specifier === 'rolldown' ? [] : [`${path}: unknown package ${specifier}; give it a door`]
      return door[1].some((place) => path.startsWith(place)) ? [] : [`${path}: ${specifier} may be imported in ${door[1].join(', ')} only`]
    }
    const bare = (specifier.split('?')[0] as string)
    const to = relative('.', join(dirname(path), bare))
    if (to === 'package.json') return []
    // The one place that names the workers' addresses, and the worker entries' own assets.
    if (path === 'src/jobs/workers.ts' && to.startsWith('workers/')) return []
    if (from === 'workers' && to.startsWith('node_modules/')) return []
    if (from === 'src/pages') {
      const page = (name: string) => name.split('/')[2]
      if (to.startsWith('src/pages/')) return page(to) === page(path) ? [] : [`${path}: a page may not import another page: ${to}`]
    }
    const target = folderOf(to)
    if (target === from) return []
    const allowed = mayImport[from] as readonly string[]
    return allowed.some((place) => to === place || to.startsWith(`${place}/`)) ? [] : [`${path}: ${to} is out of reach; ${from} may import ${allowed.join(', ') || 'nothing else'}`]
  })
}

describe('dependency rule', () => {
  it('reads imports', () => {
    expect(importsOf('src/core/params.ts')).toEqual(['./errors.ts'])
    expect(sources.length).toBeGreaterThan(20)
  })
  it('holds for every file', () => {
    expect(sources.flatMap(violations)).toEqual([])
  })
  it('notices what it must', () => {
    expect(folderOf('src/export/server/main.ts')).toBe('src/export/server')
    expect(folderOf('elsewhere/x.ts')).toBeUndefined()
  })
  it('core has no runes, no DOM globals and no chance or clock of its own', () => {
    const forbidden = /\$state|\$derived|\bdocument\.|\bwindow\.|Math\.random|Date\.now|\bindexedDB\b|\blocalStorage\b/
    const found = sources.filter((path) => path.startsWith('src/core/') && forbidden.test(readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')))
    expect(found).toEqual([])
  })
  it('what makes a model or a score uses no function whose last bits engines choose', () => {
    // tfjs adds in its own order on its own device, and the self-test has a tolerance.
    const free = ['src/core/estimators/neural/tfjs-trainer.ts', 'src/core/estimators/neural/backend.ts']
    const forbidden = /Math\.(exp|expm1|log|log1p|log10|sin|cos|tan|tanh|pow)\(/
    const found = sources.filter((path) => /^src\/core\/(estimators|metrics|recipe)\//.test(path) && !free.includes(path) && forbidden.test(readFileSync(path, 'utf8')))
    expect(found, 'math/elementary.ts has them with the same bits everywhere').toEqual([])
  })
})
