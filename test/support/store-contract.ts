/** What every store promises (src/storage/port.ts); run over each implementation. */
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/storage/port.ts'
import { createProject } from '../../src/storage/projects.ts'
import type { CheckpointRecord, ChunkRecord, ExplanationRecord } from '../../src/storage/records.ts'

const chunk = (datasetId: string, sequence: number): ChunkRecord => ({ datasetId, sequence, firstRow: sequence * 8, rows: 8, columns: [] })
const checkpoint = (runId: string, step = 0, projectId = 'p'): CheckpointRecord => ({ runId, projectId, step, arrays: {} })
const explanation = (runId: string, key: string, projectId: string): ExplanationRecord => ({ runId, key, projectId, explanation: { kind: 'x' } as never })

/** @param open a fresh, empty store each time */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store's promises`, () => {
    it('gives back what was put, as a copy', async () => {
      const store = await open()
      const record = { runId: 'r', projectId: 'p', step: 1, arrays: { x: Float32Array.of(1, NaN, 3), ['__proto__x']: Uint8Array.of(1) } }
      await store.write(['checkpoints'], (tx) => tx.put('checkpoints', record))
      record.arrays.x[0] = 99
      const first = await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'r'))
      expect(first?.arrays['x']).toEqual(Float32Array.of(1, NaN, 3))
      first!.arrays['x']![0] = 77
      expect((await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'r')))?.arrays['x']?.[0]).toBe(1)
      expect(await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'none'))).toBeUndefined()
    })
    it('orders and bounds keys as IndexedDB does', async () => {
      const store = await open()
      await store.write(['chunks'], async (tx) => {
        for (const [id, sequence] of [['b', 0], ['a', 10], ['a', 2], ['a', 1], ['aa', 0], ['B', 5]] as const) await tx.put('chunks', chunk(id, sequence))
      })
      const keys = (range?: object) => store.read(['chunks'], (tx) => tx.keys('chunks', range))
      expect(await keys()).toEqual([['B', 5], ['a', 1], ['a', 2], ['a', 10], ['aa', 0], ['b', 0]])
      expect(await keys({ from: ['a', 0], to: ['a', Infinity] })).toEqual([['a', 1], ['a', 2], ['a', 10]])
      expect(await keys({ from: ['a', 2] })).toEqual([['a', 2], ['a', 10], ['aa', 0], ['b', 0]])
      expect(await keys({ to: ['a', 1] })).toEqual([['B', 5], ['a', 1]])
      expect((await store.read(['chunks'], (tx) => tx.getAll('chunks', { from: ['a', 2], to: ['a', 10] }))).map(({ sequence }) => sequence)).toEqual([2, 10])
      await store.write(['chunks'], (tx) => tx.delete('chunks', { from: ['a', 0], to: ['a', Infinity] }))
      await store.write(['chunks'], (tx) => tx.delete('chunks', ['b', 0]))
      expect(await keys()).toEqual([['B', 5], ['aa', 0]])
      await expect(store.write(['chunks'], (tx) => tx.delete('chunks', {}))).rejects.toMatchObject({ code: 'bug' })
      expect((await keys()).length).toBe(2)
    })
    it('finds records of a project by the index, in key order', async () => {
      const store = await open()
      await store.write(['explanations'], async (tx) => {
        for (const [run, key, project] of [['r2', 'a', 'p'], ['r1', 'b', 'p'], ['r1', 'a', 'p'], ['r3', 'a', 'q']] as const) await tx.put('explanations', explanation(run, key, project))
      })
      const found = await store.read(['explanations'], (tx) => tx.getAllOfProject('explanations', 'p'))
      expect(found.map(({ runId, key }) => [runId, key])).toEqual([['r1', 'a'], ['r1', 'b'], ['r2', 'a']])
      expect(await store.read(['explanations'], (tx) => tx.getAllOfProject('explanations', ''))).toEqual([])
    })
    it('sees its own writes, and nothing of a write that failed', async () => {
      const store = await open()
      await store.write(['checkpoints'], (tx) => tx.put('checkpoints', checkpoint('old')))
      const failing = store.write(['checkpoints', 'projects'], async (tx) => {
        await tx.put('checkpoints', checkpoint('new'))
        await tx.delete('checkpoints', 'old')
        expect(await tx.keys('checkpoints')).toEqual(['new'])
        throw new Error('changed my mind')
      })
      await expect(failing).rejects.toThrow(/changed my mind/)
      expect(await store.read(['checkpoints'], (tx) => tx.keys('checkpoints'))).toEqual(['old'])
    })
    it('runs writes to the same records one after the other', async () => {
      const store = await open()
      await store.write(['checkpoints'], (tx) => tx.put('checkpoints', checkpoint('n', 0)))
      const add = () =>
        store.write(['checkpoints'], async (tx) => {
          const old = await tx.get('checkpoints', 'n')
          await tx.put('checkpoints', checkpoint('n', (old?.step ?? 0) + 1))
        })
      const seen = Promise.all(Array.from({ length: 20 }, add))
      // A read that is asked for after the writes sees them.
      expect((await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'n')))?.step).toBe(20)
      await seen
    })
    it('reads one moment', async () => {
      const store = await open()
      await store.write(['checkpoints', 'chunks'], async (tx) => {
        await tx.put('checkpoints', checkpoint('n', 1))
        await tx.put('chunks', chunk('n', 1))
      })
      let writing: Promise<void> | undefined
      const [before, after] = await store.read(['checkpoints'], async (tx) => {
        const first = await tx.get('checkpoints', 'n')
        writing ??= store.write(['checkpoints'], (other) => other.put('checkpoints', checkpoint('n', 2)))
        const second = await tx.get('checkpoints', 'n')
        return [first?.step, second?.step]
      })
      expect([before, after]).toEqual([1, 1])
      await writing
      expect((await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'n')))?.step).toBe(2)
    })
    it('refuses stores outside the transaction, records without a key, and use after close', async () => {
      const store = await open()
      await expect(store.write(['projects'], (tx) => tx.put('checkpoints', checkpoint('x')))).rejects.toMatchObject({ name: 'StudioError' })
      await expect(store.write(['checkpoints'], (tx) => tx.put('checkpoints', { step: 1 } as never))).rejects.toMatchObject({ name: 'StudioError' })
      await expect(store.write(['checkpoints'], (tx) => tx.put('checkpoints', { ...checkpoint('f'), step: (() => 1) as never }))).rejects.toMatchObject({ name: 'StudioError' })
      expect(await store.read(['checkpoints'], (tx) => tx.keys('checkpoints'))).toEqual([])
      store.close()
      await expect(store.read(['projects'], (tx) => tx.keys('projects'))).rejects.toMatchObject({ code: 'storage-lost' })
      await expect(store.write(['projects'], (tx) => tx.delete('projects', 'x'))).rejects.toMatchObject({ code: 'storage-lost' })
    })
    it('carries the studio\'s own errors out of a body', async () => {
      const store = await open()
      const project = await createProject(store, 'p')
      await expect(import('../../src/storage/projects.ts').then(({ savePlan, emptyPlan }) => savePlan(store, project.id, 5, emptyPlan))).rejects.toMatchObject({ code: 'read-only', details: { token: 5, current: 0 } })
    })
  })
}
