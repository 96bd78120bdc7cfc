import { expect, test } from 'vitest'
import { estimators } from '../../../../src/core/estimators/registry.ts'
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
