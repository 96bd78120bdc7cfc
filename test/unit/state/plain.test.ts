/** The parts of state that need no browser: history, latest-wins, addresses. */
import { describe, expect, it } from 'vitest'
import { History } from '../../../src/state/history.ts'
import { Latest } from '../../../src/state/latest.ts'
import { linkTo, placeOf } from '../../../src/state/links.ts'

describe('History', () => {
  it('goes back and forth', () => {
    const history = new History('a')
    history.push('b')
    history.push('c')
    expect([history.undo(), history.undo(), history.undo()]).toEqual(['b', 'a', 'a'])
    expect([history.canUndo, history.canRedo]).toEqual([false, true])
    expect([history.redo(), history.redo(), history.redo()]).toEqual(['b', 'c', 'c'])
  })
  it('forgets what was undone once something new is done', () => {
    const history = new History(1)
    history.push(2)
    history.undo()
    history.push(3)
    expect(history.canRedo).toBe(false)
    expect(history.undo()).toBe(1)
  })
  it('takes the changes of one edit for one step, until something else comes between', () => {
    const history = new History('')
    const [typing, again] = [{}, {}]
    for (const text of ['1', '12', '120']) history.push(text, typing)
    history.push('1200', again)
    history.push('other')
    expect([history.undo(), history.undo(), history.undo()]).toEqual(['1200', '120', ''])
    history.redo()
    history.push('121', typing)
    expect([history.undo(), history.undo()]).toEqual(['120', ''])
  })
  it('takes no step where nothing changed, and keeps at most its limit', () => {
    const history = new History(0, 3)
    history.push(0)
    expect(history.canUndo).toBe(false)
    for (let i = 1; i <= 10; i++) history.push(i)
    expect([history.undo(), history.undo(), history.undo(), history.undo()]).toEqual([9, 8, 7, 7])
  })
})

describe('Latest', () => {
  function later<T>() {
    let settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined
    const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }))
    return { promise, ...(settle as NonNullable<typeof settle>) }
  }
  it('drops an older answer, even one that comes last, and aborts its question', async () => {
    const latest = new Latest()
    const [slow, fast] = [later<string>(), later<string>()]
    let aborted = false
    const first = latest.ask((signal) => {
      signal.addEventListener('abort', () => (aborted = true))
      return slow.promise
    })
    const second = latest.ask(() => fast.promise)
    fast.resolve('new')
    expect(await second).toBe('new')
    slow.resolve('old')
    expect(await first).toBeUndefined()
    expect(aborted).toBe(true)
  })
  it('passes on a failure of the newest question only', async () => {
    const latest = new Latest()
    const [old, fresh] = [later<string>(), later<string>()]
    const first = latest.ask(() => old.promise)
    const second = latest.ask(() => fresh.promise)
    old.reject(new Error('stale'))
    fresh.reject(new Error('fresh'))
    expect(await first).toBeUndefined()
    await expect(second).rejects.toThrow('fresh')
  })
  it('answers nothing after a stop', async () => {
    const latest = new Latest()
    const one = later<string>()
    const answer = latest.ask(() => one.promise)
    latest.stop()
    one.resolve('late')
    expect(await answer).toBeUndefined()
  })
})

describe('addresses', () => {
  it.each(['project-1', '__proto__', 'a/b', 'ä %20?#'])('lead back to where they came from: %s', (id) => {
    expect(placeOf(linkTo(id, 'evaluate', id))).toEqual({ project: id, page: 'evaluate', rest: [id] })
  })
  it('are forgiving', () => {
    for (const hash of ['', '#', '#/', '#//']) expect(placeOf(hash)).toEqual({ project: null, page: 'start', rest: [] })
    expect(placeOf('#/p/x')).toEqual({ project: 'x', page: 'data', rest: [] })
    expect(placeOf('#/p/%E0%A4%A/data').project).toBe('%E0%A4%A')
    expect(linkTo(null)).toBe('#/')
  })
})
