import { expect, test } from 'vitest'
import { nearness, scoresCell } from '../../../../../src/core/code/twin/scores.ts'

const score = (metric: string, value: number, reach: number) => ({ metric, value, low: value - reach, high: value + reach })
const run = { threshold: 0.5, spec: { target: { column: 'y', task: 'binary' } }, evaluation: { scores: [score('accuracy', 0.8, 0.3), score('log-loss', 0.5, 0.2)] } } as unknown as Parameters<typeof nearness>[0]

test('the header names the very distances that the script allows, chance of few rows included', () => {
  const near = { tolerance: 0.06, another: true }
  const allowed = JSON.parse((/^ALLOWED = (.*)$/m.exec(scoresCell(run, near).join('\n')) as RegExpExecArray)[1] as string) as Record<string, number>
  expect(allowed['accuracy']).toBeCloseTo(0.06 + Math.SQRT2 * 0.3, 10)
  expect(nearness(run, near, 'why')).toBe("# Its scores may lie so far from the studio's: accuracy 0.48, log-loss 0.4 (why).")
})

test('the script asks one constant answer, too, and says where it would pass', () => {
  const text = scoresCell(run, { tolerance: 0.06 }).join('\n')
  expect(text).toContain('given = np.tile(np.bincount(y[train], minlength=len(CLASSES)) / len(train), (len(valid), 1))')
  expect(text).toContain('weak = [name for name in scores if abs(idle[name] - STUDIO[name]) <= ALLOWED[name]]')
  expect(text).toContain('prove nothing about the model')
})
