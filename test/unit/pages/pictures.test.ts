/** What the page of pictures says is still missing before training, and where its classes lie. */
import { describe, expect, it } from 'vitest'
import { adviceOf, emptyHeight, type Group, headHeight, layoutOf, topOf, topOfClass } from '../../../src/pages/data/picture-layout.ts'

const group = (label: string | null, count: number): Group => ({ label, pictures: Array.from({ length: count }, (_, i) => ({ id: `${label} ${i}` }) as Group['pictures'][number]) })

describe('adviceOf', () => {
  it.each<[groups: [string | null, number][], words: RegExp, blocks: boolean]>([
    [[], /at least two kinds/, true],
    [[[null, 30]], /at least two kinds/, true],
    [[['cats', 30]], /All pictures are of one class, “cats”.*second class/, true],
    [[['cats', 30], ['dogs', 0]], /All pictures are of one class, “cats”/, true],
    [[['cats', 30], ['dogs', 1]], /“dogs” has one picture only: nothing is left to judge by/, true],
    [[['cats', 30], ['dogs', 9]], /“dogs”: fewer than 10 pictures/, false],
    [[['cats', 30], ['dogs', 30], ['birds', 0]], /“birds” has no pictures yet and is left out/, false],
    [[['cats', 100], ['dogs', 20]], /5 times as many/, false],
  ])('of %j', (groups, words, blocks) => {
    const advice = adviceOf(groups.map(([label, count]) => group(label, count)))
    expect(advice?.text).toMatch(words)
    expect(advice?.blocks).toBe(blocks)
  })
  it('says nothing where nothing is missing', () => expect(adviceOf([group('cats', 30), group('dogs', 20)])).toBeUndefined())
})

it('a class begins where its first picture does, less its head; one without pictures is below all others', () => {
  const groups = [group('a', 7), group('b', 1), group('new', 0)]
  const layout = layoutOf(groups, 300, 0, 400)
  expect(topOfClass(groups, layout, 'a')).toBe(0)
  expect(topOfClass(groups, layout, 'b')).toBe((topOf(groups, layout, 'b 0') as number) - headHeight)
  expect(topOfClass(groups, layout, 'new')).toBe(layout.places.find(({ group }) => group.label === 'new')?.top)
  expect(layout.height - topOfClass(groups, layout, 'new')).toBeGreaterThan(headHeight + emptyHeight - 1)
})
