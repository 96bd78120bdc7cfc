/** pandas reads the same awkward files, numpy gives the same statistics (made by ingest.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { cellAt, columnFrom } from '../../src/core/data/column.ts'
import { histogramOf, profileColumn } from '../../src/core/data/profile-of.ts'
import { bytesSource, watch } from '../../src/core/ingest/source.ts'
import { fromStart, readTable, surveyTable } from '../../src/core/ingest/read-table.ts'
import { startColumn } from '../../src/storage/columns.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Golden {
  readonly files: readonly { readonly name: string; readonly text: string; readonly columns: readonly { readonly name: string; readonly cells: readonly (string | number | null)[] }[] }[]
  readonly statistics: readonly { readonly name: string; readonly values: readonly number[]; readonly mean: number; readonly sd: number; readonly quantiles: readonly number[]; readonly distinct: number }[]
}
const golden = JSON.parse(readFileSync('test/golden/ingest.json', 'utf8')) as Golden

async function read(text: string): Promise<{ name: string; cells: unknown[] }[]> {
  const source = watch(bytesSource(new TextEncoder().encode(text)))
  const plan = await surveyTable(source, {}, quietContext())
  const builders = plan.columns.map(({ name, kind, labels }) => ({ name, kind: kind.value, ...(labels ? { categories: labels } : {}) }))
  const found: { name: string; cells: unknown[] }[] = []
  await readTable(source, plan, fromStart(plan), undefined, quietContext(), async (group) => {
    group.columns.forEach((chunk, i) => {
      const column = startColumn({ ...(builders[i] as (typeof builders)[number]), missing: 0 }, group.rows)
      column.add(chunk, 0, group.rows)
      const whole = column.end()
      found.push({ name: whole.name, cells: Array.from({ length: group.rows }, (_, row) => cellAt(whole, row)) })
    })
  })
  return found
}

describe('as pandas reads it', () => {
  it.each(golden.files)('$name', async ({ text, columns }) => {
    const ours = await read(text)
    // Numbers and texts are compared as they are; pandas turns a column with gaps into floats, which JSON does not tell apart.
    expect(ours.map(({ name, cells }) => ({ name, cells: cells.map((cell) => (cell === -0 ? 0 : cell)) }))).toEqual(columns.map(({ name, cells }) => ({ name, cells: cells.map((cell) => (cell === -0 ? 0 : cell)) })))
  })
})

describe('as numpy counts it', () => {
  it.each(golden.statistics)('$name', ({ values, mean, sd, quantiles, distinct }) => {
    const profile = profileColumn(columnFrom('v', 'numeric', values), '')
    // Quantiles are interpolated with numpy's own rounding: equal bit for bit.
    expect(profile.numbers?.quantiles).toEqual(quantiles)
    // Sums are taken in another order: a few units in the last place.
    expectAllClose([profile.numbers?.mean as number, profile.numbers?.sd as number], [mean, sd], { relative: 1e-13, absolute: 1e-15 })
    expect(profile.distinct).toBe(distinct)
  })
  it('a histogram holds every value once, the greatest too', () => {
    for (const { values } of golden.statistics) {
      const { edges, counts } = histogramOf(Float64Array.from(values).sort(), values.every(Number.isInteger))
      expect(edges.length).toBe(counts.length + 1)
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length)
      counts.forEach((count, i) => {
        const last = i === counts.length - 1
        expect(count).toBe(values.filter((value) => value >= (edges[i] as number) && (last ? value <= (edges[i + 1] as number) : value < (edges[i + 1] as number))).length)
      })
    }
  })
})
