/** Helpers in the page: workers of a worker, on one memory. */
import { expect, test } from 'vitest'

test('boosting on two threads leaves the bits of one', async () => {
  const worker = new Worker(new URL('./support/boosting.worker.ts', import.meta.url), { type: 'module' })
  try {
    const { isolated, asked, one, two } = await new Promise<{ isolated: boolean; asked: string[]; one: unknown; two: unknown }>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message))
    })
    expect(isolated).toBe(true)
    expect(asked).toEqual(['boosting.wasm', 'boosting-shared.wasm'])
    expect(two).toEqual(one)
  } finally {
    worker.terminate()
  }
})
