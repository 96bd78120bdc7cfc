/** Helpers as Node threads, for tests and benches. */
import { Worker } from 'node:worker_threads'
import type { Crew } from '../../src/kernels/crew.ts'

/** @param threads in all; `dismiss` ends the helpers */
export function nodeCrew(threads: number): Crew & { dismiss(): Promise<void> } {
  const helpers = Array.from({ length: threads - 1 }, () => {
    const helper = new Worker(new URL('./node-helper.mjs', import.meta.url))
    helper.unref()
    return helper
  })
  return {
    threads,
    enlist: (post) => helpers.forEach((helper) => helper.postMessage(post)),
    dismiss: async () => {
      await Promise.all(helpers.map((helper) => helper.terminate()))
    },
  }
}
