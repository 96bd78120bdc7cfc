/** Edits with a way back, and questions of which only the newest waits. */
import { describe, expect, it } from 'vitest'
import { Coalesce } from '../../../src/state/coalesce.ts'
import { hasCells } from '../../../src/pages/explain/has-cells.ts'
import { changedOf, edit, goBack, originalOf, presentOf, redo, startEdits, undo } from '../../../src/pages/explain/edits.ts'

describe('edits', () => {
  const start = startEdits([1, 'a', null])
  it('step forth and back without touching the original', () => {
    const one = edit(start, 'x', [2, 'a', null])
    const two = edit(one, 'y', [2, 'b', null])
    expect(presentOf(two)).toEqual([2, 'b', null])
    expect(changedOf(two)).toEqual([0, 1])
    expect(presentOf(undo(two))).toEqual([2, 'a', null])
    expect(redo(undo(two))).toEqual(two)
    expect(undo(undo(undo(two))).at).toBe(0)
    expect(presentOf(goBack(two, 0))).toEqual(originalOf(two))
    expect(changedOf(start)).toEqual([])
  })
  it('make one step of a drag, however many moves it has', () => {
    let edits = edit(start, 'x', [2, 'a', null])
    for (let value = 3; value < 100; value++) edits = edit(edits, 'x', [value, 'a', null], true)
    expect(edits.steps).toHaveLength(2)
    expect(presentOf(undo(edits))).toEqual([1, 'a', null])
  })
  it('forget what was undone once something else is done', () => {
    const edits = edit(undo(edit(start, 'x', [2, 'a', null])), 'y', [1, 'c', null])
    expect(edits.steps.map((step) => step.column)).toEqual([null, 'y'])
  })
  it('ignore an edit that changes nothing', () => {
    expect(edit(start, 'x', [1, 'a', null])).toBe(start)
  })
  it('keep the original however long the history grows', () => {
    let edits = start
    for (let i = 2; i < 700; i++) edits = edit(edits, 'x', [i, 'a', null])
    expect(edits.steps.length).toBeLessThanOrEqual(500)
    expect(originalOf(edits)).toEqual([1, 'a', null])
    expect(presentOf(edits)[0]).toBe(699)
  })
})

describe('coalesce', () => {
  it('asks the first and the newest, and hears them in order', async () => {
    const open: ((answer: number) => void)[] = []
    const asked: number[] = []
    const heard: number[] = []
    const questions = new Coalesce<number, number>(
      (question) => {
        asked.push(question)
        return new Promise((resolve) => open.push(resolve))
      },
      (answer) => heard.push(answer),
      () => {},
    )
    for (const question of [1, 2, 3, 4]) questions.put(question)
    expect(asked).toEqual([1])
    open[0]?.(10)
    await Promise.resolve()
    await Promise.resolve()
    expect(asked).toEqual([1, 4])
    open[1]?.(40)
    await Promise.resolve()
    expect(heard).toEqual([10, 40])
  })
  it('drops an answer that is not wanted any more, and survives a failure', async () => {
    let answer: (value: number) => void = () => {}
    const heard: number[] = []
    const failed: unknown[] = []
    let refuse = false
    const questions = new Coalesce<number, number>(
      () => (refuse ? Promise.reject(new Error('no')) : new Promise((resolve) => (answer = resolve))),
      (value) => heard.push(value),
      (error) => failed.push(error),
    )
    questions.put(1)
    questions.drop()
    answer(10)
    await new Promise((resolve) => setTimeout(resolve))
    expect(heard).toEqual([])
    refuse = true
    questions.put(2)
    await new Promise((resolve) => setTimeout(resolve))
    expect(failed).toHaveLength(1)
  })
})

it('what-if has something to edit unless a model reads nothing but pictures', () => {
  const columns = [{ name: 'image', kind: 'image' }, { name: 'weight', kind: 'numeric' }, { name: 'label', kind: 'categorical' }] as const
  const feature = (name: string, source: string) => ({ name, source })
  expect(hasCells([feature('image[0]', 'image'), feature('image[1]', 'image')], columns)).toBe(false)
  expect(hasCells([feature('image[0]', 'image'), feature('weight', 'weight')], columns)).toBe(true)
  expect(hasCells([], columns.slice(1))).toBe(true)
})
