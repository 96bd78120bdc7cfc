import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { attributionsOf } from '../../src/core/estimators/tree/attribute.ts'
import { TreesBuilder } from '../../src/core/estimators/tree/tree.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { nodeContext } from '../support/node-context.ts'

type Node = { readonly value: number; readonly cover: number } | { readonly feature: number; readonly below: number; readonly cover: number; readonly left: number; readonly right: number; readonly missingLeft: boolean }
interface Case {
  readonly name: string
  readonly outputs: number
  readonly trees: Node[][]
  readonly rows: (number | null)[][]
  /** Shape (rows, outputs, features + 1): the last is the base. */
  readonly contributions: number[][]
}
const golden = JSON.parse(readFileSync(new URL('./shap.json', import.meta.url), 'utf8')) as { cases: Case[] }

/** The largest float32 below one: XGBoost sends values below a threshold left, our trees those up to it. */
function floatBelow(x: number): number {
  const value = Float32Array.of(x)
  const bits = new Int32Array(value.buffer)
  if (x === 0) return -1.401298464324817e-45
  bits[0] = (bits[0] as number) + (x > 0 ? -1 : 1)
  return value[0] as number
}

function treesOf(one: Case) {
  const builder = new TreesBuilder(one.outputs, 1)
  let first = 0
  one.trees.forEach((nodes, tree) => {
    for (const node of nodes) builder.addNode(node.cover, ['value' in node ? node.value : 0])
    nodes.forEach((node, at) => {
      if ('value' in node) return
      builder.split(first + at, { feature: node.feature, threshold: floatBelow(node.below), missingLeft: node.missingLeft, gain: 1 }, first + node.left, first + node.right)
    })
    builder.endTree(tree % one.outputs)
    first += nodes.length
  })
  return builder.build()
}

describe("attributions equal XGBoost's exact contributions", () => {
  test.each(golden.cases)('$name', async (one) => {
    const trees = treesOf(one)
    const width = 6
    const X = { rows: one.rows.length, features: Array.from({ length: width }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from(one.rows, (row) => row[f] ?? Number.NaN) })) }
    const head = { base: new Array<number>(one.outputs).fill(0.5), categoryCounts: new Array<number>(width).fill(0) }
    // XGBoost keeps log-odds of its base score, and adds it to classes as it is.
    if (one.name.startsWith('two')) head.base = [0]
    const { base, values } = await attributionsOf(trees, X, head, nodeContext())
    const theirs = one.contributions.flatMap((row) => Array.from({ length: one.outputs }, (_, output) => row.slice(output * 7, output * 7 + 6)).flat())
    // Its sums are float32.
    expectAllClose(values, theirs, { absolute: 1e-6 })
    expectAllClose(base, Array.from({ length: one.outputs }, (_, output) => one.contributions[0]![output * 7 + 6]!), { absolute: 1e-6 })
    expect(Math.max(...theirs)).toBeGreaterThan(0.1)
  })
})
