import { expect, test } from 'vitest'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { profileColumn } from '../../../../src/core/data/profile-of.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'

const date = (name: string, layout: string) => ({ name, kind: 'datetime', missing: 0, layout }) as const
const datesIn = (...columns: readonly ReturnType<typeof date>[]) =>
  defaultRecipe(estimators.get('ridge').tags, [...columns, { name: 'y', kind: 'numeric', missing: 0 }], 'y').steps.filter(({ step }) => step === 'datetime-parts').map(({ columns, params }) => [columns, params])

test('of a day no hour becomes a feature, and of a time of day no day', () => {
  const all = { by: 'kind', kinds: ['datetime'] }
  expect(datesIn(date('born', 'dd.MM.yyyy'))).toEqual([[all, { hour: false }]])
  expect(datesIn(date('opens', 'HH:mm'))).toEqual([[all, { year: false, month: false, weekday: false }]])
  for (const layout of ['yyyy-MM-ddTHH:mm:ssZ', 'MM/dd/yyyy hh:mm a', 'epoch-seconds']) expect(datesIn(date('seen', layout))).toEqual([[all, {}]])
  expect(datesIn(date('born', 'yyyy-MM-dd'), date('seen', 'yyyy-MM-dd HH:mm'))).toEqual([
    [{ by: 'name', names: ['born'] }, { hour: false }],
    [{ by: 'name', names: ['seen'] }, {}],
  ])
})

test('where size matters, booleans are scaled with the numbers, and alone', () => {
  const scaled = (id: string, ...kinds: readonly ('numeric' | 'boolean' | 'categorical')[]) =>
    defaultRecipe(estimators.get(id).tags, [...kinds.map((kind, i) => ({ name: `column ${i}`, kind, missing: 0 })), { name: 'y', kind: 'numeric', missing: 0 }], 'y').steps.filter(({ step }) => step === 'scale').map(({ columns }) => columns)
  for (const id of ['k-neighbors', 'ridge', 'logistic-regression', 'svm', 'linear-svm', 'mlp']) {
    expect(scaled(id, 'boolean', 'numeric')).toEqual([{ by: 'kind', kinds: ['numeric', 'boolean'] }])
    expect(scaled(id, 'boolean', 'categorical')).toEqual([{ by: 'kind', kinds: ['boolean'] }])
    expect(scaled(id, 'categorical')).toEqual([])
  }
  expect(scaled('random-forest', 'boolean', 'numeric')).toEqual([])
})

test('numbers that count the rows are left out, unless there is nothing else', () => {
  const count = Array.from({ length: 40 }, (_, i) => i + 7)
  const columns = [columnFrom('n', 'numeric', count), columnFrom('x', 'numeric', count.map((i) => i % 9)), columnFrom('y', 'numeric', count)]
  const info = columns.map(({ name }) => ({ name, kind: 'numeric' as const, missing: 0 }))
  const profile = { columns: columns.map((column) => profileColumn(column, '')) }
  const { tags } = estimators.get('ridge')
  expect(defaultRecipe(tags, info, 'y', profile).excluded).toEqual(['n'])
  expect(defaultRecipe(tags, info, 'y').excluded).toEqual([])
  const [n, , y] = profile.columns
  expect(defaultRecipe(tags, info.filter(({ name }) => name !== 'x'), 'y', { columns: [n, y] as never }).excluded).toEqual([])
})
