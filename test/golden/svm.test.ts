/** Decisions and values of the support vector machines equal scikit-learn's at the optimum. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { takeRows, type Matrix } from '../../src/core/data/matrix.ts'
import type { Target } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { coupledShares } from '../../src/core/estimators/svm/one-vs-one.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly name: string
  readonly estimator: string
  readonly task: 'classes' | 'numbers'
  readonly params: ParamValues
  readonly X: number[][]
  readonly y: number[]
  readonly weights: number[] | null
  readonly outputs: number[][]
}
interface Coupling {
  readonly classes: number
  readonly decisions: number[][]
  readonly sigmoids: [number, number][]
  readonly probabilities: number[][]
  readonly solved: number[][]
}
const { cases, coupling } = JSON.parse(readFileSync(new URL('./svm.json', import.meta.url), 'utf8')) as { cases: Case[]; coupling: Coupling }

test('pairs of classes are coupled as LIBSVM couples them', () => {
  const { classes, decisions, sigmoids, probabilities, solved } = coupling
  const shares = coupledShares(Float64Array.from(decisions.flat()), decisions.length, classes, sigmoids.map(([a, b]) => ({ a, b })))
  // The same equations, solved by another route.
  expectAllClose(shares, solved.flat(), { absolute: 1e-9 })
  // LIBSVM iterates until the conditions are met within 0.005 over the number of classes.
  expectAllClose(shares, probabilities.flat(), { absolute: 2e-3 })
})

test.each(cases)('$estimator: $name', async (item) => {
  const X: Matrix = { rows: item.y.length, features: item.X.map((values, j) => ({ name: `x${j}`, source: `x${j}`, values: Float32Array.from(values) })) }
  const classes = [...new Set(item.y)].sort((a, b) => a - b).map(String)
  const y: Target = item.task === 'numbers' ? { task: 'regression', column: 'y', values: Float64Array.from(item.y) } : { task: classes.length === 2 ? 'binary' : 'multiclass', column: 'y', classes, codes: Int32Array.from(item.y) }
  const estimator = estimators.get(item.estimator)
  const model = await estimator.fit(X, y, { params: checkParams(estimator.id, estimator.params, item.params), seed: 1, ...(item.weights && { weights: Float64Array.from(item.weights) }) }, quietContext())
  const asked = takeRows(X, Array.from({ length: 30 }, (_, i) => i))
  const prediction = await model.predict(asked)
  if (prediction.task === 'regression') {
    // Both stop at a tolerance of 1e-8 in the conditions, values are in the hundreds; kernel rows are float32 on both sides.
    expectAllClose(prediction.values, item.outputs[0] as number[], { absolute: 2e-3 })
    return
  }
  const k = prediction.classes.length
  if (item.estimator === 'linear-svm' && k > 2) {
    // One number, above 0, makes decisions a softmax: shares name the class of the highest decision.
    const t = model.state().json['temperature'] as number
    expect(t).toBeGreaterThan(0.1)
    const said = (row: number): number[] => item.outputs.map((column) => Math.exp(t * (column[row] as number)))
    const expected = Array.from({ length: 30 }, (_, row) => said(row).map((value) => value / said(row).reduce((a, b) => a + b)))
    expectAllClose(prediction.probabilities, expected.flat(), { absolute: 1e-4 })
    return
  }
  const sigmoids = model.state().json['sigmoids'] as unknown as [number, number][]
  if (item.estimator === 'svm' && k > 2) {
    const decisions = Float64Array.from({ length: 30 * item.outputs.length }, (_, at) => (item.outputs[at % item.outputs.length] as number[])[Math.floor(at / item.outputs.length)] as number)
    expectAllClose(prediction.probabilities, coupledShares(decisions, 30, k, sigmoids.map(([a, b]) => ({ a, b }))), { absolute: 1e-4 })
    for (const [a] of sigmoids) expect(a).toBeLessThan(-0.1)
    return
  }
  // The decision is read back through the sigmoid.
  const [a, b] = sigmoids[0] as [number, number]
  const shares = Array.from({ length: 30 }, (_, row) => prediction.probabilities[row * 2 + 1] as number)
  expectAllClose(shares, (item.outputs[0] as number[]).map((d) => 1 / (1 + Math.exp(a * d + b))), { absolute: 1e-4 })
  // The sigmoid rises with the decision, or the comparison above would say little.
  expect(a).toBeLessThan(-0.1)
})
