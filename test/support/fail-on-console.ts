/** A silent test is a passing test: anything written to the console that was not expected fails it. */
import { afterEach, beforeEach, expect } from 'vitest'

const levels = ['error', 'warn', 'info', 'log'] as const
let heard: string[] = []
let expected: RegExp[] = []

/** Declares that the running test may write lines that match. */
export function expectConsole(pattern: RegExp): void {
  expected.push(pattern)
}

beforeEach(() => {
  heard = []
  expected = []
  for (const level of levels) {
    console[level] = (...parts: unknown[]) => void heard.push(`console.${level}: ${parts.map(String).join(' ')}`)
  }
})
afterEach(() => {
  const surprises = heard.filter((line) => !expected.some((pattern) => pattern.test(line)))
  expect(surprises, 'unexpected console output').toEqual([])
})
