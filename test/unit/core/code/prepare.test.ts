/** The recipe as a program: run on every row of data with holes, dates and hostile names, it leaves the bits of the recipe itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { prepareCode } from '../../../../src/core/code/prepare.ts'
import { cellAt } from '../../../../src/core/data/column.ts'
import { columnNamed } from '../../../../src/core/data/dataset.ts'
import { applyRecipe, fitRecipe } from '../../../../src/core/recipe/recipe.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { columnInfo } from '../../../../src/core/data/dataset.ts'
import type { TrainRows } from '../../../../src/core/data/split.ts'
import { otherRecipes } from '../../../support/onnx-cases.ts'
import { richDataset } from '../../../support/rich-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-prepare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const dataset = richDataset('binary')
const infos = dataset.columns.map(columnInfo)
const recipes = [
  ...Object.entries(otherRecipes),
  ...['ridge', 'hist-gradient-boosting', 'multinomial-nb', 'random-forest'].map((id) => [id, defaultRecipe(estimators.get(id).tags, infos, 'outcome')] as const),
]

test.each(recipes)('%s', async (name, spec) => {
  // Half of the rows teach, so that the others hold categories and values that were not seen.
  const rows = Uint32Array.from({ length: dataset.rows / 2 }, (_, i) => i) as TrainRows
  const { state } = fitRecipe(dataset.columns, rows, spec, { target: 'outcome' })
  const wanted = applyRecipe(state, dataset.columns)
  const path = join(folder, `${name.replace(/\W+/g, '-')}.mjs`)
  writeFileSync(path, prepareCode(state))
  const { prepare } = (await import(/* @vite-ignore */ path)) as { prepare: (cells: readonly unknown[]) => number[] }
  const entering = state.inputs.map((input) => columnNamed(dataset, input.name))
  for (let row = 0; row < dataset.rows; row++) {
    const got = prepare(entering.map((column) => cellAt(column, row)))
    expect(got, `row ${row}`).toEqual(wanted.features.map(({ values }) => values[row]))
  }
})

test('a step without a program is refused by name', () => {
  const { state } = fitRecipe(dataset.columns, Uint32Array.of(0, 1, 2) as TrainRows, defaultRecipe(estimators.get('ridge').tags, infos, 'outcome'), { target: 'outcome' })
  const learnt = [{ id: 'x', step: 'unheard-of', series: [{ name: state.inputs[0]?.name ?? '', state: null }] }]
  expect(() => prepareCode({ ...state, learnt })).toThrow(/^unsupported step; a program is written for impute, .*: unheard-of$/)
})
