import { describe, expect, test } from 'vitest'
import { InferencePool, Overloaded } from '../../../src/export/server/pool.ts'
import type { PoolOptions } from '../../../src/export/server/pool.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'

/** A thread that answers what its name says, without a model. */
const thread = (body: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${body}; parentPort.postMessage({ ready: true })`)}`)
const echo = thread(`parentPort.on('message', ({ rows }) => setTimeout(() => rows === 13 ? process.exit(3) : parentPort.postMessage(rows === 7 ? { failure: 'seven' } : { answer: { answers: [String(rows)] } }), rows === 99 ? 1e6 : 5))`)
const options = (change: Partial<PoolOptions> = {}): PoolOptions => ({ model: new Uint8Array(), signature: {} as Signature, threads: 1, queueLimit: 2, timeoutMs: 10_000, batchRows: 1, ...change })
const ask = (pool: InferencePool, rows: number) => pool.run({ feeds: [], rows }).then(({ answers }) => answers[0])

describe('inference pool', () => {
  test('refuses what does not fit its queue, and answers the rest', async () => {
    const pool = new InferencePool(echo, options())
    await pool.open()
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((rows) => ask(pool, rows)))
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason instanceof Overloaded))).toEqual(['1', '2', '3', true, true])
    expect(await ask(pool, 6)).toBe('6')
    await pool.close()
  })
  test('a failed answer is an error of that request alone', async () => {
    const pool = new InferencePool(echo, options())
    await pool.open()
    await expect(ask(pool, 7)).rejects.toThrow('seven')
    expect(await ask(pool, 8)).toBe('8')
    await pool.close()
  })
  test('a thread that dies or hangs fails its request and is replaced', async () => {
    const pool = new InferencePool(echo, options({ timeoutMs: 150 }))
    await pool.open()
    const [died, next] = await Promise.allSettled([ask(pool, 13), ask(pool, 1)])
    expect(died.status).toBe('rejected')
    expect(next).toMatchObject({ status: 'fulfilled', value: '1' })
    const [hung, after] = await Promise.allSettled([ask(pool, 99), ask(pool, 2)])
    expect(hung).toMatchObject({ status: 'rejected', reason: expect.objectContaining({ message: expect.stringContaining('longer than 150 ms') }) })
    expect(after).toMatchObject({ status: 'fulfilled', value: '2' })
    await pool.close()
    await expect(ask(pool, 1)).rejects.toBeInstanceOf(Overloaded)
  })
  test('a thread that cannot open its model fails the start', async () => {
    const pool = new InferencePool(thread(`throw new Error('no model')`), options())
    await expect(pool.open()).rejects.toThrow('no model')
  })
})
