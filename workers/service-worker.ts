/**
 * Offline for good: keeps every file of this build, checked against its SHA-256, in a cache of its own
 * version, and stamps the site's headers on what it serves. Ours rather than a library's because the two
 * tiers (shell at install, heavy files when idle) and the stamping are the whole job.
 *
 * It never touches another origin, never stores what a person loads, and never takes over by itself: a
 * new version waits until the page, knowing that nothing runs, sends `activate`, or all tabs are closed.
 * Kill switch: deploy a build whose file unregisters itself; a browser re-reads it at each visit.
 */
import { responseHeaders } from '../src/core/headers.ts'

interface Entry {
  readonly path: string
  readonly integrity: string
  readonly bytes: number
  readonly heavy: boolean
}
declare const self: ServiceWorkerGlobalScope

const listText: string = '__PRECACHE_LIST__'
const entries: readonly Entry[] = listText.startsWith('[') ? (JSON.parse(listText) as Entry[]) : []
const prefix = 'glasshouse-'
/** FNV-1a over the list: equal builds share a cache, others never do. */
const cacheName = prefix + [...listText].reduce((hash, character) => Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5).toString(16)
const address = (entry: Entry): string => new URL(entry.path, self.registration.scope).href
const known = new Set(entries.map((entry) => entry.path))

/** Fetches into our cache; integrity makes a truncated or foreign file an error, never a cached one. */
async function keep(cache: Cache, entry: Entry): Promise<void> {
  const url = address(entry)
  if (await cache.match(url)) return
  // A file name with a content hash is the same file in the previous version's cache.
  const earlier = entry.path.startsWith('assets/') ? await caches.match(url) : undefined
  const response = earlier ?? (await fetch(url, { integrity: entry.integrity, cache: 'no-cache', credentials: 'same-origin' }))
  if (!response.ok) throw new TypeError(`missing file of the site; the server answered ${response.status}: ${entry.path}`)
  await cache.put(url, response)
}

async function keepAll(heavy: boolean, onProgress: (done: number, total: number) => void = () => {}): Promise<void> {
  const cache = await caches.open(cacheName)
  const wanted = entries.filter((entry) => entry.heavy === heavy)
  const total = wanted.reduce((sum, entry) => sum + entry.bytes, 0)
  let done = 0
  for (const entry of wanted) {
    await keep(cache, entry)
    done += entry.bytes
    onProgress(done, total)
  }
}

function stamped(response: Response): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(responseHeaders)) headers.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

async function answer(request: Request): Promise<Response> {
  const scope = new URL(self.registration.scope)
  const url = new URL(request.url)
  const path = decodeURIComponent(url.pathname.slice(scope.pathname.length))
  const wanted = path === '' || (request.mode === 'navigate' && !known.has(path)) ? 'index.html' : path
  const cache = await caches.open(cacheName)
  const kept = await cache.match(new URL(wanted, scope).href)
  return stamped(kept ?? (await fetch(request)))
}

self.addEventListener('install', (event) => event.waitUntil(keepAll(false)))

self.addEventListener('activate', (event) =>
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name)
      await self.clients.claim()
    })(),
  ),
)

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || !url.href.startsWith(self.registration.scope)) return
  event.respondWith(answer(event.request))
})

self.addEventListener('message', (event) => {
  const page = event.source
  if (event.data === 'activate') event.waitUntil(self.skipWaiting())
  if (event.data === 'warm') {
    event.waitUntil(
      keepAll(true, (done, total) => page?.postMessage({ kind: 'warming', done, total })).then(
        () => page?.postMessage({ kind: 'ready' }),
        (error: unknown) => page?.postMessage({ kind: 'failed', text: String(error) }),
      ),
    )
  }
})
