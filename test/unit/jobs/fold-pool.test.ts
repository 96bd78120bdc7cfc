/** The pool's rules, with workers that are told what to do; real ones are in the browser's tests. */
import { describe, expect, it, vi } from 'vitest'
import { cancelled, StudioError } from '../../../src/core/errors.ts'
import { quietContext } from '../../../src/core/context.ts'
import type { FoldAnswer, FoldTask } from '../../../src/core/run/fold.ts'
import { savepointOver, type Savepoint } from '../../../src/core/savepoint.ts'
import { foldPool, type FoldPoolInit } from '../../../src/jobs/fold-pool.ts'

const lost = () => new StudioError({ code: 'worker-lost', message: 'missing answer; the fold worker ended' })
const answerOf = (by: string): FoldAnswer => ({ numbers: new Float64Array(), scores: [], spent: by.length })
const task = {} as FoldTask
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Fake {
  readonly seat: ReturnType<FoldPoolInit['start']>
  alive: boolean
  readonly calls: { answer(by: string): void; fail(error: unknown): void }[]
  readonly abandoned: number[]
  readonly held: boolean[]
  readonly savepoints: (Savepoint | undefined)[]
  ended: boolean
}
function fakes(ready: () => Promise<void> = async () => {}) {
  const made: Fake[] = []
  const start = () => {
    const fake: Fake = {
      alive: true,
      ended: false,
      calls: [],
      abandoned: [],
      held: [],
      savepoints: [],
      seat: {
        get alive() {
          return fake.alive
        },
        ready,
        run: (_call, _task, _input, _onProgress, savepoint) =>
          new Promise((resolve, reject) => {
            fake.savepoints.push(savepoint)
            fake.calls.push({ answer: (by) => resolve(answerOf(by)), fail: reject })
          }),
        abandon: (call) => void fake.abandoned.push(call),
        hold: (_call, held) => void fake.held.push(held),
        end: () => void (fake.ended = true),
      },
    }
    made.push(fake)
    return fake.seat
  }
  return { made, start }
}
const neverHere = () => new Promise<never>(() => {})

describe('a pool of fold workers', () => {
  it('begins here, starts no more workers than there are lanes, and hands out in order', async () => {
    const { made, start } = fakes()
    const order: string[] = []
    const pool = foldPool({ lanes: 3, datasetId: 'd', start, here: async () => (await pause(5), answerOf('here')) })
    const all = Array.from({ length: 6 }, (_, i) => pool.fold(task, quietContext()).then(({ spent }) => order.push(`${i} ${spent}`)))
    await pause(2)
    expect(made).toHaveLength(2)
    expect(made.map(({ calls }) => calls.length)).toEqual([1, 1])
    // Fold 1 and 2 are away; all others are done here.
    await vi.waitFor(() => expect(order).toEqual(['0 4', '3 4', '4 4', '5 4']))
    for (const { calls } of made) calls[0]!.answer('away')
    await Promise.all(all)
    expect(order.slice(4)).toEqual(['1 4', '2 4'])
  })
  it('starts no more workers than folds wait', async () => {
    const { made, start } = fakes(neverHere)
    const pool = foldPool({ lanes: 64, datasetId: 'd', start, here: neverHere })
    for (let fold = 0; fold < 5; fold++) void pool.fold(task, quietContext())
    await pause(1)
    expect(made).toHaveLength(4)
    pool.end()
  })
  it('does not wait for workers that are slow to start, or cannot', async () => {
    for (const ready of [neverHere, () => Promise.reject(lost())]) {
      const { made, start } = fakes(ready)
      const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: async () => answerOf('here') })
      expect(await Promise.all([1, 2, 3].map(() => pool.fold(task, quietContext())))).toHaveLength(3)
      expect(made.length).toBeLessThanOrEqual(4)
    }
  })
  it('tries the fold of a worker that died once more, in a fresh one; the others are kept', async () => {
    const { made, start } = fakes()
    const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: neverHere })
    void pool.fold(task, quietContext())
    const second = pool.fold(task, quietContext())
    await pause(1)
    made[0]!.calls[0]!.fail(lost())
    await pause(1)
    expect(made[0]!.ended).toBe(true)
    expect(made).toHaveLength(2)
    made[1]!.calls[0]!.answer('again')
    expect((await second).spent).toBe(5)

    const third = pool.fold(task, quietContext())
    await pause(1)
    made[1]!.calls[1]!.fail(lost())
    await pause(1)
    made[2]!.calls[0]!.fail(lost())
    await expect(third).rejects.toMatchObject({ code: 'worker-lost' })
    // One that died while it had nothing to do costs no try.
    const fourth = pool.fold(task, quietContext())
    await pause(1)
    made[3]!.calls[0]!.answer('good')
    await fourth
    made[3]!.alive = false
    const fifth = pool.fold(task, quietContext())
    await pause(1)
    made[4]!.calls[0]!.answer('fresh')
    expect((await fifth).spent).toBe(5)
  })
  it('starts no more where they die again and again', async () => {
    const { made, start } = fakes()
    const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: neverHere })
    void pool.fold(task, quietContext())
    for (const again of [false, true, false]) {
      const fold = pool.fold(task, quietContext())
      fold.catch(() => {})
      for (let tries = 0; tries < 2 && made.length <= 4; tries++) {
        await pause(1)
        made.at(-1)!.calls[0]?.fail(lost())
      }
      if (again) await expect(fold).rejects.toMatchObject({ code: 'worker-lost' })
    }
    await pause(1)
    expect(made).toHaveLength(4)
  })
  it('goes on from what is left of a fold; where its worker dies the fresh one begins anew over it', async () => {
    const { made, start } = fakes()
    const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: neverHere })
    void pool.fold(task, quietContext())
    const saves: string[] = []
    const left = [{ json: { trees: 3 }, arrays: {} }]
    const savepoint = savepointOver(left, async (_, { json }, how) => saves.push(`${json['trees']} ${how}`) > 0, () => 0)
    const fold = pool.fold(task, quietContext({ savepoint }))
    const keep = (at: number, trees: number) => made[at]!.savepoints[0]!.save({ unit: 'tree', done: trees, total: 9 }, { json: { trees }, arrays: {} }, 'add')
    await pause(1)
    expect(made[0]!.savepoints[0]!.left).toEqual(left)
    await keep(0, 4)
    made[0]!.calls[0]!.fail(lost())
    await pause(1)
    expect(made[1]!.savepoints[0]!.left).toEqual([])
    await keep(1, 1)
    await keep(1, 2)
    made[1]!.calls[0]!.answer('away')
    await fold
    expect(saves).toEqual(['4 add', '1 replace', '2 add'])
  })
  it('lets folds that are away stand still while the job is held', async () => {
    const { made, start } = fakes()
    const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: neverHere })
    void pool.fold(task, quietContext())
    let goOn: (() => void) | undefined
    const context = quietContext({ held: () => goOn !== undefined, checkpoint: () => (goOn ? new Promise<void>((resolve) => (goOn = resolve)) : Promise.resolve()) })
    goOn = () => {}
    const fold = pool.fold(task, context)
    await vi.waitFor(() => expect(made[0]!.held).toEqual([true]))
    const go = goOn
    goOn = undefined
    go()
    await vi.waitFor(() => expect(made[0]!.held).toEqual([true, false]))
    made[0]!.calls[0]!.answer('away')
    await fold
  })
  it('tells folds that are away of a pause that comes while a checkpoint yields, and of its end', async () => {
    const { made, start } = fakes()
    const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: neverHere })
    void pool.fold(task, quietContext())
    let held = false
    let goOn = (): void => {}
    const released = new Promise<void>((resolve) => (goOn = resolve))
    const context = quietContext({
      held: () => held,
      // The message arrives in its own yield, so that it is this one that waits.
      checkpoint: async () => {
        await pause(1)
        held = true
        await released
      },
    })
    const fold = pool.fold(task, context)
    await vi.waitFor(() => expect(made[0]!.held).toEqual([true]))
    // Whatever the checkpoint does.
    held = false
    await vi.waitFor(() => expect(made[0]!.held).toEqual([true, false]))
    made[0]!.calls[0]!.answer('away')
    await fold
    goOn()
  })
  it('ends every worker, free, away or starting, and takes no other', async () => {
    let begin = (): void => {}
    const slow = new Promise<void>((resolve) => (begin = resolve))
    const readies = [Promise.resolve(), Promise.resolve(), slow]
    const { made, start } = fakes(() => readies.shift() as Promise<void>)
    const pool = foldPool({ lanes: 4, datasetId: 'd', start, here: async () => (await pause(5), answerOf('here')) })
    const folds = [1, 2, 3].map(() => pool.fold(task, quietContext()))
    await pause(1)
    made[0]!.calls[0]!.answer('free')
    const away = folds[2]!.catch((error: unknown) => error)
    await Promise.all(folds.slice(0, 2))
    pool.end()
    expect(made.map(({ ended }) => ended)).toEqual([true, true, true])
    // As a real one does; no fresh one comes for it.
    made[1]!.calls[0]!.fail(lost())
    expect(await away).toMatchObject({ code: 'worker-lost' })
    begin()
    expect((await Promise.all([1, 2].map(() => pool.fold(task, quietContext())))).map(({ spent }) => spent)).toEqual([4, 4])
    expect(made.map(({ calls }) => calls.length)).toEqual([1, 1, 0])
    pool.end()
  })
  it('hands on what a fold throws, and gives up what its context no longer wants', async () => {
    const { made, start } = fakes()
    const pool = foldPool({ lanes: 2, datasetId: 'd', start, here: neverHere })
    void pool.fold(task, quietContext())
    const bad = pool.fold(task, quietContext())
    await pause(1)
    made[0]!.calls[0]!.fail(new StudioError({ code: 'diverged', message: 'invalid prediction' }))
    await expect(bad).rejects.toMatchObject({ code: 'diverged' })
    let wanted = true
    const dropped = pool.fold(task, quietContext({ checkpoint: () => (wanted ? Promise.resolve() : Promise.reject(cancelled())) }))
    await pause(1)
    expect(made).toHaveLength(1)
    wanted = false
    await expect(dropped).rejects.toMatchObject({ code: 'cancelled' })
    expect(made[0]!.abandoned).toHaveLength(1)
  })
})
