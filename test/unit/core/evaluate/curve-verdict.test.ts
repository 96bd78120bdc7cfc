/** The rule of verdicts on constructed curves: each advice is reached, and chance reaches none. */
import { describe, expect, test } from 'vitest'
import { learningVerdict, validationVerdict, type CurvePoint } from '../../../../src/core/evaluate/curve-verdict.ts'
import { createRng } from '../../../../src/core/math/rng.ts'

const r2 = { greaterIsBetter: true, range: [null, 1] } as const
const loss = { greaterIsBetter: false, range: [0, null] } as const
const rng = createRng(5)
/** Five folds around a mean; the noise of a fold is the same at each size, as folds hold out the same rows. */
const folds = [-0.02, 0.01, 0, 0.02, -0.01]
const at = (rows: number, train: number, held: number): CurvePoint => ({ rows, train: folds.map((noise) => train + noise / 4), held: folds.map((noise) => held + noise + 0.001 * rng.normal()) })

describe('learning curve, R2 above a baseline of 0', () => {
  test('held-out scores that still rise want more data', () => {
    const said = learningVerdict([at(100, 0.99, 0.3), at(325, 0.97, 0.45), at(550, 0.95, 0.55), at(775, 0.94, 0.6), at(1000, 0.93, 0.64)], r2, 0, 1 / 4)
    expect(said.advice).toBe('more-data')
    expect(said.rise).toBeCloseTo(0.09, 2)
    expect(said.because).toContain('from 550 rows to 1000')
  })
  test('flat and far below training scores wants more regularisation', () => {
    expect(learningVerdict([at(100, 1, 0.58), at(325, 1, 0.6), at(550, 1, 0.601), at(775, 1, 0.6), at(1000, 1, 0.602)], r2, 0, 1 / 4).advice).toBe('more-regularisation')
  })
  test('flat and met in the middle wants more capacity', () => {
    expect(learningVerdict([at(100, 0.7, 0.5), at(325, 0.63, 0.58), at(550, 0.61, 0.6), at(775, 0.61, 0.6), at(1000, 0.605, 0.6)], r2, 0, 1 / 4).advice).toBe('more-capacity')
  })
  test('flat and nearly perfect wants neither', () => {
    expect(learningVerdict([at(100, 0.98, 0.95), at(550, 0.97, 0.96), at(1000, 0.97, 0.962)], r2, 0, 1 / 4).advice).toBe('neither')
  })
  test('a rise that folds do not agree on is chance', () => {
    const noisy = [0.2, -0.2, 0.15, -0.1, 0.05]
    const points = [at(500, 1, 0.6), { ...at(1000, 1, 0.6), held: noisy.map((noise) => 0.65 + noise) }]
    expect(learningVerdict(points, r2, 0, 1 / 4).advice).not.toBe('more-data')
  })
})
test('the same rule serves a loss: log loss 0.69 is guessing, 0 perfect', () => {
  const as = (skill: number) => 0.69 * (1 - skill)
  const mirrored = ([rows, train, held]: readonly [number, number, number]): CurvePoint => {
    const point = at(rows, train, held)
    return { rows, train: point.train.map((score) => as(score as number)), held: point.held.map((score) => as(score as number)) }
  }
  expect(learningVerdict(([[100, 0.99, 0.3], [550, 0.95, 0.55], [1000, 0.93, 0.64]] as const).map(mirrored), loss, 0.69, 1 / 4).advice).toBe('more-data')
  expect(learningVerdict(([[100, 1, 0.58], [550, 1, 0.6], [1000, 1, 0.602]] as const).map(mirrored), loss, 0.69, 1 / 4).advice).toBe('more-regularisation')
})
describe('validation curve', () => {
  const depth = [at(800, 0.4, 0.35), at(800, 0.7, 0.6), at(800, 0.9, 0.7), at(800, 1, 0.55)]
  test('a better value that fits training rows better is more capacity', () => {
    const said = validationVerdict(depth, 0, r2, 0, 1 / 4)
    expect([said.advice, said.best]).toEqual(['more-capacity', 2])
    expect(said.because).not.toContain('look further')
  })
  test('one that fits them less closely is more regularisation', () => expect(validationVerdict(depth, 3, r2, 0, 1 / 4).advice).toBe('more-regularisation'))
  test('at the best value there is nothing to gain', () => expect(validationVerdict(depth, 2, r2, 0, 1 / 4).advice).toBe('neither'))
  test('a parameter that changes nothing wants neither', () => expect(validationVerdict([at(800, 0.7, 0.6), at(800, 0.7, 0.602), at(800, 0.7, 0.604)], 0, r2, 0, 1 / 4).advice).toBe('neither'))
  test('a better value that folds cannot tell from chance is named as such, not denied', () => {
    const noisy: CurvePoint[] = [{ rows: 800, train: [0.7, 0.7, 0.7], held: [0.5, 0.6, 0.55] }, { rows: 800, train: [0.8, 0.8, 0.8], held: [0.75, 0.6, 0.65] }]
    const said = validationVerdict(noisy, 0, r2, 0, 1 / 2)
    expect(said).toMatchObject({ advice: 'neither', best: 1 })
    expect(said.because).toContain('3 folds cannot tell from chance')
  })
  test('the end of what was tried is said', () => expect(validationVerdict(depth.slice(0, 3), 0, r2, 0, 1 / 4).because).toContain('look further'))
})
test('what cannot be compared is not judged', () => {
  expect(learningVerdict([at(10, 1, 1)], r2, 0, 1 / 4).advice).toBe('unknown')
  expect(learningVerdict([at(10, 1, 1), { rows: 20, train: [1, null], held: [1, 0.5] }], r2, 0, 1 / 4).advice).toBe('unknown')
  expect(learningVerdict([at(10, 1, 1), at(20, 1, 1)], r2, 1, 1 / 4).advice).toBe('unknown')
  expect(learningVerdict([at(10, 1, 1), at(20, 1, 1)], { greaterIsBetter: true, range: [null, null] }, 0, 1 / 4).advice).toBe('unknown')
})
