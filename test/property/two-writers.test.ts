/** Fault F11: two tabs on one project, in 1,000 random orders. No edit that was acknowledged is lost, and a loser's are refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StudioError } from '../../src/core/errors.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { changeProject, createProject, projectRecord } from '../../src/storage/projects.ts'
import { type LockHost, openWriter, type WriterRight } from '../../src/storage/writer-lock.ts'

/** Web Locks as specified, for one name at a time, and channels that deliver late or never: they are hints. */
function browserOfTwo(deliver: () => boolean): () => LockHost {
  let holder: { lose(error: unknown): void } | undefined
  const channels = new Set<{ hear: ((event: MessageEvent) => void)[] }>()
  const request = ((_name: string, options: LockOptions, body: (lock: Lock | null) => unknown) =>
    new Promise<unknown>((resolve, reject) => {
      if (holder && !options.steal) return resolve(body(null))
      holder?.lose(new DOMException('stolen', 'AbortError'))
      const mine = { lose: reject }
      holder = mine
      void Promise.resolve(body({ name: 'x', mode: 'exclusive' })).then((value) => {
        if (holder === mine) holder = undefined
        resolve(value)
      })
    })) as LockManager['request']
  return () => ({
    locks: { request },
    channel: () => {
      const channel = { hear: [] as ((event: MessageEvent) => void)[] }
      channels.add(channel)
      return {
        addEventListener: (_type: string, listener: (event: MessageEvent) => void) => void channel.hear.push(listener),
        postMessage: (data: unknown) => {
          if (deliver()) for (const other of channels) if (other !== channel) for (const listener of other.hear) queueMicrotask(() => listener({ data } as MessageEvent))
        },
        close: () => void channels.delete(channel),
      } as unknown as BroadcastChannel
    },
  })
}

const step = fc.record({ tab: fc.constantFrom(0, 1), act: fc.constantFrom('open', 'steal', 'write', 'write', 'write', 'release', 'wait') })

describe('two writers', () => {
  it('lose no acknowledged edit and never write over each other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), fc.boolean(), fc.boolean(), async (steps, hints, together) => {
        const store = createMemoryStore()
        const project = await createProject(store, 'p')
        const host = browserOfTwo(() => hints)
        const rights: (WriterRight | null)[] = [null, null]
        const acknowledged: string[] = []
        let edits = 0
        const under: Promise<void>[] = []
        for (const { tab, act } of steps) {
          const right = rights[tab] ?? null
          const work = async (): Promise<void> => {
            if (act === 'open' || act === 'steal') {
              if (rights[tab]) return
              const got = await openWriter(store, project.id, { steal: act === 'steal', onLost: () => (rights[tab] = null) }, host())
              if (rights[tab]) got?.release()
              else rights[tab] = got
            } else if (act === 'release') {
              right?.release()
              rights[tab] = null
            } else if (act === 'write' && right) {
              const name = `edit-${++edits}`
              try {
                await changeProject(store, project.id, right.token, (record) => ({ ...record, slices: [...record.slices, { id: name, name } as never] }))
                acknowledged.push(name)
              } catch (error) {
                expect((error as StudioError).code).toBe('read-only')
              }
            }
          }
          if (together) under.push(work())
          else await work()
          if (act === 'wait') await new Promise((resolve) => setImmediate(resolve))
        }
        await Promise.all(under)
        const saved = (await projectRecord(store, project.id)).slices.map(({ id }) => id)
        // Every acknowledged edit, once, in the order in which they were made.
        expect(saved).toEqual(acknowledged)
      }),
      { numRuns: 1000, seed: 7 },
    )
  })
})
