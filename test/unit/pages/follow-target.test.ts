import { expect, it } from 'vitest'
import { defaultSplit } from '../../../src/core/data/default-split.ts'
import { followedText, followTarget } from '../../../src/pages/prepare/follow-target.ts'

const number = { column: 'price', task: 'regression' } as const
const classes = { column: 'sold', task: 'binary' } as const

it('says so where the split changes its way with the target', () => {
  const random = defaultSplit(number)
  const split = followTarget(random, number, classes)
  expect(split.strategy).toEqual({ kind: 'stratified', column: 'sold' })
  expect(followedText(random, split)).toContain('classes of the new target')
  expect(followedText(split, followTarget(split, classes, number))).toContain('At random'.toLowerCase())
})
it('says nothing of a first target, nor of a split that a person chose', () => {
  expect(followedText(null, followTarget(null, null, classes))).toBeUndefined()
  const grouped = { ...defaultSplit(number), strategy: { kind: 'grouped', column: 'house' } } as const
  expect(followTarget(grouped, number, classes)).toBe(grouped)
  expect(followedText(grouped, grouped)).toBeUndefined()
})
