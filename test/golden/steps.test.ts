/** Steps equal scikit-learn's transformers and pandas' calendar, on rows they were not fitted on. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { columnFrom, type Cell } from '../../src/core/data/column.ts'
import type { Kind } from '../../src/core/data/kinds.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { steps } from '../../src/core/recipe/registry.ts'
import { seriesOf } from '../../src/core/recipe/series.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly name: string
  readonly step: string
  readonly params: ParamValues
  readonly kind: Kind
  readonly train: Cell[]
  readonly later: Cell[]
  readonly out: (number | null)[][]
}
const { cases } = JSON.parse(readFileSync(new URL('./steps.json', import.meta.url), 'utf8')) as { cases: Case[] }

describe('steps equal their references', () => {
  it.each(cases.map((item) => [item.name, item] as const))('%s', (_name, item) => {
    const step = steps.get(item.step)
    const state = step.fit(seriesOf(columnFrom('x', item.kind, item.train)), checkParams(step.id, step.params, item.params))
    const made = step.apply(seriesOf(columnFrom('x', item.kind, item.later)), state)
    expect(made.length).toBe(item.out.length)
    made.forEach((series, i) => {
      if (series.kind !== 'numeric' && series.kind !== 'boolean') throw new Error('not numbers')
      const wanted = (item.out[i] as (number | null)[]).map((value) => value ?? Number.NaN)
      // Ours are float32 by design: two roundings of 2^-24 each, on values up to 100.
      expectAllClose(series.values, wanted, { absolute: 1e-6, relative: 3e-7 })
    })
  })
  it('has a case for every step that learns', () => {
    expect(new Set(cases.map(({ step }) => step))).toEqual(new Set(steps.all.map(({ id }) => id).filter((id) => id !== 'drop')))
  })
})
