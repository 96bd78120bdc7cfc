/** What every explainer promises, over the registry: a new explainer is held to it without a line here. */
import { describe, expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import type { Progress } from '../../src/core/context.ts'
import { tasks, type Task } from '../../src/core/data/target.ts'
import { cancelled } from '../../src/core/errors.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { ExplainInput } from '../../src/core/explain/explainer.ts'
import { explainers } from '../../src/core/explain/registry.ts'
import { checkParams, defaultsOf, invalidValues } from '../../src/core/params.ts'
import { fittedInput, glassInput } from '../support/glass-data.ts'

test('the registry is not empty and its entries say what they are', () => {
  expect(explainers.all.length).toBeGreaterThan(0)
  for (const explainer of explainers.all) {
    expect(explainer.id).toMatch(/^[a-z0-9-]+$/)
    for (const text of [explainer.label, explainer.summary, explainer.source]) expect(text.length).toBeGreaterThan(0)
  }
})

/** What an explainer is tried with: the glass pipeline where it takes any model, else the first estimator that it speaks of. */
function inputFor(explainer: (typeof explainers.all)[number], task: Task): ((task: Task) => Promise<ExplainInput>) | undefined {
  if (explainer.refuses({ task, estimator: 'glass' }) === undefined) return glassInput
  const known = estimators.all.find((estimator) => estimator.tasks.includes(task) && explainer.refuses({ task, estimator: estimator.id }) === undefined)
  return known && ((of) => fittedInput(of, known.id))
}
const cases = explainers.all.flatMap((explainer) => tasks.flatMap((task) => {
  const inputOf = inputFor(explainer, task)
  return inputOf ? [{ id: explainer.id, explainer, task, inputOf }] : []
}))

test('every explainer is tried on a task at least', () => {
  expect(new Set(cases.map(({ id }) => id))).toEqual(new Set(explainers.all.map(({ id }) => id)))
})

describe.each(cases)('$id, $task', ({ explainer, inputOf, task }) => {
  const options = defaultsOf(explainer.params)

  test('same seed same bits, JSON all the way, inputs untouched', async () => {
    const input = await inputOf(task)
    const before = structuredClone({ dataset: input.dataset, rows: input.rows, target: input.target, row: input.row })
    const first = await explainer.explain(input, options, quietContext())
    const second = await explainer.explain(await inputOf(task), options, quietContext())
    expect(first).toEqual(second)
    expect(first.kind).toBe(explainer.id)
    expect(JSON.parse(JSON.stringify(first))).toEqual(first)
    expect({ dataset: input.dataset, rows: input.rows, target: input.target, row: input.row }).toEqual(before)
  })

  test('progress is monotone within its phase and ends at its total', async () => {
    const seen: (Progress & { kind: 'step' })[] = []
    let clock = 0
    await explainer.explain(await inputOf(task), options, quietContext({ now: () => (clock += 100), report: (progress) => progress.kind === 'step' && seen.push(progress) }))
    expect(seen.length).toBeGreaterThan(0)
    seen.forEach((step, i) => {
      expect(step.total).toBe(seen[0]?.total)
      expect(step.done).toBeGreaterThanOrEqual(seen[i - 1]?.done ?? 0)
    })
    expect(seen.at(-1)?.done).toBe(seen.at(-1)?.total)
  })

  test('can be cancelled at its first checkpoint', async () => {
    const input = await inputOf(task)
    let clock = 0
    const context = quietContext({ now: () => (clock += 100), checkpoint: () => Promise.reject(cancelled()) })
    await expect(explainer.explain(input, options, context)).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('refuses every invalid parameter by name', () => {
    for (const [name, param] of Object.entries(explainer.params)) {
      for (const value of invalidValues(param)) {
        expect(() => checkParams(explainer.id, explainer.params, { [name]: value as never })).toThrow(new RegExp(`invalid ${name} of ${explainer.id}`))
      }
    }
  })
})

test.each(explainers.all)('$id refuses in a sentence, always the baseline, and never all', (explainer) => {
  let spokenOf = 0
  for (const estimator of estimators.all) {
    for (const task of estimator.tasks) {
      const reason = explainer.refuses({ task, estimator: estimator.id })
      if (reason !== undefined) expect(reason).toMatch(/^[A-Z].+\.$/)
      if (estimator.tags.baseline) expect(reason).toBeDefined()
      if (reason === undefined) spokenOf++
    }
  }
  expect(spokenOf).toBeGreaterThan(0)
})
