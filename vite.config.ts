import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { responseHeaders } from './src/core/headers.ts'
import { serverSource } from './src/export/server/vite-plugin.mjs'
import { browserArgs, chromiumPath } from './test/support/chromium.ts'
import { LongestFirst } from './test/support/longest-first.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** Files above this many bytes, wasm and samples are fetched when idle; the rest is the shell, there at install. */
const shellFileLimit = 250_000
const isHeavy = (path: string, bytes: number): boolean => bytes > shellFileLimit || path.endsWith('.wasm') || path.startsWith('samples/')

function filesBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
  )
}

/**
 * Gives the service worker the list of everything the site consists of, each with its SHA-256, once the
 * bundle is complete. A library's precache would know one tier; ours are two (shell, heavy).
 */
function precacheList(): Plugin {
  return {
    name: 'precache-list',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle['service-worker.js']
        if (worker?.type !== 'chunk') return
        const entry = (path: string, content: string | Uint8Array) => {
          const bytes = Buffer.from(content)
          return { path, integrity: `sha256-${createHash('sha256').update(bytes).digest('base64')}`, bytes: bytes.length, heavy: isHeavy(path, bytes.length) }
        }
        const built = Object.values(bundle)
          .filter((file) => file !== worker && !file.fileName.endsWith('.map'))
          .map((file) => entry(file.fileName, file.type === 'chunk' ? file.code : file.source))
        const copied = filesBelow('public')
          .filter((path) => !path.startsWith('_'))
          .map((path) => entry(path, readFileSync(join('public', path))))
        const list = [...built, ...copied].sort((a, b) => (a.path < b.path ? -1 : 1))
        const marker = /(["'`])__PRECACHE_LIST__\1/
        if (!marker.test(worker.code)) this.error('missing marker; the service worker must contain __PRECACHE_LIST__')
        worker.code = worker.code.replace(marker, () => JSON.stringify(JSON.stringify(list)))
      },
    },
  }
}

/**
 * The page reads estimators' tables, never fits: without this its build would hold a second copy of tfjs
 * that nothing could load.
 */
function fitsInWorkersOnly(): Plugin {
  return {
    name: 'fits-in-workers-only',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith('/neural/fit-mlp.ts')) return null
      return `export function fitMlp() { throw new Error('unsupported place; models are fitted in workers') }`
    },
  }
}

export default defineConfig({
  base: './',
  define: { __APP_VERSION__: JSON.stringify(version) },
  plugins: [svelte({ configFile: false }), serverSource(), fitsInWorkersOnly(), precacheList()],
  worker: { format: 'es' as const, plugins: () => [serverSource()] },
  build: {
    target: 'es2023',
    // A small wasm inlined as a data: address would be refused by the content policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000,
    rollupOptions: {
      checks: { pluginTimings: false },
      input: { index: 'index.html', 'service-worker': 'workers/service-worker.ts' },
      output: { entryFileNames: (chunk: { name: string }) => (chunk.name === 'service-worker' ? 'service-worker.js' : 'assets/[name]-[hash].js') },
    },
  },
  // The dev server injects inline scripts, so only isolation applies there; the preview of a build sends everything.
  server: { headers: Object.fromEntries(Object.entries(responseHeaders).filter(([name]) => name.startsWith('Cross-Origin'))) },
  preview: { headers: { ...responseHeaders } },
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true as const,
        test: {
          name: 'node',
          // tfjs's entry for Node is a bundle without gradients; its modules have them.
          server: { deps: { inline: [/@tensorflow\//] } },
          environment: 'node',
          include: ['test/{unit,contract,golden,property}/**/*.test.ts'],
          setupFiles: ['test/support/fail-on-console.ts', 'test/support/seeded-properties.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true as const,
        optimizeDeps: {
          // A package found late makes Vite reload the page in the middle of a test: so look everywhere first.
          entries: ['index.html', 'src/**/*.svelte', 'workers/*.ts', 'test/browser/**/*.ts'],
          include: [
            'comlink',
            'idb',
            'fflate',
            'valibot',
            'papaparse',
            'onnxruntime-web/wasm',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-core/dist/register_all_gradients.js',
            '@tensorflow/tfjs-layers',
            '@tensorflow/tfjs-backend-cpu',
            '@tensorflow/tfjs-backend-webgl',
            '@tensorflow/tfjs-backend-webgpu',
          ],
        },
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          setupFiles: ['test/support/fail-on-console.ts'],
          testTimeout: 60_000,
          // Vitest's own count leaves a core free.
          maxWorkers: '100%',
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath(), args: [...browserArgs] } }),
            instances: [{ browser: 'chromium' as const }],
          },
        },
      },
    ],
  },
})
