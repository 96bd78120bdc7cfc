import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { InferencePool, Overloaded } from '../../../src/export/server/pool.ts'
import type { PoolOptions } from '../../../src/export/server/pool.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'

/** A thread that answers what its name says, without a model. */
const thread = (body: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${body}; parentPort.postMessage({ ready: true })`)}`)
const echo = thread(`parentPort.on('message', ({ rows }) => setTimeout(() => rows === 13 ? process.exit(3) : parentPort.postMessage(rows === 7 ? { failure: 'seven' } : { answer: { answers: [String(rows)] } }), rows === 99 ? 1e6 : 5))`)
const options = (change: Partial<PoolOptions> = {}): PoolOptions => ({ model: new Uint8Array(), signature: { inputs: [] } as unknown as Signature, threads: 1, queueLimit: 2, timeoutMs: 10_000, batchRows: 1, ...change })
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
  test('whoever was answered together with what hangs is asked again by itself', async () => {
    // Together with another row, or alone, 99 rows hang; 1 row answers.
    const joined = thread(`parentPort.on('message', ({ rows }) => rows < 99 && parentPort.postMessage({ answer: { answers: Array(rows).fill('ok') } }))`)
    const pool = new InferencePool(joined, options({ timeoutMs: 150, batchRows: 256, queueLimit: 10 }))
    await pool.open()
    const results = await Promise.allSettled([ask(pool, 99), ask(pool, 1), ask(pool, 99), ask(pool, 1)])
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).name))).toEqual(['TooSlow', 'ok', 'TooSlow', 'ok'])
    await pool.close()
  })
  test('pictures: the time limit is that of one, requests are not joined, and each picture counts in the queue, by its size', async () => {
    const slow = thread(`parentPort.on('message', ({ rows }) => { let left = rows; const timer = setInterval(() => { if (left-- > 0) parentPort.postMessage({ alive: true }); else { clearInterval(timer); parentPort.postMessage({ answer: { answers: [String(rows)] } }) } }, 30) })`)
    const signature = { inputs: [{ name: 'image', kind: 'image' }] } as unknown as Signature
    const pool = new InferencePool(slow, options({ signature, timeoutMs: 200, batchRows: 256, queueLimit: 8 }))
    await pool.open()
    const pictures = (rows: number, characters = 10) => pool.run({ feeds: [{ type: 'string', values: Array<string>(rows).fill('x'.repeat(characters)) }], rows }).then(({ answers }) => answers[0], (error: Error) => error.name)
    // Ten pictures take longer than the time limit; three and five fill the queue, one of four megabytes counts as five.
    expect(await Promise.all([pictures(10), pictures(3), pictures(1, 4_000_000), pictures(1)])).toEqual(['10', '3', '1', 'Overloaded'])
    await pool.close()
  })
  test('where no thread can be started again nobody waits for one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glasshouse-pool-'))
    const gone = join(folder, 'thread.mjs')
    writeFileSync(gone, decodeURIComponent(echo.href.slice('data:text/javascript,'.length)))
    const pool = new InferencePool(pathToFileURL(gone), options())
    expect(pool.ready).toBe(false)
    await pool.open()
    expect(pool.ready).toBe(true)
    rmSync(folder, { recursive: true })
    const results = await Promise.allSettled([ask(pool, 13), ask(pool, 1)])
    expect(results.map((result) => result.status === 'rejected' && (result.reason as Error).name)).toEqual(['Error', 'Overloaded'])
    expect(pool.ready).toBe(false)
    await pool.close()
  })
  test('a thread that cannot open its model fails the start', async () => {
    const pool = new InferencePool(thread(`throw new Error('no model')`), options())
    await expect(pool.open()).rejects.toThrow('no model')
  })
})
