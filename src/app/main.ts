/** Composition root: makes the parts, joins them, and mounts the frame. Nothing else is a singleton. */
import './styles/tokens.css'
import './styles/base.css'
import { mount } from 'svelte'
import { createJobClient } from '../jobs/client.ts'
import { workerFactories } from '../jobs/workers.ts'
import { AppState } from '../state/app.svelte.ts'
import { sweepOrphans } from '../storage/adopt-project.ts'
import { guardedStore, openStore } from '../storage/open-store.ts'
import type { Store } from '../storage/port.ts'
import { remoteStore } from '../storage/remote-store.ts'
import { openWriter } from '../storage/writer-lock.ts'
import ErrorCard from '../ui/ErrorCard.svelte'
import App from './App.svelte'
import { Router } from './router.svelte.ts'
import { installDefaultPolicy, removeSideDoors } from './trusted-types.ts'

declare const __APP_VERSION__: string

const target = document.getElementById('app') as HTMLElement

/** What storage has to say before there is a screen is said once there is one. */
const early: string[] = []
let tell = (text: string): void => void early.push(text)

async function start(): Promise<void> {
  const opened = await openStore({
    onDamaged: (damaged) => tell(`A stored record is damaged and was passed over (${damaged.store}): ${damaged.reason}`),
    onVersionChange: () => tell('A newer version runs in another tab. Reload this one to go on.'),
    onDataLoss: (message) => tell(`The browser lost stored data: ${message}`),
    onBlocked: () => tell('An older tab of the studio is in the way. Close it to go on.'),
  })
  const client = createJobClient({
    workers: workerFactories,
    app: __APP_VERSION__,
    storage: opened.kind,
    onStoreLost: () => tell('The memory that kept your work was lost with its worker. Reload to start again.'),
  })
  const store: Store = opened.kind === 'indexeddb' ? opened.store : guardedStore(remoteStore(await client.storePort()))
  const app = new AppState({ store, runner: client, openWriter: (id, options) => openWriter(store, id, options) })
  tell = (text) => void app.notices.say(text, { life: 60_000 })
  for (const text of early.splice(0)) tell(text)
  mount(App, { target, props: { app, router: new Router() } })
  await app.projects.emptyOldBin()
  await sweepOrphans(store)
  // The dev server has no service worker.
  if (import.meta.env.PROD) await app.offline.start()
}

installDefaultPolicy()
removeSideDoors()
start().catch((error: unknown) => {
  mount(ErrorCard, { target, props: { title: 'Glasshouse could not start', error, safe: 'What was saved on this device is untouched.' } })
})
