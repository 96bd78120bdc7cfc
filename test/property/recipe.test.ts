/** A recipe learns from training rows and from nothing else, whatever the data. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { columnFrom, type Cell, type Column } from '../../src/core/data/column.ts'
import { columnInfo } from '../../src/core/data/dataset.ts'
import { makeSplit } from '../../src/core/data/make-split.ts'
import { takeRows } from '../../src/core/data/matrix.ts'
import { StudioError } from '../../src/core/errors.ts'
import { tableEstimators } from '../../src/core/estimators/registry.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { applyRecipe, fitRecipe } from '../../src/core/recipe/recipe.ts'
import type { FittedRecipeState, RecipeSpec } from '../../src/core/recipe/step.ts'

const rows = 30
const maybe = <T extends Cell>(arbitrary: fc.Arbitrary<T>) => fc.array(fc.option(arbitrary, { freq: 6, nil: null }), { minLength: rows, maxLength: rows })
const table = fc.record({
  n: maybe(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
  c: maybe(fc.constantFrom('a', '__proto__', 'constructor', 'é', 'b')),
  b: maybe(fc.boolean()),
  t: maybe(fc.integer({ min: -1e10, max: 1e10 })),
})
type Table = { readonly n: Cell[]; readonly c: Cell[]; readonly b: Cell[]; readonly t: Cell[] }
const columnsOf = ({ n, c, b, t }: Table): Column[] => [
  columnFrom('__proto__', 'numeric', n),
  columnFrom('c', 'categorical', c),
  columnFrom('b', 'boolean', b),
  columnFrom('t', 'datetime', t),
  columnFrom('y', 'numeric', Array.from({ length: rows }, (_, row) => row)),
]
const split = makeSplit(columnsOf({ n: new Array<null>(rows).fill(null), c: new Array<null>(rows).fill(null), b: new Array<null>(rows).fill(null), t: new Array<null>(rows).fill(null) }), 'y', { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 4 })
const inTrain = new Set(split.train)
const mixed = (kept: Table, other: Table): Table => {
  const mix = (a: Cell[], b: Cell[]) => a.map((cell, row) => (inTrain.has(row) ? cell : (b[row] as Cell)))
  return { n: mix(kept.n, other.n), c: mix(kept.c, other.c), b: mix(kept.b, other.b), t: mix(kept.t, other.t) }
}

/** Every default recipe, and one with each option that learns more. */
const byKind = (step: string, kinds: readonly ('numeric' | 'categorical' | 'boolean' | 'datetime')[], params = {}) => ({ id: `${step} ${kinds.join()}`, step, columns: { by: 'kind' as const, kinds }, params })
const recipes: RecipeSpec[] = [
  ...tableEstimators.map(({ tags }) => defaultRecipe(tags, columnsOf({ n: [], c: [], b: [], t: [] }).map(columnInfo), 'y')),
  { version: 1, excluded: [], steps: [byKind('datetime-parts', ['datetime']), byKind('impute', ['numeric', 'boolean', 'categorical'], { strategy: 'mean', indicator: true }), byKind('clip', ['numeric'], { lower: 0.1, upper: 0.8 }), byKind('scale', ['numeric'], { method: 'robust' }), byKind('ordinal', ['categorical'], { order: 'frequency', unseen: 'bucket' })] },
]

/** What a recipe learns, or the message of its clear refusal. */
function learn(columns: Column[], recipe: RecipeSpec): { readonly state?: FittedRecipeState; readonly refused?: string } {
  try {
    return { state: fitRecipe(columns, split.train, recipe, { target: 'y' }).state }
  } catch (error) {
    expect(error).toBeInstanceOf(StudioError)
    return { refused: (error as Error).message }
  }
}

it.each(recipes.map((recipe, i) => [i, recipe.steps.map(({ step }) => step).join(', '), recipe] as const))('recipe %i (%s) ignores values outside the training rows', (_i, _title, recipe) => {
  fc.assert(
    fc.property(table, table, (kept, other) => {
      const whole = learn(columnsOf(kept), recipe)
      expect(learn(columnsOf(mixed(kept, other)), recipe)).toEqual(whole)
    }),
    { numRuns: 40 },
  )
})

it.each(recipes.map((recipe, i) => [i, recipe] as const))('recipe %i gives training rows what fitting gave them, through JSON, and any row alone', (_i, recipe) => {
  fc.assert(
    fc.property(table, fc.array(fc.nat(rows - 1), { maxLength: 8 }), (cells, picked) => {
      const columns = columnsOf(cells)
      const before = structuredClone(columns)
      const { state } = learn(columns, recipe)
      if (!state) return
      const revived = JSON.parse(JSON.stringify(state)) as FittedRecipeState
      const { train } = fitRecipe(columns, split.train, recipe, { target: 'y' })
      expect(applyRecipe(revived, columns, split.train)).toEqual(train)
      const all = applyRecipe(revived, columns)
      expect(all.rows).toBe(rows)
      expect(all.features.map(({ name, source }) => ({ name, source }))).toEqual(state.features.map(({ name, source }) => ({ name, source })))
      expect(new Set(all.features.map(({ name }) => name)).size).toBe(all.features.length)
      expect(applyRecipe(revived, columns, picked)).toEqual(takeRows(all, picked))
      expect(columns).toEqual(before)
    }),
    { numRuns: 40 },
  )
})
