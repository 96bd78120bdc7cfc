/** Curves over folds on data whose answer is known: what varies, what is scored, and that a stop keeps what is finished. */
import { describe, expect, test } from 'vitest'
import { quietContext, type Progress } from '../../../../src/core/context.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import type { Dataset } from '../../../../src/core/data/dataset.ts'
import { decisionTree } from '../../../../src/core/estimators/decision-tree.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { curveShares, foldCurve, valuesAlong, type CurveOver } from '../../../../src/core/run/fold-curve.ts'

const rows = 300
/** y follows three steps of x, plus noise of 0.1; the other column is noise. */
function steps(): Dataset {
  const rng = createRng(2)
  const x = Array.from({ length: rows }, () => rng.next() * 4)
  return {
    id: 's', name: 's', rows, source: { kind: 'paste', fileName: '', bytes: 0, sha256: '' },
    columns: [columnFrom('x', 'numeric', x), columnFrom('idle', 'numeric', x.map(() => rng.normal())), columnFrom('y', 'numeric', x.map((value) => [0, 3, 1, 2][Math.floor(value)]! + 0.1 * rng.normal()))],
  }
}
const all = Uint32Array.from({ length: rows }, (_, i) => i)
const folding = { strategy: { kind: 'random' }, folds: 5, seed: 1 } as const
const spec = (params: Record<string, number>) => ({ target: { column: 'y', task: 'regression' as const }, recipe: { version: 1 as const, steps: [], excluded: [] }, estimator: { id: 'decision-tree', params }, seed: 1 })
const run = (params: Record<string, number>, over: CurveOver, context = quietContext()) => foldCurve(spec(params), steps(), all, over, 'r2', folding, context)

describe('over rows', () => {
  test('sizes are shares of a fold, training rows score best, and guessing scores about 0', async () => {
    const said: (Progress & { kind: 'step' })[] = []
    const curve = await run({ maxDepth: 4 }, { by: 'rows' }, quietContext({ report: (progress) => progress.kind === 'step' && said.push(progress) }))
    expect(curve.points.map((point) => point.rows)).toEqual(curveShares.map((share) => Math.round(240 * share)))
    for (const { train, held } of curve.points) {
      expect(train).toHaveLength(5)
      expect(held).toHaveLength(5)
    }
    expect(curve.points.at(-1)?.held.every((score) => (score as number) > 0.9)).toBe(true)
    expect(Math.abs(curve.baseline as number)).toBeLessThan(0.1)
    expect(curve.stopped).toBe(false)
    said.forEach((step, i) => expect(step.done).toBeGreaterThanOrEqual(said[i - 1]?.done ?? 0))
    expect(said.at(-1)?.done).toBe(said.at(-1)?.total)
  })
  test('a stop keeps the sizes that are finished', async () => {
    let fits = 0
    const context = quietContext({ report: (progress) => progress.kind === 'curve' && progress.series === 'held-out rows' && fits++, stopping: () => fits >= 2 })
    const curve = await run({ maxDepth: 4 }, { by: 'rows' }, context)
    expect(curve.stopped).toBe(true)
    expect(curve.points).toHaveLength(2)
    expect(curve.x).toEqual([0.1, 0.325])
  })
})
describe('over a parameter', () => {
  const over: CurveOver = { by: 'parameter', name: 'maxDepth', values: [1, 2, 4] }
  test('a stump wants more capacity, and is told which depth', async () => {
    const curve = await run({ maxDepth: 1 }, over)
    expect(curve.current).toBe(0)
    expect(curve.verdict.advice).toBe('more-capacity')
    expect(curve.x[curve.verdict.best as number]).toBeGreaterThan(1)
  })
  test('deep enough wants neither', async () => {
    expect((await run({ maxDepth: 4 }, over)).verdict.advice).toBe('neither')
  })
  test('a value that is not allowed is refused by name', async () => {
    await expect(run({}, { by: 'parameter', name: 'maxDepth', values: [1, 99] })).rejects.toThrow('invalid maxDepth of decision-tree')
    await expect(foldCurve(spec({}), steps(), all, { by: 'rows' }, 'roc-auc', folding, quietContext())).rejects.toThrow('invalid metric')
  })
})
test('values span the default range and hold the present one', () => {
  expect(valuesAlong(decisionTree.params, 'maxDepth', 10)).toContain(10)
  expect(valuesAlong(decisionTree.params, 'maxDepth', 33)).toContain(33)
  const values = valuesAlong(decisionTree.params, 'maxDepth', 10)
  expect(values).toEqual([...values].sort((a, b) => a - b))
  expect(values.length).toBeGreaterThanOrEqual(6)
  expect(valuesAlong(decisionTree.params, 'criterion', 'gini')).toEqual([])
})
