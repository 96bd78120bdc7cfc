/** The terminal's helpers: threads of Node, started when they are first needed, that keep no process alive. */
import { Worker } from 'node:worker_threads'
import type { Crew } from '../kernels/crew.ts'

/** A crew that its host can end. */
export interface EndingCrew extends Crew {
  /** Ends the threads, which in a program that lives on would stay with the memory they share. Later work starts others. */
  end(): void
}

/** @param threads in all */
export function helpersOf(threads: number): EndingCrew | undefined {
  if (threads < 2) return undefined
  let helpers: readonly Worker[] | undefined
  return {
    threads,
    enlist(post) {
      helpers ??= Array.from({ length: threads - 1 }, () => {
        const helper = new Worker(new URL('helper.mjs', import.meta.url))
        // Without it the work is done by those that are there.
        helper.on('error', () => {})
        helper.unref()
        return helper
      })
      for (const helper of helpers) helper.postMessage(post)
    },
    end() {
      for (const helper of helpers ?? []) void helper.terminate()
      helpers = undefined
    },
  }
}
