/** What pages decide without drawing anything: recipe edits, split defaults, selection. */
import { describe, expect, it } from 'vitest'
import type { RecipeSpec } from '../../../src/core/recipe/step.ts'
import { steps } from '../../../src/core/recipe/registry.ts'
import type { RecipePreview } from '../../../src/jobs/protocol.ts'
import { selectColumns } from '../../../src/pages/data/select.ts'
import { defaultSplit } from '../../../src/core/data/default-split.ts'
import { followTarget } from '../../../src/pages/prepare/follow-target.ts'
import { addStep, changesOf, changeStep, emptyRecipe, moveStep, removeStep, selectorWords, setExcluded } from '../../../src/pages/prepare/recipe-edit.ts'

const three = ['impute', 'scale', 'impute'].reduce<RecipeSpec>((recipe, id) => addStep(recipe, steps.get(id)).recipe, emptyRecipe)
const order = (recipe: RecipeSpec) => recipe.steps.map((step) => step.id)

describe('recipe edits', () => {
  it('gives each step an id of its own', () => expect(order(three)).toEqual(['impute', 'scale', 'impute-2']))
  it('starts dropping with no column', () => expect(addStep(emptyRecipe, steps.get('drop')).recipe.steps[0]?.columns).toEqual({ by: 'name', names: [] }))
  it('moves, within bounds', () => {
    expect(order(moveStep(three, 'impute-2', 0))).toEqual(['impute-2', 'impute', 'scale'])
    expect(order(moveStep(three, 'impute', 99))).toEqual(['scale', 'impute-2', 'impute'])
    expect(moveStep(three, 'impute', -1)).toBe(three)
    expect(moveStep(three, 'no-such-step', 1)).toBe(three)
  })
  it('changes one and removes one, and leaves the rest', () => {
    const changed = changeStep(three, 'scale', { params: { method: 'robust' } })
    expect(changed.steps[1]?.params).toEqual({ method: 'robust' })
    expect(changed.steps[0]).toBe(three.steps[0])
    expect(order(removeStep(three, 'scale'))).toEqual(['impute', 'impute-2'])
  })
  it('leaves a column out once, whatever its name', () => {
    const out = setExcluded(setExcluded(emptyRecipe, '__proto__', true), '__proto__', true)
    expect(out.excluded).toEqual(['__proto__'])
    expect(setExcluded(out, '__proto__', false).excluded).toEqual([])
  })
  it('says what a step takes', () => {
    expect(selectorWords({ by: 'kind', kinds: ['numeric', 'boolean', 'categorical'] })).toBe('all numbers, yes or no and categories')
    expect(selectorWords({ by: 'name', names: ['a', 'b', 'c', 'd'] })).toBe('a, b and 2 more')
    expect(selectorWords({ by: 'name', names: [] })).toBe('no column yet')
  })
  it('follows series through the steps before', () => {
    const series = (name: string, source: string, mean: number) => ({ name, source, kind: 'numeric', missing: 0, mean })
    const preview: RecipePreview = {
      trainRows: 10,
      before: [series('x', 'x', 1), series('y', 'y', 2)],
      steps: [
        { id: 'first', touched: ['x'], after: [series('x', 'x', 3), series('x missing', 'x', 0)] },
        { id: 'second', touched: ['x', 'y'], after: [series('x', 'x', 4)] },
      ],
      features: [],
      leftOut: [],
    }
    const [y, x] = changesOf(preview, 'second')
    expect([x?.source, x?.before.map((s) => s.mean), x?.after.map((s) => s.mean)]).toEqual(['x', [3], [4]])
    expect([y?.source, y?.before.map((s) => s.mean), y?.after]).toEqual(['y', [2], []])
    expect(changesOf(preview, 'no-such-step')).toEqual([])
  })
})

describe('split defaults', () => {
  const classes = { column: 'y', task: 'binary' } as const
  const number = { column: 'z', task: 'regression' } as const
  it('keeps classes even, and is random for numbers', () => {
    expect(defaultSplit(classes).strategy).toEqual({ kind: 'stratified', column: 'y' })
    expect(defaultSplit(number).strategy).toEqual({ kind: 'random' })
  })
  it('follows a new target but keeps what a person chose', () => {
    const chosen = { ...defaultSplit(classes), seed: 7, testShare: 0.3 }
    expect(followTarget(chosen, classes, number)).toEqual({ ...chosen, strategy: { kind: 'random' } })
    const grouped = { ...chosen, strategy: { kind: 'grouped', column: 'g' } as const }
    expect(followTarget(grouped, classes, number)).toBe(grouped)
    const dealt = { ...defaultSplit(classes), strategy: { kind: 'random' } } as const
    expect(followTarget(dealt, classes, { ...classes, column: 'other' })).toBe(dealt)
    expect(followTarget(null, null, classes)).toEqual(defaultSplit(classes))
  })
})

describe('selection of columns', () => {
  const none = { extend: false, add: false }
  it('replaces, toggles, extends', () => {
    expect([...selectColumns(new Set([1, 2]), 0, 5, none)]).toEqual([5])
    expect([...selectColumns(new Set([5]), 5, 5, none)]).toEqual([])
    expect([...selectColumns(new Set([1]), 1, 3, { extend: false, add: true })]).toEqual([1, 3])
    expect([...selectColumns(new Set([1, 3]), 1, 3, { extend: false, add: true })]).toEqual([1])
    expect([...selectColumns(new Set([9]), 4, 2, { extend: true, add: false })]).toEqual([2, 3, 4])
  })
})
