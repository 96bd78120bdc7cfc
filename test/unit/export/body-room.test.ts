/** What all bodies under way may hold together. */
import { expect, test } from 'vitest'
import { BodyRoom, type BodyShare } from '../../../src/export/server/body-room.ts'

const enter = (room: BodyRoom, announced: number): BodyShare => {
  const share = room.enter(announced)
  if (!share) throw new Error('no room')
  return share
}

test('what has come counts until it leaves, what is announced holds nothing', () => {
  const room = new BodyRoom(() => 100)
  const [first, second] = [enter(room, 90), enter(room, 90)]
  expect([first.take(60), room.held]).toEqual([true, 60])
  expect(room.enter(41)).toBeUndefined()
  expect(enter(room, 40).take(40)).toBe(true)
  // It gives back what it had, and takes nothing more.
  expect([second.take(1), second.take(1), room.held]).toEqual([false, false, 100])
  first.leave()
  first.leave()
  expect(room.held).toBe(40)
})

test('who grows beyond gives its own back, and makes room for others', () => {
  const room = new BodyRoom(() => 100)
  const [first, second] = [enter(room, 0), enter(room, 0)]
  expect([first.take(50), second.take(50), second.take(1), room.held]).toEqual([true, true, false, 50])
  expect(first.take(50)).toBe(true)
})

test('who is alone has room, however large; and a reload may make more', () => {
  let most = 10
  const room = new BodyRoom(() => most)
  const large = enter(room, 50)
  expect([large.take(20), large.take(30), room.enter(1)]).toEqual([true, true, undefined])
  most = 51
  expect(enter(room, 1).take(1)).toBe(true)
})
