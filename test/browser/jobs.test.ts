/** Real workers that wait, spin, throw and die (fault F20), cancel, and the shared memory store. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Progress } from '../../src/core/context.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import { savepointOver } from '../../src/core/savepoint.ts'
import { createJobClient, type JobClient, type JobClientOptions } from '../../src/jobs/client.ts'
import { Hold } from '../../src/jobs/hold.ts'
import { defaultLimits, WorkerSeat } from '../../src/jobs/worker-seat.ts'
import { remoteStore } from '../../src/storage/remote-store.ts'

const made: Worker[] = []
let client: JobClient

function probe(): Worker {
  const worker = new Worker(new URL('./support/probe.worker.ts', import.meta.url), { type: 'module' })
  made.push(worker)
  return worker
}
function open(options: Partial<JobClientOptions> = {}): JobClient {
  client = createJobClient({ workers: { ingest: probe, compute: probe, interactive: probe }, app: 'test', storage: 'memory', ...options })
  return client
}
const spec = {} as RunSpec
const train = (how: string) => ({ runId: how, token: 0, spec })
const ask = (how: string) => ({ runId: how, row: 0 })
/** Milliseconds that an awaited rejection took. */
async function rejection(promise: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const from = performance.now()
  try {
    await promise
  } catch (error) {
    return { error, ms: performance.now() - from }
  }
  throw new Error('resolved')
}
const begun = (client: JobClient, how: string, signal?: AbortSignal) => {
  let started = (): void => {}
  const reported = new Promise<void>((resolve) => (started = resolve))
  const output = client.run('train', train(how), { onProgress: () => started(), ...(signal ? { signal } : {}) })
  output.catch(() => {})
  return { output, reported }
}

afterEach(() => {
  client.close()
  made.length = 0
})

describe('jobs in real workers', () => {
  it('answers, with errors whole', async () => {
    open()
    expect(await client.run('train', train('hello'))).toEqual({ runId: 'hello' })
    const { error } = await rejection(client.run('train', train('refuse')))
    expect(error).toMatchObject({ name: 'StudioError', code: 'bad-data', message: 'invalid thing; because: 1', details: { line: 3, text: null }, hint: 'Mend it.', cause: 'TypeError: deep' })
    expect((await rejection(client.run('train', train('unclonable')))).error).toMatchObject({ code: 'bug' })
    expect((await rejection(client.run('prepare/preview', {} as never))).error).toMatchObject({ code: 'unsupported' })
    expect((await client.run('project/export', { projectId: 'p' })).zip.length).toBe(200_000)
  })

  it('rejects what a killed worker owed, and the next call gets a new worker', async () => {
    open()
    expect((await client.run('explain/row', ask('count'))).prediction.label).toBe('1')
    expect((await client.run('explain/row', ask('count'))).prediction.label).toBe('2')
    const owed = [client.run('explain/row', ask('deaf')), client.run('explain/row', ask('busy'))].map(rejection)
    await new Promise((resolve) => setTimeout(resolve, 50))
    // The store's worker came first, then the interactive one.
    made[1]?.terminate()
    for (const { error, ms } of await Promise.all(owed)) {
      expect(error).toMatchObject({ code: 'worker-lost' })
      expect(ms).toBeLessThan(4 * 2000)
    }
    expect((await client.run('explain/row', ask('count'))).prediction.label).toBe('1')
  })

  it('rejects when the worker throws outside a call or cannot be loaded', async () => {
    open()
    expect((await rejection(client.run('explain/row', ask('throw-later')))).error).toMatchObject({ code: 'worker-lost', message: expect.stringContaining('thrown outside a call') })
    client.close()
    open({ storage: 'indexeddb', workers: { ingest: probe, interactive: probe, compute: () => new Worker('/no-such-file.js', { type: 'module' }) } })
    expect((await rejection(client.run('train', train('hello')))).error).toMatchObject({ code: 'worker-lost', message: expect.stringContaining('could not be loaded') })
  })

  it('notices a worker that spins for ever without locks to tell of it', async () => {
    open({ limits: { pingMs: 50, silentMs: 500 } })
    const { error, ms } = await rejection(client.run('explain/row', ask('busy')))
    expect(error).toMatchObject({ code: 'worker-lost', message: expect.stringContaining('no sign of life') })
    expect(ms).toBeLessThan(4 * 2000)
  })

  it.each(['wait', 'deaf'])('cancel frees the page within 250 ms and the worker is gone within 1.5 s (%s)', async (how) => {
    open({ atOnce: 1 })
    const controller = new AbortController()
    const running = begun(client, how, controller.signal)
    await running.reported
    const worker = made.at(-1) as Worker
    let terminated = 0
    const terminate = worker.terminate.bind(worker)
    const from = performance.now()
    worker.terminate = () => {
      terminated ||= performance.now() - from
      terminate()
    }
    const cancelledJob = rejection(running.output)
    controller.abort()
    const { error, ms } = await cancelledJob
    expect(error).toMatchObject({ code: 'cancelled' })
    expect(ms).toBeLessThan(4 * 250)
    expect(await client.run('explain/row', ask('next'))).toMatchObject({ prediction: { label: 'next' } })
    expect(await client.run('train', train('next'))).toEqual({ runId: 'next' })
    expect(terminated).toBeGreaterThan(0)
    expect(terminated).toBeLessThan(4 * 1500)
  })

  it('keeps the interactive worker when a stale question is dropped', async () => {
    open()
    await client.run('explain/row', ask('count'))
    const controller = new AbortController()
    const stale = rejection(client.run('explain/row', ask('wait'), { signal: controller.signal }))
    setTimeout(() => controller.abort(), 20)
    expect((await stale).error).toMatchObject({ code: 'cancelled' })
    expect((await client.run('explain/row', ask('count'))).prediction.label).toBe('2')
  })

  it('replaces an interactive worker that does not react to a cancel', async () => {
    open({ limits: { graceMs: 300 } })
    await client.run('explain/row', ask('count'))
    const controller = new AbortController()
    const stuck = rejection(client.run('explain/row', ask('busy'), { signal: controller.signal }))
    setTimeout(() => controller.abort(), 20)
    expect((await stuck).ms).toBeLessThan(4 * 250)
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect((await client.run('explain/row', ask('count'))).prediction.label).toBe('1')
  })

  it('ends a worker that answers a cancel too late, once new calls go elsewhere', async () => {
    open({ limits: { graceMs: 700 } })
    await client.run('explain/row', ask('count'))
    const old = vi.spyOn(made.at(-1) as Worker, 'terminate')
    const controller = new AbortController()
    const stale = rejection(client.run('explain/row', ask('late'), { signal: controller.signal }))
    setTimeout(() => controller.abort(), 20)
    await stale
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect((await client.run('explain/row', ask('count'))).prediction.label).toBe('1')
    expect(old).toHaveBeenCalled()
  })

  it('stops early where asked, with progress that is monotone and ends', async () => {
    open()
    const stop = new AbortController()
    const seen: Progress[] = []
    const output = client.run('train', train('wait'), { stop: stop.signal, onProgress: (progress) => seen.push(progress) })
    setTimeout(() => stop.abort(), 350)
    expect(await output).toEqual({ runId: 'stopped' })
    const done = seen.flatMap((progress) => (progress.kind === 'step' ? [progress.done] : []))
    expect(done.length).toBeGreaterThan(1)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(done.at(-1)).toBe(1e9)
  })

  it('stands still while it is held, goes on where it stood, and hears a stop or a cancel even so', async () => {
    open()
    for (const end of ['stop', 'cancel'] as const) {
      const [hold, stop, cancel] = [new Hold(), new AbortController(), new AbortController()]
      let done = 0
      const output = client.run('train', train('wait'), { hold, stop: stop.signal, signal: cancel.signal, onProgress: (progress) => (done = progress.kind === 'step' ? progress.done : done) })
      output.catch(() => {})
      const moves = async () => {
        const from = done
        await new Promise((resolve) => setTimeout(resolve, 400))
        return done > from
      }
      await vi.waitFor(() => expect(done).toBeGreaterThan(0), 8000)
      hold.set(true)
      // What was on its way may still come.
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(await moves()).toBe(false)
      hold.set(false)
      await vi.waitFor(async () => expect(await moves()).toBe(true), 8000)
      hold.set(true)
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (end === 'stop') {
        stop.abort()
        expect(await output).toEqual({ runId: 'stopped' })
      } else {
        cancel.abort()
        expect((await rejection(output)).error).toMatchObject({ code: 'cancelled' })
      }
    }
  })

  it('keeps how far a fit came with its caller', async () => {
    const seat = new WorkerSeat('probe', probe(), { app: 'test', storage: 'memory' }, defaultLimits)
    const saved: unknown[] = []
    const left = [{ json: { at: 2 }, arrays: { x: Float32Array.of(1, 2) } }]
    const savepoint = savepointOver(left, async (...given) => saved.push(given) > 0, () => 0)
    expect(await seat.run(1, 'train', train('save'), () => {}, savepoint)).toEqual({ runId: 'left 2 2, kept true' })
    expect(saved).toEqual([[{ unit: 'tree', done: 3, total: 9 }, { json: { at: 3 }, arrays: { x: Float32Array.of(3) } }, 'add']])
    seat.end()
  })

  it('waits for its turn to compute, and a cancelled wait costs nothing', async () => {
    open({ atOnce: 1 })
    const first = new AbortController()
    const running = begun(client, 'wait', first.signal)
    await running.reported
    const waits = new AbortController()
    const waiting = rejection(client.run('train', train('never'), { signal: waits.signal }))
    const second = client.run('train', train('second'))
    waits.abort()
    expect((await waiting).error).toMatchObject({ code: 'cancelled' })
    first.abort()
    expect(await second).toEqual({ runId: 'second' })
  })

  it('shares one memory store between all workers and the page, and ends no store by a cancel', async () => {
    open()
    expect(await client.run('train', train('note'))).toEqual({ runId: '1' })
    expect(await client.run('train', train('note'))).toEqual({ runId: '2' })
    expect((await client.run('explain/row', ask('note'))).prediction.label).toBe('3')
    const store = remoteStore(await client.storePort())
    expect((await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'n')))?.step).toBe(3)
    const cancel = new AbortController()
    const commit = rejection(client.run('ingest/commit', { projectId: 'p', token: 0, name: 'deaf', source: { kind: 'paste', text: '' }, choices: {} }, { signal: cancel.signal }))
    setTimeout(() => cancel.abort(), 50)
    await commit
    await new Promise((resolve) => setTimeout(resolve, 1200))
    expect((await client.run('explain/row', ask('note'))).prediction.label).toBe('4')
  })

  it('says so when the memory store itself is lost', async () => {
    let lost: unknown
    open({ onStoreLost: (error) => (lost = error) })
    await client.run('train', train('note'))
    made[0]?.terminate()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(lost).toMatchObject({ code: 'worker-lost' })
  })
})
