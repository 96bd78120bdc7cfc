/** Long work on all threads, with a chance to be cancelled in between. */
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import type { Call } from '../../../kernels/crew.ts'
import type { Pacer } from './pacer.ts'

/** Calls of one piece of work: the calls of a step run in a row on one thread, its steps one after the other. */
export type Steps = readonly (readonly Call[])[]

/**
 * Runs pieces of work side by side, all of them a step at a time; the last ones begin first.
 * @returns for each piece of work what the calls of its first step returned
 */
export async function runPaced(kernels: BoostingKernels, work: readonly Steps[], pacer: Pacer): Promise<readonly (readonly number[])[]> {
  const firsts: (readonly number[])[] = []
  const most = work.reduce((longest, steps) => Math.max(longest, steps.length), 0)
  for (let step = 0; step < most; step++) {
    const results = kernels.run(work.flatMap((steps) => (step < steps.length ? [steps[step] as readonly Call[]] : [])))
    if (step === 0) {
      let from = 0
      for (const [first] of work) firsts.push(results.slice(from, (from += first?.length ?? 0)))
    }
    await pacer()
  }
  return firsts
}
