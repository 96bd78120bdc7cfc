/** Composition root: makes the parts, joins them, and mounts the frame. Nothing else is a singleton. */
import './styles/tokens.css'
import './styles/base.css'
import { mount, unmount } from 'svelte'
import { asStudioError } from '../core/errors.ts'
import { createJobClient } from '../jobs/client.ts'
import { workerFactories } from '../jobs/workers.ts'
import { AppState, type Incoming } from '../state/app.svelte.ts'
import { linkTo } from '../state/links.ts'
import { OfflineState } from '../state/offline.svelte.ts'
import { Preferences } from '../state/preferences.svelte.ts'
import { sweepOrphans } from '../storage/adopt-project.ts'
import type { Damaged } from '../storage/checked-store.ts'
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
const earlyDamage: Damaged[] = []
let tell = (text: string): void => void early.push(text)
let lookForLoss = (): void => {}
let noteDamage = (damaged: Damaged): void => void earlyDamage.push(damaged)

const offline = new OfflineState()
const preferences = new Preferences()

async function start(): Promise<void> {
  const opened = await openStore({
    onDamaged: (damaged) => noteDamage(damaged),
    onVersionChange: () => tell('A newer version runs in another tab. Reload this one to go on.'),
    // Chromium never answers an open that it gets while it is still removing the data.
    onClosed: () => void setTimeout(() => lookForLoss(), 500),
    onDataLoss: (message) => tell(`The browser lost stored data: ${message}`),
    onBlocked: () => tell('An older tab of the studio is in the way. Close it to go on.'),
  })
  if (opened.kind === 'memory') await show('memory')
  else await sweepOrphans(await show('indexeddb', opened.store))
  // The dev server has no service worker.
  if (import.meta.env.PROD) await offline.start()
}

/** Builds the app over one kind of storage and puts it on screen. @returns its store */
async function show(storage: 'indexeddb' | 'memory', own?: Store, incoming?: Incoming): Promise<Store> {
  const client = createJobClient({
    workers: workerFactories,
    app: __APP_VERSION__,
    storage,
    cores: () => preferences.coresForJobs,
    onStoreLost: () => tell('The memory that kept your work was lost with its worker. Reload to start again.'),
  })
  const store = own ?? guardedStore(remoteStore(await client.storePort()))
  const app = new AppState({
    store,
    runner: client,
    openWriter: (id, options) => openWriter(store, id, options),
    offline,
    preferences,
    ...(storage === 'indexeddb' ? { continueInMemory: replace } : {}),
  })
  if (incoming) history.pushState(null, '', linkTo(await app.begin(incoming.name, incoming.source, incoming.choices), 'data'))
  tell = (text) => void app.notices.say(text, { life: 60_000 })
  for (const text of early.splice(0)) tell(text)
  // A browser that closes the connection may have removed the data.
  lookForLoss = () => void app.projects.refresh(true).catch((error: unknown) => tell(asStudioError(error).message))
  noteDamage = (damaged) => {
    app.damage.note(damaged)
    tell(`A stored record is damaged and was passed over (${damaged.store}). It is listed on the start page.`)
  }
  for (const damaged of earlyDamage.splice(0)) noteDamage(damaged)
  const frame = mount(App, { target, props: { app, router: new Router() } })

  /** What is on the disk stays there, and is back with the next reload. */
  async function replace(next: Incoming): Promise<void> {
    await app.open(null)
    await unmount(frame)
    await show('memory', undefined, next)
    tell('This works in memory now and is not saved. Your saved projects are back when you reload.')
  }
  await app.projects.emptyOldBin()
  return store
}

installDefaultPolicy()
removeSideDoors()
start().catch((error: unknown) => {
  mount(ErrorCard, { target, props: { title: 'Glasshouse could not start', error, safe: 'What was saved on this device is untouched.' } })
})
