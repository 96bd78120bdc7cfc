/** Golden rows made from one row: one change each where there is room, many of one sort where the table is wide. */
import { expect, test } from 'vitest'
import type { GoldenCell } from '../../../../src/core/bundle/golden.ts'
import { categoryRows, roomForFirsts, variants } from '../../../../src/core/bundle/golden-variants.ts'
import type { SignatureInput } from '../../../../src/core/bundle/signature.ts'
import type { OnnxGraph } from '../../../../src/core/onnx/graph.ts'
import type { FittedRecipeState } from '../../../../src/core/recipe/step.ts'

const graph: OnnxGraph = { name: '', nodes: [], initializers: [], inputs: [], outputs: [], metadata: {} }
/** Every tenth column has categories, as many as its number allows. */
function table(width: number) {
  const inputs = Array.from({ length: width }, (_, i): SignatureInput => {
    const name = `column ${i}`
    return i % 10 === 0 ? { name, kind: 'categorical', tensor: 'string', nullable: true, categories: Array.from({ length: 1 + (i % 7) }, (_, c) => `c${c}`) } : { name, kind: 'numeric', tensor: 'float', nullable: true }
  })
  const base = inputs.map(({ kind }, i): GoldenCell => (kind === 'categorical' ? 'c0' : i))
  const extremes = inputs.map((_, i) => ({ low: i - 1, high: i + 1 }))
  return { inputs, base, rows: variants(inputs, base, extremes, graph, { features: [] } as unknown as FittedRecipeState, () => ({}) as never) }
}
const changesOf = (base: readonly GoldenCell[], cells: readonly GoldenCell[]): number[] => cells.flatMap((cell, i) => (cell === base[i] ? [] : [i]))

test('twenty columns: one change a row', () => {
  const { base, rows } = table(20)
  // 18 numbers are missing, smallest, largest and beyond; 2 categories missing and unseen.
  expect(rows).toHaveLength(18 * 4 + 2 * 2)
  for (const { cells } of rows) expect(changesOf(base, cells)).toHaveLength(1)
})

test.each([3000, 9999])('%i columns: few rows, and every column has each of its changes', (width) => {
  const { inputs, base, rows } = table(width)
  expect(rows.length).toBeLessThanOrEqual(width === 3000 ? 14 : 12)
  const held = new Map<string, number>()
  for (const { cells, reason } of rows) held.set(reason, (held.get(reason) ?? 0) + changesOf(base, cells).length)
  const numbers = inputs.filter(({ kind }) => kind === 'numeric').length
  expect(Object.fromEntries(held)).toEqual({ 'a missing value': width, 'a category that training never saw': width - numbers, 'smallest value': numbers, 'largest value': numbers, 'beyond the largest value': numbers })
  expect(roomForFirsts(inputs, base)).toBeLessThan(15)
  const categories = categoryRows(inputs, base, inputs.map(() => new Set(['"c0"'])))
  expect(categories.length).toBe(6)
})
