/** Large requests share the event loop step by step; small ones never wait for a turn. */
import { expect, test } from 'vitest'
import { Overloaded } from '../../../src/export/server/pool.ts'
import { largeBody, Turns, type Turn } from '../../../src/export/server/turns.ts'

test('one step of one large request in a turn of the loop, in the order in which they came', async () => {
  const turns = new Turns()
  const seen: string[] = []
  const large = (name: string): Promise<void> =>
    turns.with(largeBody, async (turn) => {
      for (let step = 1; step <= 3; step++) {
        seen.push(`${name}${step}`)
        await (turn as Turn)()
      }
    })
  let under = true
  const loop = (): void => {
    seen.push('-')
    if (under) setImmediate(loop)
  }
  const done = Promise.all([large('a'), large('b')])
  setImmediate(loop)
  await turns.with(largeBody - 1, async (turn) => void seen.push(turn === undefined ? 'small' : 'waits'))
  await done
  under = false
  const text = seen.join('')
  expect(text).toMatch(/^small/)
  expect(text.replaceAll('-', '')).toBe('smalla1b1a2b2a3b3')
  expect(text.replace(/^small-*/, '')).toMatch(/^a1-+b1-+a2-+b2-+a3-+b3-*$/)
})

test('of too many large requests the next is turned away; small ones and those after it are not', async () => {
  const turns = new Turns(2)
  let go: () => void = () => {}
  const gone = new Promise<void>((resolve) => (go = resolve))
  const held = [turns.with(largeBody, () => gone), turns.with(largeBody, () => Promise.reject(new Error('broken')))]
  await expect(turns.with(largeBody, () => gone)).rejects.toThrow(Overloaded)
  expect(await turns.with(10, async () => 'small')).toBe('small')
  await expect(held[1]).rejects.toThrow('broken')
  go()
  await held[0]
  expect(await turns.with(largeBody, async () => 'large')).toBe('large')
})
