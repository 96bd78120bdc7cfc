/** Starts the workers: the only place that knows their addresses. */
import computeUrl from '../../workers/compute.ts?worker&url'
import ingestUrl from '../../workers/ingest.ts?worker&url'
import { trustedScriptUrl } from './script-url.ts'

const start = (url: string, name: string) => (): Worker => new Worker(trustedScriptUrl(url), { type: 'module', name })

/** The interactive worker runs the compute script: the same handlers, another life. */
export const workerFactories = {
  ingest: start(ingestUrl, 'ingest'),
  compute: start(computeUrl, 'compute'),
  interactive: start(computeUrl, 'interactive'),
} as const
