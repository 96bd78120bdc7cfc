import { afterEach, expect, it, vi } from 'vitest'
import { freeBytes } from '../../../src/storage/quota.ts'

afterEach(() => vi.unstubAllGlobals())

it.each<[string, unknown, number | undefined]>([
  ['what is left', { quota: 100, usage: 90 }, 10],
  ['nothing left', { quota: 100, usage: 130 }, 0],
  // A browser that has just refused 50 bytes and says that 1,000 are free makes its limit up.
  ['a made-up limit', { quota: 1100, usage: 100 }, undefined],
  ['a browser that says nothing', {}, undefined],
])('free bytes: %s', async (_name, estimate, wanted) => {
  vi.stubGlobal('navigator', { storage: { estimate: async () => estimate } })
  expect(await freeBytes(50)).toBe(wanted)
})
it('free bytes: a browser that refuses to say', async () => {
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.reject(new Error('no')) } })
  expect(await freeBytes(50)).toBeUndefined()
  vi.stubGlobal('navigator', undefined)
  expect(await freeBytes(50)).toBeUndefined()
})
