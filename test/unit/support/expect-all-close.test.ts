import { describe, expect, it } from 'vitest'
import { expectAllClose, firstFar } from '../../support/expect-all-close.ts'

describe('expectAllClose', () => {
  it.each([
    ['equal', [1, 2], [1, 2], {}, true],
    ['inside absolute', [1.05], [1], { absolute: 0.1 }, true],
    ['outside absolute', [1.2], [1], { absolute: 0.1 }, false],
    ['inside relative', [101], [100], { relative: 0.02 }, true],
    ['outside relative', [103], [100], { relative: 0.02 }, false],
    ['another length', [1], [1, 2], { absolute: 9 }, false],
    ['NaN is not a number', [Number.NaN], [1], { absolute: 9 }, false],
    ['a number is not NaN', [1], [Number.NaN], { absolute: 9 }, false],
    ['NaN twice', [Number.NaN], [Number.NaN], {}, true],
    ['infinity is not large', [1e300], [Number.POSITIVE_INFINITY], { relative: 1 }, false],
    ['no tolerance means equal', [1 + 1e-15], [1], {}, false],
  ] as const)('%s', (_name, actual, wanted, tolerance, close) => {
    expect(firstFar(actual, wanted, tolerance) === undefined).toBe(close)
  })
  it('throws where it should', () => {
    expect(() => expectAllClose([1], [2], {})).toThrow(/at 0: 1, expected 2/)
  })
})
