import { describe, expect, it } from 'vitest'
import { columnFrom, type Column, type TextColumn } from '../../../../src/core/data/column.ts'
import type { TrainRows } from '../../../../src/core/data/split.ts'
import { checkAccepts } from '../../../../src/core/estimators/accepts.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { applyRecipe, fitRecipe } from '../../../../src/core/recipe/recipe.ts'
import type { RecipeSpec } from '../../../../src/core/recipe/step.ts'

/** Three pictures of 8 x 8 grey pixels: row r, pixel i is r + i / 100. */
const image = {
  ...(columnFrom('image', 'image', ['a', 'b', 'c']) as TextColumn),
  tensors: new Map([['pixels:8x8x1:cover', Float32Array.from({ length: 3 * 64 }, (_, i) => Math.floor(i / 64) + (i % 64) / 100)]]),
}
const columns: readonly Column[] = [image, columnFrom('label', 'categorical', ['x', 'y', 'x'])]
const recipe = (layout: string): RecipeSpec => ({
  version: 1,
  excluded: [],
  steps: [
    { id: 'p', step: 'image-pixels', columns: { by: 'kind', kinds: ['image'] }, params: { size: 8, colour: 'grey', layout } },
    { id: 's', step: 'scale', columns: { by: 'kind', kinds: ['numeric'] }, params: {} },
  ],
})
const train = Uint32Array.of(2, 0) as TrainRows

describe('pixels', () => {
  it('hand over whole pictures of the rows asked for, which steps of numbers leave alone', () => {
    const fitted = fitRecipe(columns, train, recipe('picture'), { target: 'label' })
    const [feature] = fitted.train.features
    expect(feature).toMatchObject({ name: 'image', source: 'image', shape: [8, 8, 1] })
    expect([feature?.values[0], feature?.values[64]]).toEqual([2, 0])
    const applied = applyRecipe(JSON.parse(JSON.stringify(fitted.state)) as typeof fitted.state, columns, [1])
    expect(applied).toMatchObject({ rows: 1, features: [{ shape: [8, 8, 1] }] })
    expect(applied.features[0]?.values.length).toBe(64)
    expect(() => checkAccepts(estimators.get('cnn'), applied)).not.toThrow()
    expect(() => checkAccepts(estimators.get('ridge'), applied)).toThrow('unsupported features; Ridge')
  })
  it('or a number a pixel, for models of tables', () => {
    const { train: X } = fitRecipe(columns, train, { ...recipe('numbers'), steps: recipe('numbers').steps.slice(0, 1) }, { target: 'label' })
    expect(X.features.length).toBe(64)
    expect(X.features[9]).toMatchObject({ name: 'image[1,1]', source: 'image' })
    expect([...X.features[9]!.values]).toEqual([Math.fround(2.09), Math.fround(0.09)])
    expect(() => checkAccepts(estimators.get('cnn'), X)).toThrow('unsupported features; Convolutional network takes the pixels of a picture')
  })
  it('say which pictures were not opened', () => {
    const { tensors: _, ...bare } = image
    expect(() => fitRecipe([bare, columns[1] as Column], train, recipe('picture'), { target: 'label' })).toThrow('missing pixels of image')
  })
})
