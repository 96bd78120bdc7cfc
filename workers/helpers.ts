/** A worker's own helpers, where the page is cross-origin isolated; they end with it. */
import { trustedScriptUrl } from '../src/jobs/script-url.ts'
import type { Crew } from '../src/kernels/crew.ts'
import helperUrl from './helper.ts?worker&url'

/** @param threads in all; helpers are started when they are first needed. @returns undefined where memory cannot be shared */
export function helpersOf(threads: number): Crew | undefined {
  if (threads < 2 || !self.crossOriginIsolated) return undefined
  let helpers: readonly Worker[] | undefined
  return {
    threads,
    enlist(post) {
      helpers ??= Array.from({ length: threads - 1 }, (_, i) => new Worker(trustedScriptUrl(helperUrl), { type: 'module', name: `helper ${i + 1}` }))
      for (const helper of helpers) helper.postMessage(post)
    },
  }
}
