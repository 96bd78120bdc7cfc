import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { browserArgs, chromiumPath } from './test/support/chromium.ts'

/** COOP and COEP make the page cross-origin isolated, which shared memory needs; the app works without. */
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Resource-Policy': 'same-origin' }

export default defineConfig({
  base: './',
  plugins: [svelte()],
  worker: { format: 'es' },
  build: { target: 'es2023' },
  server: { headers: isolation },
  preview: { headers: isolation },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/{unit,contract,golden,property}/**/*.test.ts'],
          setupFiles: ['test/support/fail-on-console.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        optimizeDeps: {
          include: ['comlink', 'idb', 'fflate', 'valibot', 'papaparse', 'onnxruntime-web/wasm', '@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-webgl', '@tensorflow/tfjs-backend-webgpu'],
        },
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          setupFiles: ['test/support/fail-on-console.ts'],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath(), args: [...browserArgs] } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
