/** The package as a module: a program that trains again and again keeps no thread of it. */
import { expect, it, vi } from 'vitest'
import { quietContext } from '../../../src/core/context.ts'
import { StudioError } from '../../../src/core/errors.ts'
import type { FoldTask } from '../../../src/core/run/fold.ts'
import type { Post } from '../../../src/kernels/crew.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { retrain, type RetrainRequest } from '../../../src/cli/api.ts'

const seats = vi.hoisted((): { ended: number }[] => [])
/** Threads for kernel calls: what each was told. */
const helpers = vi.hoisted((): string[][] => [])
vi.mock('node:worker_threads', async (original) => ({
  ...(await original<typeof import('node:worker_threads')>()),
  Worker: class {
    readonly #told: string[] = []
    constructor() {
      helpers.push(this.#told)
    }
    on() {}
    unref() {}
    postMessage() {
      this.#told.push('work')
    }
    async terminate() {
      this.#told.push('end')
    }
  },
}))
vi.mock('node:os', async (original) => ({ ...(await original<typeof import('node:os')>()), availableParallelism: () => 3 }))
vi.mock('../../../src/cli/fold-seat.ts', () => ({
  foldSeat: () => {
    const seat = { ended: 0, alive: true, ready: async () => {}, run: async () => ({ numbers: new Float64Array(), scores: [], spent: 0 }), abandon: () => {}, hold: () => {}, end: () => void seat.ended++ }
    seats.push(seat)
    return seat
  },
}))
vi.mock('../../../src/cli/train-again.ts', () => ({
  fileHere: async () => ({ dataset: {} }),
  async trainOn(_dataset: unknown, _place: unknown, host: Host) {
    host.context.crew?.enlist({} as Post)
    const pool = host.openPool?.('d', () => new Promise((resolve) => setTimeout(resolve, 5)))
    await Promise.all([1, 2, 3].map(() => pool?.fold({} as FoldTask, quietContext())))
    throw new StudioError({ code: 'bad-data', message: 'invalid target' })
  },
}))

it('ends the threads for folds and for kernels, even where training fails', async () => {
  await expect(retrain({ file: 'test/fixtures/wine.csv', spec: {} as RetrainRequest['spec'] })).rejects.toMatchObject({ code: 'bad-data' })
  expect(seats.map(({ ended }) => ended)).toEqual([1, 1])
  expect(helpers).toEqual([['work', 'end'], ['work', 'end']])
})
