/** Vite as a loader: the source of the bundle's server is a module that only the build makes. */
import { createServer, type ViteDevServer } from 'vite'
import { serverSource } from '../../src/export/server/vite-plugin.mjs'

/** To be closed by the caller. */
export const startVite = (): Promise<ViteDevServer> =>
  createServer({ configFile: false, logLevel: 'error', appType: 'custom', server: { middlewareMode: true, watch: null, ws: false }, optimizeDeps: { noDiscovery: true }, plugins: [serverSource()] })

export async function bundleMaker(vite: ViteDevServer): Promise<(typeof import('./server-bundle.ts'))['makeBundle']> {
  return ((await vite.ssrLoadModule('/test/bench/server-bundle.ts')) as typeof import('./server-bundle.ts')).makeBundle
}
