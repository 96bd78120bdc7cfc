/** Which task a column asks for, and what estimators are given of it. */
import { describe, expect, it } from 'vitest'
import { columnFrom, type Cell } from '../../../../src/core/data/column.ts'
import { columnInfo } from '../../../../src/core/data/dataset.ts'
import { classesOf, encodeTarget } from '../../../../src/core/data/encode-target.ts'
import { createProfiler } from '../../../../src/core/data/profile-of.ts'
import type { ColumnProfile } from '../../../../src/core/data/profile.ts'
import { classLimit, inferTask } from '../../../../src/core/data/infer-task.ts'
import type { Kind } from '../../../../src/core/data/kinds.ts'
import type { Task } from '../../../../src/core/data/target.ts'

const repeat = (values: readonly Cell[], rows = 60): Cell[] => Array.from({ length: rows }, (_, row) => values[row % values.length] as Cell)
async function guess(kind: Kind, cells: readonly Cell[]) {
  const column = columnFrom('y', kind, cells)
  const profiler = createProfiler(cells.length)
  profiler.add(column, '')
  const { profile } = await profiler.end()
  return inferTask(columnInfo(column), profile.columns[0] as ColumnProfile)
}
const span = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('inferTask', () => {
  it.each<[string, Kind, readonly Cell[], Task, readonly Task[]]>([
    ['true and false', 'boolean', repeat([true, false]), 'binary', ['binary']],
    ['two names', 'categorical', repeat(['a', 'b', null]), 'binary', ['binary']],
    ['three names', 'categorical', repeat(['a', '__proto__', 'c']), 'multiclass', ['multiclass']],
    ['two names among mostly holes', 'categorical', repeat(['a', null, null, 'b', null, null]), 'binary', ['binary']],
    ['two numbers', 'numeric', repeat([0, 1]), 'binary', ['binary', 'regression']],
    ['codes from 0', 'numeric', repeat([2, 0, 1, null]), 'multiclass', ['multiclass', 'regression']],
    ['codes from 1', 'numeric', repeat([1, 2, 3]), 'multiclass', ['multiclass', 'regression']],
    ['a rating that leaves values out', 'numeric', repeat([3, 4, 5]), 'regression', ['regression', 'multiclass']],
    ['whole numbers with a gap', 'numeric', repeat([0, 1, 3]), 'regression', ['regression', 'multiclass']],
    ['halves', 'numeric', repeat([0, 0.5, 1]), 'regression', ['regression', 'multiclass']],
    ['too few rows to be codes', 'numeric', repeat([1, 2, 3], 12), 'regression', ['regression', 'multiclass']],
    ['many numbers', 'numeric', span(classLimit + 1), 'regression', ['regression']],
  ])('%s', async (_title, kind, cells, task, allowed) => {
    const answer = await guess(kind, cells)
    if ('refused' in answer) throw new Error(answer.refused)
    expect({ task: answer.task, allowed: answer.allowed }).toEqual({ task, allowed })
    expect(answer.reason.length).toBeGreaterThan(5)
  })
  it.each<[string, Kind, readonly Cell[], RegExp]>([
    ['nothing but holes', 'numeric', repeat([null]), /every value is missing/],
    ['holes and one value', 'categorical', repeat(['a', null]), /one value only/],
    ['too many names', 'categorical', span(classLimit + 1).map(String), /101 classes; at most 100/],
    ['free text', 'text', repeat(['x', 'y']), /free text/],
    ['row names', 'id', span(60).map(String), /names rows/],
    ['dates', 'datetime', span(60), /date/],
  ])('refuses %s with a reason', async (_title, kind, cells, reason) => {
    expect(await guess(kind, cells)).toEqual({ refused: expect.stringMatching(reason) })
  })
})

describe('classes and codes', () => {
  const rows = (count: number) => Uint32Array.from(span(count))
  it('puts the rarer class last as the positive one, and the chosen one where there is a choice', () => {
    const column = columnFrom('y', 'categorical', ['bad', 'good', 'good', 'good', null])
    expect(classesOf(column, { column: 'y', task: 'binary' }, rows(5))).toEqual(['good', 'bad'])
    expect(classesOf(column, { column: 'y', task: 'binary', positive: 'good' }, rows(5))).toEqual(['bad', 'good'])
    // Of equals the later name.
    expect(classesOf(column, { column: 'y', task: 'binary' }, Uint32Array.of(0, 1))).toEqual(['bad', 'good'])
    expect(() => classesOf(column, { column: 'y', task: 'binary', positive: 'ugly' }, rows(5))).toThrow('invalid positive class; not one of bad, good: ugly')
  })
  it('sorts numbers by size and names by code unit, whatever the order of rows', () => {
    expect(classesOf(columnFrom('y', 'numeric', [10, 9, 2.5]), { column: 'y', task: 'multiclass' }, rows(3))).toEqual(['2.5', '9', '10'])
    expect(classesOf(columnFrom('y', 'categorical', ['é', 'b', '__proto__']), { column: 'y', task: 'multiclass' }, rows(3))).toEqual(['__proto__', 'b', 'é'])
    expect(classesOf(columnFrom('y', 'boolean', [true, false, false]), { column: 'y', task: 'binary' }, rows(3))).toEqual(['false', 'true'])
  })
  it('encodes by name, not by the order of the dictionary', () => {
    const classes = ['a', 'b']
    const codes = (cells: Cell[], at: number[]) => {
      const target = encodeTarget(columnFrom('y', 'categorical', cells), { column: 'y', task: 'binary' }, at, classes)
      return target.task === 'regression' ? [] : [...target.codes]
    }
    expect(codes(['a', 'b', 'a'], [0, 1, 2])).toEqual([0, 1, 0])
    expect(codes(['b', 'a', 'b'], [2, 1])).toEqual([1, 0])
  })
  it('gives numbers as they are, at the rows asked for', () => {
    expect(encodeTarget(columnFrom('y', 'numeric', [1.5, null, -2]), { column: 'y', task: 'regression' }, [2, 0], [])).toEqual({ task: 'regression', column: 'y', values: Float64Array.of(-2, 1.5) })
  })
  it('refuses what is no target, naming it', () => {
    const spec = { column: 'y', task: 'binary' as const }
    expect(() => classesOf(columnFrom('y', 'categorical', ['a', 'a']), spec, rows(2))).toThrow(/at least 2 classes among the rows used: 1 class \(a\)/)
    expect(() => classesOf(columnFrom('y', 'categorical', ['a', 'b', 'c']), spec, rows(3))).toThrow('invalid task; binary needs exactly 2 classes: 3')
    expect(() => encodeTarget(columnFrom('y', 'numeric', [1, null]), { column: 'y', task: 'regression' }, [0, 1], [])).toThrow('missing target; row 2 has no value of y')
    expect(() => encodeTarget(columnFrom('y', 'categorical', ['a', 'z']), spec, [0, 1], ['a', 'b'])).toThrow('unknown class; not one of a, b: z')
    expect(() => encodeTarget(columnFrom('y', 'categorical', ['a']), { column: 'y', task: 'regression' }, [0], [])).toThrow('regression needs a numeric column: categorical')
    expect(() => encodeTarget(columnFrom('y', 'text', ['a', 'b']), spec, [0, 1], ['a', 'b'])).toThrow('a text column has no classes')
  })
})
