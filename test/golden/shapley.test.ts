/** Parts by asking equal Shapley values by brute force over every coalition, of whole scikit-learn pipelines with holes and categories. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Cell, columnFrom } from '../../src/core/data/column.ts'
import { classesOf, encodeTarget } from '../../src/core/data/encode-target.ts'
import type { TrainRows } from '../../src/core/data/split.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { ExplainInput, LocalAttribution } from '../../src/core/explain/explainer.ts'
import { sampledShap } from '../../src/core/explain/sampled-shap.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { fitRecipe } from '../../src/core/recipe/recipe.ts'
import type { RecipeSpec } from '../../src/core/recipe/step.ts'
import { pipelineOf } from '../../src/core/run/open-pipeline.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { nodeContext } from '../support/node-context.ts'

interface Case {
  readonly name: string
  readonly estimator: string
  readonly params: ParamValues
  readonly task: 'multiclass' | 'regression'
  readonly columns: string[]
  /** Shape (columns, rows). */
  readonly cells: Cell[][]
  readonly y: (number | string)[]
  readonly asked: { cells: Cell[]; class: string | null; base: number; answer: number; parts: number[] }[]
}
const { cases } = JSON.parse(readFileSync(new URL('./shapley.json', import.meta.url), 'utf8')) as { cases: Case[] }
const recipe: RecipeSpec = {
  version: 1,
  excluded: [],
  steps: [
    { id: '1', step: 'impute', columns: { by: 'kind', kinds: ['numeric'] }, params: {} },
    { id: '2', step: 'scale', columns: { by: 'kind', kinds: ['numeric'] }, params: {} },
    { id: '3', step: 'onehot', columns: { by: 'kind', kinds: ['categorical'] }, params: { minFrequency: 0 } },
  ],
}

async function inputOf({ columns: names, cells, y, task, estimator, params }: Case): Promise<Omit<ExplainInput, 'row'>> {
  const columns = [...names.map((name, i) => columnFrom(name, name === 'colour' ? 'categorical' : 'numeric', cells[i] as Cell[])), columnFrom('y', task === 'regression' ? 'numeric' : 'categorical', y)]
  const rows = Uint32Array.from(y, (_, row) => row)
  const spec = { column: 'y', task }
  const truth = columns.at(-1)!
  const classes = task === 'regression' ? [] : classesOf(truth, spec, rows)
  const target = encodeTarget(truth, spec, rows, classes)
  const { state, train } = fitRecipe(columns, rows as TrainRows, recipe, { target: 'y' })
  const definition = estimators.get(estimator)
  const model = await definition.fit(train, target, { params: checkParams(estimator, definition.params, params), seed: 0 }, nodeContext())
  return { pipeline: pipelineOf({ target: spec, classes, recipe: state, model }), dataset: { id: 'd', name: 'd', rows: y.length, columns, source: { kind: 'paste', fileName: '', bytes: 0, sha256: '' } }, part: 'valid', rows, trainRows: rows, target, seed: 1, threshold: 0.5 }
}

describe.each(cases)('$name', (one) => {
  test('exactly, and sampled within the bands', async () => {
    const input = await inputOf(one)
    // Our features are float32; values of the machine go up to 300.
    const tolerance = { absolute: one.task === 'regression' ? 2e-3 : 2e-6 }
    let [bands, misses] = [0, 0]
    for (const asked of one.asked) {
      const row = new Map(one.columns.map((name, i) => [name, asked.cells[i] ?? null]))
      const ask = async (params: ParamValues, seed = 1) => (await sampledShap.explain({ ...input, row, seed }, checkParams('s', sampledShap.params, { class: asked.class ?? '', ...params }), nodeContext())) as LocalAttribution
      const exact = await ask({})
      const parts = (of: LocalAttribution) => one.columns.map((name) => of.columns.find(({ column }) => column === name)!)
      expect(exact.sampling).toMatchObject({ ended: 'exact', rows: 45, of: 45, baseBand: 0 })
      expectAllClose(parts(exact).map(({ part }) => part), asked.parts, tolerance)
      expectAllClose([exact.base, exact.score], [asked.base, asked.answer], tolerance)
      expect(parts(exact).map(({ band }) => band)).toEqual(one.columns.map(() => 0))

      for (let seed = 1; seed <= 12; seed++) {
        const sampled = await ask({ exactQuestions: 0, tolerance: 0.04, maxSeconds: 600 }, seed)
        expect(sampled.sampling).toMatchObject({ ended: 'converged', rows: 45 })
        expect(sampled.gap).toBeLessThan(1e-9)
        parts(sampled).forEach(({ part, band }, i) => {
          expect(band).toBeGreaterThan(0)
          const off = Math.abs(part - asked.parts[i]!) / band!
          expect(off).toBeLessThan(5)
          bands++
          if (off > 1) misses++
        })
      }
    }
    // 5 % on average; parts of one row lean on each other, so one file has a few more or less.
    expect(bands).toBeGreaterThan(140)
    expect(misses / bands).toBeLessThan(0.1)
  })
})
