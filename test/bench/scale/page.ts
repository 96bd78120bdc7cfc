/** Asks a worker, as the app's pages do, for one fit; the address says how large. */
import { trustedScriptUrl } from '../../../src/jobs/script-url.ts'
import workerUrl from './worker.ts?worker&url'

const worker = new Worker(trustedScriptUrl(workerUrl), { type: 'module' })
worker.onmessage = ({ data }) => (document.title = JSON.stringify(data))
worker.onerror = ({ message }) => (document.title = JSON.stringify({ error: message }))
worker.postMessage(Object.fromEntries([...new URLSearchParams(location.search)].map(([name, text]) => [name, Number(text)])))
