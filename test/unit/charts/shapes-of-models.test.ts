/** Geometry and words of charts that draw a model itself. */
import { expect, test } from 'vitest'
import { attribution, linkWords, methodWords } from '../../../src/charts/attribution.ts'
import { pairWords } from '../../../src/charts/comparison.ts'
import { light } from '../../../src/charts/palette.ts'
import { swarm } from '../../../src/charts/shap-summary.ts'
import { boxSize, openAtFirst, ruleOf, treeScene } from '../../../src/charts/tree.ts'
import type { TreeDrawing } from '../../../src/core/explain/explainer.ts'
import { attributionOf, differencesOf, sampledOf, treeOf } from './fixtures.ts'

/** A whole tree of this depth, in preorder. */
function wholeTree(depth: number): TreeDrawing {
  const nodes: TreeDrawing['nodes'][number][] = []
  const grow = (level: number, parent: number, side: 'root' | 'left' | 'right'): void => {
    const index = nodes.length
    const isLeaf = level === depth
    nodes.push({ node: index, parent, side, depth: level, x: 0, rows: 2 ** (depth - level), gain: 0, values: [level], hidden: 0, ...(isLeaf ? {} : { question: `q${index}`, otherwise: `not q${index}` }) })
    if (isLeaf) return
    grow(level + 1, index, 'left')
    grow(level + 1, index, 'right')
  }
  grow(0, -1, 'root')
  return { ...treeOf, nodes, values: 'value', path: [] }
}

test.each([3, 6])('at depth %i no box lies on another, children stand right of their parent, yes above no', (depth) => {
  const { boxes, width, height } = treeScene(wholeTree(depth), () => true)
  expect(boxes).toHaveLength(2 ** (depth + 1) - 1)
  const at = new Map(boxes.map((box) => [box.index, box]))
  for (const a of boxes) {
    expect(a.x + boxSize.width).toBeLessThanOrEqual(width)
    expect(a.y + boxSize.height).toBeLessThanOrEqual(height)
    const parent = at.get(a.parent)
    if (parent) expect(a.x - parent.x).toBe(boxSize.width + boxSize.across)
    if (parent) expect(Math.sign(a.y - parent.y)).toBe(a.side === 'left' ? -1 : 1)
    for (const b of boxes) if (a !== b && a.x === b.x) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(boxSize.height)
  }
})
test('a large tree is closed below its third level, except along the way, and says what is inside', () => {
  const drawing = { ...wholeTree(6), path: [0, 1, 2, 3, 4, 5, 6] }
  const { boxes } = treeScene(drawing, openAtFirst(drawing))
  // Levels 0 to 3 have 15 boxes; on the way levels 3, 4 and 5 are open, two boxes each.
  expect(boxes).toHaveLength(15 + 6)
  // Below a closed box of level 3 are 2 + 4 + 8 nodes.
  expect(boxes.filter(({ level, onPath }) => level === 3 && !onPath).map(({ inside }) => inside)).toEqual(new Array(7).fill(14))
  expect(boxes.filter(({ onPath }) => onPath)).toHaveLength(7)
  const small = { ...wholeTree(4), path: [] }
  expect(treeScene(small, openAtFirst(small)).boxes).toHaveLength(31)
})
test('rules are the conditions from the root', () => {
  expect(ruleOf(treeOf, 0)).toBe('always')
  expect(ruleOf(treeOf, 1)).toBe('age ≤ 2.5')
  expect(ruleOf(treeOf, 4)).toBe('age > 2.5 and town is not Ulm')
})
test('dots of equal value stand side by side, within their line', () => {
  const offsets = swarm([...new Array<number>(50).fill(1), 2], 0, 2)
  expect(new Set(offsets.slice(0, 50)).size).toBe(50)
  expect(offsets.every((offset) => Math.abs(offset) <= 0.38 + 1e-12)).toBe(true)
  expect(offsets[50]).toBe(0)
})
test('a waterfall ends where the row is, whatever is folded into the last bar', () => {
  const chart = attribution(attributionOf, light)!
  const bars = chart.figure.data[1] as unknown as { base: number[]; x: number[] }
  expect(bars.base[0]).toBe(-0.5)
  expect(bars.base.at(-1)! + bars.x.at(-1)!).toBeCloseTo(0.8, 12)
  expect(bars.x).toHaveLength(11)
  expect(chart.description).toContain('The parts add up')
  expect(attribution({ ...attributionOf, gap: 0.1 }, light)!.description).toContain('miss the model’s own answer by 0.1')
})
test('the scale is said in words', () => {
  const of = (link: 'log-odds' | 'margin' | 'identity' | 'log' | 'softmax') => linkWords({ link, output: 'x', score: 0.8, predicted: 0.69 })
  expect(of('log-odds')).toContain('0.8 is a probability of 69%')
  expect(linkWords({ link: 'log-odds', output: 'x', score: -10.8, predicted: 2e-5 })).toContain('a probability of <0.1%')
  expect(of('margin')).toContain('not of probabilities')
  expect(of('log')).toContain('multiplies the prediction, 0.69')
  expect(of('identity')).toContain('the answer itself')
  expect(of('softmax')).toContain('against the scores of the other classes')
})
test('of sampled parts the bands are drawn, written with no more digits than are sure, and explained', () => {
  const chart = attribution(sampledOf, light)!
  expect(chart.figure.data[1]).toMatchObject({ error_x: { array: [0.021, 0.03, 0] } })
  expect(chart.figure.data.at(-1)).toMatchObject({ text: ['+0.32 ± 0.02', '−0.02 ± 0.03', '+0'], textposition: ['middle center', 'middle left', 'middle left'] })
  expect(chart.table.rows[1]).toEqual(['age', 0.3218, 0.021, 0.7218])
  expect(chart.description).toContain('The parts add up to the model’s own answer.')
  const { sampling } = sampledOf
  expect(methodWords(sampledOf)).toBe("Shapley values, sampled: the model was asked about 3,712 rows, in which some cells are this row's and the others those of 96 of 420 training rows. The lines at the bars are 95% bands, at most ±0.03, within 10% of all that columns move, so it ended there.")
  expect(methodWords({ ...sampledOf, sampling: { ...sampling, rows: 420, ended: 'time' } })).toMatch(/all 420 training rows\..*as far as the time allowed\.$/)
  expect(methodWords({ ...sampledOf, sampling: { ...sampling, leftOut: 3 } })).toContain('96 of 420 training rows (not of 3 with missing cells, for which it has no answer).')
  const sure = sampledOf.columns.map((column) => ({ ...column, band: 0 }))
  expect(methodWords({ ...sampledOf, columns: sure, sampling: { ...sampling, ended: 'exact' } })).toMatch(/^Shapley values, exact: .* with every choice of columns\.$/)
  expect(methodWords(attributionOf)).toContain('TreeSHAP')
  // What is left over is written no more exactly than its parts are known.
  const many = { ...sampledOf, columns: Array.from({ length: 14 }, (_, i) => ({ column: `c${i}`, cell: i, part: 0.012345 - i / 1e4, band: 0.02 })) }
  expect((attribution(many, light)!.figure.data.at(-1) as unknown as { text: string[] }).text.at(-1)).toBe('+0.04')
  expect(methodWords({ ...attributionOf, kind: 'additive-parts' })).toContain('the model is a sum')
})
test('a pair is told apart in words, or it is not', () => {
  const { pairs, names } = differencesOf
  expect(pairWords(pairs[0], names, 'ROC AUC', true, 'corrected-resampled-t')).toBe('Boosting is better than <b>x</b> by 0.04 ROC AUC.')
  expect(pairWords(pairs[0], names, 'RMSE', false, 'corrected-resampled-t')).toBe('<b>x</b> is better than Boosting by 0.04 RMSE.')
  expect(pairWords(pairs[1], names, 'ROC AUC', true, 'corrected-resampled-t')).toBe('Boosting and __proto__ cannot be told apart.')
  expect(pairWords(pairs[1], names, 'RMSE', false, 'mcnemar')).toBe('Boosting is right more often than __proto__.')
  expect(pairWords(pairs[0], names, 'ROC AUC', true, 'mcnemar')).toBe('Not tested.')
})
