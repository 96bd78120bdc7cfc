/** Large requests share the event loop step by step; small ones never wait for a turn, and who comes is let in before a step. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readBody, textOf } from '../../../src/export/server/body.ts'
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
  const turns = new Turns(undefined, 2)
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

test('no step is done while others stand at the door', async () => {
  let came = 0
  let steps = 0
  /** Of the large requests, done when each connection was let in. */
  const stepsBefore: number[] = []
  const server = createServer(() => {
    came++
    stepsBefore.push(steps)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const turns = new Turns(() => came)
  const callers: Socket[] = []
  const large = async (turn?: Turn): Promise<void> => {
    for (; came < 40; steps++) await turn?.()
  }
  const done = [turns.with(largeBody, large), turns.with(largeBody, large)]
  for (let i = 0; i < 40; i++) callers.push(connect((server.address() as AddressInfo).port, '127.0.0.1'))
  await Promise.all(done)
  // One in each turn of the loop would be 39; a machine that is busy with something else may take longer than a step waits.
  expect((stepsBefore.at(-1) as number) - (stepsBefore[0] as number)).toBeLessThanOrEqual(8)
  for (const caller of callers) caller.destroy()
  server.close()
})

test('others who never end do not end the large requests', async () => {
  let looks = 0
  const turns = new Turns(() => ++looks)
  expect(await turns.with(largeBody, async () => 'answered')).toBe('answered')
  // Some were let past it.
  expect(looks).toBeGreaterThan(2)
})

test('a large body is read on in its turn, a small one at once', async () => {
  const turns: (() => void)[] = []
  const reading = (text: string): { payload: PassThrough; body: ReturnType<typeof readBody> } => {
    const payload = new PassThrough({ highWaterMark: 1_000_000 })
    const body = readBody({}, payload, 1_000_000, () => new Promise((resolve) => turns.push(resolve)))
    for (let at = 0; at < text.length; at += 20_000) payload.write(text.slice(at, at + 20_000))
    payload.end()
    return { payload, body }
  }
  expect(textOf(await reading('small').body)).toBe('small')
  expect(turns).toEqual([])
  const text = 'large'.repeat(20_000)
  const { payload, body } = reading(text)
  while (turns.length === 0) await new Promise((done) => setImmediate(done))
  await new Promise((done) => setTimeout(done, 20))
  expect([payload.isPaused(), payload.readableLength]).toEqual([true, 60_000])
  turns[0]?.()
  expect([textOf(await body), turns.length]).toEqual([text, 1])
})
