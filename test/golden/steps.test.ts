/** Recipe steps give what scikit-learn and pandas give on the same columns. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { columnFrom, type Cell } from '../../src/core/data/column.ts'
import type { Kind } from '../../src/core/data/kinds.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { steps } from '../../src/core/recipe/registry.ts'
import { seriesOf } from '../../src/core/recipe/series.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly step: string
  readonly params: ParamValues
  readonly kind: Kind
  readonly train: Cell[]
  readonly test: Cell[]
  readonly outputs: (number | string | null)[][]
  readonly names: string[] | null
}
const { cases } = JSON.parse(readFileSync(new URL('./steps.json', import.meta.url), 'utf8')) as { cases: Case[] }

describe('steps equal scikit-learn and pandas', () => {
  it.each(cases.map((item) => [`${item.step} ${JSON.stringify(item.params)} ${item.kind === 'numeric' ? (item.names?.[0] ?? '') : ''}`, item] as const))('%s', (_title, item) => {
    const step = steps.get(item.step)
    const seriesFrom = (cells: Cell[]) => seriesOf(columnFrom('a column', item.kind, cells))
    const state = step.fit(seriesFrom(item.train), checkParams(step.id, step.params, item.params) as never)
    const made = step.apply(seriesFrom(item.test), state)
    expect(made).toHaveLength(item.outputs.length)
    if (item.step === 'onehot') expect(made.map(({ name }) => name)).toEqual(item.names)
    item.outputs.forEach((wanted, i) => {
      const series = made[i]
      if (series?.kind === 'categorical') {
        expect(Array.from(series.codes, (code) => series.dictionary[code])).toEqual(wanted)
        return
      }
      if (series?.kind !== 'numeric' && series?.kind !== 'boolean') throw new Error(`unexpected ${series?.kind}`)
      if (item.step === 'ordinal' && item.names) expect(series.categories).toEqual(item.names)
      // Values are float32 (relative 2^-24); a shift loses what the centre has in common with the value:
      // 2^-24 of a centre near 20,000 is 1.2e-3, over scales from 1 up.
      const shift = item.step === 'scale' ? Math.max(...item.train.map((value) => Math.abs(Number(value)))) * 2 ** -24 : 0
      expectAllClose(series.values, Float64Array.from(wanted, (value) => (value === null ? Number.NaN : Number(value))), { absolute: shift, relative: 2e-6 })
    })
  })
  // Steps that open pictures are held against PyTorch, tfjs and ONNX Runtime, beside the network and the backbone.
  it('covers every step of tables with something to compare', () => {
    expect([...new Set(cases.map(({ step }) => step)), 'drop'].sort()).toEqual(steps.all.filter(({ representation }) => !representation).map(({ id }) => id).sort())
  })
})
