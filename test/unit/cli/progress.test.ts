import { describe, expect, it } from 'vitest'
import { ProgressLine, spoken } from '../../../src/cli/progress.ts'

function watched(isTTY: boolean) {
  let clock = 0
  const written: string[] = []
  const line = new ProgressLine({ isTTY, columns: 60, write: (text) => void written.push(text) }, () => clock)
  const at = (ms: number, done: number, phase = 'boosting') => {
    clock = ms
    line.report({ kind: 'step', phase, done, total: 100 })
  }
  return { line, written, at }
}

describe('progress in a log', () => {
  it('says nothing of what is quick', () => {
    const { written, at } = watched(false)
    for (let ms = 0; ms < 4900; ms += 50) at(ms, ms / 49)
    expect(written).toEqual([])
  })
  it('says a whole line every five seconds, with the time left', () => {
    const { written, at } = watched(false)
    for (let ms = 0; ms <= 12_000; ms += 100) at(ms, ms / 200)
    // At 5 s a quarter is done, so 15 s are left; at 10 s half, so 10 s.
    expect(written).toEqual(['Growing trees 25%, about 15 s left\n', 'Growing trees 50%, about 10 s left\n'])
  })
  it('counts the time left from the beginning of the phase', () => {
    const { written, line, at } = watched(false)
    line.within('Fold 2 of 5')
    at(0, 0, 'fit')
    at(4000, 0)
    at(6000, 50)
    expect(written).toEqual(['Fold 2 of 5: Growing trees 50%, about 2 s left\n'])
  })
})

describe('progress on a terminal', () => {
  it('is one line that moves, at most ten times a second, and goes away', () => {
    const { written, line, at } = watched(true)
    for (let ms = 0; ms <= 1000; ms += 10) at(ms, ms / 20)
    expect(written).toHaveLength(10)
    expect(written.every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n'))).toBe(true)
    line.note('kept')
    expect(written.slice(-2)).toEqual(['\r\u001b[K', 'kept\n'])
  })
})

it('says durations as a person would', () => {
  expect([0.2, 59.4, 61, 3599, 3700].map(spoken)).toEqual(['1 s', '59 s', '1 min 1 s', '59 min 59 s', '1 h 1 min'])
})
