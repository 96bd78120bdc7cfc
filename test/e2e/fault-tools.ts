/** What the fault tests share: profiles on disk, tables that do not compress, workers that halt at a chosen write. */
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from '@playwright/test'
import { chromiumPath, journeyArgs } from '../support/chromium.ts'
import { serveFolder, type StaticServer } from '../support/static-server.ts'
import { built, expect } from './studio.ts'

/** A browser on a profile that lives on disk; `kill` ends its process as a power cut would. */
export async function withProfile(body: (launch: () => Promise<BrowserContext>, kill: () => void) => Promise<void>): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'glasshouse-fault-'))
  const executablePath = chromiumPath()
  const opened: BrowserContext[] = []
  const launch = async (): Promise<BrowserContext> => {
    const context = await chromium.launchPersistentContext(profile, {
      ...(executablePath ? { executablePath } : {}),
      args: [...journeyArgs],
      viewport: { width: 1280, height: 800 },
      serviceWorkers: 'block',
    })
    opened.push(context)
    return context
  }
  // The browser notes its process in its profile as host-pid.
  const kill = (): void => void process.kill(Number(readlinkSync(join(profile, 'SingletonLock')).split('-').at(-1)), 'SIGKILL')
  try {
    await body(launch, kill)
  } finally {
    for (const context of opened) await context.close().catch(() => {})
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/**
 * `n` counts the rows so that holes and doubles would show; the other numbers do not compress, or are short
 * so that a small file fills several row groups.
 */
export function randomTable(rows: number, seed = 1, short = false): Buffer {
  let state = seed
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  const lines = ['n,a,b,c,d,e,f,g,h']
  for (let row = 0; row < rows; row++) lines.push([row, ...Array.from({ length: 8 }, () => (short ? Math.floor(next() * 1000) : next()))].join(','))
  return Buffer.from(`${lines.join('\n')}\n`)
}

let files: string | undefined
/** A file for a file picker: of one on the disk the browser is given the address, where bytes in memory reach it as text, piece by piece. */
export function onDisk(name: string, bytes: Uint8Array): string {
  if (files === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'glasshouse-files-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    files = folder
  }
  const path = join(files, name)
  writeFileSync(path, bytes)
  return path
}
export const choose = (page: Page, name: string, bytes: Uint8Array) => page.getByLabel(/^Drop a CSV/).setInputFiles(onDisk(name, bytes))
export async function startImport(page: Page, name: string, buffer: Buffer): Promise<void> {
  await choose(page, name, buffer)
  await page.getByRole('button', { name: 'Import' }).click()
}

export interface StoredData {
  readonly state: string
  readonly rowsCommitted: number
  readonly rowsOfChunks: number
}
/** What is stored of datasets, and how many row groups belong to none, read past the app. */
export const storage = (page: Page): Promise<{ datasets: StoredData[]; orphans: number }> =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open('glasshouse')
        request.onerror = () => reject(new Error('not opened'))
        request.onsuccess = () => {
          const db = request.result
          const tx = db.transaction(['datasets', 'chunks'])
          const datasets = tx.objectStore('datasets').getAll()
          const chunks = tx.objectStore('chunks').getAll()
          tx.oncomplete = () => {
            db.close()
            const known = datasets.result as { id: string; state: string; rowsCommitted: number }[]
            const groups = chunks.result as { datasetId: string; rows: number }[]
            resolve({
              datasets: known.map(({ id, state, rowsCommitted }) => ({ state, rowsCommitted, rowsOfChunks: groups.reduce((sum, group) => sum + (group.datasetId === id ? group.rows : 0), 0) })),
              orphans: groups.filter((group) => !known.some(({ id }) => id === group.datasetId)).length,
            })
          }
        }
      }),
  )
export const stored = async (page: Page): Promise<StoredData[]> => (await storage(page)).datasets
export const someRowsKept = (page: Page) => expect.poll(async () => (await stored(page)).some((dataset) => dataset.rowsCommitted > 0), { intervals: [20] }).toBe(true)

/** Overwrites parts of the first record of a store, or the first whose name begins so, past the app. */
export const garble = (page: Page, store: string, patch: Readonly<Record<string, unknown>>, name = ''): Promise<void> =>
  page.evaluate(
    ({ store, patch, name }) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('glasshouse')
        request.onsuccess = () => {
          const tx = request.result.transaction(store, 'readwrite')
          const all = tx.objectStore(store).getAll()
          all.onsuccess = () => tx.objectStore(store).put({ ...all.result.find((record: { name?: string }) => (record.name ?? '').startsWith(name)), ...patch })
          tx.onerror = () => reject(new Error('not written'))
          tx.oncomplete = () => {
            request.result.close()
            resolve()
          }
        }
      }),
    { store, patch, name },
  )

/** A server whose workers stop for good just before one of their write transactions. */
export interface HaltingServer extends StaticServer {
  /** From the next worker on: halts it before its write number `write`, from 1; 0 = never. */
  haltAt(worker: 'ingest' | 'compute', write: number): void
  /** Resolves true once a worker stands still. */
  halted(): Promise<true>
  /** Lets go of those that stand, or were ended where they stood: a browser ends no thread that waits for an answer. */
  release(): void
}
export async function serveHalting(): Promise<HaltingServer> {
  let target = { worker: 'ingest', write: 0 }
  let tell: (() => void) | undefined
  let reached = new Promise<true>(() => {})
  const standing: ServerResponse[] = []
  const server = await serveFolder(built, {
    before: (path) =>
      /\/(ingest|compute)-[^/]*\.js$/.test(path)
        ? `if (self.name === '${target.worker}') {
             const native = IDBDatabase.prototype.transaction
             let writes = 0
             IDBDatabase.prototype.transaction = function (stores, mode, options) {
               if (mode === 'readwrite' && ++writes === ${target.write}) {
                 const wait = new XMLHttpRequest()
                 wait.open('GET', '/halt', false)
                 wait.send()
               }
               return native.call(this, stores, mode, options)
             }
           }`
        : undefined,
    answer(path, response) {
      if (path !== '/halt') return false
      // Never answered: the worker waits in the middle of its work until it is ended.
      standing.push(response)
      tell?.()
      return true
    },
  })
  return {
    ...server,
    haltAt(worker, write) {
      target = { worker, write }
      reached = new Promise((resolve) => (tell = () => resolve(true)))
    },
    halted: () => reached,
    release() {
      for (const response of standing.splice(0)) response.end()
    },
  }
}
