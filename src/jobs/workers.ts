/** Starts the workers: the only place that knows their addresses. */
import computeUrl from '../../workers/compute.ts?worker&url'
import ingestUrl from '../../workers/ingest.ts?worker&url'
import interactiveUrl from '../../workers/interactive.ts?worker&url'
import { trustedScriptUrl } from './script-url.ts'

const start = (url: string, name: string) => (): Worker => new Worker(trustedScriptUrl(url), { type: 'module', name })

export const workerFactories = {
  ingest: start(ingestUrl, 'ingest'),
  compute: start(computeUrl, 'compute'),
  interactive: start(interactiveUrl, 'interactive'),
} as const
