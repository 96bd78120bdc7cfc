/** A CSV of 200,000 x 28 numbers, from bytes in memory to typed columns, kinds decided from all rows. Quality is the sum of column means. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromStart, readTable, surveyTable } from '../../../src/core/ingest/read-table.ts'
import { bytesSource, watch } from '../../../src/core/ingest/source.ts'
import { nodeContext } from '../../support/node-context.ts'
import type { Bench } from '../harness.ts'

export const bench: Bench = {
  peer: 'ingest.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['pandas', 'python3-pandas'],
  ],
  async load(folder) {
    const bytes = new Uint8Array(readFileSync(join(folder, 'table.csv')))
    return async () => {
      const context = nodeContext()
      const start = performance.now()
      const source = watch(bytesSource(bytes))
      const plan = await surveyTable(source, {}, context)
      const groups: Float64Array[] = []
      let rows = 0
      await readTable(source, plan, fromStart(plan), undefined, context, async (group) => {
        rows += group.rows
        for (const column of group.columns) groups.push(column.values as Float64Array)
      })
      const ms = performance.now() - start
      const total = groups.reduce((sum, values) => sum + values.reduce((a, b) => a + b, 0), 0)
      return { ms, quality: total / rows }
    }
  },
}
