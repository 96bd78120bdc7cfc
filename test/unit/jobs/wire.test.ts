import { describe, expect, it } from 'vitest'
import type { Progress } from '../../../src/core/context.ts'
import { StudioError } from '../../../src/core/errors.ts'
import { fromPlain, isPlain, toPlain } from '../../../src/core/wire-error.ts'
import { progressGate } from '../../../src/jobs/progress-gate.ts'
import { fromResult, movable, toResult } from '../../../src/jobs/wire.ts'

describe('errors on the wire', () => {
  it('arrive whole', async () => {
    const error = new StudioError({ code: 'storage-full', message: 'missing storage; full', details: { kept: 5, name: null, ok: true }, hint: 'Free some.', cause: new RangeError('why') })
    const result = structuredClone(await toResult(() => Promise.reject(error)))
    expect(() => fromResult(result)).toThrow(StudioError)
    const back = fromPlain((result as unknown as { error: unknown }).error)
    expect(back).toMatchObject({ code: 'storage-full', message: error.message, details: error.details, hint: error.hint, cause: 'RangeError: why' })
    expect(toPlain(new TypeError('x'))).toMatchObject({ code: 'bug', message: 'x' })
    expect(toPlain(new DOMException('full', 'QuotaExceededError')).code).toBe('storage-full')
    expect(toPlain(new DOMException('stop', 'AbortError')).code).toBe('cancelled')
  })
  it.each([null, 'text', {}, { code: 'odd', message: '', details: {} }, { code: 'bug', message: 1, details: {} }, { code: 'bug', message: '', details: { a: [] } }, { code: 'bug', message: '', details: {}, extra: 1 }, { code: 'bug', message: '', details: null }])('refuses %j', (value) => {
    expect(isPlain(value)).toBe(false)
    expect(fromPlain(value).code).toBe('bug')
    expect(() => fromResult({ ok: false, error: value })).toThrow(/unknown answer/)
  })
  it('takes nothing but answers', async () => {
    for (const value of [undefined, null, 1, {}, { ok: true }, { ok: 1, value: 2 }, []]) expect(() => fromResult(value)).toThrow(/unknown answer/)
    expect(fromResult(await toResult(async () => undefined))).toBeUndefined()
  })
  it('moves large arrays that own their buffer, and no others', () => {
    const whole = new Uint8Array(100_000)
    expect(movable({ zip: whole, again: whole, small: new Uint8Array(9), part: new Uint8Array(200_000).subarray(1), text: 'x' })).toEqual([whole.buffer])
    expect(movable(null)).toEqual([])
  })
})

describe('progress', () => {
  function heard(reports: readonly (Progress | number)[], succeeded = true) {
    const batches: (readonly Progress[])[] = []
    let clock = 0
    const gate = progressGate((batch) => batches.push(batch), () => clock)
    for (const report of reports) {
      if (typeof report === 'number') clock += report
      else gate.report(report)
    }
    gate.end(succeeded)
    gate.report({ kind: 'note', text: 'too late' })
    return batches
  }
  const step = (done: number, phase = 'a', total = 10): Progress => ({ kind: 'step', phase, done, total })

  it('crosses at most ten times a second', () => {
    expect(heard(Array.from({ length: 1000 }, (_, i) => [step(i / 100), 1] as const).flat()).length).toBeLessThanOrEqual(11)
  })
  it('never goes back, and ends', () => {
    const done = heard([step(3), 100, step(2), 100, step(NaN), 100, step(50), 100, step(7)]).flat().map((progress) => (progress.kind === 'step' ? progress.done : -1))
    expect(done).toEqual([3, 3, 3, 10, 10])
    expect(heard([step(3)]).flat().at(-1)).toEqual(step(10))
    expect(heard([step(3)], false).flat().at(-1)).toEqual(step(3))
  })
  it('ends each phase before the next', () => {
    expect(heard([step(3), step(1, 'b'), 100, step(5, 'b')]).flat()).toEqual([step(3), step(10), step(5, 'b'), step(10, 'b')])
  })
  it('takes a total that grows without a step back in share', () => {
    const shares = heard([step(5, 'a', 10), 100, step(6, 'a', 100), 100, step(90, 'a', 100)]).flat().map((progress) => (progress.kind === 'step' ? progress.done / progress.total : -1))
    expect(shares).toEqual([0.5, 0.5, 0.9, 1])
  })
  it('keeps every point of a curve within reason, and the last note', () => {
    const points = Array.from({ length: 300 }, (_, x): Progress => ({ kind: 'curve', series: 'loss', x, y: 1 }))
    const batches = heard([...points, { kind: 'note', text: 'one' }, { kind: 'note', text: 'two' }])
    expect(batches.flat().filter(({ kind }) => kind === 'curve').length).toBe(300)
    expect(batches.flat().filter(({ kind }) => kind === 'note')).toEqual([{ kind: 'note', text: 'two' }])
    expect(heard(Array.from({ length: 5000 }, () => points[0] as Progress)).flat().length).toBeLessThanOrEqual(501)
  })
})
